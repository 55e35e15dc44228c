// Who gets the mail, one chip a person: typed, pasted, or chosen from those of the conversation.

import { html, useId, useRef, useSignal } from "../../lib/html.js";
import { _, fill } from "../../lib/words.js";
import { addressesIn, inFull, isAddress, isSame, shortName } from "../../store/addresses.js";
import { reading } from "../../store/reading.js";
import { Email } from "../address.js";
import { Icon } from "../icon.js";

/** @typedef {import("../../store/shapes.js").Address} Address */
/** @typedef {import("../../store/writing.js").Writing} Writing */
/** @typedef {"to" | "cc" | "bcc"} Field */

const MOST_SUGGESTED = 6;
const TROUBLE = ["not-arriving", "suppressed", "unwanted"]; // codes of notes

/** @param {{ writing: Writing, field: Field, label: string, describedBy: string }} props */
export function Chips({ writing, field, label, describedBy }) {
  const people = writing.fields.value[field];
  const typed = useSignal("");
  const chosen = useSignal(-1);
  const isOpen = useSignal(false);
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const id = useId();
  const offers = isOpen.value ? suggested(typed.value, writing) : [];
  const isWrong = writing.problem.value.field === field;

  const put = (/** @type {Address[]} */ added) => {
    const known = writing.fields.peek()[field];
    const fresh = added.filter((one) => !known.some((other) => isSame(one, other)));
    if (fresh.length) writing.set({ [field]: [...known, ...fresh] });
  };
  const take = () => {
    put(addressesIn(typed.peek()));
    typed.value = "";
    chosen.value = -1;
    isOpen.value = false;
  };
  const remove = (/** @type {number} */ at, isKept = false) => {
    const known = writing.fields.peek()[field];
    writing.set({ [field]: known.filter((_one, other) => other !== at) });
    if (isKept) typed.value = inFull(/** @type {Address} */ (known[at]));
    requestAnimationFrame(() => (isKept ? input() : (chips()[at] ?? input()))?.focus());
  };
  const input = () => place.current?.querySelector("input") ?? null;
  const chips = () => /** @type {HTMLElement[]} */ ([...(place.current?.querySelectorAll(".chip > .x") ?? [])]);

  const pressed = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    const offer = offers[chosen.value];
    if (key === "ArrowDown" || key === "ArrowUp") {
      const all = suggested(typed.peek(), writing);
      if (!all.length) return;
      isOpen.value = true;
      chosen.value = (chosen.peek() + (key === "ArrowDown" ? 1 : all.length - (chosen.peek() < 0 ? 0 : 1))) % all.length;
    } else if (key === "Enter" || (key === "Tab" && !event.shiftKey && typed.peek().trim())) {
      if (key === "Tab" && !offer && !addressesIn(typed.peek()).length) return;
      if (offer) {
        put([offer]);
        typed.value = "";
        chosen.value = -1;
        isOpen.value = false;
      } else take();
    } else if (key === "," || key === ";") {
      if (!typed.peek().trim() || /"[^"]*$/.test(typed.peek())) return;
      take();
    } else if (key === "Escape" && isOpen.peek() && offers.length) {
      isOpen.value = false;
      chosen.value = -1;
    } else if (key === "Backspace" && !typed.peek() && people.length) {
      remove(people.length - 1);
      requestAnimationFrame(() => input()?.focus());
    } else if (key === "ArrowLeft" && !typed.peek() && people.length) {
      chips().at(-1)?.focus();
    } else return;
    event.preventDefault();
  };
  const walked = (/** @type {KeyboardEvent} */ event, /** @type {number} */ at) => {
    const all = chips();
    if (event.key === "ArrowLeft") all[Math.max(0, at - 1)]?.focus();
    else if (event.key === "ArrowRight") (all[at + 1] ?? input())?.focus();
    else if (event.key === "Home") all[0]?.focus();
    else if (event.key === "End") input()?.focus();
    else if (event.key === "Backspace" || event.key === "Delete") remove(at);
    else if (event.key === "F2") remove(at, true);
    else return;
    event.preventDefault();
  };
  const pasted = (/** @type {ClipboardEvent} */ event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const found = addressesIn(text);
    if (typed.peek() || !found.some(({ email }) => isAddress(email))) return;
    event.preventDefault();
    put(found);
  };

  return html`<div class=${`address ${isWrong ? "address--wrong" : ""}`} role="group" aria-label=${label} data-field=${field} ref=${place} onClick=${(/** @type {Event} */ event) => event.target === place.current && input()?.focus()}>
    <label class="k" for=${id}>${label}</label>
    ${people.map((one, at) => html`<${Chip} key=${`${one.email} ${at}`} one=${one} trouble=${troubleOf(one, writing)} remove=${() => remove(at)} edit=${() => remove(at, true)} walked=${(/** @type {KeyboardEvent} */ event) => walked(event, at)} />`)}
    <span class="address-new">
      <input id=${id} type="text" inputmode="email" autocomplete="off" autocapitalize="off" spellcheck=${false} dir="auto" role="combobox"
        aria-expanded=${offers.length > 0} aria-controls=${`${id}-list`} aria-autocomplete="list" aria-activedescendant=${chosen.value >= 0 && offers.length ? `${id}-${chosen.value}` : undefined}
        aria-invalid=${isWrong || undefined} aria-describedby=${describedBy} data-test=${`${field}-input`} value=${typed.value}
        onInput=${(/** @type {InputEvent} */ event) => {
          typed.value = /** @type {HTMLInputElement} */ (event.target).value;
          isOpen.value = typed.value.trim() !== "";
          chosen.value = -1;
        }}
        onKeyDown=${pressed} onPaste=${pasted} onBlur=${take} />
      <ul class="menu suggestions" role="listbox" id=${`${id}-list`} aria-label=${_("People of this conversation")} hidden=${!offers.length}>
        ${offers.map((one, at) => html`<li key=${one.email} id=${`${id}-${at}`} role="option" class="menu-item" aria-selected=${at === chosen.value}
          onPointerDown=${(/** @type {Event} */ event) => {
            event.preventDefault(); // the field keeps the focus
            put([one]);
            typed.value = "";
            isOpen.value = false;
          }}><bdi>${one.name || one.email}</bdi>${one.name && html`<small><bdi>${one.email}</bdi></small>`}</li>`)}
      </ul>
    </span>
  </div>`;
}

/** @param {{ one: Address, trouble: string, remove: () => void, edit: () => void, walked: (event: KeyboardEvent) => void }} props */
function Chip({ one, trouble, remove, edit, walked }) {
  const isRight = isAddress(one.email);
  const who = shortName(one);
  const look = isRight ? (trouble ? "chip--new" : "") : "chip--wrong";
  return html`<span class=${`chip recipient ${look}`} title=${trouble || inFull(one)} data-test="chip" data-trouble=${trouble ? "yes" : undefined} onDblClick=${edit}>
    ${(!isRight || trouble) && html`<${Icon} name="alert" class="i--sm" />`}
    ${isRight && trouble && html`<span class="sr-only">${trouble}</span>`}
    ${isRight && !one.name ? html`<${Email} email=${one.email} />` : html`<bdi class="truncate">${who}</bdi>`}
    ${!isRight && html`<span class="chip-why">${_("no address")}</span>`}
    <button type="button" class="x" tabindex="-1" aria-label=${fill(_("Remove {name}"), { name: who })} onClick=${remove} onKeyDown=${walked}><${Icon} name="x" class="i--sm" /></button>
  </span>`;
}

/**
 * Whether mails to this address arrive, as far as the server has heard.
 * @param {Address} one
 * @param {Writing} writing
 */
function troubleOf(one, writing) {
  const email = one.email.toLowerCase();
  return writing.notes.value.find(({ code, address }) => TROUBLE.includes(code) && address === email)?.sentence ?? "";
}

/**
 * Everybody of the conversation who is not in the mail yet.
 * @param {string} typed
 * @param {Writing} writing
 */
function suggested(typed, writing) {
  const wanted = typed.trim().toLowerCase();
  const { to, cc, bcc } = writing.fields.peek();
  const known = [...to, ...cc, ...bcc];
  return participants()
    .filter((one) => `${one.name} ${one.email}`.toLowerCase().includes(wanted))
    .filter((one) => !known.some((other) => isSame(one, other)))
    .slice(0, MOST_SUGGESTED);
}

/** @returns {Address[]} each once, with the name when there is one */
function participants() {
  const { data } = reading.peek();
  /** @type {Map<string, Address>} */
  const found = new Map();
  for (const message of data?.messages ?? []) {
    const others = message.direction === "in" ? [message.from, ...message.to, ...message.cc] : [...message.to, ...message.cc];
    for (const one of others) {
      const old = found.get(one.email.toLowerCase());
      if (one.email && !old?.name) found.set(one.email.toLowerCase(), one);
    }
  }
  return [...found.values()];
}
