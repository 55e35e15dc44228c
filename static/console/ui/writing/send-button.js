// Send, and what is done with the session along with it.

import { html } from "../../lib/html.js";
import { _ } from "../../lib/words.js";
import { goesOn, send, sendNotYet, setGoesOn } from "../../store/sending.js";
import { ActionMenu } from "../action-menu.js";
import { Icon } from "../icon.js";

/** @typedef {import("../../store/writing.js").Writing} Writing */

/** @type {{ then: string, icon: string, title: () => string, keys?: string }[]} */
const WAYS = [
  { then: "resolved", icon: "s-resolved", title: () => _("Send and resolve"), keys: "Ctrl Shift ↵" },
  { then: "paused", icon: "s-paused", title: () => _("Send and pause") },
  { then: "closed", icon: "archive", title: () => _("Send and close") },
];

/** @param {{ writing: Writing }} props */
export function SendButton({ writing }) {
  const waits = writing.waits.value;
  const isBusy = waits || writing.state.value === "sending";
  if (waits) {
    return html`<span class="help">${_("Waiting for the files…")}</span><button type="button" class="btn btn--line" data-test="send-not-yet" onClick=${() => sendNotYet(writing)}>${_("Not yet")}</button>`;
  }
  return html`<span class="btn-group send-group">
    <button type="button" class="btn btn--primary" data-test="send" aria-busy=${isBusy} onClick=${() => send()}><${Icon} name="send" class="i--flip" />${_("Send")}<kbd class="wide" aria-hidden="true">Ctrl ↵</kbd></button>
    <${More} writing=${writing} />
  </span>`;
}

/** @param {{ writing: Writing }} props */
function More({ writing }) {
  const ways = WAYS.map(({ then, icon, title, keys }) => ({ test: `send-${then}`, icon, title: title(), keys, run: () => void send({ then }) }));
  const on = goesOn.value;
  const next = { test: "send-next", icon: on ? "check" : "none", title: _("Then go to the next session"), checked: on, run: () => setGoesOn(!on) };
  const entries = writing.about.session ? [...ways, next] : ways;
  return html`<${ActionMenu} entries=${entries} label=${_("More ways to send")} icon="down" test="send-more" class="send-more" buttonClass="btn--primary" />`;
}
