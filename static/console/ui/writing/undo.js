// Sent mails that can still be called back: the edge runs out, and a number counts along.

import { html } from "../../lib/html.js";
import { _, fill } from "../../lib/words.js";
import { undoSend } from "../../store/sending.js";
import { newestPending, pending, secondsLeft, tick } from "../../store/sends.js";

/** @typedef {import("../../store/sends.js").Pending} Pending */

export function UndoToasts() {
  const newest = newestPending()?.message;
  return pending.value.map((one) =>
    one.isGone
      ? html`<div class="toast" key=${one.message} data-test="sent"><span dir="auto">${fill(_("Sent: on its way to {who}"), { who: one.to })}</span></div>`
      : html`<${Counting} key=${one.message} one=${one} isNewest=${one.message === newest} />`,
  );
}

/** @param {{ one: Pending, isNewest: boolean }} props */
function Counting({ one, isNewest }) {
  const left = one.until - tick.value;
  const share = Math.max(0, Math.min(1, left / Math.max(1, one.until - one.from)));
  const [before, after] = fill(_("Sending to {who} in {n}"), { who: one.to }).split("{n}");
  return html`<div class="toast toast--airmail" data-test="undo-send" style=${{ "--left": String(share) }}>
    <span dir="auto">${before}<span class="num" aria-hidden="true">${fill(_("{n} s"), { n: secondsLeft(left) })}</span>${after}</span><span class="spacer"></span>
    <button type="button" class="btn btn--sm" data-test="undo" disabled=${one.isBusy} onClick=${() => undoSend(one.message)}>${_("Undo")}${isNewest && html` <kbd aria-hidden="true">Z</kbd>`}</button>
  </div>`;
}
