// What happened to the session, and why: the last decision in a line, all of them on demand.

import { html } from "../../lib/html.js";
import { _, clock, fullTime } from "../../lib/words.js";
import { undoRegrouping } from "../../store/regrouping.js";
import { busy, may } from "../../store/verbs.js";
import { Icon } from "../icon.js";
import { SessionLink } from "./place.js";

/** @typedef {import("../../store/reading-shapes.js").Event} Event */

/** @param {{ why: string, events: Event[] }} props */
export function Timeline({ why, events }) {
  return html`<details class="history" data-test="history">
    <summary class="event"><${Icon} name="route" /><span>${why || _("Not routed yet.")} <span class="more-link">${_("Why?")}</span></span></summary>
    <ol>
      ${events.map((event) => html`<li key=${event.id} class="event"><${Icon} name=${event.icon} /><span><${Sentence} event=${event} />${event.by && html` <bdi class="muted">${event.by}</bdi>`}</span><${WayBack} event=${event} /><time datetime=${event.at} title=${fullTime(event.at)}>${clock(event.at)}</time></li>`)}
      ${!events.length && html`<li class="event">${_("Nothing happened yet.")}</li>`}
    </ol>
  </details>`;
}

/** Where it names another conversation, it leads there. @param {{ event: Event }} props */
function Sentence({ event: { sentence, way } }) {
  const [before, after] = way?.session ? sentence.split(way.session, 2) : [sentence];
  return after === undefined ? sentence : html`${before}<${SessionLink} id=${way?.session ?? ""} />${after}`;
}

/** While it is possible. @param {{ event: Event }} props */
function WayBack({ event: { way } }) {
  if (!way?.undo || !may("regroup")) return null;
  const { undo } = way;
  return html`<button type="button" class="btn btn--sm btn--line" disabled=${busy.value !== ""} data-test="undo-regrouping" onClick=${() => undoRegrouping(undo)}>${_("Undo")}</button>`;
}
