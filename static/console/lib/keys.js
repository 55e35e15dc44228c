// One list of everything that can be done: keys, the palette and the help page all read it.

import { effect, signal } from "./html.js";

/**
 * @typedef {object} Action
 * @property {string} id
 * @property {() => string} title in the reader's language, asked when shown
 * @property {string} [keys] "j", "g i" (one after the other), "ctrl+enter"; ctrl is ⌘ on a Mac, too
 * @property {string} group its heading on the help page
 * @property {() => boolean} [when] whether it can be done now
 * @property {boolean} [repeats] goes on while its key is held down
 * @property {(event?: KeyboardEvent) => void} run
 */

const SEQUENCE_MS = 1_200;

/** @type {Map<string, Action>} */
const actions = new Map();

/** Single letters can be switched off (WCAG 2.1.4); keys with Ctrl and Escape stay. */
export const singleKeys = signal(true);

/** A dialog that is open takes all keys but its own. */
export const modal = signal(0);

/**
 * @param {Action[]} added
 * @returns {() => void} takes them away again
 */
export function register(added) {
  for (const action of added) actions.set(action.id, action);
  return () => {
    for (const action of added) if (actions.get(action.id) === action) actions.delete(action.id);
  };
}

/** @returns {Action[]} what can be done now */
export function available() {
  return [...actions.values()].filter(isPossible);
}

/** @returns {Action[]} whether or not it can be done now */
export function everything() {
  return [...actions.values()];
}

/** @param {string} keys as shown on the key caps */
export function keyCaps(keys) {
  const isMac = navigator.platform.startsWith("Mac");
  return keys
    .split(/[ +]/)
    .map((key) => (key === "ctrl" ? (isMac ? "⌘" : "Ctrl") : key.length === 1 ? key.toUpperCase() : key[0]?.toUpperCase() + key.slice(1)));
}

let begun = "";
let timer = 0;

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.defaultPrevented || event.isComposing || modal.peek()) return;
  const key = nameOf(event);
  const isTyped = !key.includes("+") && key !== "escape";
  if (isTyped && (isTyping(event.target) || !singleKeys.peek())) return;
  if (key === "enter" && isPressable(event.target)) return;
  const wanted = begun ? `${begun} ${key}` : key;
  clearTimeout(timer);
  begun = "";
  const action = available().find((one) => one.keys === wanted) ?? available().find((one) => one.keys === key);
  if (action) {
    event.preventDefault();
    if (!event.repeat || action.repeats) action.run(event);
  } else if (isTyped && available().some((one) => one.keys?.startsWith(`${key} `))) {
    begun = key;
    timer = setTimeout(() => (begun = ""), SEQUENCE_MS);
  }
}

/** @param {KeyboardEvent} event */
function nameOf(event) {
  const held = `${event.ctrlKey || event.metaKey ? "ctrl+" : ""}${event.altKey ? "alt+" : ""}`; // both: AltGr types a letter
  const shift = event.shiftKey && (held || event.key.length > 1) ? "shift+" : "";
  return `${held}${shift}${event.key.toLowerCase()}`;
}

/** @param {EventTarget | null} place */
function isTyping(place) {
  return (
    place instanceof HTMLElement &&
    (place.isContentEditable || place.matches("input:not([type=checkbox], [type=radio], [type=button]), textarea, select"))
  );
}

/**
 * Enter on a button presses that button.
 * @param {EventTarget | null} place
 */
function isPressable(place) {
  return place instanceof Element && place.matches("button, a[href], summary, [role=option], input");
}

/** @param {Action} action */
function isPossible(action) {
  return action.when ? action.when() : true;
}

/**
 * @param {Document} page
 * @returns {void}
 */
export function listen(page) {
  page.addEventListener("keydown", pressed);
}

effect(() => {
  if (!singleKeys.value) begun = "";
});
