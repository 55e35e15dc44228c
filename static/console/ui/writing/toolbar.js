// Formatting: one stop for the Tab key, arrows within.

import { html, useRef, useSignal } from "../../lib/html.js";
import { _ } from "../../lib/words.js";
import { Icon } from "../icon.js";

/** @typedef {import("./rich-words.js").RichWords} RichWords */

/**
 * @typedef {object} Tool
 * @property {string} icon
 * @property {() => string} title
 * @property {string} [keys]
 * @property {(editor: RichWords) => void} run
 * @property {string} [format] which the caret can be in
 * @property {(editor: RichWords) => boolean} [can]
 */

const ctrl = navigator.platform.startsWith("Mac") ? "⌘" : "Ctrl ";

/** @type {Tool[][]} */
const TOOLS = [
  [
    { icon: "bold", title: () => _("Bold"), keys: `${ctrl}B`, format: "B", run: (editor) => editor.toggle("B") },
    { icon: "italic", title: () => _("Italic"), keys: `${ctrl}I`, format: "I", run: (editor) => editor.toggle("I") },
    { icon: "underline", title: () => _("Underline"), keys: `${ctrl}U`, format: "U", run: (editor) => editor.toggle("U") },
  ],
  [
    { icon: "bullets", title: () => _("Bulleted list"), format: "UL", run: (editor) => editor.toggleList("UL") },
    { icon: "numbers", title: () => _("Numbered list"), format: "OL", run: (editor) => editor.toggleList("OL") },
    { icon: "quote", title: () => _("Quote"), format: "BLOCKQUOTE", run: (editor) => editor.toggleQuote() },
  ],
  [{ icon: "clear", title: () => _("Remove formatting"), run: (editor) => editor.clear() }],
  [
    { icon: "undo", title: () => _("Undo typing"), keys: `${ctrl}Z`, run: (editor) => editor.undo(), can: (editor) => editor.can.value.undo },
    { icon: "redo", title: () => _("Redo typing"), keys: `${ctrl}Y`, run: (editor) => editor.redo(), can: (editor) => editor.can.value.redo },
  ],
];

/** @param {{ editor: RichWords, children?: import("../../lib/html.js").Children }} props */
export function Toolbar({ editor }) {
  const at = useSignal(0);
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const buttons = () => /** @type {HTMLElement[]} */ ([...(place.current?.querySelectorAll(":scope > button, :scope > .link-tool > button") ?? [])]);
  const walk = (/** @type {KeyboardEvent} */ event) => {
    const all = buttons();
    const now = all.indexOf(/** @type {HTMLElement} */ (event.target));
    if (now < 0) return;
    const isRight = getComputedStyle(/** @type {Element} */ (event.currentTarget)).direction === "rtl" ? -1 : 1;
    const to = { ArrowRight: now + isRight, ArrowLeft: now - isRight, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    at.value = (to + all.length) % all.length;
    all[at.peek()]?.focus();
  };
  let number = -1;
  const formats = editor.formats.value;
  const tool = (/** @type {Tool} */ { icon, title, keys, run, format, can }) => {
    number += 1;
    const own = number;
    return html`<button type="button" key=${icon} class="btn btn--icon btn--sm" tabindex=${at.value === own ? 0 : -1} aria-label=${title()} title=${keys ? `${title()}  ${keys}` : title()}
      aria-pressed=${format ? formats.has(format) : undefined} aria-disabled=${can && !can(editor) ? "true" : undefined} data-tool=${icon}
      onMouseDown=${(/** @type {Event} */ event) => event.preventDefault()} onFocus=${() => (at.value = own)} onClick=${() => run(editor)}><${Icon} name=${icon} /></button>`;
  };
  const [looks, lists, ...rest] = TOOLS;
  const link = (() => {
    const before = html`${looks?.map(tool)}<span class="sep"></span>${lists?.map(tool)}`;
    number += 1;
    const own = number;
    return html`${before}<${LinkTool} editor=${editor} tabindex=${at.value === own ? 0 : -1} onFocus=${() => (at.value = own)} />`;
  })();
  return html`<div class="tools" role="toolbar" aria-label=${_("Formatting")} ref=${place} onKeyDown=${walk}>
    ${link}${rest.map((group) => html`<span class="sep"></span>${group.map(tool)}`)}
  </div>`;
}

/** @param {{ editor: RichWords, tabindex: number, onFocus: () => void }} props */
function LinkTool({ editor, tabindex, onFocus }) {
  const isOpen = useSignal(false);
  const address = useSignal("");
  const place = useRef(/** @type {HTMLSpanElement | null} */ (null));
  const open = () => {
    address.value = editor.link || linkIn(editor.selectedText);
    isOpen.value = true;
    requestAnimationFrame(() => place.current?.querySelector("input")?.select());
  };
  const close = () => {
    isOpen.value = false;
    editor.focus();
  };
  const set = (/** @type {Event} */ event) => {
    event.preventDefault();
    isOpen.value = false;
    editor.setLink(wholeAddress(address.peek()));
  };
  const closeByKey = (/** @type {KeyboardEvent} */ event) => {
    event.stopPropagation();
    if (event.key !== "Escape") return;
    event.preventDefault();
    close();
  };
  const hasLink = editor.formats.value.has("A");
  return html`<span class="link-tool" ref=${place}>
    <button type="button" class="btn btn--icon btn--sm" tabindex=${tabindex} aria-label=${_("Link")} title=${_("Link")} aria-pressed=${hasLink} aria-expanded=${isOpen.value} data-tool="link" onMouseDown=${(/** @type {Event} */ event) => event.preventDefault()} onFocus=${onFocus} onClick=${() => (isOpen.peek() ? close() : open())}><${Icon} name="link" /></button>
    ${isOpen.value && html`<form class="menu link-form" onSubmit=${set} onKeyDown=${closeByKey}>
      <label class="sr-only" for="link-address">${_("Address of the link")}</label>
      <input id="link-address" class="input" type="text" inputmode="url" placeholder="https://" autocomplete="off" dir="ltr" value=${address.value} onInput=${(/** @type {InputEvent} */ event) => (address.value = /** @type {HTMLInputElement} */ (event.target).value)} />
      <span class="actions">
        ${hasLink && html`<button type="button" class="btn btn--sm" onClick=${() => ((address.value = ""), (isOpen.value = false), editor.setLink(""))}>${_("Take the link away")}</button>`}
        <button class="btn btn--sm btn--primary">${_("Set the link")}</button>
      </span>
    </form>`}
  </span>`;
}

/** @param {string} words */
function linkIn(words) {
  return /^(https?:\/\/|www\.)\S+$|^\S+@\S+\.\S+$/.test(words.trim()) ? words.trim() : "";
}

/**
 * Nobody types `https://`; what would be a script is no link.
 * @param {string} typed
 */
function wholeAddress(typed) {
  const address = typed.trim();
  if (!address) return "";
  if (/^(https?|mailto|tel):/i.test(address)) return address;
  if (/^[^\s/:@]+@[^\s/:@]+\.[^\s/:@]+$/.test(address)) return `mailto:${address}`;
  return /^[a-z][a-z0-9+.-]*:(?!\d)/i.test(address) ? "" : `https://${address.replace(/^\/+/, "")}`;
}
