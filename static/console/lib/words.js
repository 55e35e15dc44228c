// Words in the reader's language, and times as people say them.

/** The page's catalogue is a script of its own, loaded before; without it the words are English. */
const catalogue = /** @type {any} */ (globalThis);
const language = document.documentElement.lang || "en";

/**
 * @param {string} words
 * @returns {string}
 */
export function _(words) {
  return catalogue.gettext ? catalogue.gettext(words) : words;
}

/**
 * @param {string} one
 * @param {string} many
 * @param {number} n
 * @returns {string} with the number in place of {n}
 */
export function ngettext(one, many, n) {
  const words = catalogue.ngettext ? catalogue.ngettext(one, many, n) : n === 1 ? one : many;
  return fill(words, { n });
}

/**
 * Puts values into words: `fill(_("to {who}"), { who })`.
 * @param {string} words
 * @param {Record<string, string | number>} values
 */
export function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, (place, name) => (name in values ? String(values[name]) : place));
}

/** Without accents and case: as people search. @param {string} text */
export function folded(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** @param {number} n */
export function number(n) {
  return n.toLocaleString(language);
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * `now`, `18 m`, `3 h`, `2 d`, then the date.
 * @param {string} moment ISO 8601
 * @param {number} now milliseconds
 */
export function age(moment, now = Date.now()) {
  const passed = now - Date.parse(moment);
  if (passed < MINUTE) return _("now");
  if (passed < HOUR) return fill(_("{n} m"), { n: Math.floor(passed / MINUTE) });
  if (passed < DAY) return fill(_("{n} h"), { n: Math.floor(passed / HOUR) });
  if (passed < 7 * DAY) return fill(_("{n} d"), { n: Math.floor(passed / DAY) });
  return day(moment, now);
}

/**
 * The hour today, the day and the hour before that.
 * @param {string} moment ISO 8601
 */
export function clock(moment, now = Date.now()) {
  const hour = format(moment, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const isToday = new Date(moment).toDateString() === new Date(now).toDateString();
  return isToday ? hour : `${day(moment, now)}, ${hour}`;
}

/**
 * @param {string} moment ISO 8601
 */
export function day(moment, now = Date.now()) {
  const sameYear = new Date(moment).getFullYear() === new Date(now).getFullYear();
  return format(moment, { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) });
}

/** @param {string} moment ISO 8601 */
export function fullTime(moment) {
  return format(moment, { dateStyle: "full", timeStyle: "medium" });
}

/**
 * @param {string} moment
 * @param {Intl.DateTimeFormatOptions} options
 */
function format(moment, options) {
  return new Intl.DateTimeFormat(language, options).format(new Date(moment));
}
