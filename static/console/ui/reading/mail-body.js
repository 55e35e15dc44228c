// What a mail says: plain text with its quotes folded, or its HTML in a frame without scripts.

import { html, useEffect, useRef, useState } from "../../lib/html.js";
import { _, fill, ngettext } from "../../lib/words.js";
import { Icon } from "../icon.js";
import { InviteCard } from "./invite.js";

/** @typedef {import("../../store/reading-shapes.js").Message} Message */
/** @typedef {import("../../store/reading-shapes.js").Part} Part */

const SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox";

/** @param {{ message: Message }} props */
export function MailBody({ message }) {
  const { body } = message;
  if (!body) return html`<div class="msg-body" aria-busy="true"><span class="skeleton skeleton--line"></span><span class="skeleton skeleton--half"></span></div>`;
  if (body.kind === "frame") return html`<${InviteCard} invite=${body.invite} /><${Frame} message=${message} url=${body.url} remote=${body.remote} />`;
  return html`<${InviteCard} invite=${body.invite} /><div class="msg-body" dir="auto">
    ${body.parts.map((part, place) => html`<${Words} key=${place} part=${part} />`)}
    ${!body.parts.length && html`<p class="muted">${_("This mail has no text.")}</p>`}
    ${body.cut && html`<p class="muted">${_("This mail is very long; this is its beginning.")} <a href=${`/m/${message.id}/`} target="_blank" rel="noopener">${_("Show all of it")}</a></p>`}
  </div>`;
}

/** @param {{ part: Part }} props */
function Words({ part }) {
  // Safe: the server has escaped every character and made the links.
  const words = { __html: part.html };
  if (!part.quoted) return html`<div class="plain" dangerouslySetInnerHTML=${words}></div>`;
  return html`<details class="quoted">
    <summary class="fold"><${Icon} name="more" class="i--sm" />${ngettext("Quoted text, {n} line", "Quoted text, {n} lines", part.lines)}</summary>
    <div class="quote plain" dangerouslySetInnerHTML=${words}></div>
  </details>`;
}

/**
 * Inline pictures that became clean meanwhile are another page, so it is loaded again.
 * @param {{ message: Message, url: string, remote: number }} props
 */
function Frame({ message, url, remote }) {
  const [wanted, setWanted] = useState({ how: "", turn: 0 });
  const [shown, setShown] = useState(""); // a mail shown as text has a way back of its own
  const pictures = message.files.filter((file) => file.inline && file.verdict === "clean").length;
  const show = (/** @type {string} */ how) => {
    setWanted({ how, turn: wanted.turn + 1 });
    setShown(how);
  };
  return html`
    ${remote > 0 && !shown && html`<div class="notice frame-tools"><${Icon} name="image-off" />
      <span>${ngettext("{n} picture from elsewhere is not loaded.", "{n} pictures from elsewhere are not loaded.", remote)}</span>
      <span class="actions"><button type="button" class="btn btn--sm btn--link" onClick=${() => show("?images=1")}>${_("Show pictures")}</button></span></div>`}
    <${MailFrame} key=${`${wanted.turn} ${pictures}`} src=${`${url}${wanted.how}`} title=${fill(_("Mail from {who}"), { who: message.who })} onShown=${setShown} />
    <p class="frame-foot">${shown === "?as=text"
      ? html`<button type="button" class="btn btn--sm btn--link" onClick=${() => show("")}>${_("Show its layout")}</button>`
      : html`<button type="button" class="btn btn--sm btn--link" onClick=${() => show("?as=text")}>${_("Show as text")}</button>`}</p>`;
}

/**
 * A mail's frame is as high as the mail; it has no scripts, so the page measures it.
 * @param {{ src: string, title: string, onShown: (how: string) => void }} props
 */
function MailFrame({ src, title, onShown }) {
  const place = useRef(/** @type {HTMLIFrameElement | null} */ (null));
  useEffect(() => (place.current ? followHeight(place.current, onShown) : undefined), []);
  return html`<iframe ref=${place} class="mail-frame" src=${src} sandbox=${SANDBOX} referrerpolicy="no-referrer" title=${title}></iframe>`;
}

/**
 * @param {HTMLIFrameElement} frame
 * @param {(how: string) => void} onShown
 * @returns {() => void}
 */
function followHeight(frame, onShown) {
  const observer = new ResizeObserver(() => fit(frame));
  const begin = () => {
    const root = frame.contentDocument?.documentElement;
    if (!root) return;
    fit(frame);
    observer.observe(root);
    onShown(frame.contentWindow?.location.search ?? "");
  };
  frame.addEventListener("load", begin);
  return () => observer.disconnect();
}

/** @param {HTMLIFrameElement} frame */
function fit(frame) {
  const root = frame.contentDocument?.documentElement;
  if (root?.scrollHeight) frame.style.blockSize = `${Math.ceil(root.getBoundingClientRect().height)}px`;
}
