// Where a mail lies: what is odd about that, why, and the ways to put it elsewhere.

import { html } from "../../lib/html.js";
import { addressOf, go, route } from "../../lib/route.js";
import { _, fill } from "../../lib/words.js";
import { join, keepApart, moving, splitOff } from "../../store/regrouping.js";
import { busy } from "../../store/verbs.js";
import { ActionMenu } from "../action-menu.js";
import { Icon } from "../icon.js";
import { followLink } from "../places.js";

/** @typedef {import("../../store/reading-shapes.js").Message} Message */
/** @typedef {import("../../store/reading-shapes.js").Conversation} Conversation */

/** @param {{ message: Message }} props */
export function PlaceMarks({ message }) {
  return message.place.marks.map(({ code, word }) => html`<span class="tag place-mark" key=${code} data-test="place-mark" data-code=${code}>${word}</span>`);
}

/** Somebody began a new matter by answering an old mail.
 * @param {{ message: Message, split: boolean }} props */
export function NewMatter({ message, split }) {
  if (!split || !message.place.marks.some(({ code }) => code === "subject-changed")) return null;
  return html`<div class="notice notice--info new-matter" data-test="subject-changed"><${Icon} name="stack" />
    <span>${_("The subject has changed:")} <b><bdi>${message.subject || _("(no subject)")}</bdi></b></span>
    <span class="actions"><button type="button" class="btn btn--sm btn--line" disabled=${busy.value !== ""} data-test="split-off" onClick=${() => splitOff(message, false)}>${_("Split off")}</button></span></div>`;
}

/** @param {{ message: Message }} props */
export function PlaceWhy({ message }) {
  return message.place.why ? html`<span class="place-why muted" data-test="because">${message.place.why}</span>` : null;
}

/** @param {{ message: Message, ends: import("./message.js").Ends }} props */
export function PlaceMenu({ message, ends: { first, last } }) {
  if (!message.place.movable) return null;
  /** @type {[boolean, string, string, string, () => void][]} */
  const all = [
    [true, "move", "transfer", _("Move to another conversation…"), () => (moving.value = { message })],
    [!(first && last), "split", "stack", _("Split off as a new conversation"), () => splitOff(message, false)],
    [!first && !last, "split-later", "stack", _("Split off with all later mails"), () => splitOff(message, true)],
  ];
  const entries = all.filter(([possible]) => possible).map(([, test, icon, title, run]) => ({ test, icon, title, run }));
  return html`<${ActionMenu} entries=${entries} label=${_("More for this mail")} icon="more" test="mail-more" class="more mail-more" buttonClass="btn--sm" />`;
}

/** Above the mails of a conversation that may be a part of another one.
 * @param {{ possible: Conversation["possible"] }} props */
export function PossibleMatch({ possible }) {
  if (!possible) return null;
  const { id, subject, customer } = possible;
  return html`<div class="notice notice--info possible-match" role="note" data-test="possible"><${Icon} name="stack" />
    <span>${_("This may belong to")} <${SessionLink} id=${id} /> <bdi>${fill(_("({subject}, {who})"), { subject: subject || _("(no subject)"), who: customer })}</bdi></span>
    <span class="actions">
      <button type="button" class="btn btn--sm btn--line" disabled=${busy.value !== ""} data-test="possible-join" onClick=${() => join(id)}>${_("Join")}</button>
      <button type="button" class="btn btn--sm" disabled=${busy.value !== ""} data-test="possible-apart" onClick=${keepApart}>${_("Not the same")}</button>
    </span></div>`;
}

/** @param {{ id: string }} props */
export function SessionLink({ id }) {
  const address = addressOf({ ...route.value, session: id, message: "", draft: "" });
  return html`<a href=${address} class="mono" onClick=${followLink(() => go({ session: id, draft: "" }))}>${id}</a>`;
}
