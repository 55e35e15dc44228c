// A file of a draft as its list shows it: on its way, here, or not taken.

/** @typedef {import("./shapes.js").Upload} Upload */

/**
 * @typedef {object} Row
 * @property {string} key stays while the row lives
 * @property {"queued" | "coming" | "failed" | "here"} state
 * @property {string} name
 * @property {boolean} inline
 * @property {number} share of the bytes that are over
 * @property {string} problem
 * @property {boolean} canTryAgain
 * @property {Upload | null} upload
 */

let last = 0;

/**
 * @param {string} name
 * @param {boolean} inline
 * @returns {Row}
 */
export function rowOf(name, inline) {
  last += 1;
  return { key: `f${last}`, state: "queued", name, inline, share: 0, problem: "", canTryAgain: false, upload: null };
}

/** @param {{ name: string, size: number }} file */
export function nameAndSize({ name, size }) {
  return `${size} ${name}`;
}
