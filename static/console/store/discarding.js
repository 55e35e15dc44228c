// Closing and throwing away: what was written stays, what is discarded comes back by Undo.

import { leave } from "../lib/api.js";
import { batch } from "../lib/html.js";
import { go } from "../lib/route.js";
import { dismiss, say } from "../lib/toasts.js";
import { _ } from "../lib/words.js";
import { add, composer, drop, of, setLeaving, show, takeOut } from "./writings.js";

/** @typedef {import("./writing.js").Writing} Writing */

const DISCARD_MS = 8_000; // as long as the toast with Undo stays

/** What is on its way out of a conversation: the server answers one draft until it is gone.
 * @type {Map<string, Promise<unknown>>} */
const going = new Map();
/** Discarded, with Undo still offered; each with what ends that.
 * @type {Map<Writing, () => void>} */
const discarded = new Map();

/** The draft stays; one in which nothing was written goes without a word. */
export async function closeComposer() {
  const writing = composer.peek();
  if (!writing) return;
  if (writing.isTouched) {
    writing.shown.value = false;
    writing.keepAtOnce();
    leavePane(writing);
    await writing.save();
    return;
  }
  setLeaving(writing.id.peek(), true);
  drop(writing);
  leavePane(writing);
  throwAway(writing);
}

/** Gone from sight at once, from the server when Undo is over. */
export function discard() {
  const writing = composer.peek();
  if (!writing || writing.state.peek() === "sending") return;
  writing.shown.value = false;
  writing.waits.value = false;
  batch(() => {
    takeOut(writing);
    setLeaving(writing.id.peek(), true);
  });
  leavePane(writing);
  offerUndo(writing);
}

/** @param {Writing} writing */
function offerUndo(writing) {
  const forget = () => {
    clearTimeout(timer);
    removeEventListener("pagehide", finish);
    discarded.delete(writing);
  };
  const finish = () => {
    forget();
    dismiss(toast);
    writing.end();
    throwAway(writing);
  };
  const takeBack = () => {
    forget();
    setLeaving(writing.id.peek(), false);
    add(writing);
    show(writing);
  };
  const timer = setTimeout(finish, DISCARD_MS);
  addEventListener("pagehide", finish);
  discarded.set(writing, finish);
  const toast = say(_("Draft discarded."), { title: _("Undo"), run: takeBack });
}

/**
 * Who begins anew does not get back what was discarded: that goes first.
 * @param {import("./writing-shapes.js").About} about
 * @returns {Promise<unknown>}
 */
export function allGone({ session, kind }) {
  for (const [{ about }, finish] of [...discarded]) if (about.session === session && about.kind === kind) finish();
  return going.get(session) ?? Promise.resolve();
}

/** @param {Writing} writing that has ended */
function throwAway(writing) {
  const { session } = writing.about;
  const known = writing.id.peek();
  const gone = known ? leave("DELETE", `drafts/${known}/`) : throwAwayLate(writing);
  going.set(session, gone);
  void gone.then(() => going.get(session) === gone && going.delete(session));
}

/** Its first answer may be on its way. @param {Writing} writing */
async function throwAwayLate(writing) {
  await writing.begin().catch(() => undefined); // then there is nothing to throw away
  const id = writing.id.peek();
  setLeaving(id, true);
  if (id && !of(writing.about.session, (one) => one.id.peek() === id)) await leave("DELETE", `drafts/${id}/`);
}

/** @param {Writing} writing */
function leavePane(writing) {
  if (!writing.about.session) go({ draft: "" });
}
