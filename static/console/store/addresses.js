// Addresses as people type and paste them: one or many, with names or without.

/** @typedef {import("./shapes.js").Address} Address */

const PLACE = /^[^\s@<>(),;:"\\[\]]+@[^\s@<>(),;:"\\[\].]+(\.[^\s@<>(),;:"\\[\].]+)+$/u;
const LONGEST = 254;

/** @param {string} email */
export function isAddress(email) {
  return email.length <= LONGEST && PLACE.test(email);
}

/**
 * "Ana <ana@x.test>, bo@x.test; cy@x.test": separated by commas, semicolons, lines or spaces.
 * What is no address comes back as it was typed, so that nothing is dropped silently.
 * @param {string} text
 * @returns {Address[]}
 */
export function addressesIn(text) {
  return piecesOf(text).flatMap(addressesOf);
}

/** @param {Address} address */
export function inFull({ email, name }) {
  return name && name !== email ? `${name} <${email}>` : email;
}

/** @param {Address} address */
export function shortName({ email, name }) {
  return name || email;
}

/**
 * @param {Address} one
 * @param {Address} other
 */
export function isSame(one, other) {
  return one.email.toLowerCase() === other.email.toLowerCase();
}

/**
 * A comma inside quotes or in "Ruiz, Ana <ana@x.test>" separates nothing.
 * @param {string} text
 */
function piecesOf(text) {
  /** @type {string[]} */
  const pieces = [];
  let piece = "";
  let isQuoted = false;
  const end = () => {
    if (piece.trim()) pieces.push(piece.trim());
    piece = "";
  };
  for (const letter of text) {
    if (letter === '"') isQuoted = !isQuoted;
    if (!isQuoted && /[,;\n\r\t]/.test(letter)) end();
    else piece += letter;
  }
  end();
  return joinedNames(pieces);
}

/** @param {string[]} pieces */
function joinedNames(pieces) {
  /** @type {string[]} */
  const joined = [];
  for (const piece of pieces) {
    const before = joined.at(-1);
    const isRest = before !== undefined && !before.includes("@") && /^[^@]+<.+>$/.test(piece);
    if (isRest) joined[joined.length - 1] = `${before}, ${piece}`;
    else joined.push(piece);
  }
  return joined;
}

/**
 * @param {string} piece
 * @returns {Address[]}
 */
function addressesOf(piece) {
  const named = /^(.*?)<\s*(?:mailto:)?([^<>]*?)\s*>$/s.exec(piece);
  if (named) return [{ email: named[2] ?? "", name: bare(named[1] ?? "") }];
  const words = piece.replace(/^mailto:/i, "").split(/\s+/);
  if (words.length > 1 && words.every(isAddress)) return words.map((email) => ({ email, name: "" }));
  return [{ email: words.join(" "), name: "" }];
}

/** @param {string} name */
function bare(name) {
  return name.trim().replace(/^"(.*)"$/s, "$1").replace(/\\(.)/g, "$1").trim();
}
