// The reading pane: one conversation, what may be done with it, and the composer below it.

import { html, useEffect, useRef, useState } from "../../lib/html.js";
import { register } from "../../lib/keys.js";
import { route } from "../../lib/route.js";
import { _ } from "../../lib/words.js";
import { openAgain, openForward } from "../../store/drafts.js";
import { neighbour } from "../../store/list.js";
import { prefetch, reading, reload } from "../../store/reading.js";
import { moving } from "../../store/regrouping.js";
import { canMove, may, moveWord, perform, refusal } from "../../store/verbs.js";
import { composer } from "../../store/writings.js";
import { Composer } from "../writing/composer.js";
import { CustomerPanel } from "./customer.js";
import { HandOn, handingOn } from "./hand-on.js";
import { Icon } from "../icon.js";
import { focusOn, isPhone } from "../places.js";
import { OneMessage } from "./message.js";
import { PossibleMatch, SessionLink } from "./place.js";
import { Back, SessionBar, SessionFacts } from "./session-head.js";
import { Timeline } from "./timeline.js";
import { WhereTo } from "./where-to.js";

/** @typedef {import("../../store/reading-shapes.js").Conversation} Conversation */

const PREFETCH_MS = 120; // so long one stays before the next mail is asked for

export function Reading() {
  const { id, data, problem } = reading.value;
  useActions();
  if (route.value.draft) return html`<main class="pane read" id="read" tabindex="-1" aria-label=${_("New email")}><${Composer} /></main>`;
  if (!id) return html`<main class="pane read" id="read" tabindex="-1" aria-label=${_("Session")}><${Nothing} /></main>`;
  return html`<main class="pane read" id="read" tabindex="-1" aria-label=${_("Session")} data-session=${id} aria-busy=${!data && !problem}>
    ${data ? html`<${Shown} key=${id} data=${data} />` : html`<div class="pane-head"><${Back} />${isPhone() && html`<h1 class="sr-only">${_("Session")}</h1>`}</div>`}
    ${problem && html`<${Refused} id=${id} sentence=${problem.message} missing=${problem.status === 404} />`}
    ${!data && !problem && html`<${Skeleton} />`}
    <${HandOn} /><${WhereTo} />
  </main>`;
}

/** @param {{ data: Conversation }} props */
function Shown({ data }) {
  const [panel, setPanel] = useState(false);
  const { session, messages, events } = data;
  const place = useWanted(data);
  useNeighbours(session.id);
  const { message: wanted } = route.value;
  return html`
    <${SessionBar} head=${session} />
    <${SessionFacts} head=${session} panel=${panel} togglePanel=${() => setPanel(!panel)} />
    ${refusal.value.id === session.id && html`<div class="notice notice--danger" role="alert" data-test="refusal"><${Icon} name="alert" /><span>${refusal.value.sentence}</span></div>`}
    <${PossibleMatch} possible=${data.possible} />
    <div class="read-body">
      <div class="scroll" ref=${place} tabindex="-1" data-conversation>
        <div class="thread">
          <${Timeline} why=${session.why} events=${events} />
          ${messages.map((message, n) => html`<${OneMessage} key=${message.id} message=${message} session=${session.id} wanted=${message.id === wanted} forward=${session.rights.forward ? () => openForward(message.id) : null} again=${session.rights.reply ? () => openAgain(message.id) : null} ends=${{ first: n === 0, last: n === messages.length - 1 }} />`)}
          ${!messages.length && html`<${NoMail} events=${events} />`}
        </div>
      </div>
      ${panel && html`<${CustomerPanel} session=${session.id} close=${() => (setPanel(false), focusOn("[data-test=customer]"))} />`}
    </div>
    ${session.rights.reply || composer.value ? html`<${Composer} />` : session.no_reply && html`<p class="no-reply notice" data-test="no-reply"><${Icon} name="lock" /><span>${session.no_reply}</span></p>`}`;
}

/** They may have gone elsewhere. @param {{ events: Conversation["events"] }} props */
function NoMail({ events }) {
  const way = events.findLast((event) => event.way)?.way;
  if (!way?.session) return html`<p class="event">${_("There is no mail in this session yet.")}</p>`;
  return html`<p class="event" data-test="went-to"><span>${_("Its mails went to")} <${SessionLink} id=${way.session} /></span></p>`;
}

/** Begins at the mail that a link named, else at the newest one.
 * @param {Conversation} data */
function useWanted(data) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => {
    const { message } = route.peek();
    const wanted = message || data.messages.at(-1)?.id;
    const mail = place.current?.querySelector(`#m${CSS.escape(wanted ?? "")}`);
    if (mail) mail.scrollIntoView({ block: "start" });
  }, []);
  return place;
}

/** What the next key will show is asked for now.
 * @param {string} id */
function useNeighbours(id) {
  useEffect(() => {
    const timer = setTimeout(() => {
      prefetch(neighbour(id, 1));
      prefetch(neighbour(id, -1));
    }, PREFETCH_MS);
    return () => clearTimeout(timer);
  }, [id]);
}

function useActions() {
  useEffect(() => {
    const group = _("Session");
    const move = (/** @type {string} */ status, next = false) => () => perform("status", { status }, { next });
    return register([
      { id: "resolve", keys: "e", group, title: () => _("Resolve"), when: () => canMove("resolved"), run: move("resolved") },
      { id: "resolve-next", group, title: () => _("Resolve, then the next one"), when: () => canMove("resolved"), run: move("resolved", true) },
      { id: "pause", keys: "p", group, title: () => _("Pause"), when: () => canMove("paused"), run: move("paused") },
      { id: "close", group, title: () => _("Close"), when: () => canMove("closed"), run: move("closed") },
      { id: "take", group, title: () => _("Take"), when: () => may("take"), run: () => perform("take") },
      { id: "open", group, title: () => moveWord("active"), when: () => canMove("active"), run: move("active") },
      { id: "transfer", keys: "t", group, title: () => _("Transfer to a queue…"), when: () => may("transfer"), run: () => (handingOn.value = "transfer") },
      { id: "assign", keys: "a", group, title: () => _("Assign to an agent…"), when: () => may("assign"), run: () => (handingOn.value = "assign") },
      { id: "merge", keys: "m", group, title: () => _("Merge into…"), when: () => may("regroup"), run: () => (moving.value = { message: null }) },
      { id: "rebuild", group, title: () => _("Rebuild this ticket's comments"), when: () => may("rebuild"), run: () => perform("rebuild") },
      { id: "give-back", group, title: () => _("Give back to the queue"), when: () => may("give_back"), run: () => perform("give-back") },
    ]);
  }, []);
}

function Nothing() {
  return html`<div class="empty empty--pane"><${Icon} name="mail" class="i--empty" /><h2>${_("Choose a session")}</h2><p>${_("Its conversation opens here. Reading changes nothing.")}</p></div>`;
}

/** @param {{ id: string, sentence: string, missing: boolean }} props */
function Refused({ id, sentence, missing }) {
  return html`<div class="notice notice--danger" role="alert" data-test="problem"><${Icon} name="alert" /><span>${sentence}</span>
    ${!missing && html`<span class="actions"><button type="button" class="btn btn--sm btn--link" onClick=${() => reload(id)}>${_("Try again")}</button></span>`}</div>`;
}

/** In the shape of what comes. */
function Skeleton() {
  return html`<div class="subject-block" aria-hidden="true"><span class="skeleton skeleton--half"></span><span class="skeleton skeleton--line"></span></div>
    <div class="thread" aria-hidden="true"><div class="msg msg--coming"><span class="skeleton skeleton--half"></span><span class="skeleton skeleton--line"></span><span class="skeleton skeleton--line"></span></div></div>`;
}
