// Which conversation a mail belongs to: found by sender, subject, words or Session ID.

import { get, latest } from "../../lib/api.js";
import { html, useEffect, useId, useMemo, useState } from "../../lib/html.js";
import { _, age, fill } from "../../lib/words.js";
import { reading } from "../../store/reading.js";
import { moveThere, moving } from "../../store/regrouping.js";
import { Dialog } from "../dialog.js";
import { Icon } from "../icon.js";

/** @typedef {import("../../store/shapes.js").Row} Row */

const TYPING_MS = 200;
const MOST = 12;
const LONGEST_WHY = 500;

const close = () => (moving.value = null);

export function WhereTo() {
  useEffect(() => () => void close(), [reading.value.id]); // another conversation's mails stay
  const { data } = reading.value;
  if (!moving.value || !data) return null;
  const { message } = moving.value;
  const person = message?.direction === "in" ? message.from.email : data.session.customer.email;
  return html`<${Where} title=${message ? _("Move to another conversation") : _("Merge into another conversation")} here=${data.session.id} person=${person} />`;
}

/** @param {{ title: string, here: string, person: string }} props */
function Where({ title, here, person }) {
  const [words, setWords] = useState("");
  const [why, setWhy] = useState("");
  const [at, setAt] = useState(0);
  const name = useId();
  const rows = useFound(words.trim() || person, here);
  const place = Math.min(at, (rows?.length ?? 0) - 1);
  const chosen = rows?.[place];
  const keys = (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.isComposing || (!step && event.key !== "Enter")) return;
    if (step) setAt(Math.max(0, Math.min((rows?.length ?? 0) - 1, place + step)));
    else if (chosen) moveThere(chosen.id, why);
    event.preventDefault();
  };
  return html`<${Dialog} title=${title} class="chooser where-to" onClose=${close}>
    <div class="body">
      <input class="input" type="text" role="combobox" aria-expanded="true" aria-controls=${`${name}-list`} aria-activedescendant=${chosen ? `${name}-${place}` : undefined} aria-label=${_("Find it by sender, subject or Session ID")} placeholder=${_("Find it by sender, subject or Session ID")} value=${words} onInput=${(/** @type {any} */ event) => (setWords(event.target.value), setAt(0))} onKeyDown=${keys} data-first data-test="where-words" />
      ${!words.trim() && rows && rows.length > 0 && html`<p class="muted">${_("Others with this sender:")}</p>`}
      <ul class="chooser-list" id=${`${name}-list`} role="listbox" aria-label=${title} aria-busy=${!rows}>
        ${rows?.map((row, n) => html`<${Place} key=${row.id} row=${row} id=${`${name}-${n}`} selected=${n === place} choose=${() => moveThere(row.id, why)} />`)}
      </ul>
      ${rows && !rows.length && html`<p class="muted">${words.trim() ? _("Nothing fits these words.") : _("There is no other conversation with this sender. Type to find one.")}</p>`}
      <label class="field"><span class="label">${_("Reason, for the history (optional)")}</span>
        <input class="input" type="text" maxlength=${LONGEST_WHY} value=${why} onInput=${(/** @type {any} */ event) => setWhy(event.target.value)} data-test="where-why" /></label>
    </div>
  <//>`;
}

/** @param {{ row: Row, id: string, selected: boolean, choose: () => void }} props */
function Place({ row, id, selected, choose }) {
  const words = { who: row.customer.name || row.customer.email, status: row.status_word, age: age(row.updated_at) };
  return html`<li id=${id} class="menu-item" role="option" aria-selected=${selected} data-choice=${row.id} onClick=${choose}>
    <${Icon} name=${`s-${row.status}`} /><span><bdi>${row.subject || _("(no subject)")}</bdi><small><bdi>${fill(_("{who} · {status} · {age}"), words)}</bdi> <span class="mono">${row.id}</span></small></span></li>`;
}

/**
 * @param {string} q
 * @param {string} here
 * @returns {Row[] | null} null while nothing has come yet
 */
function useFound(q, here) {
  const [rows, setRows] = useState(/** @type {Row[] | null} */ (null));
  const asked = useMemo(latest, []);
  useEffect(() => {
    const typed = setTimeout(async () => {
      const answer = await asked((abort) => get("sessions/", { view: "all", status: "any", q }, abort)).catch(() => null);
      setRows((answer?.rows ?? []).filter((/** @type {Row} */ row) => row.id !== here).slice(0, MOST));
    }, TYPING_MS);
    return () => clearTimeout(typed);
  }, [q]);
  return rows;
}
