// What can be done from everywhere. Single actions of the conversation are registered beside it.

import { register } from "../../lib/keys.js";
import { go, route } from "../../lib/route.js";
import { _ } from "../../lib/words.js";
import { desk, ownState } from "../../store/desk.js";
import { currentIndex, list, neighbour } from "../../store/list.js";
import { markUnread } from "../../store/verbs.js";
import { openHelp } from "./help.js";
import { showNewer } from "../list/list.js";
import { openMenu } from "../menu.js";
import { newMail, visit } from "./nav.js";
import { focusOn, focusSearch, isPhone, navOpen, openPalette, searchOpen, settingsOpen } from "../places.js";
import { focusRow, openRow } from "../list/rows.js";
import { themeActions } from "./theme.js";

const PANE_MS = 100; // so long the pane that comes on a phone takes to get the focus

export function registerShortcuts() {
  const moving = _("Moving");
  const console_ = _("Console");
  return register([
    { id: "next", keys: "j", repeats: true, group: moving, title: () => _("Next conversation"), run: () => move(1) },
    { id: "previous", keys: "k", repeats: true, group: moving, title: () => _("Previous conversation"), run: () => move(-1) },
    { id: "open", keys: "enter", group: moving, title: () => _("Open, then read"), run: openOrRead },
    { id: "back", keys: "escape", group: moving, title: () => _("Back to the list"), run: back },
    { id: "search", keys: "/", group: moving, title: () => _("Search"), run: focusSearch },
    { id: "newer", group: moving, title: () => _("Show newer sessions"), when: () => list.peek().newer.size > 0, run: showNewer },
    { id: "go-mine", keys: "g i", group: moving, title: () => _("Go to assigned to me"), run: () => visit({ view: "mine" }) },
    { id: "go-drafts", keys: "g d", group: moving, title: () => _("Go to drafts"), run: () => visit({ view: "drafts" }) },
    { id: "go-tickets", keys: "g t", group: moving, title: () => _("Go to tickets"), when: hasTickets, run: goToTickets },
    { id: "go-board", keys: "g b", group: moving, title: () => _("Go to the live board"), when: hasBoard, run: goToBoard },
    { id: "unread", keys: "u", group: _("Session"), title: () => _("Mark as unread"), when: hasSession, run: () => void markUnread() },
    { id: "new-mail", keys: "c", group: console_, title: () => _("New email"), when: () => Boolean(desk.peek()?.may.new), run: newMail },
    { id: "state", keys: "s", group: console_, title: () => _("Choose your state"), when: () => Boolean(ownState.peek()), run: chooseState },
    { id: "palette", keys: "ctrl+k", group: console_, title: () => _("Find anything"), run: openPalette },
    { id: "help", keys: "?", group: console_, title: () => _("Keys and help"), run: openHelp },
    { id: "settings", group: console_, title: () => _("Signature and keys"), run: () => (settingsOpen.value = true) },
    ...themeActions(console_),
  ]);
}

/** @param {number} step */
function move(step) {
  const id = neighbour(route.peek().session, step);
  if (!id) return;
  openRow({ id });
  if (!isPhone()) requestAnimationFrame(() => focusRow(currentIndex.peek()));
}

/** The first time it opens, the second time it goes over to the reading. */
function openOrRead() {
  if (!route.peek().session) move(1);
  else focusOn("[data-conversation]");
}

function back() {
  const { session, draft } = route.peek();
  const at = currentIndex.peek();
  if (navOpen.peek()) navOpen.value = false;
  else if (session || draft) {
    go({ session: "", draft: "" });
    requestAnimationFrame(() => focusRow(Math.max(0, at)));
  } else searchOpen.value = false;
}

function hasSession() {
  return Boolean(route.peek().session);
}

function hasTickets() {
  return Boolean(desk.peek()?.may.tickets);
}

function goToTickets() {
  location.assign(desk.peek()?.may.tickets ?? "");
}

function hasBoard() {
  return Boolean(desk.peek()?.may.board);
}

function goToBoard() {
  location.assign(desk.peek()?.may.board ?? "");
}

function chooseState() {
  const isFirst = isPhone() && !navOpen.peek();
  if (isFirst) navOpen.value = true;
  setTimeout(() => openMenu("[data-test=state-picker]"), isFirst ? PANE_MS : 0);
}

