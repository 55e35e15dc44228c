// The focus is never lost: when what has it goes away, whatever stood beside it gets it.

const CAN_HAVE = "a[href], button:not(:disabled), input:not([type=hidden], :disabled), select:not(:disabled), textarea, summary, [tabindex]:not(main)";
const OTHERS_MS = 100; // so long whoever took it away may lead it elsewhere

/** What had the focus last, all that could have had it then, in order, and what is around it.
 * @type {{ place: HTMLElement, order: HTMLElement[], around: HTMLElement[] } | null} */
let last = null;
let timer = 0;

/** @param {HTMLElement} root */
export function keepFocus(root) {
  document.addEventListener("focusin", ({ target }) => {
    if (target instanceof HTMLElement && root.contains(target)) last = remembered(root, target);
  });
  document.addEventListener("pointerdown", () => (last = null)); // a click on nothing is meant
  new MutationObserver(() => {
    if (!last || document.activeElement !== document.body || isThere(last.place)) return;
    clearTimeout(timer);
    timer = setTimeout(giveBack, OTHERS_MS);
  }).observe(root, { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden", "disabled", "class", "open"] });
}

/**
 * @param {HTMLElement} root
 * @param {HTMLElement} place
 */
function remembered(root, place) {
  /** @type {HTMLElement[]} */
  const around = [];
  for (let box = place.parentElement; box && root.contains(box); box = box.parentElement) around.push(box);
  return { place, order: [...root.querySelectorAll(CAN_HAVE)].map(asHtml), around };
}

function giveBack() {
  if (!last || document.activeElement !== document.body || isThere(last.place)) return;
  const { place, order, around } = last;
  const at = order.indexOf(place);
  const near = [...order.slice(at + 1), ...order.slice(0, Math.max(0, at)).reverse()];
  for (const box of around) {
    if (!box.isConnected) continue;
    const next = near.find((one) => box.contains(one) && isThere(one)) ?? [...box.querySelectorAll(CAN_HAVE)].map(asHtml).find(isThere);
    if (next) return next.focus({ preventScroll: true });
  }
  return undefined;
}

/** @param {HTMLElement} place */
function isThere(place) {
  return place.isConnected && !place.matches(":disabled") && place.checkVisibility();
}

/** @param {Element} place */
function asHtml(place) {
  return /** @type {HTMLElement} */ (place);
}
