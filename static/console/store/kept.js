// What is being written, kept in this tab until the server has it: a reload loses nothing.

/**
 * @typedef {object} Kept
 * @property {string} user whose words these are; nobody else gets them
 * @property {string} key of the writing
 * @property {string} id the draft's, empty while the server has none
 * @property {"reply" | "forward" | "new"} kind
 * @property {string} session
 * @property {string} message which is forwarded
 * @property {boolean} shown whether its composer was open
 * @property {boolean} dirty whether the server lacks some of it
 * @property {number} version
 * @property {string[]} sent fingerprints of what the server was told, without an answer yet
 * @property {import("./shapes.js").Content} content
 */

const PREFIX = "carteria.writing.";

/** @param {Kept} writing */
export function keep(writing) {
  try {
    sessionStorage.setItem(PREFIX + writing.key, JSON.stringify(writing));
  } catch {
    // Full or switched off: the server still gets it within seconds.
  }
}

/** @param {string} key */
export function forget(key) {
  try {
    sessionStorage.removeItem(PREFIX + key);
  } catch {
    // Switched off: nothing was kept.
  }
}

/**
 * What somebody else left in this tab goes.
 * @param {string} user
 * @returns {Kept[]}
 */
export function keptOf(user) {
  const all = entries();
  for (const one of all) if (one.user !== user) forget(one.key);
  return all.filter((one) => one.user === user);
}

/** @returns {Kept[]} */
function entries() {
  try {
    const names = Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX));
    return names.map((name) => JSON.parse(sessionStorage.getItem(name) ?? "null")).filter(Boolean);
  } catch {
    return [];
  }
}
