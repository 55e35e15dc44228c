// Mails go to another conversation, conversations become one, and each way leads back.

import { signal } from "../lib/html.js";
import { post, Problem } from "../lib/api.js";
import { go } from "../lib/route.js";
import { say } from "../lib/toasts.js";
import { _ } from "../lib/words.js";
import { onRow } from "./list.js";
import { applyHead, reading, reload } from "./reading.js";
import { busy, refusal } from "./verbs.js";

/** @typedef {import("./reading-shapes.js").Head} Head */
/** @typedef {import("./reading-shapes.js").Message} Message */
/** @typedef {Head & import("./shapes.js").Row} Whole */
/** @typedef {{ said: string, session: Whole, landed: Whole, undo: string | null }} Done session: the one that was left */

/** What is looked for a place: a mail, or with null the whole conversation.
 * @type {import("../lib/html.js").Signal<{ message: Message | null } | null>} */
export const moving = signal(null);

/** @param {string} to a Session ID @param {string} why */
export async function moveThere(to, why) {
  const wanted = moving.peek();
  const { id } = reading.peek();
  moving.value = null;
  if (!wanted) return;
  if (wanted.message) await regroup(`messages/${wanted.message.id}/move/`, { session: to, why });
  else await regroup(`sessions/${id}/merge/`, { into: to, why });
}

/** @param {Message} message @param {boolean} withLater */
export function splitOff(message, withLater) {
  return regroup(`messages/${message.id}/move/`, { session: null, with_later: withLater });
}

/** The conversation that was suggested is the right one. @param {string} to */
export function join(to) {
  return regroup(`sessions/${reading.peek().id}/merge/`, { into: to });
}

export function keepApart() {
  return regroup(`sessions/${reading.peek().id}/keep-apart/`, {});
}

/** @param {string} regrouping */
export function undoRegrouping(regrouping) {
  return regroup(`regroupings/${regrouping}/undo/`, {});
}

/**
 * Where all mails have gone, the reader goes along.
 * @param {string} path
 * @param {object} body
 */
async function regroup(path, body) {
  const { id } = reading.peek();
  if (!id || busy.peek()) return;
  busy.value = path;
  refusal.value = { id: "", sentence: "" };
  try {
    show(id, /** @type {Done} */ (await post(path, body)));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    refusal.value = { id, sentence: problem.message };
    reload(id);
  } finally {
    busy.value = "";
  }
}

/** @param {string} id @param {Done} done */
function show(id, { said, session, landed, undo }) {
  say(said, undo ? { title: _("Undo"), run: () => undoRegrouping(undo) } : null);
  for (const head of [session, landed]) {
    onRow(head);
    applyHead(head);
  }
  if (reading.peek().id === id && !session.count && landed.id !== id) go({ session: landed.id });
}
