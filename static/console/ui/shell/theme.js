// Light, dark, or as the system is: the choice that the administration shares.

import { html, signal } from "../../lib/html.js";
import { recall, remember } from "../../lib/memory.js";
import { _ } from "../../lib/words.js";

const THEMES = /** @type {const} */ (["auto", "light", "dark"]);

const theme = signal(recall("theme") ?? "auto");

addEventListener("storage", (event) => event.key === "theme" && show(event.newValue ?? "auto"));

/** @param {string} chosen */
function chooseTheme(chosen) {
  remember("theme", chosen);
  show(chosen);
}

/** @param {string} chosen */
function show(chosen) {
  theme.value = chosen;
  document.documentElement.dataset["theme"] = chosen;
}

/** @param {string} name */
function themeWord(name) {
  return { auto: _("System"), light: _("Light"), dark: _("Dark") }[name] ?? name;
}

export function ThemeSwitch() {
  return html`<span class="segmented" role="group" aria-label=${_("Theme")}>
    ${THEMES.map(
      (name) =>
        html`<button type="button" data-stay aria-pressed=${String(theme.value === name)} onClick=${() => chooseTheme(name)}>
          ${themeWord(name)}
        </button>`,
    )}
  </span>`;
}

/** @param {string} group */
export function themeActions(group) {
  return THEMES.map((name) => ({
    id: `theme-${name}`,
    title: () => ({ auto: _("Theme like the system"), light: _("Light theme"), dark: _("Dark theme") })[name],
    group,
    run: () => chooseTheme(name),
  }));
}
