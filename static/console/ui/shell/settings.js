// What belongs to the person in the console: the signature, and the keys.

import { get, put } from "../../lib/api.js";
import { html, useEffect, useMemo, useRef, useSignal } from "../../lib/html.js";
import { say } from "../../lib/toasts.js";
import { _ } from "../../lib/words.js";
import { Dialog } from "../dialog.js";
import { KeySwitch } from "./help.js";
import { Icon } from "../icon.js";
import { settingsOpen } from "../places.js";
import { RichWords } from "../writing/rich-words.js";
import { Toolbar } from "../writing/toolbar.js";

export function Settings() {
  const state = useSignal({ loaded: false, busy: false, problem: "", saved: "" });
  const editor = useMemo(() => new RichWords({ changed: () => {}, uploads: null, label: _("Your signature") }), []);
  useEffect(() => {
    load(editor, state);
    return () => editor.destroy();
  }, []);
  const close = () => {
    settingsOpen.value = false;
    if (state.peek().loaded && editor.html !== state.peek().saved) offerBack(editor.html);
  };
  const { loaded, busy, problem } = state.value;
  const footer = html`<button class="btn" type="button" onClick=${close}>${_("Cancel")}</button>
    <button class="btn btn--primary" type="button" aria-disabled=${String(!loaded || busy)} onClick=${() => save(editor, state, close)}>${_("Save signature")}</button>`;
  return html`<${Dialog} title=${_("Signature and keys")} class="settings" onClose=${close} footer=${footer}>
    <div class="body">
      <section class="field" aria-label=${_("Your signature")}>
        <span class="label">${_("Your signature")}</span>
        <div class="signature-box" aria-busy=${String(!loaded)}>
          ${loaded ? html`<${Toolbar} editor=${editor} /><${Place} element=${editor.element} />` : html`<span class="skeleton"></span>`}
        </div>
        ${problem && html`<p class="error" role="alert"><${Icon} name="alert" class="i--sm" />${problem}</p>`}
        <p class="help">${_("It stands below every new mail that you write, above the signature of the queue.")}</p>
      </section>
      <${KeySwitch} />
    </div>
  <//>`;
}

/** @typedef {import("../../lib/html.js").Signal<{ loaded: boolean, busy: boolean, problem: string, saved: string }>} State */

/** The editor keeps its own element. @param {{ element: HTMLElement }} props */
function Place({ element }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => place.current?.append(element), []);
  return html`<div ref=${place}></div>`;
}

/**
 * @param {RichWords} editor
 * @param {State} state
 */
async function load(editor, state) {
  try {
    editor.html = (await get("signature/")).html;
    state.value = { loaded: true, busy: false, problem: "", saved: editor.html };
    if (unsaved) editor.html = unsaved;
    unsaved = "";
  } catch (problem) {
    state.value = { ...state.peek(), problem: sentence(problem) };
  }
}

let unsaved = "";

/** A slip of the hand closes the dialog, and loses nothing. @param {string} html */
function offerBack(html) {
  const run = () => {
    unsaved = html;
    settingsOpen.value = true;
  };
  say(_("Your signature was not saved."), { title: _("Go on writing"), run });
}

/**
 * @param {RichWords} editor
 * @param {State} state
 * @param {() => void} close
 */
async function save(editor, state, close) {
  if (!state.peek().loaded || state.peek().busy) return;
  state.value = { ...state.peek(), busy: true, problem: "" };
  try {
    const written = editor.html;
    await put("signature/", { html: editor.text.trim() ? written : "" });
    state.value = { ...state.peek(), saved: written };
    say(_("Signature saved."));
    close();
  } catch (problem) {
    state.value = { ...state.peek(), busy: false, problem: sentence(problem) };
  }
}

/** @param {unknown} problem */
function sentence(problem) {
  return problem instanceof Error ? problem.message : "";
}
