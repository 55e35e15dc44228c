// Which pane is shown where there is room for one only, and small things about going there.

import { computed, signal } from "../lib/html.js";
import { route } from "../lib/route.js";

const phone = matchMedia("(max-width: 40rem)");
const onPhone = signal(phone.matches);
phone.addEventListener("change", () => (onPhone.value = phone.matches));

/** The navigation, on a phone. */
export const navOpen = signal(false);
/** The search box, on a phone. */
export const searchOpen = signal(false);
export const settingsOpen = signal(false);
export const paletteOpen = signal(false);

export const isReading = computed(() => Boolean(route.value.session || route.value.draft));

/** Read while drawing, it draws again when the window gets wider. */
export function isPhone() {
  return onPhone.value;
}

/**
 * A link that is followed within the page, unless another tab or window is wanted.
 * @param {() => void} run
 * @returns {(event: MouseEvent) => void}
 */
export function followLink(run) {
  return (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    run();
  };
}

export function focusSearch() {
  navOpen.value = false;
  searchOpen.value = true;
  focusOn("#search"); // at once: the letters that follow the key are for it
  requestAnimationFrame(() => document.activeElement?.id === "search" || focusOn("#search")); // on a phone it comes first
}

export function openPalette() {
  paletteOpen.value = true;
}

/** @param {string[]} selectors the first one that is there gets it */
export function focusOn(...selectors) {
  const place = selectors.map((one) => document.querySelector(one)).find(Boolean);
  if (!(place instanceof HTMLElement)) return;
  place.focus({ preventScroll: true });
  if (place instanceof HTMLInputElement) place.select();
}

export function toggleSearch() {
  searchOpen.value = !searchOpen.value;
  if (searchOpen.value) focusSearch();
}
