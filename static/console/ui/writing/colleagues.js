// A draft that a colleague has begun in the open conversation: to be seen, or taken over.

import { get, Problem } from "../../lib/api.js";
import { html, useEffect, useRef, useSignal } from "../../lib/html.js";
import { say } from "../../lib/toasts.js";
import { _, fill } from "../../lib/words.js";
import { takeOver } from "../../store/drafts.js";
import { reading } from "../../store/reading.js";
import { Avatar } from "../address.js";
import { Dialog } from "../dialog.js";
import { fragmentOfMail, paragraphs } from "./mail-html.js";
import { since } from "./saved.js";

/** @typedef {import("../../store/shapes.js").Draft} Draft */

export function ColleaguesDrafts() {
  const seen = useSignal(/** @type {Draft | null} */ (null));
  const { data } = reading.value;
  const theirs = data?.drafts.filter((one) => !one.mine) ?? [];
  const see = async (/** @type {string} */ id) => {
    try {
      seen.value = await get(`drafts/${id}/`);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      say(problem.message);
    }
  };
  return html`${theirs.map(
    (one) => html`<div class="notice" key=${one.id} data-test="colleagues-draft"><${Avatar} person=${one.author} /><span><b>${one.author.name}</b> ${fill(one.kind === "forward" ? _("started to forward a mail here {when}.") : _("started a reply here {when}."), { when: since(one.updated_at) })}</span>
      <span class="actions"><button type="button" class="btn btn--sm btn--link" onClick=${() => see(one.id)}>${_("See it")}</button><button type="button" class="btn btn--sm btn--link" data-test="take-over" onClick=${() => takeOver(one.id)}>${_("Take over")}</button></span></div>`,
  )}
  ${seen.value && html`<${Preview} draft=${seen.value} close=${() => (seen.value = null)} />`}`;
}

/** @param {{ draft: Draft, close: () => void }} props */
function Preview({ draft, close }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => {
    const mail = fragmentOfMail(draft.plain ? paragraphs(draft.text) : draft.html);
    for (const link of mail.querySelectorAll("a")) Object.assign(link, { target: "_blank", rel: "noopener noreferrer" });
    place.current?.replaceChildren(mail);
  }, [draft]);
  const title = fill(_("Draft of {who}"), { who: draft.author.name });
  return html`<${Dialog} title=${title} onClose=${close} footer=${html`<button type="button" class="btn btn--line" onClick=${close}>${_("Close")}</button><button type="button" class="btn btn--primary" onClick=${() => (close(), takeOver(draft.id))}>${_("Take over")}</button>`}>
    <div class="body"><p class="muted" dir="auto">${draft.subject}</p><div class="editor--rich draft-preview" dir="auto" tabindex="0" role="region" aria-label=${title} ref=${place}></div></div>
  <//>`;
}
