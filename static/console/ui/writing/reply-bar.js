// Where writing begins: below the mails, as long as nothing is being written.

import { html, useEffect, useRef } from "../../lib/html.js";
import { _, fill } from "../../lib/words.js";
import { openDraft, openForward, openReply } from "../../store/drafts.js";
import { reading } from "../../store/reading.js";
import { waitingDraft, wantsFocus } from "../../store/writings.js";
import { ColleaguesDrafts } from "./colleagues.js";
import { Icon } from "../icon.js";

export function ReplyBar() {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const { data } = reading.value;
  useEffect(() => {
    if (wantsFocus.value !== "reply") return;
    wantsFocus.value = "";
    /** @type {HTMLElement | null | undefined} */ (place.current?.querySelector("[data-test=reply]"))?.focus({ preventScroll: true });
  });
  if (!data) return null;
  const { id, rights, customer, owner_note: note } = data.session;
  const draft = waitingDraft.value;
  const newest = data.messages.at(-1);
  const who = customer.name || customer.email;
  if (!rights.reply) return null;
  return html`<section class="composer composer--closed" aria-label=${_("Write")} ref=${place}>
    <${ColleaguesDrafts} />
    <div class="reply-bar">
      <button type="button" class="btn btn--primary" data-test="reply" title=${_("Reply to all  R")} onClick=${() => (draft ? openDraft(draft) : openReply(id))}><${Icon} name=${draft ? "draft" : "reply"} class="i--flip" />${draft ? _("Continue your draft") : _("Reply all")}</button>
      ${rights.forward && newest && html`<button type="button" class="btn btn--line" data-test="forward" title=${_("Forward  F")} onClick=${() => openForward(newest.id)}><${Icon} name="forward" class="i--flip" />${_("Forward")}</button>`}
      <span class="muted truncate">${note ?? fill(_("to {who}"), { who })}</span>
    </div>
  </section>`;
}
