// One mail of the conversation, folded to a line or open.

import { html, useEffect } from "../../lib/html.js";
import { say } from "../../lib/toasts.js";
import { _, clock, fill, fullTime } from "../../lib/words.js";
import { shortName } from "../../store/addresses.js";
import { loadBody, reading, unfolded } from "../../store/reading.js";
import { busy, may, perform } from "../../store/verbs.js";
import { Avatar, Email, names } from "../address.js";
import { Files } from "./files.js";
import { Icon } from "../icon.js";
import { MailBody } from "./mail-body.js";
import { OutcomeMark, Outcomes } from "./outcomes.js";
import { NewMatter, PlaceMarks, PlaceMenu, PlaceWhy } from "./place.js";

/** @typedef {import("../../store/reading-shapes.js").Message} Message */

/** @param {Message} message */
function isOpen(message) {
  return unfolded.value[message.id] ?? message.open;
}

/** @typedef {{ first: boolean, last: boolean }} Ends whether it is one of the conversation's */

/** @param {{ message: Message, session: string, wanted: boolean, forward: (() => void) | null, again: (() => void) | null, ends: Ends }} props */
export function OneMessage({ message, session, wanted, forward, again, ends }) {
  const open = isOpen(message);
  useEffect(() => {
    if (open && !message.body) loadBody(message).catch((problem) => say(problem.message)); // the next opening asks again
  }, [open, message.id]);
  const toggle = (/** @type {Event} */ event) => {
    const now = /** @type {HTMLDetailsElement} */ (event.currentTarget).open;
    if (now !== isOpen(message)) unfolded.value = { ...unfolded.peek(), [message.id]: now };
  };
  return html`
    ${message.divider && html`<p class="event event--session"><span>${message.divider.id === session ? _("This session") : html`${_("Session")} <span class="mono">${message.divider.id}</span>`}</span></p>`}
    <details class=${`msg ${wanted ? "msg--wanted" : ""}`} id=${`m${message.id}`} data-test="message" data-message=${message.id} data-direction=${message.direction} data-status=${message.delivery?.status ?? "received"} open=${open} onToggle=${toggle}>
      <${MessageHead} message=${message} />
      ${open && html`<${Trouble} message=${message} /><${Outcomes} message=${message} /><${Remedy} message=${message} again=${again} /><${NewMatter} message=${message} split=${may("regroup") && !ends.first} /><${Trust} message=${message} /><${FirstWriter} message=${message} />
        <${MailBody} message=${message} /><${Files} files=${listed(message)} session=${session} />
        <div class="msg-foot"><${PlaceWhy} message=${message} />
          ${forward && html`<button type="button" class="btn btn--sm" onClick=${forward} data-test="forward"><${Icon} name="forward" class="i--flip" />${_("Forward")}</button>`}
          ${may("regroup") && html`<${PlaceMenu} message=${message} ends=${ends} />`}</div>`}
    </details>`;
}

/** Pictures that the mail shows in its place are not listed again, unless they are held back.
 * @param {Message} message */
function listed({ body, files }) {
  return body?.kind === "text" ? files : files.filter((file) => !file.inline || file.verdict !== "clean");
}

/** @param {{ message: Message }} props */
function MessageHead({ message }) {
  const incoming = message.direction === "in";
  const unnamed = incoming && !message.from.name;
  return html`<summary class="msg-head">
    <${Avatar} person=${message} size="" />
    <span class="msg-who">
      <span class="from"><b class="truncate"><bdi>${unnamed ? html`<${Email} email=${message.from.email} />` : message.who}</bdi></b>
        ${incoming && !unnamed && html`<span class="muted from-address" title=${message.from.email}><${Email} email=${message.from.email} /></span>`}
        ${incoming && html`<${TrustMark} message=${message} />`}
        <span class="truncate muted peek">${message.snippet}</span></span>
      <span class="to truncate">${recipients(message)}</span>
    </span>
    <span class="spacer"></span>
    <${PlaceMarks} message=${message} />
    ${message.automatic && html`<span class="tag">${incoming ? _("Automatic") : _("Automatic answer")}</span>`}
    ${message.files.some((file) => !file.inline) && html`<span class="clip" title=${_("Has files")}><${Icon} name="clip" class="i--sm" /><span class="sr-only">${_("Has files")}</span></span>`}
    <${Delivery} message=${message} /><${OutcomeMark} outcome=${message.delivery?.outcome} />
    <time datetime=${message.at} title=${fullTime(message.at)}>${clock(message.at)}</time>
  </summary>`;
}

/** @param {Message} message */
function recipients(message) {
  const words = [fill(_("to {who}"), { who: names(message.to) })];
  if (message.cc.length) words.push(fill(_("cc {who}"), { who: names(message.cc) }));
  if (message.bcc.length) words.push(fill(_("bcc {who}"), { who: names(message.bcc) }));
  return words.join(", ");
}

/** @type {Record<string, string>} */
const DELIVERY_ICONS = { sent: "check", failed: "alert", unknown: "help" };

/** @param {{ message: Message }} props */
function Delivery({ message }) {
  const { delivery } = message;
  if (!delivery) return null;
  const look = DELIVERY_ICONS[delivery.status] ? delivery.status : "waiting";
  if (delivery.outcome && delivery.status === "sent") return html`<span class="delivery delivery--before">${delivery.word}</span>`;
  return html`<span class=${`delivery delivery--${look}`}><${Icon} name=${DELIVERY_ICONS[delivery.status] ?? "clock"} class="i--sm" />${delivery.word}</span>`;
}

/** @param {{ message: Message }} props */
function Trouble({ message }) {
  const { delivery } = message;
  if (!delivery?.because) return null;
  /** @type {Record<string, string>} */
  const looks = { failed: "notice--danger", unknown: "notice--warn" };
  return html`<div class=${`notice ${looks[delivery.status] ?? ""}`}><${Icon} name=${DELIVERY_ICONS[delivery.status] ?? "clock"} /><span>${delivery.because}</span></div>`;
}

/** What the agent can do about a mail that did not arrive, or of which nobody knows.
 * @param {{ message: Message, again: (() => void) | null }} props */
function Remedy({ message, again }) {
  const { delivery } = message;
  if (!delivery || !may("reply")) return null;
  const resolve = (/** @type {string} */ outcome) => perform("resolve", { message: message.id, outcome });
  if (delivery.is_in_doubt) {
    return html`<div class="remedy" data-test="remedy"><button type="button" class="btn btn--line btn--sm" disabled=${busy.value !== ""} onClick=${() => resolve("arrived")} data-test="arrived"><${Icon} name="check" class="i--sm" />${_("It arrived")}</button>
      <button type="button" class="btn btn--line btn--sm" disabled=${busy.value !== ""} onClick=${() => resolve("resend")} data-test="resend"><${Icon} name="send" class="i--sm" />${_("Send it again")}</button></div>`;
  }
  if (!delivery.has_failed || !again) return null;
  return html`<div class="remedy" data-test="remedy"><button type="button" class="btn btn--line btn--sm" onClick=${again} data-test="edit-resend"><${Icon} name="pen" class="i--sm" />${_("Edit and resend")}</button></div>`;
}

/** Whoever passes a mail on is seldom the customer. @param {{ message: Message }} props */
function FirstWriter({ message }) {
  const writer = message.forwarded;
  const customer = reading.value.data?.session.customer;
  if (!writer || !customer) return null;
  const name = shortName(writer);
  const isCustomer = customer.email.toLowerCase() === writer.email.toLowerCase();
  return html`<div class="first-writer" data-test="first-writer"><${Icon} name="forward" class="i--sm i--flip" />
    <p>${fill(_("Forwarded by {who}."), { who: message.who })} <span class="first-writer-who">${_("Original sender:")} <b><bdi>${name}</bdi></b>${writer.name && html` <span class="muted"><${Email} email=${writer.email} /></span>`}</span></p>
    ${isCustomer ? html`<span class="tag">${_("Is the customer")}</span>` : may("reply") && html`<button type="button" class="btn btn--line btn--sm" disabled=${busy.value !== ""} onClick=${() => perform("make-customer", { message: message.id })} data-test="make-customer">${writer.name ? fill(_("Make {who} the customer"), { who: name }) : _("Make this address the customer")}</button>`}
  </div>`;
}

/** @param {{ message: Message }} props */
function TrustMark({ message }) {
  const { trust } = message;
  if (!trust || trust.level === "neutral") return null;
  return html`<span class=${`trust-mark trust-mark--${trust.level}`} title=${trust.hint}><${Icon} name=${trust.level === "verified" ? "shield-check" : "alert"} /><span class="sr-only">${trust.title}</span></span>`;
}

/** @param {{ message: Message }} props */
function Trust({ message }) {
  const { trust } = message;
  if (!trust?.sentences.length) return null;
  if (trust.level !== "warning") {
    return html`<p class="trust" data-test="trust" data-level=${trust.level}>
      ${trust.level === "verified" && html`<b><${Icon} name="shield-check" />${trust.title}</b>`}<span>${trust.sentences.join(" ")}</span></p>`;
  }
  return html`<div class="notice notice--warn sender-trust" role="note" data-test="trust" data-level="warning"><${Icon} name="alert" />
    <div><b>${_("Be careful with this sender")}</b><ul>${trust.sentences.map((sentence) => html`<li key=${sentence}>${sentence}</li>`)}</ul><p>${trust.advice}</p></div></div>`;
}
