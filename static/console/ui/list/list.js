// The list pane: its title and tools, the bar of what is newer, the rows, and the foot.

import { html } from "../../lib/html.js";
import { route } from "../../lib/route.js";
import { _, fill, ngettext, number } from "../../lib/words.js";
import { desk } from "../../store/desk.js";
import { isDrafts, list, readList } from "../../store/list.js";
import { ListBanners } from "../shell/banners.js";
import { FilterButton, ListTools, SearchBox, SortMenu } from "./filter.js";
import { Icon } from "../icon.js";
import { focusOn, isPhone, navOpen, searchOpen, toggleSearch } from "../places.js";
import { inSight, Rows, scrollToTop } from "./rows.js";
import { StateChip } from "../shell/state-picker.js";

export function List() {
  const title = listTitle();
  return html`<section class="pane list" id="list" aria-label=${title} role=${isPhone() ? "main" : undefined}>
    <div class="pane-head list-head">
      <button class="btn btn--icon phone-only" type="button" aria-label=${_("Views and queues")} onClick=${() => (navOpen.value = true)}>
        <${Icon} name="menu" />
      </button>
      <h1 class="truncate"><bdi>${title}</bdi></h1>
      <${OpenCount} />
      <span class="spacer"></span>
      <${StateChip} onClick=${() => (navOpen.value = true)} />
      ${!isDrafts.value && html`<${SortMenu} /><${FilterButton} />`}
      <button class="btn btn--icon btn--sm phone-only" type="button" aria-label=${_("Search")} aria-expanded=${String(searchOpen.value)} onClick=${toggleSearch}>
        <${Icon} name="search" />
      </button>
    </div>
    <${ListBanners} />
    <${SearchBox} />
    ${!isDrafts.value && html`<${ListTools} />`}
    <${NewerBar} />
    <${Rows} />
    <${Foot} />
    <span class="sr-only" role="status" data-newer>${newerWords()}</span>
  </section>`;
}

/** What the list shows, in words. */
export function listTitle() {
  const { q, queue, view } = route.value;
  if (q) return fill(_("Results for “{words}”"), { words: q });
  const { views = [], queues = [] } = desk.value ?? {};
  const known = queue ? queues.find((one) => one.id === queue)?.name : views.find((one) => one.id === view)?.title;
  return known ?? list.value.title;
}

function OpenCount() {
  const { total, loading } = list.value;
  const { status, view, q, since, until } = route.value;
  if (total === null || loading || isDrafts.value || q || since || until) return null;
  const isOpen = status === "open" && view !== "closed";
  return html`<span class="badge">${isOpen ? fill(_("{n} open"), { n: number(total) }) : number(total)}</span>`;
}

// ---- what is newer ------------------------------------------------------------------------------

function newerWords() {
  const n = list.value.newer.size;
  return n ? ngettext("{n} newer session: show", "{n} newer sessions: show", n) : "";
}

function NewerBar() {
  if (!list.value.newer.size) return null;
  return html`<button class="fresh" type="button" data-fresh onClick=${showNewer}>
    <${Icon} name="sync" class="i--sm" /><span>${newerWords()}</span>
  </button>`;
}

export async function showNewer() {
  const hadFocus = document.activeElement?.matches("[data-fresh]");
  scrollToTop();
  await readList();
  if (hadFocus) requestAnimationFrame(() => focusOn("[data-rows] .row"));
}

// ---- foot ---------------------------------------------------------------------------------------

function Foot() {
  return html`<div class="list-foot">
    <span class="num" data-shown>${shownWords()}</span>
    <span class="spacer"></span>
    <span class="wide foot-keys" aria-hidden="true"><kbd>J</kbd> <kbd>K</kbd> ${_("move")}</span>
    <span class="wide foot-keys" aria-hidden="true"><kbd>?</kbd> ${_("keys")}</span>
  </div>`;
}

function shownWords() {
  const { rows, drafts, next, total } = list.value;
  const loaded = isDrafts.value ? drafts.length : rows.length;
  if (!loaded) return "";
  const { from, seen } = inSight.value;
  const range = { from: number(Math.min(from + 1, loaded)), to: number(Math.min(from + seen, loaded)) };
  if (next && total === null) return fill(_("{from} to {to} of more than {n}"), { ...range, n: number(loaded) });
  return fill(_("{from} to {to} of {n}"), { ...range, n: number(next ? Math.max(total ?? 0, loaded) : loaded) });
}
