// The keys of everything that can be done, read from the one list, and the switch for single letters.

import { html, signal } from "../../lib/html.js";
import { everything, keyCaps, singleKeys } from "../../lib/keys.js";
import { say } from "../../lib/toasts.js";
import { _ } from "../../lib/words.js";
import { switchKeys } from "../../store/desk.js";
import { Dialog } from "../dialog.js";

const helpOpen = signal(false);

export function openHelp() {
  helpOpen.value = true;
}

export function Help() {
  if (!helpOpen.value) return null;
  return html`<${Dialog} title=${_("Keys")} class="help" onClose=${() => (helpOpen.value = false)}>
    <div class="body">
      <${KeySwitch} />
      <div class="help-groups">
        ${[...groups()].map(
          ([group, actions]) => html`<section key=${group}>
            <h3>${group}</h3>
            <dl>
              ${actions.map(
                (action) => html`<div key=${action.id} class=${singleKeys.value || isHeld(action.keys) ? "" : "is-off"}>
                  <dt>${action.title()}</dt>
                  <dd><${Keys} keys=${action.keys ?? ""} /></dd>
                </div>`,
              )}
            </dl>
          </section>`,
        )}
      </div>
    </div>
  <//>`;
}

/** @param {{ keys: string }} props */
export function Keys({ keys }) {
  const joined = keys.includes(" ") ? ` ${_("then")} ` : " ";
  return html`<span class="keys">${keyCaps(keys).map((cap, n) => html`${n > 0 && joined}<kbd>${named(cap)}</kbd>`)}</span>`;
}

/** With single letters off, keys that need no letter alone stay. @param {string | undefined} keys */
function isHeld(keys) {
  return Boolean(keys && (keys.includes("+") || keys === "escape"));
}

/** @param {string} cap */
function named(cap) {
  return { Escape: _("Esc"), Enter: "↵", Shift: "⇧" }[cap] ?? cap;
}

function groups() {
  /** @type {Map<string, import("../../lib/keys.js").Action[]>} */
  const found = new Map();
  for (const action of everything()) {
    if (!action.keys) continue;
    found.set(action.group, [...(found.get(action.group) ?? []), action]);
  }
  return found;
}

export function KeySwitch() {
  const change = (/** @type {Event} */ event) => {
    const { checked } = /** @type {HTMLInputElement} */ (event.currentTarget);
    switchKeys(checked).catch((problem) => say(problem.message));
  };
  return html`<label class="key-switch">
    <input class="switch" type="checkbox" role="switch" checked=${singleKeys.value} onChange=${change} data-test="single-keys" />
    <span>
      ${_("Single-letter keys")}
      <small>${_("They rest while you type. Switch them off if they get in your way; keys with Ctrl, and Esc, stay.")}</small>
    </span>
  </label>`;
}
