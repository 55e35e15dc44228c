// Wishes in a row are one question, and there are never two questions at once: however much happens,
// the server is asked no faster than it answers. A page that nobody sees asks when it is seen again.

import { Problem, signedOut } from "./api.js";
import { effect } from "./html.js";

const AGAIN_MS = 4_000; // after a question that failed

/** @type {Set<() => void>} what waits for somebody to look, or to sign in again */
const asleep = new Set();

/**
 * @param {() => Promise<unknown>} run rejects when it has to be asked again
 * @param {{ after: number, between?: number }} how milliseconds from the first wish on, and from
 *   one question's end to the next question
 * @returns {() => void}
 */
export function soon(run, { after, between = after }) {
  let timer = 0;
  let isRunning = false;
  let isWished = false;
  let notBefore = 0;

  /** @param {number} wait */
  const plan = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(begin, Math.max(scattered(wait), notBefore - Date.now()));
  };
  const wish = () => {
    if (isRunning) isWished = true;
    else if (!timer) plan(after);
  };
  const begin = async () => {
    timer = 0;
    if (document.hidden || signedOut.peek()) return void asleep.add(wish);
    isRunning = true;
    isWished = false;
    const problem = await run().then(() => null, (refusal) => refusal);
    isRunning = false;
    notBefore = Date.now() + between;
    if (problem && !(problem instanceof Problem)) throw problem;
    if (problem?.status === 401) asleep.add(wish);
    else if (problem?.isPassing) plan(AGAIN_MS);
    else if (isWished) plan(after);
    return undefined;
  };
  return wish;
}

/**
 * Two hundred browsers that hear the same news do not ask in the same moment.
 * @param {number} wait
 */
function scattered(wait) {
  return wait * (0.75 + Math.random() / 2);
}

function wake() {
  if (document.hidden || signedOut.peek()) return;
  const all = [...asleep];
  asleep.clear();
  for (const wish of all) wish();
}

document.addEventListener("visibilitychange", wake);
effect(() => void (signedOut.value || wake()));
