// Who works here, in which state, and how much waits where.

import { askFor, get, post, useToken } from "../lib/api.js";
import { batch, computed, signal } from "../lib/html.js";
import { singleKeys } from "../lib/keys.js";
import { soon } from "../lib/soon.js";

/** @typedef {import("./shapes.js").Desk} Desk */
/** @typedef {import("./shapes.js").OwnState} OwnState */

const SETTLE_MS = 1_000; // counts of a busy minute are read once

/** @type {import("../lib/html.js").Signal<Desk | null>} */
export const desk = signal(null);

export const ownState = computed(() => desk.value?.state ?? null);

async function askDesk() {
  takeDesk(await get(""));
}

/** Soon, and once for several changes in a row. */
export const refreshDesk = soon(askDesk, { after: SETTLE_MS });

/** At once; and again, if it did not work. */
export async function readDesk() {
  await askDesk().catch(refreshDesk);
}

/** @param {Desk} fresh */
export function takeDesk(fresh) {
  const known = desk.peek();
  useToken(fresh.csrf);
  askFor(fresh.user.id);
  batch(() => {
    singleKeys.value = fresh.user.keys;
    desk.value = { ...fresh, state: newer(known?.state ?? null, fresh.state) };
  });
}

/** @param {string} state */
export async function chooseState(state) {
  takeState(await post("state/", { state }));
}

/** @param {boolean} on */
export async function switchKeys(on) {
  const before = singleKeys.peek();
  singleKeys.value = on;
  try {
    await post("keys/", { on });
    const now = desk.peek();
    if (now) desk.value = { ...now, user: { ...now.user, keys: on } };
  } catch (problem) {
    singleKeys.value = before;
    throw problem;
  }
}

/** @param {OwnState} state */
function takeState(state) {
  const now = desk.peek();
  if (now) desk.value = { ...now, state: newer(now.state, state) };
}

/**
 * An answer that was overtaken brings no older state back.
 * @param {OwnState | null} known
 * @param {OwnState | null} fresh
 */
function newer(known, fresh) {
  return known && fresh && known.agent === fresh.agent && fresh.version < known.version ? known : fresh;
}
