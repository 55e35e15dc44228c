// The three panes side by side; on a phone one at a time.

import { listen } from "../../lib/keys.js";
import { effect, html, useEffect, useRef, useSignalEffect } from "../../lib/html.js";
import { connect, on, online } from "../../lib/live.js";
import { anotherUser, signedOut } from "../../lib/api.js";
import { _ } from "../../lib/words.js";
import { desk, readDesk, refreshDesk, takeDesk } from "../../store/desk.js";
import { followRoute, readMissing, takeList } from "../../store/list.js";
import { draftChanged, everythingChanged, sessionChanged, settle } from "../../store/list-changes.js";
import { readOpen } from "../../store/reading.js";
import { Strips } from "./banners.js";
import { Help } from "./help.js";
import { List, listTitle } from "../list/list.js";
import { Nav } from "./nav.js";
import { Palette } from "./palette.js";
import { focusOn, isPhone, isReading, navOpen, settingsOpen } from "../places.js";
import { Reading } from "../reading/reading.js";
import { Settings } from "./settings.js";
import { registerShortcuts } from "./shortcuts.js";
import { Toasts } from "./toasts.js";

export function App() {
  useEffect(start, []);
  useSignalEffect(() => {
    document.title = [anotherUser.value ? "" : listTitle(), "Carteria"].filter(Boolean).join(" · ");
  });
  const pane = navOpen.value ? "nav" : isReading.value ? "reading" : "list";
  usePaneFocus(pane);
  if (anotherUser.value) return html`<${Strips} />`;
  return html`
    <a class="skip" href="#list" onClick=${(/** @type {Event} */ event) => skipTo(event, ROW, "#search")}>${_("Skip to the list")}</a>
    <a class="skip" href="#read" onClick=${(/** @type {Event} */ event) => skipTo(event, "[data-conversation]", "#read")}>${_("Skip to the session")}</a>
    <${Strips} />
    <div class=${`app app--${pane}`} role=${pane === "nav" && isPhone() ? "main" : undefined} data-live>
      <${Nav} />
      <${List} />
      <${Reading} />
    </div>
    <${Toasts} />
    <${Palette} />
    <${Help} />
    ${settingsOpen.value && html`<${Settings} />`}
  `;
}

/** @returns {() => void} */
function start() {
  takeStart();
  const ends = [registerShortcuts(), followRoute(), settle(), showColours(), ...hear()];
  listen(document);
  ends.push(connectOnce());
  document.addEventListener("visibilitychange", comeBack);
  addEventListener("focus", comeBack);
  addEventListener("pageshow", ({ persisted }) => persisted && void readDesk()); // is it still the same user?
  return () => ends.forEach((end) => end());
}

/** What the page brought along saves the first two questions. */
function takeStart() {
  const brought = JSON.parse(document.getElementById("start")?.textContent ?? "{}");
  if (brought.desk) takeDesk(brought.desk);
  else void readDesk();
  if (brought.list) takeList(brought.list);
}

/** From the moment on that the desk tells about. */
function connectOnce() {
  let end = () => {};
  let user = "";
  const stop = effect(() => {
    const now = desk.value;
    if (!now || user) return;
    user = now.user.id;
    end = connect({ user, since: now.version });
  });
  return () => (stop(), end());
}

/** The colours of custom states, as the administrator chose them. */
function showColours() {
  return effect(() => {
    const url = desk.value?.user.colours_url;
    if (!url || document.querySelector(`link[href="${url}"]`)) return;
    document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: url }));
  });
}

function hear() {
  return [
    on("session.changed", ({ id }) => {
      sessionChanged(id);
      refreshDesk();
    }),
    on("draft.changed", draftChanged),
    on("agent.state", ({ id }) => {
      if (id === desk.peek()?.state?.agent) void readDesk();
    }),
    on("signed-out", () => void readDesk()),
    on("ready", readMissing),
    on("resync", () => {
      refreshDesk();
      everythingChanged();
    }),
  ];
}

/** Signed in again in another tab, perhaps; and what a sleeping tab did not hear. */
function comeBack() {
  if (document.hidden) return;
  if (online.peek() === false) refreshDesk();
  if (!signedOut.peek()) return;
  void readDesk();
  everythingChanged(); // as soon as somebody is signed in
  readOpen();
}

const ROW = "[data-rows] .row[tabindex='0']";
/** @type {Record<"nav" | "reading" | "list", string[]>} */
const PLACES = { nav: [".nav .phone-only"], reading: [".read .phone-only"], list: [ROW, ".list-head .phone-only"] };

/**
 * On a phone the pane that comes gets the focus: the one that goes had it.
 * @param {"nav" | "reading" | "list"} pane
 */
function usePaneFocus(pane) {
  const before = useRef(pane);
  useEffect(() => {
    if (before.current === pane) return;
    before.current = pane;
    if (isPhone()) focusOn(...PLACES[pane]);
  }, [pane]);
}

/**
 * @param {Event} event
 * @param {string[]} places
 */
function skipTo(event, ...places) {
  event.preventDefault();
  focusOn(...places);
}
