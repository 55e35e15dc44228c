// What can be done to the open conversation. A refusal is shown there, and what is true now is read.

import { signal } from "../lib/html.js";
import { post, Problem } from "../lib/api.js";
import { go } from "../lib/route.js";
import { say } from "../lib/toasts.js";
import { neighbour, onRow } from "./list.js";
import { applyHead, reading, reload, setUnread } from "./reading.js";

/** The sentence of the last refusal, and the conversation that it is about. */
export const refusal = signal({ id: "", sentence: "" });

/** What is being done; a second press while it runs does nothing. */
export const busy = signal("");

/**
 * @param {string} verb the last part of its address
 * @param {object} [body]
 * @param {{ next?: boolean }} [then] next: on to the row that follows in the same list
 */
export async function perform(verb, body = {}, { next = false } = {}) {
  const { id } = reading.peek();
  if (!id || busy.peek()) return;
  const following = next ? neighbour(id, 1) ?? neighbour(id, -1) : null;
  busy.value = verb;
  refusal.value = { id: "", sentence: "" };
  try {
    const { said, session } = await post(`sessions/${id}/${verb}/`, body);
    say(said);
    onRow(session);
    applyHead(session);
    if (following && reading.peek().id === id) go({ session: following });
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    refusal.value = { id, sentence: problem.message };
    reload(id);
  } finally {
    busy.value = "";
  }
}

export async function markUnread() {
  const { id } = reading.peek();
  if (!id) return;
  try {
    const { row } = await post(`sessions/${id}/unread/`);
    setUnread(id, true);
    onRow(row);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    say(problem.message);
  }
}

/** @param {string} status */
export function canMove(status) {
  return Boolean(reading.value.data?.session.rights.moves.some((move) => move.status === status));
}

/** The server's word for it: to open is another thing after a pause.
 * @param {string} status */
export function moveWord(status) {
  return reading.value.data?.session.rights.moves.find((move) => move.status === status)?.word ?? "";
}

/** @param {"take" | "give_back" | "reply" | "forward" | "transfer" | "assign" | "rebuild" | "regroup"} right */
export function may(right) {
  return Boolean(reading.value.data?.session.rights[right]);
}
