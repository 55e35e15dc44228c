// Who writes: what was said with this address before, as far as the reader may see it.

import { html, useEffect, useState } from "../../lib/html.js";
import { get, Problem } from "../../lib/api.js";
import { addressOf, go, route } from "../../lib/route.js";
import { _, age, day, fill, ngettext } from "../../lib/words.js";
import { Email } from "../address.js";
import { Icon } from "../icon.js";
import { followLink } from "../places.js";
import { TicketLink } from "./session-head.js";

/** @typedef {import("../../store/reading-shapes.js").Customer} Customer */

/** @param {{ session: string, close: () => void }} props */
export function CustomerPanel({ session, close }) {
  const [customer, setCustomer] = useState(/** @type {Customer | null} */ (null));
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let wanted = true;
    setCustomer(null);
    get(`sessions/${session}/customer/`).then(
      (told) => wanted && setCustomer(told),
      (refusal) => {
        if (!(refusal instanceof Problem)) throw refusal;
        if (wanted) setProblem(refusal.message);
      },
    );
    return () => (wanted = false);
  }, [session]);
  return html`<aside class="customer" id="customer" aria-label=${_("Customer")} aria-busy=${!customer}>
    <header><h2>${customer ? customer.name || customer.email : _("Customer")}</h2><span class="spacer"></span>
      <button type="button" class="btn btn--icon btn--sm" aria-label=${_("Close the customer's panel")} onClick=${close}><${Icon} name="x" /></button></header>
    ${problem && html`<p class="error"><${Icon} name="alert" class="i--sm" />${problem}</p>`}
    ${customer && html`<${Known} customer=${customer} />`}
  </aside>`;
}

/** @param {{ customer: Customer }} props */
function Known({ customer }) {
  return html`
    ${customer.name && html`<p class="customer-address"><${Email} email=${customer.email} /></p>`}
    <p class="muted">${fill(_("First mail {date}"), { date: day(customer.since) })} · ${ngettext("{n} session", "{n} sessions", customer.count)}</p>
    ${customer.trouble && html`<p class="customer-trouble" data-test="customer-trouble"><${Icon} name="alert" class="i--sm" /><span>${customer.trouble}</span></p>`}
    <h3>${_("Earlier sessions")}</h3>
    ${!customer.sessions.length && html`<p class="muted">${_("This is the first one.")}</p>`}
    <ul>${customer.sessions.map((one) => html`<${Earlier} key=${one.id} session=${one} />`)}</ul>`;
}

/** @param {{ session: Customer["sessions"][number] }} props */
function Earlier({ session }) {
  const address = addressOf({ ...route.value, session: session.id, message: "" });
  return html`<li><a href=${address} onClick=${followLink(() => go({ session: session.id, draft: "" }))}><bdi>${session.subject || _("(no subject)")}</bdi></a>
    <span class="sub"><span class=${`status is-${session.status}`}><${Icon} name=${`s-${session.status}`} class="i--sm" />${session.status_word}</span>
      <time datetime=${session.updated_at}>${age(session.updated_at)}</time>
      ${session.ticket && html`<${TicketLink} url=${session.ticket.url} words=${fill(_("Ticket {number}"), { number: session.ticket.id })} />`}</span></li>`;
}
