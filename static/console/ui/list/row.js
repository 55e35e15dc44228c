// One row of the list: who, what about, how it stands, how old, and whose it is.

import { html } from "../../lib/html.js";
import { addressOf, route } from "../../lib/route.js";
import { _, age, fill, fullTime, number } from "../../lib/words.js";
import { Avatar, Email } from "../address.js";
import { now } from "../clock.js";
import { Icon } from "../icon.js";
import { followLink } from "../places.js";

/** @typedef {import("../../store/shapes.js").Row} Row */
/** @typedef {import("../../store/shapes.js").DraftRow} DraftRow */

/** @param {{ row: Row, gone: boolean, tab: boolean, onOpen: (row: Row) => void }} props */
export function SessionRow({ row, gone, tab, onOpen }) {
  const isCurrent = route.value.session === row.id;
  return html`<a
    class=${`row ${row.unread ? "row--unread" : ""} ${gone ? "row--gone" : ""}`}
    data-test="session-row"
    data-session=${row.id}
    href=${addressOf({ ...route.value, session: row.id, draft: "", message: "" })}
    aria-current=${isCurrent ? "true" : undefined}
    tabindex=${tab ? 0 : -1}
    onClick=${followLink(() => onOpen(row))}
  >
    <span class=${`status is-${row.status}`} title=${row.status_word}><${Icon} name=${`s-${row.status}`} /></span>
    <span class="who">
      ${row.unread && html`<span class="sr-only">${_("Unread.")} </span>`}
      <span class="name truncate" dir="auto" title=${row.customer.email}>${row.customer.name || html`<${Email} email=${row.customer.email} />`}</span>
      ${row.warns && html`<${Warning} />`}
      ${row.count > 1 && html`<span class="count num" title=${fill(_("{n} messages"), { n: row.count })}>${number(row.count)}</span>`}
    </span>
    <time datetime=${row.updated_at} title=${fullTime(row.updated_at)}>${age(row.updated_at, now.value)}</time>
    <span class="subject truncate" dir="auto">
      <${Delivery} delivery=${row.delivery} />${row.draft && html`<span class="draft-mark">${_("Draft")}</span> `}
      <b>${row.subject || _("(no subject)")}</b>${row.snippet && ` · ${row.snippet}`}
    </span>
    <span class="meta">
      ${row.files && html`<span class="clip" title=${_("With files")}><${Icon} name="clip" class="i--sm" /><span class="sr-only">${_("With files.")}</span></span>`}
      <span class=${`word is-${row.status}`}>${gone ? _("No longer here") : row.status_word}</span>
      <${Assignee} row=${row} />
    </span>
  </a>`;
}

/** @param {{ row: Row }} props */
function Assignee({ row }) {
  if (!row.agent) return html`<${Avatar} person=${null} title=${_("Not assigned")} />`;
  const name = row.mine ? fill(_("{name} (you)"), { name: row.agent.name }) : row.agent.name;
  return html`<${Avatar} person=${row.agent} title=${name} />`;
}

function Warning() {
  const words = _("Be careful with this sender");
  return html`<span class="trust-mark trust-mark--warning" data-test="row-warns" title=${words}>
    <${Icon} name="alert" /><span class="sr-only">${words}</span>
  </span>`;
}

/** @param {{ delivery: Row["delivery"] }} props */
function Delivery({ delivery }) {
  if (delivery === "failed") return html`<span class="err">${_("Not delivered:")}</span> `;
  if (delivery === "unknown") return html`<span class="doubt">${_("Perhaps not delivered:")}</span> `;
  return null;
}

/** @param {{ draft: DraftRow, tab: boolean, onOpen: (draft: DraftRow) => void }} props */
export function DraftEntry({ draft, tab, onOpen }) {
  const { session } = draft;
  const { value } = route;
  const isCurrent = session ? value.session === session : value.draft === draft.id;
  const to = session ? { session, draft: "" } : { session: "", draft: draft.id };
  return html`<a
    class="row row--draft"
    data-test="draft-row"
    data-draft=${draft.id}
    href=${addressOf({ ...value, ...to, message: "" })}
    aria-current=${isCurrent ? "true" : undefined}
    tabindex=${tab ? 0 : -1}
    onClick=${followLink(() => onOpen(draft))}
  >
    <span class="status"><${Icon} name=${KIND_ICONS[draft.kind]} /></span>
    <span class="who"><span class="name truncate" dir="auto">${draft.to_words || _("No recipient yet")}</span></span>
    <time datetime=${draft.updated_at} title=${fullTime(draft.updated_at)}>${age(draft.updated_at, now.value)}</time>
    <span class="subject truncate" dir="auto">
      <b>${draft.subject || _("(no subject)")}</b>${draft.snippet && ` · ${draft.snippet}`}
    </span>
    <span class="meta">
      <span class="word">${{ reply: _("Reply"), forward: _("Forward"), new: _("New email") }[draft.kind]}</span>
      ${!draft.mine && html`<${Avatar} person=${draft.author} title=${draft.author.name} />`}
    </span>
  </a>`;
}

const KIND_ICONS = { reply: "reply", forward: "forward", new: "draft" };

const WIDTHS = /** @type {const} */ ([
  [42, 82],
  [28, 68],
  [36, 74],
  [31, 88],
]);

/** In the shape of a row. */
export function SkeletonRow({ n = 0 }) {
  const [who, what] = WIDTHS[n % WIDTHS.length] ?? WIDTHS[0];
  return html`<div class="row row--skeleton" aria-hidden="true">
    <span class="skeleton skeleton--dot"></span>
    <span class="skeleton" style=${{ inlineSize: `${who}%` }}></span><span></span>
    <span class="skeleton skeleton--second" style=${{ inlineSize: `${what}%` }}></span>
  </div>`;
}
