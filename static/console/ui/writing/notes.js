// What has to be said while one writes: problems beside their field, and what others did meanwhile.

import { html, useSignal } from "../../lib/html.js";
import { go } from "../../lib/route.js";
import { _, fill } from "../../lib/words.js";
import { send } from "../../store/sending.js";
import { reading, reload } from "../../store/reading.js";
import { Icon } from "../icon.js";

/** @typedef {import("../../store/writing.js").Writing} Writing */

/**
 * Why the server or we did not take it, where it is about.
 * @param {{ writing: Writing, fields: string[], id: string }} props
 */
export function FieldProblem({ writing, fields, id }) {
  const { field, sentence } = writing.problem.value;
  const isHere = Boolean(sentence) && fields.includes(field);
  return html`<p class="error" id=${id} role="alert" data-test="composer-problem" hidden=${!isHere}>${isHere && html`<${Icon} name="alert" class="i--sm" /><span>${sentence}</span>`}</p>`;
}

/** A word beside a field; it stands in nobody's way. @param {{ writing: Writing }} props */
export function Notes({ writing }) {
  const seen = useSignal(new Set([""]));
  const notes = writing.notes.value.filter(({ sentence }) => !seen.value.has(sentence));
  const isRight = (/** @type {string} */ sentence, /** @type {string} */ address, /** @type {string} */ code) => {
    seen.value = new Set([...seen.peek(), sentence]);
    if (address) writing.confirm([code === "unwanted" ? `unwanted ${address}` : address]);
  };
  return notes.map(
    ({ sentence, code, address }) => html`<div class="notice notice--warn" key=${sentence} data-test="note" data-code=${code}><${Icon} name=${code === "no-file" ? "clip" : "alert"} /><span dir="auto">${sentence}</span>
      <span class="actions"><button type="button" class="btn btn--sm btn--link" onClick=${() => isRight(sentence, address, code)}>${_("It is right")}</button></span></div>`,
  );
}

/** Somebody wrote since: read it, or say why not. @param {{ writing: Writing }} props */
export function ThreadChanged({ writing }) {
  const reason = useSignal("");
  const isAsked = useSignal(false);
  const newer = writing.newer.value;
  if (!newer.length) return html`<${NewerMail} writing=${writing} />`;
  const read = () => {
    const last = newer.at(-1);
    readUpTo(writing, last ? Number(last.id) : 0);
  };
  const anyway = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!reason.peek().trim()) return;
    writing.newer.value = [];
    void send({ override: reason.peek().trim(), then: writing.lastThen });
  };
  return html`<div class="notice notice--warn thread-changed" role="alert" data-test="thread-changed"><${Icon} name="alert" />
    <div><b>${_("Not sent: there is newer mail in this conversation.")}</b>
      <ul>${newer.map((one) => html`<li key=${one.id}><bdi>${one.who}</bdi>: <span dir="auto">${one.snippet}</span></li>`)}</ul>
      <span class="actions">
        <button type="button" class="btn btn--sm btn--line" data-test="read-newer" onClick=${read}>${_("Read it")}</button>
        ${!isAsked.value && html`<button type="button" class="btn btn--sm btn--link" data-test="send-anyway" onClick=${() => (isAsked.value = true)}>${_("Send anyway…")}</button>`}
      </span>
      ${isAsked.value && html`<form class="override" onSubmit=${anyway}>
        <label for="override">${_("Why? It is kept in the history of the session.")}</label>
        <input class="input" id="override" required maxlength="200" data-test="override" ref=${(/** @type {HTMLElement | null} */ input) => input && !reason.peek() && input.focus()} value=${reason.value} onInput=${(/** @type {InputEvent} */ event) => (reason.value = /** @type {HTMLInputElement} */ (event.target).value)} />
        <button class="btn btn--sm btn--danger" data-test="override-send">${_("Send anyway")}</button>
      </form>`}
    </div></div>`;
}

/** Whoever would read the conversation for the first time is named once, and then it is their word.
 * @param {{ writing: Writing }} props */
export function NewRecipients({ writing }) {
  const strangers = writing.strangers.value;
  if (!strangers) return null;
  const confirm = () => {
    writing.confirm(strangers.people);
    void send({ then: writing.lastThen });
  };
  return html`<div class="notice notice--warn thread-changed" role="alert" data-test="new-recipients"><${Icon} name="users" />
    <div><b>${_("Not sent yet.")}</b> <span dir="auto">${strangers.sentence}</span>
      <span class="actions">
        <button type="button" class="btn btn--sm btn--line" data-test="confirm-recipients" onClick=${confirm}>${_("Yes, send it")}</button>
        <button type="button" class="btn btn--sm btn--link" onClick=${() => (writing.strangers.value = null)}>${_("Not yet")}</button>
      </span></div></div>`;
}

/** Before Send says so. @param {{ writing: Writing }} props */
function NewerMail({ writing }) {
  const { data } = reading.value;
  const message = data && data.session.id === writing.about.session ? data.messages.at(-1) : undefined;
  if (!message || message.who === _("You") || !writing.facts.value || data?.newest === undefined || data.newest <= writing.seen.value) return null;
  return html`<div class="notice notice--info" role="status" data-test="newer-mail"><${Icon} name="mail" /><span>${fill(_("{who} wrote while you write."), { who: message.who })}</span>
    <span class="actions"><button type="button" class="btn btn--sm btn--link" data-test="read-newer" onClick=${() => readUpTo(writing, data.newest)}>${_("Read it")}</button></span></div>`;
}

/**
 * @param {Writing} writing
 * @param {number} message
 */
function readUpTo(writing, message) {
  writing.hasRead(message);
  const { session } = writing.about;
  void reload(session).then(() => {
    if (reading.peek().id !== session) return;
    go({ message: String(message) }, { replace: true });
    document.getElementById(`m${message}`)?.scrollIntoView({ block: "start" });
  });
}

/** Two browsers, one draft. @param {{ writing: Writing }} props */
export function DraftChanged({ writing }) {
  const state = writing.state.value;
  if (state === "gone") {
    return html`<div class="notice notice--warn" role="alert" data-test="draft-gone"><${Icon} name="alert" /><span>${_("This draft was sent or discarded elsewhere. Your words are still here.")}</span>
      <span class="actions"><button type="button" class="btn btn--sm btn--link" onClick=${() => writing.saveAnew()}>${_("Keep them as a new draft")}</button></span></div>`;
  }
  const theirs = writing.theirs.value;
  if (state !== "changed" || !theirs) return null;
  return html`<div class="notice notice--warn" role="alert" data-test="draft-changed"><${Icon} name="alert" /><span>${_("This draft was changed in another browser.")} <span class="muted" dir="auto">${excerpt(theirs)}</span></span>
    <span class="actions"><button type="button" class="btn btn--sm btn--link" data-test="use-mine" onClick=${() => writing.useMine()}>${_("Use mine")}</button><button type="button" class="btn btn--sm btn--link" data-test="use-theirs" onClick=${() => writing.useTheirs()}>${_("Use the other one")}</button></span></div>`;
}

/** @param {{ text: string }} draft */
function excerpt({ text }) {
  const words = text.replace(/\s+/g, " ").trim();
  return words.length > 80 ? `${words.slice(0, 80)}…` : words;
}
