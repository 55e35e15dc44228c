// Above the mails: where the session stands, what can be done with it, and its facts.

import { html } from "../../lib/html.js";
import { go } from "../../lib/route.js";
import { _, fill } from "../../lib/words.js";
import { neighbour } from "../../store/list.js";
import { moving } from "../../store/regrouping.js";
import { busy, canMove, may, markUnread, moveWord, perform } from "../../store/verbs.js";
import { viewersOf } from "../../store/viewers.js";
import { ActionMenu } from "../action-menu.js";
import { Avatar } from "../address.js";
import { handingOn } from "./hand-on.js";
import { Icon } from "../icon.js";

/** @typedef {import("../../store/reading-shapes.js").Head} Head */

/** Each button has a key, so that none becomes another one under a second press.
 * @param {{ head: Head }} props */
export function SessionBar({ head }) {
  const open = () => perform("status", { status: "active" });
  return html`<div class="pane-head" role="group" aria-label=${_("What can be done")} aria-busy=${busy.value !== ""}>
    <${Back} />
    <span class=${`status status--pill is-${head.status}`} data-test="status" data-status=${head.status}><${Icon} name=${`s-${head.status}`} />${head.status_word}</span>
    ${may("take") && html`<button type="button" key="take" class="btn btn--line" data-test="take" onClick=${() => perform("take")}><${Icon} name="check" />${_("Take")}</button>`}
    ${head.mine && canMove("active") && html`<button type="button" key="open" class="btn btn--line" data-test="open" onClick=${open}><${Icon} name="eye" />${moveWord("active")}</button>`}
    ${canMove("resolved") && html`<button type="button" key="resolve" class="btn" data-test="resolve" title=${keyed(_("Resolve"), "E")} onClick=${() => perform("status", { status: "resolved" })}><${Icon} name="check" />${_("Resolve")}</button>`}
    ${canMove("paused") && html`<button type="button" key="pause" class="btn wide" data-test="pause" title=${keyed(_("Pause"), "P")} onClick=${() => perform("status", { status: "paused" })}><${Icon} name="s-paused" />${_("Pause")}</button>`}
    ${may("transfer") && html`<button type="button" key="transfer" class="btn wide" data-test="transfer" title=${keyed(_("Transfer"), "T")} onClick=${() => (handingOn.value = "transfer")}><${Icon} name="transfer" />${_("Transfer")}</button>`}
    <${More} head=${head} />
    <span class="spacer"></span>
    <${Viewers} id=${head.id} />
    <${Steps} id=${head.id} />
  </div>`;
}

/** @param {string} title @param {string} key */
function keyed(title, key) {
  return `${title} (${key})`;
}

export function Back() {
  return html`<button type="button" class="btn btn--icon phone-only" aria-label=${_("Back to the list")} onClick=${() => go({ session: "", draft: "" })}><${Icon} name="left" class="i--flip" /></button>`;
}

/** The rest. @param {{ head: Head }} props */
function More({ head }) {
  const entries = menuOf(head);
  return entries.length > 0 && html`<${ActionMenu} entries=${entries} label=${_("More actions")} icon="more" test="more" />`;
}

/** @param {Head} head @returns {import("../action-menu.js").Entry[]} */
function menuOf(head) {
  const move = (/** @type {string} */ status, next = false) => () => perform("status", { status }, { next });
  /** @type {[boolean, string, string, string, () => void][]} */
  const all = [
    [canMove("resolved"), "resolve-next", "check", _("Resolve, then the next one"), move("resolved", true)],
    [canMove("paused"), "pause-menu", "s-paused", _("Pause"), move("paused")],
    [canMove("paused"), "pause-next", "s-paused", _("Pause, then the next one"), move("paused", true)],
    [canMove("closed"), "close", "archive", _("Close"), move("closed")],
    [canMove("closed"), "close-next", "archive", _("Close, then the next one"), move("closed", true)],
    [may("transfer"), "transfer-menu", "transfer", _("Transfer to a queue…"), () => (handingOn.value = "transfer")],
    [may("assign"), "assign", "users", _("Assign to an agent…"), () => (handingOn.value = "assign")],
    [may("give_back"), "give-back", "transfer", _("Give back to the queue"), () => perform("give-back")],
    [may("regroup"), "merge", "stack", _("Merge into…"), () => (moving.value = { message: null })],
    [may("rebuild"), "rebuild", "sync", _("Rebuild this ticket's comments"), () => perform("rebuild")],
    [!head.unread, "unread", "mail", _("Mark as unread"), markUnread],
  ];
  return all.filter(([possible]) => possible).map(([, test, icon, title, run]) => ({ test, icon, title, run }));
}

/** Who else has it open, and who writes.
 * @param {{ id: string }} props */
function Viewers({ id }) {
  const others = viewersOf(id);
  const writing = others.find((one) => one.writing);
  if (!others.length) return null;
  const words = writing
    ? fill(_("{who} is writing"), { who: writing.name })
    : fill(_("{who} is looking, too"), { who: others.map((one) => one.name).join(", ") });
  return html`<span class="viewers" data-test="viewers" data-writing=${writing ? "yes" : "no"} title=${words}>
    <span class="avatars">${others.slice(0, 3).map((one) => html`<${Avatar} key=${one.id} person=${one} />`)}</span>
    <span class="muted truncate wide">${words}</span></span>`;
}

/** @param {{ id: string }} props */
function Steps({ id }) {
  const to = (/** @type {string | null} */ other) => other && go({ session: other });
  const [before, after] = [neighbour(id, -1), neighbour(id, 1)];
  return html`<span class="btn-group wide">
    <button type="button" class="btn btn--icon" aria-label=${_("Previous session")} title=${keyed(_("Previous session"), "K")} disabled=${!before} onClick=${() => to(before)}><${Icon} name="left" class="i--flip" /></button>
    <button type="button" class="btn btn--icon" aria-label=${_("Next session")} title=${keyed(_("Next session"), "J")} disabled=${!after} onClick=${() => to(after)}><${Icon} name="right" class="i--flip" /></button>
  </span>`;
}

/** @param {{ head: Head, panel: boolean, togglePanel: () => void }} props */
export function SessionFacts({ head, panel, togglePanel }) {
  return html`<header class="subject-block">
    <h1 dir="auto" title=${head.subject} tabindex="-1">${head.subject || _("(no subject)")}</h1>
    <div class="facts">
      <span><${Icon} name="mail" class="i--sm" /><bdi>${head.queue.name}</bdi></span>
      <span><${Avatar} person=${head.agent} />${head.mine ? _("You") : html`<bdi>${head.agent?.name ?? _("Not assigned")}</bdi>`}</span>
      ${head.ticket && html`<${Ticket} ticket=${head.ticket} />`}
      <span class="mono" title=${_("Session ID")}>${head.id}</span>
      <button type="button" class="btn btn--sm btn--link" aria-expanded=${panel} aria-controls="customer" data-test="customer" onClick=${togglePanel}><${Icon} name="users" class="i--sm" />${_("Customer")}</button>
    </div>
  </header>`;
}

/** @type {Record<string, string>} */
const MIRRORS = { "up-to-date": "sync", behind: "hourglass", resting: "hourglass", stopped: "alert" };

/** @param {{ ticket: import("../../store/reading-shapes.js").Ticket }} props */
function Ticket({ ticket }) {
  const { state, words } = ticket.mirror;
  return html`<span class="ticket-line" data-test="ticket"><${Icon} name="ticket" class="i--sm" /><${TicketLink} url=${ticket.url} words=${ticket.word} />
    <span class=${`mirror mirror--${state}`} data-test="mirror" data-state=${state}><${Icon} name=${MIRRORS[state] ?? "sync"} class="i--sm" />${words}</span>
    ${ticket.former.length > 0 && html`<span class="muted former" data-test="former">${_("before:")} ${ticket.former.map((one) => html`<span key=${one.id} title=${one.why}><${TicketLink} url=${one.url} words=${one.word} /></span>`)}</span>`}</span>`;
}

/**
 * Into the CRM, which says where: only an address of the web is followed.
 * @param {{ url: string, words: string }} props
 */
export function TicketLink({ url, words }) {
  const isOurs = url.startsWith("/") && !url.startsWith("//");
  if (!isOurs && !/^https?:\/\//i.test(url)) return words;
  const away = isOurs ? {} : { target: "_blank", rel: "noopener noreferrer" };
  return html`<a href=${url} ...${away}>${words}</a>`;
}
