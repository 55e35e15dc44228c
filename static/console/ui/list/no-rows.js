// An empty list, in words: why it is empty, and where to go from there.

import { html } from "../../lib/html.js";
import { anotherList, go, route } from "../../lib/route.js";
import { _, fill } from "../../lib/words.js";
import { desk } from "../../store/desk.js";
import { Icon } from "../icon.js";
import { newMail, visit } from "../shell/nav.js";

/** @typedef {{ icon: string, title: string, words: string, action?: { title: string, run: () => void, href?: string } }} Nothing */

export function NoRows() {
  const { icon, title, words, action } = nothing();
  return html`<div class="empty" data-test="no-rows">
    <${Icon} name=${icon} class="i--empty" />
    <h2 dir="auto">${title}</h2>
    <p>${words}</p>
    ${action && (action.href
      ? html`<a class="btn btn--line" href=${action.href}>${action.title}</a>`
      : html`<button class="btn btn--line" type="button" onClick=${action.run}>${action.title}</button>`)}
  </div>`;
}

/** @returns {Nothing} */
function nothing() {
  const { q, since, until, status, view, queue } = route.value;
  const { queues = [], may } = desk.value ?? {};
  const anyStatus = { title: _("Show all, whatever the status"), run: () => go({ status: "any" }) };
  if (q) return notFound(q);
  if (since || until) return { icon: "clock", title: _("Nothing in these days"), words: _("No session of this list was touched in the days you chose."), action: { title: _("Show any day"), run: () => go({ since: "", until: "" }) } };
  if (view === "drafts") return { icon: "draft", title: _("No drafts"), words: _("What you write is kept here until you send it."), ...(may?.new ? { action: { title: _("New email"), run: newMail } } : {}) };
  if (view === "closed") return { icon: "archive", title: _("Nothing closed"), words: _("Sessions that were closed in the last 60 days are found here.") };
  if (status !== "open") return { icon: "inbox", title: _("Nothing here"), words: _("No session of this list has this status."), action: { title: _("Show open sessions"), run: () => go({ status: "open" }) } };
  if (!queues.length) return noQueue(may?.settings ?? null);
  if (view === "mine" && !queue) return { icon: "inbox", title: _("Nothing is assigned to you"), words: _("Take a session that waits, or have a break."), action: { title: _("Show unassigned sessions"), run: () => visit({ view: "unassigned" }) } };
  return { icon: "check", title: _("All done"), words: _("No open session here. New mail shows up by itself."), action: anyStatus };
}

/**
 * @param {string} q
 * @returns {Nothing}
 */
function notFound(q) {
  const { status } = route.value;
  const clear = { title: _("Clear the search"), run: () => go(anotherList({})) };
  const wider = { title: _("Search every status"), run: () => go({ status: "any" }) };
  return { icon: "search", title: fill(_("Nothing found for “{words}”"), { words: q }), words: _("Try the sender's address, a word of the subject, or the session id."), action: status === "any" ? clear : wider };
}

/**
 * @param {string | null} settings
 * @returns {Nothing}
 */
function noQueue(settings) {
  const title = _("No queue, no mail");
  if (!settings) return { icon: "inbox", title, words: _("You see mail as soon as an administrator puts you in a queue.") };
  return { icon: "inbox", title, words: _("Make a queue, give it a mailbox and members, then switch the email channel on."), action: { title: _("Settings > Email"), run: () => {}, href: settings } };
}
