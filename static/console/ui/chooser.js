// A dialog in which one thing is chosen out of many: type to narrow, arrows and Enter to choose.

import { html, useId, useState } from "../lib/html.js";
import { _, folded } from "../lib/words.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icon.js";

/**
 * @typedef {object} Choice
 * @property {string} id
 * @property {string} title
 * @property {string} [detail]
 * @property {any} [mark] what stands before it
 */

/**
 * @param {{ title: string, choices: Choice[] | null, problem: string, none: string, choose: (id: string) => void, close: () => void }} props
 */
export function Chooser({ title, choices, problem, none, choose, close }) {
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  const name = useId();
  const found = narrowed(choices ?? [], words);
  const place = Math.min(at, found.length - 1);
  const keys = (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setAt(Math.max(0, Math.min(found.length - 1, place + step)));
    else if (event.key === "Enter" && found[place]) choose(found[place].id);
    else return;
    event.preventDefault();
  };
  return html`<${Dialog} title=${title} class="chooser" onClose=${close}>
    <div class="body">
      <input class="input" type="text" role="combobox" aria-expanded="true" aria-controls=${`${name}-list`} aria-activedescendant=${found[place] ? `${name}-${place}` : undefined} aria-label=${_("Type to narrow the list")} placeholder=${_("Type to narrow the list")} value=${words} onInput=${(/** @type {any} */ event) => (setWords(event.target.value), setAt(0))} onKeyDown=${keys} data-first />
      ${problem && html`<p class="error" role="alert"><${Icon} name="alert" class="i--sm" />${problem}</p>`}
      <ul class="chooser-list" id=${`${name}-list`} role="listbox" aria-label=${title}>
        ${found.map((one, n) => html`<li key=${one.id} id=${`${name}-${n}`} class="menu-item" role="option" aria-selected=${n === place} data-choice=${one.id} onClick=${() => choose(one.id)}>
          ${one.mark}<span><bdi>${one.title}</bdi>${one.detail && html`<small>${one.detail}</small>`}</span></li>`)}
      </ul>
      ${choices && !found.length && html`<p class="muted">${words ? _("Nothing fits these words.") : none}</p>`}
    </div>
  <//>`;
}

/**
 * @param {Choice[]} choices
 * @param {string} words
 */
function narrowed(choices, words) {
  const wanted = folded(words).split(/\s+/).filter(Boolean);
  return choices.filter((one) => {
    const text = folded(`${one.title} ${one.detail ?? ""}`);
    return wanted.every((word) => text.includes(word));
  });
}
