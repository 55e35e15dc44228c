// The editor for formatted mails. Its element lives as long as the writing does, so that nothing
// that is drawn around it disturbs a hand that types.

import Squire from "../../../vendor/squire.js";
import { signal } from "../../lib/html.js";
import { _ } from "../../lib/words.js";
import { textOf } from "../../store/mail-text.js";
import { setAttributes } from "./plain-words.js";
import { fragmentOfMail, fragmentOfPaste, mailHtml } from "./mail-html.js";
import { drawPicture, filesOfData } from "./picture.js";

/** @typedef {import("../../store/uploads.js").Uploads} Uploads */

const SHORTEST_EDGE = 24; // pixels, of a picture
// Each word is a step of Undo with all the mail in it: a long one keeps fewer of them.
const UNDO = { documentSizeThreshold: 100_000, undoLimit: 40 };
const GAP = /\{\{\s*[^{}<>\n]{1,60}?\s*\}\}/g;

export class RichWords {
  element = document.createElement("div");
  /** The formats at the caret: B, I, U, UL, OL, BLOCKQUOTE, A. */
  formats = signal(new Set());
  can = signal({ undo: false, redo: false });
  /** The picture that is chosen.
   * @type {import("../../lib/html.js").Signal<HTMLImageElement | null>} */
  picture = signal(null);
  /** Rises when it gets another size. */
  moved = signal(0);
  /** Places of a canned reply that nobody has filled in yet.
   * @type {import("../../lib/html.js").Signal<string[]>} */
  gaps = signal([]);

  #squire;
  #isMail = false; // what comes now was cleaned by the server; else it was pasted
  #ranges = /** @type {Range[]} */ ([]);
  /** @type {StaticRangeInit | null} */
  #caret = null;
  #scrolled = 0;
  #written = "";

  /**
   * @param {object} owner
   * @param {() => void} owner.changed
   * @param {Uploads | null} owner.uploads none: words only
   * @param {string} owner.label
   */
  constructor({ changed, uploads, label }) {
    this.uploads = uploads;
    this.element.className = "editor editor--rich";
    for (const [name, value] of Object.entries({ role: "textbox", "aria-multiline": "true", "aria-label": label, dir: "auto" })) {
      this.element.setAttribute(name, value);
    }
    this.#squire = new Squire(this.element, {
      blockTag: "P",
      undo: UNDO,
      sanitizeToDOMFragment: (html) => this.#clean(html),
      didError: (problem) => console.error(problem),
    });
    this.#squire._imageResizer.destroy(); // ours needs no inline styles
    this.#squire.addEventListener("input", () => {
      // What marks the element itself (a spelling checker, a tool) has written nothing.
      if (this.element.innerHTML === this.#written) return;
      this.#written = this.element.innerHTML;
      this.#look();
      changed();
    });
    this.#squire.addEventListener("pathChange", () => this.#readFormats());
    this.#squire.addEventListener("select", () => this.#readFormats());
    this.#squire.addEventListener("undoStateChange", (/** @type {any} */ event) => {
      this.can.value = { undo: event.detail.canUndo, redo: event.detail.canRedo };
      this.pictures();
    });
    this.#squire.addEventListener("pasteImage", (/** @type {any} */ event) => this.addPictures(event.detail.clipboardData.files));
    this.element.addEventListener("click", (event) => this.#clicked(event));
    this.element.addEventListener("keydown", (event) => this.#pictureKey(event));
    this.element.addEventListener("load", () => (this.moved.value += 1), true);
  }

  destroy() {
    this.#squire.destroy();
  }

  // ---- words ---------------------------------------------------------------------------------------

  get html() {
    let html = "";
    this.#squire.modifyDocument(() => {
      html = mailHtml(this.element);
    });
    return html;
  }

  get text() {
    return textOf(this.element);
  }

  /** @param {string} html */
  set html(html) {
    this.#asMail(() => this.#squire.setHTML(html));
    this.pictures();
    this.#written = this.element.innerHTML;
    this.#look();
  }

  /** Below what stands there, wherever the caret is.
   * @param {string} html */
  append(html) {
    this.element.append(fragmentOfMail(html));
    this.pictures();
  }

  /** @param {string} html */
  insert(html) {
    this.#asMail(() => this.#squire.insertHTML(html));
    this.pictures();
    this.#look();
  }

  /** @param {string} html */
  #clean(html) {
    if (this.#isMail) return fragmentOfMail(html);
    const { fragment, pictures, left } = fragmentOfPaste(html, (address) => this.#cidOf(address));
    if (pictures.length) queueMicrotask(() => this.addPictures(filesOfData(pictures)));
    if (left && this.uploads) this.uploads.said.value = _("Pictures from the web were left out. Copy the picture itself to add it.");
    return fragment;
  }

  /** What anybody pastes or drops is cleaned more strictly than our own.
   * @param {() => void} within */
  #asMail(within) {
    this.#isMail = true;
    within();
    this.#isMail = false;
  }

  focus() {
    this.#squire.focus();
  }

  /**
   * What is said about it is no change of its words.
   * @param {Record<string, string | null>} attributes
   */
  describe(attributes) {
    this.#squire.modifyDocument(() => setAttributes(this.element, attributes));
  }

  /** An element that leaves the page loses its caret: it is kept, to be put back. */
  leave() {
    const { startContainer, startOffset, endContainer, endOffset } = this.#squire.getSelection();
    const isWithin = this.element.contains(startContainer) && this.element.contains(endContainer);
    this.#caret = isWithin ? { startContainer, startOffset, endContainer, endOffset } : null;
    this.#scrolled = this.element.scrollTop;
    this.picture.value = null;
  }

  comeBack() {
    this.element.scrollTop = this.#scrolled;
    const range = document.createRange();
    const caret = this.#caret;
    if (caret && this.element.contains(caret.startContainer) && this.element.contains(caret.endContainer)) {
      range.setStart(caret.startContainer, Math.min(caret.startOffset, lengthOf(caret.startContainer)));
      range.setEnd(caret.endContainer, Math.min(caret.endOffset, lengthOf(caret.endContainer)));
    } else range.setStart(this.element.firstElementChild ?? this.element, 0);
    this.#squire._lastSelection = range;
    this.#squire._willRestoreSelection = true;
  }

  toStart() {
    this.#squire.moveCursorToStart();
    this.element.scrollTop = 0;
    this.focus();
  }

  // ---- formats -----------------------------------------------------------------------------------------

  /** @param {"B" | "I" | "U"} tag */
  toggle(tag) {
    const on = this.#squire.hasFormat(tag);
    this.#squire.changeFormat(on ? null : { tag }, on ? { tag } : null);
    this.#after();
  }

  /** @param {"UL" | "OL"} tag */
  toggleList(tag) {
    if (this.formats.peek().has(tag)) this.#squire.removeList();
    else if (tag === "UL") this.#squire.makeUnorderedList();
    else this.#squire.makeOrderedList();
    this.#after();
  }

  toggleQuote() {
    if (this.formats.peek().has("BLOCKQUOTE")) this.#squire.decreaseQuoteLevel();
    else this.#squire.increaseQuoteLevel();
    this.#after();
  }

  clear() {
    this.#squire.removeAllFormatting();
    this.#after();
  }

  get link() {
    const place = this.#squire.getSelection().startContainer;
    const element = place instanceof Element ? place : place.parentElement;
    const link = element?.closest("a");
    return link && this.element.contains(link) ? (link.getAttribute("href") ?? "") : "";
  }

  get selectedText() {
    return this.#squire.getSelectedText();
  }

  /** @param {string} address empty takes the link away */
  setLink(address) {
    if (address) this.#squire.makeLink(address);
    else this.#squire.removeLink();
    this.#after();
  }

  undo() {
    this.#squire.undo();
  }

  redo() {
    this.#squire.redo();
  }

  #after() {
    this.focus();
    this.#readFormats();
  }

  #readFormats() {
    const range = this.#squire.getSelection();
    const found = new Set(["B", "I", "U"].filter((tag) => this.#squire.hasFormat(tag)));
    const start = range.startContainer instanceof Element ? range.startContainer : range.startContainer.parentElement;
    for (const tag of ["UL", "OL", "BLOCKQUOTE", "A"]) {
      const around = start?.closest(tag);
      if (around && around !== this.element && this.element.contains(around)) found.add(tag);
    }
    this.formats.value = found;
    this.#chooseByKeys(range);
  }

  // ---- the word before the caret: `/refund` ---------------------------------------------------------

  /** @returns {{ word: string, range: Range } | null} */
  get slash() {
    const range = this.#squire.getSelection();
    const { startContainer: place, startOffset: at } = range;
    if (!range.collapsed || !(place instanceof Text)) return null;
    const found = /(?:^|[\s\u200B])\/([^\s/]{0,40})$/.exec(place.data.slice(0, at));
    if (!found) return null;
    const word = found[1] ?? "";
    const whole = document.createRange();
    whole.setStart(place, at - word.length - 1);
    whole.setEnd(place, at);
    return { word, range: whole };
  }

  /**
   * @param {Range} range
   * @param {string} html
   */
  replace(range, html) {
    this.#squire.setSelection(range);
    this.insert(html);
    this.focus();
  }

  // ---- gaps -----------------------------------------------------------------------------------------------

  #look() {
    const walker = document.createTreeWalker(this.element, NodeFilter.SHOW_TEXT);
    /** @type {Range[]} */
    const ranges = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      for (const { index, 0: words } of (node.nodeValue ?? "").matchAll(GAP)) {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + words.length);
        ranges.push(range);
      }
    }
    this.#ranges = ranges;
    const names = ranges.map(String);
    if (names.join() !== this.gaps.peek().join()) this.gaps.value = names;
    if (ranges.length) CSS.highlights?.set("gap", new Highlight(...ranges));
    else CSS.highlights?.delete("gap");
  }

  goToGap() {
    const range = this.#ranges[0];
    if (!range) return;
    this.focus();
    this.#squire.setSelection(range.cloneRange());
    range.startContainer.parentElement?.scrollIntoView({ block: "nearest" });
  }

  // ---- pictures ---------------------------------------------------------------------------------------------

  /** @param {Iterable<File>} files */
  addPictures(files) {
    const pictures = [...files].filter(({ type }) => type.startsWith("image/"));
    if (!pictures.length || !this.uploads) return;
    for (const row of this.uploads.add(pictures, { inline: true })) {
      const image = document.createElement("img");
      image.setAttribute("data-coming", row.key);
      image.setAttribute("data-name", row.name);
      this.#squire.saveUndoState();
      this.#squire.insertElement(image);
    }
    this.pictures();
  }

  /** Each picture as its file is now: on its way, scanned, shown. */
  pictures() {
    const rows = this.uploads?.rows.peek() ?? [];
    const byKey = new Map(rows.map((row) => [row.key, row]));
    const byCid = new Map(rows.map((row) => [row.upload?.cid, row]));
    let isNamed = false;
    const draw = () => {
      for (const image of this.element.querySelectorAll("img")) {
        const row = byKey.get(image.dataset["coming"] ?? "") ?? byCid.get(image.dataset["cid"] ?? "-");
        if (image.dataset["coming"] && row?.upload?.cid) {
          image.dataset["cid"] = row.upload.cid;
          delete image.dataset["coming"];
          isNamed = true;
        }
        drawPicture(image, row);
      }
    };
    const isKnown = this.element.innerHTML === this.#written;
    this.#squire.modifyDocument(draw);
    if (isNamed) this.#squire.fireEvent("input");
    else if (isKnown) this.#written = this.element.innerHTML;
  }

  /** @param {string} address */
  #cidOf(address) {
    const row = this.uploads?.rows.peek().find(({ upload }) => upload?.url && address.endsWith(upload.url));
    return row?.upload?.cid ?? "";
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    this.picture.value = event.target instanceof HTMLImageElement ? event.target : null;
    if (!event.ctrlKey && !event.metaKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link?.href) window.open(link.href, "_blank", "noopener");
  }

  /**
   * Selecting a picture with the keys chooses it, too.
   * @param {Range} range
   */
  #chooseByKeys(range) {
    const { startContainer: place, startOffset: from, endOffset: to } = range;
    const only = place === range.endContainer && to - from === 1 ? place.childNodes[from] : null;
    if (only instanceof HTMLImageElement) this.picture.value = only;
    else if (this.picture.peek() && !range.collapsed) this.picture.value = null;
  }

  /** @param {KeyboardEvent} event */
  #pictureKey(event) {
    const image = this.picture.peek();
    if (!image) return;
    this.picture.value = null;
    if (event.key === "Escape") event.preventDefault();
    if (event.key !== "Delete" && event.key !== "Backspace") return;
    event.preventDefault();
    event.stopPropagation();
    this.removePicture(image);
  }

  /** @param {HTMLImageElement} image */
  removePicture(image) {
    this.picture.value = null;
    const range = document.createRange();
    range.selectNode(image);
    this.#squire.setSelection(range);
    this.#squire.saveUndoState();
    image.remove();
    this.focus();
  }

  /**
   * Its height follows.
   * @param {HTMLImageElement} image
   * @param {number | null} width null: as large as it is
   */
  resize(image, width) {
    const most = Math.max(SHORTEST_EDGE, this.element.clientWidth);
    image.removeAttribute("height");
    if (width === null) image.removeAttribute("width");
    else image.setAttribute("width", String(Math.round(Math.min(most, Math.max(SHORTEST_EDGE, width)))));
    this.moved.value += 1;
  }

  rememberForUndo() {
    this.#squire.saveUndoState();
  }
}

/** @param {Node} node */
function lengthOf(node) {
  return node instanceof CharacterData ? node.length : node.childNodes.length;
}
