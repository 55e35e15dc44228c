// What was done, said once and read aloud; each may carry a way back.

import { signal } from "./html.js";

/**
 * @typedef {object} Toast
 * @property {number} id
 * @property {string} words
 * @property {{ title: string, run: () => void } | null} action
 */

const SHOWN_MS = 8_000;
let last = 0;

/** @type {import("./html.js").Signal<Toast[]>} */
export const toasts = signal([]);

/**
 * @param {string} words
 * @param {{ title: string, run: () => void } | null} [action]
 * @returns {number} its id
 */
export function say(words, action = null) {
  const id = ++last;
  toasts.value = [...toasts.value.slice(-2), { id, words, action }];
  setTimeout(() => dismiss(id), SHOWN_MS);
  return id;
}

/** @param {number} id */
export function dismiss(id) {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}
