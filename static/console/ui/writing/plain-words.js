// The editor for mails in plain text: what is typed is what is sent.

import { signal } from "../../lib/html.js";

export class PlainWords {
  element = document.createElement("textarea");
  /** @type {import("../../lib/html.js").Signal<string[]>} */
  gaps = signal([]);
  #scrolled = 0;

  /**
   * @param {object} owner
   * @param {() => void} owner.changed
   * @param {string} owner.label
   */
  constructor({ changed, label }) {
    this.element.className = "editor editor--plain";
    this.element.dir = "auto";
    this.element.rows = 7;
    this.element.setAttribute("aria-label", label);
    this.element.addEventListener("input", () => (this.#look(), changed()));
  }

  destroy() {}

  get text() {
    return this.element.value;
  }

  set text(text) {
    if (text !== this.element.value) this.element.value = text;
    this.#look();
  }

  /** @param {string} text */
  append(text) {
    const at = this.element.selectionStart;
    this.element.value += text;
    this.element.setSelectionRange(at, at);
  }

  /** With the browser's own undo. @param {string} text */
  insert(text) {
    this.element.focus();
    const isDone = document.execCommand("insertText", false, text);
    if (!isDone) this.element.setRangeText(text, this.element.selectionStart, this.element.selectionEnd, "end");
  }

  focus() {
    this.element.focus({ preventScroll: true });
  }

  /** @param {Record<string, string | null>} attributes */
  describe(attributes) {
    setAttributes(this.element, attributes);
  }

  leave() {
    this.#scrolled = this.element.scrollTop;
  }

  comeBack() {
    this.element.scrollTop = this.#scrolled;
  }

  toStart() {
    this.focus();
    this.element.setSelectionRange(0, 0);
    this.element.scrollTop = 0;
  }

  /** @returns {{ word: string, from: number } | null} */
  get slash() {
    const at = this.element.selectionStart;
    if (at !== this.element.selectionEnd) return null;
    const found = /(?:^|\s)\/([^\s/]{0,40})$/.exec(this.element.value.slice(0, at));
    return found ? { word: found[1] ?? "", from: at - (found[1] ?? "").length - 1 } : null;
  }

  /**
   * @param {number} from
   * @param {string} text
   */
  replaceFrom(from, text) {
    this.element.setSelectionRange(from, this.element.selectionStart);
    this.insert(text);
  }

  #look() {
    const names = [...this.element.value.matchAll(/\{\{\s*[^{}<>\n]{1,60}?\s*\}\}/g)].map(([words]) => words);
    if (names.join() !== this.gaps.peek().join()) this.gaps.value = names;
  }

  goToGap() {
    const name = this.gaps.peek()[0];
    const at = name ? this.element.value.indexOf(name) : -1;
    this.focus();
    if (name && at >= 0) this.element.setSelectionRange(at, at + name.length);
  }
}

/**
 * @param {Element} element
 * @param {Record<string, string | null>} attributes
 */
export function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) element.removeAttribute(name);
    else element.setAttribute(name, value);
  }
}
