// Send: what is missing is said first, what is on its way is waited for, and Undo brings it back.

import { Problem } from "../lib/api.js";
import { batch, effect, signal } from "../lib/html.js";
import { recall, remember } from "../lib/memory.js";
import { go } from "../lib/route.js";
import { say } from "../lib/toasts.js";
import { _, fill } from "../lib/words.js";
import { isAddress, shortName } from "./addresses.js";
import { refreshDesk } from "./desk.js";
import { neighbour } from "./list.js";
import { reload } from "./reading.js";
import { addPending, callBack, newestPending } from "./sends.js";
import { composer, drop, opened, show, wantsFocus } from "./writings.js";

/** @typedef {import("./shapes.js").Address} Address */
/** @typedef {import("./shapes.js").Draft} Draft */
/** @typedef {import("./writing.js").Writing} Writing */

const GOES_ON = "carteria.goes-on";

/** Whether Send and resolve goes on to the next session. */
export const goesOn = signal(recall(GOES_ON) === "1");

/** @param {boolean} on */
export function setGoesOn(on) {
  goesOn.value = on;
  remember(GOES_ON, on ? "1" : "");
}

/**
 * @param {{ then?: string, override?: string, next?: boolean }} [how]
 */
export async function send({ then = "", override = "", next = goesOn.peek() && then !== "" } = {}) {
  const writing = composer.peek();
  if (!writing || writing.state.peek() === "sending" || writing.waits.peek()) return;
  writing.clearProblem();
  if (!(await isComplete(writing))) return;
  const { session } = writing.about;
  const following = next && session ? (neighbour(session, 1) ?? neighbour(session, -1)) : null;
  const asked = Date.now();
  try {
    sent(writing, await writing.send({ then, override }), { asked, following });
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    tellElsewhere(writing, problem.message);
  }
}

/** @param {Writing} writing */
async function isComplete(writing) {
  // Whom a reply goes to is known with the server's first answer.
  if (!writing.id.peek() && !(await isStillWanted(writing, hasBegun))) return false;
  if (!isReady(writing)) return false;
  if (!writing.uploads.isBusy) return true;
  writing.uploads.said.value = _("The mail is sent as soon as the files are here.");
  return (await isStillWanted(writing, untilHere)) && isReady(writing);
}

/**
 * Send waits, and can be stopped meanwhile; a second press changes nothing.
 * @param {Writing} writing
 * @param {(writing: Writing) => Promise<unknown>} awaited
 */
async function isStillWanted(writing, awaited) {
  writing.waits.value = true;
  await awaited(writing);
  const isStill = writing.waits.peek();
  writing.waits.value = false;
  return isStill;
}

/** @param {Writing} writing */
async function hasBegun(writing) {
  try {
    await writing.begun();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    refuse(writing, "", problem.message);
    writing.waits.value = false;
  }
}

/** @param {Writing} writing */
function untilHere(writing) {
  return new Promise((resolve) => {
    const stop = effect(() => {
      if (writing.waits.value && writing.uploads.isBusy) return;
      queueMicrotask(() => stop());
      resolve(undefined);
    });
  });
}

/** Send that waits can be stopped. @param {Writing} writing */
export function sendNotYet(writing) {
  writing.waits.value = false;
}

/**
 * @param {Writing} writing
 * @param {{ message: string, session: string, undo_seconds: number, said: string }} answer
 * @param {{ asked: number, following: string | null }} how
 */
function sent(writing, { message, session, undo_seconds, said }, { asked, following }) {
  const isInFront = composer.peek() === writing;
  const to = whom(writing);
  batch(() => {
    drop(writing);
    if (undo_seconds) addPending({ message, session, to, from: asked, until: asked + undo_seconds * 1_000 });
    else say(said);
    if (!isInFront) return;
    if (following) go({ session: following, draft: "" });
    else if (!writing.about.session) go({ session, draft: "" });
    wantsFocus.value = "reply";
  });
  void reload(session);
  refreshDesk();
}

/** @param {Writing} writing */
function whom(writing) {
  const { to, cc, bcc } = writing.fields.peek();
  return [...to, ...cc, ...bcc].slice(0, 3).map(shortName).join(", ");
}

/**
 * What cannot be sent is said beside its field, before the server is asked.
 * @param {Writing} writing
 */
function isReady(writing) {
  const { to, cc, bcc } = writing.fields.peek();
  for (const [field, people] of /** @type {[string, Address[]][]} */ ([["to", to], ["cc", cc], ["bcc", bcc]])) {
    const wrong = people.find(({ email }) => !isAddress(email));
    if (wrong) return refuse(writing, field, _("“{email}” is no email address. Correct or remove it.").replace("{email}", () => wrong.email));
  }
  if (!to.length && !cc.length && !bcc.length) return refuse(writing, "to", _("Write to whom it goes."));
  const { trouble } = writing.uploads;
  if (trouble) {
    writing.uploads.point(trouble);
    return refuse(writing, "files", _("{name} cannot be sent. Remove it, then send again.").replace("{name}", () => trouble.name));
  }
  if (writing.about.kind !== "forward" && writing.isEmpty) return refuse(writing, "text", _("Write your mail first."));
  return true;
}

/**
 * @param {Writing} writing
 * @param {string} field
 * @param {string} sentence
 */
function refuse(writing, field, sentence) {
  writing.refuse(field, sentence);
  tellElsewhere(writing, sentence);
  return false;
}

/**
 * Whoever has gone on meanwhile does not see what is said beside the field.
 * @param {Writing} writing
 * @param {string} sentence
 */
function tellElsewhere(writing, sentence) {
  if (composer.peek() === writing) return;
  const words = _("Your mail to {who} was not sent: {why}");
  say(fill(words, { who: whom(writing), why: sentence }), { title: _("Show it"), run: () => show(writing) });
}

/** @param {string} [message] the newest one without it */
export function undoSend(message = newestPending()?.message) {
  if (message) void callBack(message, comeBack);
}

/** @param {Draft} draft */
function comeBack(draft) {
  const writing = opened(draft, false);
  show(writing);
  if (draft.session) reload(draft.session);
  refreshDesk();
}

