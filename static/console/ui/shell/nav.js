// Where one can go: views and queues with what waits there, and what belongs to the person.

import { html } from "../../lib/html.js";
import { addressOf, anotherList, go, route } from "../../lib/route.js";
import { online } from "../../lib/live.js";
import { _, fill, number } from "../../lib/words.js";
import { desk } from "../../store/desk.js";
import { openNew, saveEverything } from "../../store/drafts.js";
import { Avatar } from "../address.js";
import { Icon } from "../icon.js";
import { Menu } from "../menu.js";
import { followLink, isPhone, navOpen, openPalette, settingsOpen } from "../places.js";
import { openHelp } from "./help.js";
import { StatePicker } from "./state-picker.js";
import { ThemeSwitch } from "./theme.js";

/** @typedef {import("../../store/shapes.js").View} ViewEntry */
/** @typedef {import("../../store/shapes.js").QueueEntry} QueueEntry */

/** @type {Record<string, string>} */
const ICONS = { mine: "inbox", unassigned: "users", all: "stack", drafts: "draft", closed: "archive" };

export function Nav() {
  const { views = [], queues = [], may, demo } = desk.value ?? {};
  return html`<nav class="pane nav" id="nav" aria-label=${_("Views and queues")}>
    ${isPhone() && html`<h1 class="sr-only">${_("Views and queues")}</h1>`}
    <div class="pane-head">
      <a class="brand" href=${addressOf({ ...route.value, ...anotherList({}), session: "", draft: "" })} onClick=${followLink(() => go({ ...anotherList({}), session: "", draft: "" }))}><${Brand} /><span>Carteria</span></a>
      <span class="spacer"></span>
      <button class="btn btn--icon btn--sm wide" type="button" aria-label=${_("Find anything")} title=${_("Find anything  Ctrl K")} onClick=${openPalette}><${Icon} name="search" /></button>
      <button class="btn btn--icon phone-only" type="button" aria-label=${_("Close the menu")} onClick=${() => (navOpen.value = false)}><${Icon} name="x" /></button>
    </div>
    <div class="nav-top">
      <${StatePicker} />
      ${may?.new &&
      html`<button class="btn btn--line btn--block newmail" type="button" title=${_("New email  C")} onClick=${newMail}>
        <${Icon} name="pen" /><span class="truncate">${_("New email")}</span><span class="spacer"></span><kbd>C</kbd>
      </button>`}
    </div>
    <div class="scroll nav-list">
      ${desk.value ? html`<${Places} views=${views} queues=${queues} />` : html`<${Skeleton} />`}
      ${may?.tickets &&
      html`<h2>${_("CRM")}</h2>
        <ul><li><a href=${may.tickets} title=${_("Tickets")}><${Icon} name="ticket" /><span class="truncate">${_("Tickets")}</span></a></li></ul>`}
      ${(may?.board || may?.settings) &&
      html`<h2>${_("Team")}</h2>
        <ul>
          ${may.board && html`<li><a href=${may.board} title=${_("Live board")}><${Icon} name="board" /><span class="truncate">${_("Live board")}</span></a></li>`}
          ${may.settings && html`<li><a href=${may.settings} title=${_("Administration")}><${Icon} name="settings" /><span class="truncate">${_("Administration")}</span></a></li>`}
        </ul>`}
    </div>
    ${demo &&
    html`<div class="nav-demo">
      <span class="tag">${_("Sample data")}</span>
      <a href=${demo.customer_inbox} target="_blank" rel="noopener" title=${_("Customer's mailbox")}><${Icon} name="mail" /><span class="truncate">${_("Customer's mailbox")}</span></a>
    </div>`}
    <div class="nav-foot">
      <${Me} />
      <span class="spacer"></span>
      <span class="live" data-online hidden=${!online.value} title=${_("Live: what others do shows by itself")}><span class="wide">${_("Live")}</span></span>
      <button class="btn btn--icon btn--sm" type="button" aria-label=${_("Keys and help")} title=${_("Keys and help  ?")} onClick=${openHelp}><${Icon} name="help" /></button>
    </div>
  </nav>`;
}

/** @param {{ views: ViewEntry[], queues: QueueEntry[] }} props */
function Places({ views, queues }) {
  return html`<ul>
      ${views.map((view) => html`<${Place} key=${view.id} title=${view.title} icon=${ICONS[view.id] ?? "mail"} count=${view.count} to=${{ view: view.id }} />`)}
    </ul>
    <h2>${_("Queues")}</h2>
    ${queues.length
      ? html`<ul>
          ${queues.map((queue) =>
            queue.id === null
              ? html`<li key=${`${queue.parent}/${queue.name}`} class="nav-heading"><${Indent} depth=${queue.depth} /><span class="truncate"><bdi>${queue.name}</bdi></span></li>`
              : html`<${Place} key=${queue.id} title=${queue.name} icon="mail" count=${queue.count} depth=${queue.depth} short=${queue.short} to=${{ queue: queue.id }} />`,
          )}
        </ul>`
      : html`<p class="muted nav-none">${_("You work in no queue yet.")}</p>`}`;
}

/**
 * @param {object} props
 * @param {string} props.title
 * @param {string} props.icon
 * @param {number | null} props.count
 * @param {Partial<import("../../lib/route.js").Route>} props.to
 * @param {number} [props.depth]
 * @param {string} [props.short]
 */
function Place({ title, icon, count, to, depth = 0, short }) {
  const { view, queue, q } = route.value;
  const isHere = !q && (to.queue ? queue === to.queue : view === to.view && !queue);
  const next = anotherList(to);
  return html`<li>
    <a
      href=${addressOf({ ...route.value, ...next, message: "" })}
      title=${title}
      aria-current=${isHere ? "page" : undefined}
      data-abbr=${short}
      data-depth=${depth || undefined}
      onClick=${followLink(() => visit(to))}
    >
      ${depth ? html`<${Indent} depth=${depth} />` : html`<${Icon} name=${icon} />`}
      <span class="truncate"><bdi>${title}</bdi></span>
      ${count !== null && html`<span class="n"><span class="sr-only">, </span>${number(count)}<span class="sr-only"> ${to.view === "drafts" ? _("drafts") : _("open")}</span></span>`}
    </a>
  </li>`;
}

/**
 * Another list; a phone shows it, a wide page keeps the open conversation beside it.
 * @param {Partial<import("../../lib/route.js").Route>} to
 */
export function visit(to) {
  navOpen.value = false;
  go({ ...anotherList(to), ...(isPhone() ? { session: "", draft: "" } : {}) });
}

export function newMail() {
  navOpen.value = false;
  void openNew();
}

/** @param {{ depth: number }} props */
function Indent({ depth }) {
  return html`<span class="indent-space" style=${{ inlineSize: `${depth * 0.75 + 0.25}rem` }}></span>`;
}

function Skeleton() {
  return html`<ul aria-hidden="true">
    ${[62, 48, 55, 34, 50].map((width) => html`<li class="nav-skeleton"><span class="skeleton" style=${{ inlineSize: `${width}%` }}></span></li>`)}
  </ul>`;
}

/** Account, signature, keys, theme and the way out. */
function Me() {
  const { user, csrf } = desk.value ?? {};
  if (!user) return null;
  return html`<${Menu}
    class="me"
    buttonClass="btn btn--sm me-button"
    title=${fill(_("{name}: account, signature, theme, sign out"), { name: user.name })}
    label=${_("You")}
    button=${html`<${Avatar} person=${user} /><span class="truncate wide"><bdi>${user.name}</bdi></span><span class="sr-only"> ${_("Menu")}</span>`}
  >
    <li class="head me-name" dir="auto">${user.name}</li>
    <li><a class="menu-item" href="/accounts/"><${Icon} name="users" />${_("Your account")}</a></li>
    <li><button class="menu-item" type="button" onClick=${() => (settingsOpen.value = true)}><${Icon} name="pen" />${_("Signature and keys")}</button></li>
    <li class="me-theme"><span>${_("Theme")}</span><${ThemeSwitch} /></li>
    <li class="sep" aria-hidden="true"></li>
    <li>
      <form method="post" action="/accounts/logout/" onSubmit=${signOut}>
        <input type="hidden" name="csrfmiddlewaretoken" value=${csrf} />
        <button class="menu-item"><${Icon} name="sign-out" class="i--flip" />${_("Sign out")}</button>
      </form>
    </li>
  <//>`;
}

/** What is not saved yet is saved first. @param {SubmitEvent} event */
async function signOut(event) {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.currentTarget);
  await saveEverything();
  form.submit();
}

function Brand() {
  return html`<svg viewBox="0 0 24 24" aria-hidden="true">
    <rect x="1.5" y="3.5" width="21" height="17" rx="4" fill="var(--brand-blue)" />
    <path d="M1.5 9.2h21M1.5 14.8h21M8.5 3.5v17M15.5 3.5v17" stroke="#fff" stroke-opacity=".38" stroke-width="1.1" />
    <path d="M8.5 9.2h7v5.6h-7z" fill="#fff" />
    <path d="M8.9 9.6L12 12.3l3.1-2.7" fill="none" stroke="var(--brand-red)" stroke-width="1.2" stroke-linejoin="round" />
  </svg>`;
}
