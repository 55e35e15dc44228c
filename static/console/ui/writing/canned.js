// Canned replies: a button, or a slash at the start of a word; the rest of the word searches.

import { get, latest } from "../../lib/api.js";
import { html, signal, useEffect, useSignal, useSignalEffect } from "../../lib/html.js";
import { _, fill } from "../../lib/words.js";
import { Icon } from "../icon.js";
import { RichWords } from "./rich-words.js";

/** @typedef {import("../../store/shapes.js").Canned} Reply */
/** @typedef {import("../../store/writing.js").Writing} Writing */
/** @typedef {import("./editor.js").Words} Words */

/** @typedef {{ key: string, word: string, byButton: boolean }} Search the writing that is served */

/** @type {import("../../lib/html.js").Signal<Search | null>} */
const search = signal(null);
/** @type {import("../../lib/html.js").Signal<Reply[] | null>} */
const found = signal(null);
const chosen = signal(0);
/** The slash that Escape has said no to. */
let refused = /** @type {string | null} */ (null);

/**
 * Looks what stands before the caret.
 * @param {Writing} writing
 * @param {Words} editor
 */
export function lookForSlash(writing, editor) {
  if (search.peek()?.byButton) return;
  const slash = editor.slash;
  if (!slash || slash.word === refused) {
    if (!slash) refused = null;
    search.value = null;
    return;
  }
  refused = null;
  search.value = { key: writing.key, word: slash.word, byButton: false };
}

/**
 * @param {KeyboardEvent} event
 * @param {Words} editor
 * @returns {boolean} whether the key was for the list
 */
export function pressedInList(event, editor) {
  const now = search.peek();
  if (!now || event.isComposing) return false;
  const replies = found.peek() ?? [];
  if (event.key === "Escape") {
    refused = now.word;
    close(editor);
  } else if (!replies.length) return false;
  else if (event.key === "ArrowDown") chosen.value = (chosen.peek() + 1) % replies.length;
  else if (event.key === "ArrowUp") chosen.value = (chosen.peek() + replies.length - 1) % replies.length;
  else if (event.key === "Enter" || event.key === "Tab") {
    const reply = replies[chosen.peek()];
    if (reply) put(reply, editor);
  } else return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}

/** @param {Words} editor */
function close(editor) {
  const byButton = search.peek()?.byButton;
  search.value = null;
  if (byButton) editor.focus();
}

/**
 * In place of the slash and its word, else where the caret is.
 * @param {Reply} reply
 * @param {Words} editor
 */
function put(reply, editor) {
  const byButton = search.peek()?.byButton;
  search.value = null;
  editor.focus();
  const slash = byButton ? null : editor.slash;
  if (editor instanceof RichWords) {
    if (slash && "range" in slash) editor.replace(slash.range, reply.html);
    else editor.insert(reply.html);
    editor.focus();
  } else if (slash && "from" in slash) editor.replaceFrom(slash.from, reply.text);
  else editor.insert(reply.text);
}

/** @param {{ writing: Writing, editor: Words }} props */
export function CannedButton({ writing, editor }) {
  const isOpen = search.value?.key === writing.key;
  const toggle = () => {
    if (isOpen) close(editor);
    else search.value = { key: writing.key, word: "", byButton: true };
  };
  return html`<button type="button" class="btn btn--sm" aria-haspopup="listbox" aria-expanded=${isOpen} title=${_("Canned replies  /")} data-test="canned" onMouseDown=${(/** @type {Event} */ event) => event.preventDefault()} onClick=${toggle}><${Icon} name="bolt" /><span class="wide">${_("Replies")}</span><span class="sr-only phone-only">${_("Canned replies")}</span></button>`;
}

/** @param {{ writing: Writing, editor: Words }} props */
export function CannedList({ writing, editor }) {
  const asked = useSignal(latest()).peek();
  const now = search.value;
  const isOpen = now?.key === writing.key;
  useSignalEffect(() => {
    const wanted = search.value;
    if (wanted?.key !== writing.key) return;
    const { session } = writing.about;
    const query = { session, queue: session ? "" : writing.fields.peek().queue, q: wanted.word };
    asked((abort) => get("canned/", query, abort)).then(
      (replies) => {
        found.value = bestFirst(replies, wanted.word);
        chosen.value = 0;
      },
      () => (found.value = []),
    );
  });
  useEffect(() => {
    editor.describe({ "aria-activedescendant": isOpen && found.value?.length ? `canned-${chosen.value}` : null });
    document.getElementById(`canned-${chosen.value}`)?.scrollIntoView({ block: "nearest" });
  });
  useEffect(() => () => void (search.peek()?.key === writing.key && (search.value = null)), []);
  if (!isOpen) return null;
  const replies = found.value;
  return html`<div class="menu canned" data-test="canned-list" onMouseDown=${keepFocus}>
    ${now.byButton
      ? html`<input class="input" type="text" role="combobox" autocomplete="off" placeholder=${_("Find a reply")} aria-label=${_("Find a reply")} aria-expanded="true" aria-controls="canned-list" aria-activedescendant=${replies?.length ? `canned-${chosen.value}` : undefined} ref=${focusOnce} value=${now.word}
          onInput=${(/** @type {InputEvent} */ event) => (search.value = { ...now, word: /** @type {HTMLInputElement} */ (event.target).value })}
          onKeyDown=${(/** @type {KeyboardEvent} */ event) => pressedInList(event, editor)} />`
      : html`<div class="head">${now.word ? fill(_("Replies matching {word}"), { word: now.word }) : _("Replies")}</div>`}
    <div role="listbox" id="canned-list" aria-label=${_("Canned replies")} class="canned-rows">
      ${replies?.map(
        (reply, at) => html`<div key=${reply.id} id=${`canned-${at}`} class="menu-item" role="option" aria-selected=${at === chosen.value} data-test="canned-reply" onClick=${() => put(reply, editor)}>
          <${Icon} name="bolt" /><span><bdi>${reply.name}</bdi><small dir="auto">${reply.text.replace(/\s+/g, " ").slice(0, 120)}</small></span><span class="spacer"></span>
          ${reply.language !== document.documentElement.lang && html`<span class="tag" lang="en">${reply.language.toUpperCase()}</span>`}
          ${at === chosen.value && html`<kbd aria-hidden="true">↵</kbd>`}
        </div>`,
      )}
    </div>
    <p class="head" role="status">${replies && !replies.length ? (now.word ? _("No reply with these words.") : _("There are no canned replies yet. Settings > Email > Canned replies adds some.")) : ""}</p>
  </div>`;
}

/**
 * A name that begins with the word, then one that has it, then those that say it somewhere.
 * @param {Reply[]} replies
 * @param {string} word
 */
function bestFirst(replies, word) {
  const wanted = word.toLowerCase();
  const place = (/** @type {Reply} */ { name }) => [name.toLowerCase().startsWith(wanted), name.toLowerCase().includes(wanted), true].indexOf(true);
  return wanted ? replies.toSorted((one, other) => place(one) - place(other)) : replies;
}

/** A press on the list leaves the caret where it is. @param {MouseEvent} event */
function keepFocus(event) {
  if (!(event.target instanceof HTMLInputElement)) event.preventDefault();
}

/** @param {HTMLElement | null} input */
function focusOnce(input) {
  if (input && document.activeElement !== input) input.focus();
}

/** What a canned reply could not fill in. @param {{ editor: Words }} props */
export function Gaps({ editor }) {
  const names = editor.gaps.value;
  if (!names.length) return null;
  return html`<div class="notice notice--warn" data-test="gaps"><${Icon} name="alert" /><span>${_("Still to fill in:")} <b dir="auto">${[...new Set(names)].join(", ")}</b></span>
    <span class="actions"><button type="button" class="btn btn--sm btn--link" onClick=${() => editor.goToGap()}>${_("Go there")}</button></span></div>`;
}
