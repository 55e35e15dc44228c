// The appointment that a mail carries, above its words.

import { html } from "../../lib/html.js";
import { Icon } from "../icon.js";

/** @typedef {import("../../store/reading-shapes.js").Invite} Invite */

/** @param {{ invite?: Invite }} props */
export function InviteCard({ invite }) {
  if (!invite) return null;
  return html`<section class="invite" data-test="invite" aria-label=${invite.title}>
    <p class="invite-title"><${Icon} name=${invite.cancelled ? "ban" : "clock"} /><span>${invite.title}</span></p>
    ${invite.summary && html`<p dir="auto"><b>${invite.summary}</b></p>`}
    <dl>${invite.rows.map((row) => html`<div key=${row.label}><dt>${row.label}</dt><dd dir="auto">${row.value}</dd></div>`)}</dl>
  </section>`;
}
