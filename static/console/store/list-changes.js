// What others do to the list: rows change where they stand, and what is newer waits until it is asked
// for, or until the hand has left.

import { get, Problem } from "../lib/api.js";
import { effect } from "../lib/html.js";
import { choiceOf, route } from "../lib/route.js";
import { soon } from "../lib/soon.js";
import { askList, isAtRest, isDrafts, key, latestOf, list, readList, showProblem } from "./list.js";

/** @typedef {import("./shapes.js").Row} Row */
/** @typedef {import("./list.js").List} List */

const SETTLE_MS = 250; // several changes in a row are one question
const BETWEEN_MS = 1_000; // at the busiest
const REST_MS = 1_500; // after the hand has left
const MOST_IDS = 100;

/** @type {Set<string>} */
const pending = new Set();
effect(() => void (key.value && pending.clear())); // another list is read as a whole
const readSoon = soon(readChanges, { after: SETTLE_MS, between: BETWEEN_MS });

/** @param {string} id of a session that changed */
export function sessionChanged(id) {
  if (isDrafts.peek()) return;
  pending.add(id);
  readSoon();
}

/** A draft was begun, written, sent or thrown away. */
export function draftChanged() {
  if (isDrafts.peek()) readSoon();
}

/** Whatever was missed is read: the rows that are here now, those that came when the hand has left. */
export function everythingChanged() {
  list.value = { ...list.peek(), behind: true };
  for (const row of list.peek().rows.slice(0, MOST_IDS)) pending.add(row.id);
  readSoon();
}

/** What could not be read is read the next time, wherever the hand is then. */
async function readChanges() {
  const of = key.peek();
  const ids = [...pending];
  pending.clear();
  try {
    if (isAtRest.peek() || isDrafts.peek() || ids.length > MOST_IDS) await refreshList();
    else if (ids.length) await readRows(ids);
  } catch (problem) {
    if (of === key.peek()) ids.forEach((id) => pending.add(id));
    throw problem;
  }
}

/** What is shown is good enough while the server cannot be reached. */
async function refreshList() {
  try {
    await askList();
  } catch (problem) {
    if (problem instanceof Problem && problem.isPassing && !list.peek().loading) throw problem;
    showProblem(problem);
  }
}

/** @param {string[]} ids */
async function readRows(ids) {
  const of = key.peek();
  const answer = await get("rows/", { ids: ids.join(","), ...choiceOf(route.peek()) });
  if (of === key.peek()) takeChanges(answer.rows, new Set(answer.gone));
}

/**
 * Rows that are here change where they stand; what would come or move waits.
 * @param {Row[]} fresh
 * @param {Set<string>} gone
 */
function takeChanges(fresh, gone) {
  const now = list.peek();
  const known = new Map(now.rows.map((row) => [row.id, row]));
  const byId = new Map(fresh.map((row) => [row.id, row]));
  const newer = new Set([...now.newer].filter((id) => !gone.has(id)));
  for (const row of fresh) {
    const old = known.get(row.id);
    if (old ? movesUp(old, row) : isInSight(now, row)) newer.add(row.id);
  }
  list.value = {
    ...now,
    rows: now.rows.map((row) => (byId.has(row.id) ? latestOf(row, /** @type {Row} */ (byId.get(row.id))) : row)),
    newer,
    gone: new Set([...now.gone, ...gone].filter((id) => known.has(id) && !byId.has(id))),
  };
}

/**
 * @param {Row} old
 * @param {Row} row
 */
function movesUp(old, row) {
  return list.peek().rows[0]?.id !== row.id && rank(row) < rank(old);
}

/**
 * A session that belongs further down than was loaded comes with the next load.
 * @param {List} now
 * @param {Row} row
 */
function isInSight(now, row) {
  const last = now.rows.at(-1);
  return !now.next || !last || rank(row) <= rank(last);
}

/**
 * Small comes first.
 * @param {Row} row
 */
function rank(row) {
  const { sort, status } = route.peek();
  if (sort === "waiting" && status === "open") return row.waiting_since ? Date.parse(row.waiting_since) : Infinity;
  return sort !== "newest" ? Date.parse(row.updated_at) : -Date.parse(row.updated_at);
}

/** The hand has left: what waited may come, and what is done may go. */
export function settle() {
  return effect(() => {
    const waits = list.value.behind || list.value.newer.size + list.value.gone.size > 0;
    if (!isAtRest.value || !waits) return undefined;
    const rest = setTimeout(readList, REST_MS);
    return () => clearTimeout(rest);
  });
}
