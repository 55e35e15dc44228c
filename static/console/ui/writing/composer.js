// Writing a mail: an answer or a forwarded mail below the conversation, a new one as the pane.

import { html, useEffect, useId, useLayoutEffect, useRef, useSignal } from "../../lib/html.js";
import { register } from "../../lib/keys.js";
import { route } from "../../lib/route.js";
import { _ } from "../../lib/words.js";
import { closeComposer, discard } from "../../store/discarding.js";
import { openForward, openReply } from "../../store/drafts.js";
import { reading } from "../../store/reading.js";
import { send, undoSend } from "../../store/sending.js";
import { newestPending } from "../../store/sends.js";
import { write } from "../../store/viewers.js";
import { composer, wantsFocus } from "../../store/writings.js";
import { CannedButton, CannedList, Gaps, lookForSlash, pressedInList } from "./canned.js";
import { Chips } from "./chips.js";
import { ColleaguesDrafts } from "./colleagues.js";
import { DropHint, hangsOver } from "./drop.js";
import { EditorPlace, editorOf, switchPlain } from "./editor.js";
import { Icon } from "../icon.js";
import { isPhone } from "../places.js";
import { DraftChanged, FieldProblem, NewRecipients, Notes, ThreadChanged } from "./notes.js";
import { ReplyBar } from "./reply-bar.js";
import { RichWords } from "./rich-words.js";
import { Saved } from "./saved.js";
import { SendButton } from "./send-button.js";
import { Toolbar } from "./toolbar.js";
import { AttachButton, PictureButton, Uploads } from "./uploads.js";
import { From, Place } from "./whence.js";

/** @typedef {import("../../store/writing.js").Writing} Writing */

const STILL_WRITING_MS = 20_000; // after the last key

export function Composer() {
  const writing = composer.value;
  if (writing) return html`<${Form} key=${writing.key} writing=${writing} />`;
  return route.value.draft ? html`<p class="notice" role="status">${_("Opening the draft…")}</p>` : html`<${ReplyBar} />`;
}

/** @param {{ writing: Writing }} props */
function Form({ writing }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const id = useId();
  const { plain } = writing.fields.value;
  const { kind } = writing.about;
  const editor = editorOf(writing);
  useFocus(writing, place);
  useSigns(writing, place);
  useProblemFocus(writing, place);
  useStillWhileSending(writing, place);
  const typed = () => lookForSlash(writing, editor);
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    if (event.target instanceof Node && editor.element.contains(event.target)) pressedInList(event, editor);
  };
  return html`<section class=${`composer composer--open composer--${kind} ${hangsOver.value ? "composer--drop" : ""}`} ref=${place} aria-label=${titles[kind]()} data-draft=${writing.id.value} data-kind=${kind}>
    <${Head} writing=${writing} />
    <div class="composer-body">
      ${kind !== "new" && html`<${OwnerNote} />`}
      <${ColleaguesDrafts} />
      <${DraftChanged} writing=${writing} />
      <${ThreadChanged} writing=${writing} /><${NewRecipients} writing=${writing} />
      ${kind === "new" && html`<${Place} writing=${writing} />`}
      <${People} writing=${writing} id=${id} />
      <${Subject} writing=${writing} id=${id} />
      <div class="writing" onKeyDownCapture=${pressed} onInput=${typed} onKeyUp=${typed} onClick=${typed}>
        <${EditorPlace} writing=${writing} describedBy=${`${id}-text`} key=${plain ? "plain" : "rich"} />
        <${CannedList} writing=${writing} editor=${editor} key=${`canned-${plain}`} />
      </div>
      <${FieldProblem} writing=${writing} id=${`${id}-text`} fields=${["text", "html"]} />
      <${Gaps} editor=${editor} />
      <${Uploads} uploads=${writing.uploads} isPlain=${plain} />
      <${Notes} writing=${writing} />
      <${DropHint} />
    </div>
    <${FieldProblem} writing=${writing} id=${`${id}-all`} fields=${["", "files", "mailbox", "agent", "queue", "then", "override", "session", "message"]} />
    <div class="toolbar composer-foot">
      ${editor instanceof RichWords && html`<${Toolbar} editor=${editor} key=${editor} /><span class="sep"></span>`}
      <${AttachButton} uploads=${writing.uploads} />
      ${editor instanceof RichWords && html`<${PictureButton} add=${(/** @type {File[]} */ files) => editor.addPictures(files)} />`}
      <${CannedButton} writing=${writing} editor=${editor} />
      <span class="spacer"></span>
      <${SendButton} writing=${writing} />
    </div>
    <div class="composer-under">
      <p class="help limits" id="limits">${writing.uploads.limits.value}</p><span class="spacer"></span>
      <button type="button" class="btn btn--sm" aria-pressed=${plain} data-test="plain" onClick=${() => switchPlain(writing)}>${_("Plain text")}</button>
      <button type="button" class="btn btn--sm" data-test="discard" onClick=${throwAway}>${_("Discard")}</button>
    </div>
  </section>`;
}

const titles = { reply: () => _("Reply"), forward: () => _("Forward"), new: () => _("New email") };

/** @param {{ writing: Writing }} props */
function Head({ writing }) {
  const { kind, session } = writing.about;
  const newest = reading.value.data?.messages.at(-1);
  const mayForward = reading.value.data?.session.rights.forward;
  return html`<div class="composer-head">
    <button type="button" class="btn btn--icon phone-only" aria-label=${_("Back, keep the draft")} onClick=${closeComposer}><${Icon} name="left" class="i--flip" /></button>
    ${isPhone() && html`<h1 class="sr-only">${titles[kind]()}</h1>`}
    ${kind === "new"
      ? html`<h2 aria-hidden=${isPhone() || undefined}>${_("New email")}</h2>`
      : html`<span class="segmented" role="group" aria-label=${_("Kind of mail")}>
          <button type="button" aria-pressed=${kind === "reply"} onClick=${() => kind !== "reply" && openReply(session)}>${_("Reply all")}</button>
          ${(mayForward || kind === "forward") && html`<button type="button" aria-pressed=${kind === "forward"} onClick=${() => kind !== "forward" && newest && openForward(newest.id)}>${_("Forward")}</button>`}
        </span>`}
    <${From} writing=${writing} />
    <span class="spacer"></span>
    <${Saved} writing=${writing} />
    <button type="button" class="btn btn--icon btn--sm wide" aria-label=${_("Close, keep the draft (Esc)")} title=${_("Close, keep the draft  Esc")} data-test="close-composer" onClick=${closeComposer}><${Icon} name="x" /></button>
  </div>`;
}

function OwnerNote() {
  const { rights, no_reply: why, owner_note: note } = reading.value.data?.session ?? {};
  if (rights && !rights.reply && why) return html`<div class="notice notice--warn" role="alert" data-test="no-reply"><${Icon} name="lock" /><span>${why} ${_("Your words stay here.")}</span></div>`;
  return note && html`<div class="notice notice--info"><${Icon} name="alert" /><span>${note}</span></div>`;
}

/** Copies are shown when there are some, or when they are wanted. @param {{ writing: Writing, id: string }} props */
function People({ writing, id }) {
  const wanted = useSignal({ cc: false, bcc: false });
  const { cc, bcc } = writing.fields.value;
  const { field } = writing.problem.value;
  const hasCc = cc.length > 0 || wanted.value.cc || field === "cc";
  const hasBcc = bcc.length > 0 || wanted.value.bcc || field === "bcc";
  const described = `${id}-people`;
  const want = (/** @type {"cc" | "bcc"} */ which) => (/** @type {MouseEvent} */ event) => {
    const around = /** @type {Element} */ (event.currentTarget).closest(".people");
    wanted.value = { ...wanted.peek(), [which]: true };
    requestAnimationFrame(() => /** @type {HTMLElement | null} */ (around?.querySelector(`[data-test=${which}-input]`))?.focus());
  };
  return html`<div class="people">
    <${Chips} writing=${writing} field="to" label=${_("To")} describedBy=${described} />
    ${hasCc && html`<${Chips} writing=${writing} field="cc" label=${_("Cc")} describedBy=${described} />`}
    ${hasBcc && html`<${Chips} writing=${writing} field="bcc" label=${_("Bcc")} describedBy=${described} />`}
    <span class="people-more">
      ${!hasCc && html`<button type="button" class="btn btn--sm" data-test="add-cc" aria-label=${_("Add Cc")} onClick=${want("cc")}>${_("Cc")}</button>`}
      ${!hasBcc && html`<button type="button" class="btn btn--sm" data-test="add-bcc" aria-label=${_("Add Bcc")} onClick=${want("bcc")}>${_("Bcc")}</button>`}
    </span>
    <${FieldProblem} writing=${writing} id=${described} fields=${["to", "cc", "bcc"]} />
  </div>`;
}

/** An answer keeps its subject, unless somebody wants another one. @param {{ writing: Writing, id: string }} props */
function Subject({ writing, id }) {
  const isWanted = useSignal(false);
  const { subject } = writing.fields.value;
  const isOpen = writing.about.kind !== "reply" || isWanted.value || writing.problem.value.field === "subject";
  const open = (/** @type {MouseEvent} */ event) => {
    const around = /** @type {Element} */ (event.currentTarget).parentElement;
    isWanted.value = true;
    requestAnimationFrame(() => around?.querySelector("input")?.focus());
  };
  return html`<div class="subject-line">
    ${isOpen
      ? html`<label class="k" for=${`${id}-s`}>${_("Subject")}</label><input id=${`${id}-s`} type="text" dir="auto" autocomplete="off" data-test="subject" aria-invalid=${writing.problem.value.field === "subject" || undefined} aria-describedby=${`${id}-subject`} value=${subject} onInput=${(/** @type {InputEvent} */ event) => writing.set({ subject: /** @type {HTMLInputElement} */ (event.target).value })} />`
      : html`<button type="button" class="btn btn--sm subject-fold" title=${_("Change the subject")} data-test="edit-subject" onClick=${open}><span class="muted">${_("Subject")}</span><span class="truncate" dir="auto">${subject || "…"}</span><${Icon} name="pen" class="i--sm" /></button>`}
    <${FieldProblem} writing=${writing} id=${`${id}-subject`} fields=${["subject"]} />
  </div>`;
}

// ---- focus, signs and problems ----------------------------------------------------------------------------

/**
 * @param {Writing} writing
 * @param {{ current: HTMLElement | null }} place
 */
function useFocus(writing, place) {
  useLayoutEffect(() => {
    if (wantsFocus.value !== writing.key) return;
    wantsFocus.value = "";
    const editor = editorOf(writing);
    const { to } = writing.fields.peek();
    const needsPeople = writing.about.kind !== "reply" && !to.length;
    const first = needsPeople ? place.current?.querySelector("[data-test=to-input]") : null;
    if (first instanceof HTMLElement) first.focus({ preventScroll: true });
    else if (writing.isNew || !writing.isDirty) editor.toStart();
    else editor.focus();
  });
}

/** Others see that somebody writes here, as long as somebody does.
 * @param {Writing} writing
 * @param {{ current: HTMLElement | null }} place */
function useSigns(writing, place) {
  useEffect(() => {
    if (!writing.about.session) return undefined;
    let timer = 0;
    const typed = () => {
      write(true);
      clearTimeout(timer);
      timer = setTimeout(() => write(false), STILL_WRITING_MS);
    };
    const section = place.current;
    section?.addEventListener("input", typed);
    return () => {
      section?.removeEventListener("input", typed);
      clearTimeout(timer);
      write(false);
    };
  }, []);
}

const OF_A_HAND = ["keydown", "beforeinput", "paste", "cut", "drop"];

/** What would be typed while the mail is being sent would be in no mail.
 * @param {Writing} writing
 * @param {{ current: HTMLElement | null }} place */
function useStillWhileSending(writing, place) {
  useEffect(() => {
    const section = place.current;
    const still = (/** @type {Event} */ event) => {
      if (writing.state.peek() !== "sending" || (event instanceof KeyboardEvent && event.key === "Tab")) return;
      event.preventDefault();
      event.stopPropagation();
    };
    for (const name of OF_A_HAND) section?.addEventListener(name, still, { capture: true });
    return () => OF_A_HAND.forEach((name) => section?.removeEventListener(name, still, { capture: true }));
  }, []);
}

/** The hand is led to what has to be put right.
 * @param {Writing} writing
 * @param {{ current: HTMLElement | null }} place */
function useProblemFocus(writing, place) {
  const { field, sentence } = writing.problem.value;
  useEffect(() => {
    if (!sentence || writing.state.peek() === "refused") return;
    const selector = { to: "[data-test=to-input]", cc: "[data-test=cc-input]", bcc: "[data-test=bcc-input]", subject: "[data-test=subject]", queue: "[data-test=queue]", files: "[data-failed] > button, .file--marked > button" }[field];
    const wanted = selector && place.current?.querySelector(selector);
    if (wanted instanceof HTMLElement) wanted.focus();
    else if (field === "text" || field === "html") editorOf(writing).focus();
  }, [field, sentence]);
}

// ---- keys ------------------------------------------------------------------------------------------------------

function mayWrite() {
  return Boolean(reading.peek().data?.session.rights.reply);
}

function newestMessage() {
  const { data } = reading.peek();
  return data?.session.rights.forward ? (data.messages.at(-1)?.id ?? "") : "";
}

const group = _("Writing");
const isOpen = () => composer.peek() !== null;
register([
  { id: "close-composer", keys: "escape", group, title: () => _("Close, keep the draft"), when: isOpen, run: closeAndGoBack },
  { id: "reply", keys: "r", group, title: () => _("Reply to all"), when: mayWrite, run: () => openReply(reading.peek().id) },
  { id: "forward", keys: "f", group, title: () => _("Forward"), when: () => newestMessage() !== "", run: () => openForward(newestMessage()) },
  { id: "send", keys: "ctrl+enter", group, title: () => _("Send"), when: isOpen, run: () => void send() },
  { id: "send-resolve", keys: "ctrl+shift+enter", group, title: () => _("Send and resolve"), when: isOpen, run: () => void send({ then: "resolved" }) },
  { id: "send-resolve-next", group, title: () => _("Send and resolve, then the next one"), when: isOpen, run: () => void send({ then: "resolved", next: true }) },
  { id: "send-pause", group, title: () => _("Send and pause"), when: isOpen, run: () => void send({ then: "paused" }) },
  { id: "send-close", group, title: () => _("Send and close"), when: isOpen, run: () => void send({ then: "closed" }) },
  { id: "undo-send", keys: "z", group, title: () => _("Undo Send"), when: () => newestPending() !== null, run: () => undoSend() },
  { id: "plain", group, title: () => _("Plain text, or formatted"), when: isOpen, run: () => composer.peek() && switchPlain(/** @type {Writing} */ (composer.peek())) },
  { id: "discard", group, title: () => _("Discard the draft"), when: isOpen, run: throwAway },
]);

function closeAndGoBack() {
  leadBack();
  void closeComposer();
}

function throwAway() {
  leadBack();
  discard();
}

/** To where an answer begins; a new mail has no such place. */
function leadBack() {
  if (composer.peek()?.about.kind !== "new") wantsFocus.value = "reply";
}

