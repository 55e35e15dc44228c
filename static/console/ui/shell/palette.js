// Everything that can be done and everywhere one can go, found by a few letters.

import { get, latest } from "../../lib/api.js";
import { html, useEffect, useId, useMemo, useSignal } from "../../lib/html.js";
import { available } from "../../lib/keys.js";
import { _, age, fill, folded } from "../../lib/words.js";
import { desk } from "../../store/desk.js";
import { Dialog } from "../dialog.js";
import { Keys } from "./help.js";
import { Icon } from "../icon.js";
import { visit } from "./nav.js";
import { paletteOpen } from "../places.js";
import { openRow } from "../list/rows.js";

/** @typedef {import("../../store/shapes.js").Row} Row */
/**
 * @typedef {object} Found
 * @property {string} id
 * @property {string} kind its heading
 * @property {string} icon
 * @property {string} title
 * @property {string} [more]
 * @property {string} [keys]
 * @property {() => void} run
 */

const TYPING_MS = 200;
const MOST = 8; // of a kind
const SHORTEST = 2; // letters that are worth a search

export function Palette() {
  return paletteOpen.value ? html`<${Opened} />` : null;
}

function Opened() {
  const text = useSignal("");
  const at = useSignal(0);
  const sessions = useSessions(text.value.trim());
  const fixed = useMemo(() => [...actions(), ...places()], []);
  const found = [...best(fixed, text.value.trim()), ...sessions];
  const name = useId();
  const chosen = Math.min(at.value, found.length - 1);
  const close = () => (paletteOpen.value = false);
  const pick = (/** @type {Found | undefined} */ one) => {
    if (!one) return;
    close();
    setTimeout(one.run); // after the dialog has given the focus back
  };
  return html`<${Dialog} title=${_("Find an action, a list or a session")} bare class="palette" onClose=${close}>
    <label class="search">
      <${Icon} name="search" />
      <input
        data-first
        type="text"
        role="combobox"
        autocomplete="off"
        aria-expanded="true"
        aria-controls=${`${name}-list`}
        aria-activedescendant=${chosen >= 0 ? `${name}-${chosen}` : undefined}
        aria-label=${_("Find an action, a list or a session")}
        placeholder=${_("Find an action, a list or a session")}
        value=${text.value}
        onInput=${(/** @type {Event} */ event) => {
          text.value = /** @type {HTMLInputElement} */ (event.currentTarget).value;
          at.value = 0;
        }}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
          if (event.isComposing) return;
          const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
          if (step && found.length) at.value = (chosen + step + found.length) % found.length;
          if (event.key === "Enter") pick(found[chosen]);
          if (step || event.key === "Enter") event.preventDefault();
        }}
      />
      <kbd>${_("Esc")}</kbd>
    </label>
    <ul class="palette-list" id=${`${name}-list`} role="listbox" aria-label=${_("Found")}>
      ${found.map((one, n) => html`
        ${one.kind !== found[n - 1]?.kind && html`<li class="head" role="presentation" key=${`head-${one.kind}`}>${one.kind}</li>`}
        <${Entry} key=${one.id} one=${one} id=${`${name}-${n}`} selected=${n === chosen} pick=${() => pick(one)} />
      `)}
    </ul>
    ${!found.length && html`<p class="palette-none muted">${_("Nothing found.")}</p>`}
  <//>`;
}

/** @param {{ one: Found, id: string, selected: boolean, pick: () => void }} props */
function Entry({ one, id, selected, pick }) {
  useEffect(() => {
    if (selected) document.getElementById(id)?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  return html`<li class="menu-item" role="option" id=${id} aria-selected=${String(selected)} onClick=${pick} data-test="palette-entry">
    <${Icon} name=${one.icon} />
    <span class="palette-words"><span class="truncate" dir="auto">${one.title}</span>${one.more && html`<small class="truncate" dir="auto">${one.more}</small>`}</span>
    <span class="spacer"></span>${one.keys && html`<${Keys} keys=${one.keys} />`}
  </li>`;
}

// ---- what there is ------------------------------------------------------------------------------

/** @returns {Found[]} */
function actions() {
  return available()
    .filter(({ id }) => !SELF_EVIDENT.has(id))
    .map(({ id, title, keys, run }) => ({ id, kind: _("Actions"), icon: "bolt", title: title(), ...(keys ? { keys } : {}), run: () => run() }));
}

const SELF_EVIDENT = new Set(["palette", "back", "open", "next", "previous"]);

/** @returns {Found[]} */
function places() {
  const { views = [], queues = [] } = desk.value ?? {};
  const kind = _("Lists");
  const toView = views.map(({ id, title }) => ({ id: `view-${id}`, kind, icon: "inbox", title, run: () => visit({ view: id }) }));
  const toQueue = queues.flatMap(({ id, name }) =>
    id === null ? [] : [{ id: `queue-${id}`, kind, icon: "mail", title: name, run: () => visit({ queue: id }) }],
  );
  return [...toView, ...toQueue];
}

/**
 * @param {string} q
 * @returns {Found[]}
 */
function useSessions(q) {
  const found = useSignal(/** @type {Row[]} */ ([]));
  const asked = useMemo(latest, []);
  useEffect(() => {
    if (q.length < SHORTEST) {
      found.value = [];
      return undefined;
    }
    const typed = setTimeout(async () => {
      const answer = await asked((abort) => get("sessions/", { view: "all", status: "any", q }, abort)).catch(() => null);
      found.value = answer?.rows.slice(0, MOST) ?? [];
    }, TYPING_MS);
    return () => clearTimeout(typed);
  }, [q]);
  return found.value.map((row) => ({
    id: `session-${row.id}`,
    kind: _("Sessions"),
    icon: `s-${row.status}`,
    title: row.subject || _("(no subject)"),
    more: fill(_("{who} · {status} · {age}"), { who: row.customer.name || row.customer.email, status: row.status_word, age: age(row.updated_at) }),
    run: () => openRow(row),
  }));
}

// ---- which fit best -----------------------------------------------------------------------------

/**
 * @param {Found[]} all
 * @param {string} text
 */
function best(all, text) {
  if (!text) return all;
  const scored = all.map((one) => ({ one, score: fit(text, one.title) })).filter(({ score }) => score > 0);
  const ranked = scored.sort((one, other) => other.score - one.score).map(({ one }) => one);
  const kinds = [...new Set(ranked.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => ranked.filter((one) => one.kind === kind).slice(0, MOST));
}

/**
 * All letters in their order; more for the beginnings of words, and for letters side by side.
 * @param {string} text
 * @param {string} title
 */
function fit(text, title) {
  const [letters, place] = [folded(text), folded(title)];
  const whole = place.indexOf(letters);
  if (whole >= 0) return 1_000 - whole - (isStart(place, whole) ? 0 : 300);
  let [score, from] = [0, 0];
  for (const letter of letters.replaceAll(" ", "")) {
    const at = place.indexOf(letter, from);
    if (at < 0) return 0;
    score += isStart(place, at) ? 8 : at === from ? 4 : 1;
    from = at + 1;
  }
  return score;
}

/**
 * @param {string} place
 * @param {number} at
 */
function isStart(place, at) {
  return at === 0 || place[at - 1] === " ";
}
