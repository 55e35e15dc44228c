// Whether the server has what was written, in words.

import { html, useEffect, useSignal } from "../../lib/html.js";
import { _, clock, fill } from "../../lib/words.js";

/** @typedef {import("../../store/writing.js").Writing} Writing */
/** @typedef {import("../../store/writing-shapes.js").State} State */

/** @type {Record<State, () => string>} */
const WORDS = {
  begun: () => "",
  typed: () => _("Not saved yet"),
  saving: () => _("Saving…"),
  saved: () => _("Draft saved"),
  offline: () => _("Not saved: no connection, trying again"),
  "signed-out": () => _("Not saved: you are signed out. Sign in again in another tab."),
  refused: () => _("Not saved"),
  changed: () => _("Not saved: changed in another browser"),
  gone: () => _("Not saved"),
  sending: () => _("Sending…"),
};
const READ_ALOUD = new Set(["saved", "offline", "signed-out", "refused", "changed"]);

/** @param {{ writing: Writing }} props */
export function Saved({ writing }) {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const state = writing.state.value;
  const isTrouble = ["offline", "signed-out", "refused", "changed", "gone"].includes(state);
  const words = state === "saved" ? ago(writing.savedAt.value, now.value) : WORDS[state]();
  return html`<span class=${`saved ${isTrouble ? "saved--not" : ""}`} data-test="saved" data-state=${state} aria-hidden="true">${words}</span>
    <span class="sr-only" role="status">${READ_ALOUD.has(state) ? WORDS[state]() : ""}</span>`;
}

/**
 * @param {number} at
 * @param {number} now
 */
function ago(at, now) {
  const seconds = Math.max(0, Math.round((now - at) / 1_000));
  if (seconds < 2) return _("Draft saved");
  if (seconds < 60) return fill(_("Draft saved {n} s ago"), { n: seconds });
  if (seconds < 3_600) return fill(_("Draft saved {n} m ago"), { n: Math.floor(seconds / 60) });
  return fill(_("Draft saved {when}"), { when: clock(new Date(at).toISOString(), now) });
}

/**
 * How long ago somebody did something.
 * @param {string} moment
 */
export function since(moment) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(moment)) / 1_000));
  if (seconds < 60) return fill(_("{n} s ago"), { n: seconds });
  if (seconds < 3_600) return fill(_("{n} m ago"), { n: Math.floor(seconds / 60) });
  return clock(moment);
}
