// What became of a sent mail after our server had handed it on, for each recipient.

import { html } from "../../lib/html.js";
import { _, clock, fullTime } from "../../lib/words.js";
import { Email } from "../address.js";
import { Icon } from "../icon.js";

/** @typedef {import("../../store/reading-shapes.js").Outcome} Outcome */
/** @typedef {import("../../store/reading-shapes.js").Report} Report */
/** @typedef {import("../../store/reading-shapes.js").Message} Message */

/** @type {Record<string, string>} */
const ICONS = { failed: "alert", unwanted: "ban", delayed: "hourglass", arrived: "check" };
/** @type {Record<string, string>} */
const NOTICES = { failed: "notice--danger", unwanted: "notice--warn", delayed: "notice--warn", arrived: "" };

/** In the mail's head line, beside its own state. @param {{ outcome?: Outcome | null }} props */
export function OutcomeMark({ outcome }) {
  if (!outcome) return null;
  return html`<span class=${`delivery outcome outcome--${outcome.look}`} data-test="outcome" data-look=${outcome.look}><${Icon} name=${ICONS[outcome.look] ?? "help"} class="i--sm" />${outcome.word}</span>`;
}

/** On the mail, once it is open. That the only recipient got it, its head has said.
 * @param {{ message: Message }} props */
export function Outcomes({ message }) {
  const outcome = message.delivery?.outcome;
  if (!outcome || (outcome.look === "arrived" && message.to.length + message.cc.length + message.bcc.length < 2)) return null;
  return html`<div class=${`notice outcomes ${NOTICES[outcome.look]}`} data-test="outcomes">
    <ul aria-label=${_("What became of it")}>${outcome.reports.map((report) => html`<${OneReport} key=${report.recipient} report=${report} />`)}</ul></div>`;
}

/** @param {{ report: Report }} props */
function OneReport({ report }) {
  return html`<li class=${`outcome--${report.look}`}><${Icon} name=${ICONS[report.look] ?? "help"} />
    <div><p class="whom"><b>${report.recipient ? html`<${Email} email=${report.recipient} />` : _("Somebody")}</b><span class="word">${report.word}</span>
      <time class="muted" datetime=${report.at} title=${fullTime(report.at)}>${clock(report.at)}</time></p>
      ${report.sentence && html`<p>${report.sentence}</p>`}
      ${report.said && html`<details class="said"><summary>${_("What the server said")}</summary><p class="mono" dir="auto">${report.said}</p></details>`}</div></li>`;
}
