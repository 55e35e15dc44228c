// The files of a mail that is being written: how far each is, then its verdict.

import { html, useEffect, useId, useRef } from "../../lib/html.js";
import { _, fill } from "../../lib/words.js";
import { Icon } from "../icon.js";

/** @typedef {import("../../store/uploads.js").Uploads} Store */
/** @typedef {import("../../store/upload-row.js").Row} Row */

/** @param {{ uploads: Store, isPlain: boolean }} props */
export function Uploads({ uploads, isPlain }) {
  const place = useRef(/** @type {HTMLUListElement | null} */ (null));
  const rows = uploads.rows.value;
  useEffect(() => {
    if (uploads.marked.value) place.current?.querySelector(".file--marked")?.scrollIntoView({ block: "nearest" });
  }, [uploads.marked.value]);
  const remove = async (/** @type {Row} */ row, /** @type {number} */ at) => {
    await uploads.remove(row);
    requestAnimationFrame(() => {
      if (document.activeElement && document.activeElement !== document.body) return;
      const next = place.current?.children[Math.min(at, rows.length - 2)]?.querySelector("button:last-of-type");
      const other = next ?? place.current?.closest(".composer")?.querySelector("[data-test=file-input]");
      if (other instanceof HTMLElement) other.focus();
    });
  };
  return html`<ul class="files uploads" data-uploads aria-label=${_("Files")} ref=${place} hidden=${!rows.length}>
    ${rows.map((row, at) => html`<${OneRow} key=${row.key} row=${row} isMarked=${uploads.marked.value === row.key} isPlain=${isPlain} remove=${() => remove(row, at)} again=${() => uploads.again(row)} />`)}
  </ul>
  <p class="sr-only" role="status" data-files-said>${uploads.said.value}</p>`;
}

/** @param {{ row: Row, isMarked: boolean, isPlain: boolean, remove: () => void, again: () => void }} props */
function OneRow({ row, isMarked, isPlain, remove, again }) {
  const { upload, state } = row;
  const isOver = state === "here" || state === "failed";
  const looks = [
    "file",
    upload?.verdict === "infected" ? "file--infected" : upload?.verdict === "clean" ? "" : isOver ? "file--held" : "file--coming",
    isMarked ? "file--marked" : "",
  ];
  const words = isOver ? _("Remove {name}") : _("Cancel {name}");
  return html`<li class=${looks.filter(Boolean).join(" ")} data-upload=${upload?.id ?? ""} data-verdict=${upload?.verdict ?? state} data-name=${row.name} data-failed=${state === "failed" || undefined}>
    <span class="kind" aria-hidden="true">${upload?.ext || ending(row.name)}</span>
    <span class="name truncate" title=${row.name}><bdi>${row.name}</bdi></span>
    <span class="sub">${upload ? html`<${Verdict} upload=${upload} isPlain=${isPlain} />` : state === "failed" ? html`<${Failed} row=${row} again=${again} />` : html`<${Coming} row=${row} />`}</span>
    <button type="button" class="btn btn--icon btn--sm" aria-label=${fill(words, { name: row.name })} title=${fill(words, { name: row.name })} onClick=${remove}><${Icon} name="x" /></button>
  </li>`;
}

/** @param {{ upload: import("../../store/shapes.js").Upload, isPlain: boolean }} props */
function Verdict({ upload, isPlain }) {
  return html`<span class=${`verdict verdict--${upload.verdict}`} data-test="verdict"><${Icon} name=${upload.icon} />${upload.verdict_word}</span><span class="num">${upload.size_words}</span>
    ${upload.inline && html`<span>${isPlain ? _("not sent with plain text") : _("in the text")}</span>`}
    ${upload.reason && html`<span data-test="refused-reason" data-reason=${upload.reason_code}>${upload.reason}</span>`}`;
}

/** @param {{ row: Row }} props */
function Coming({ row }) {
  const percent = `${Math.floor(row.share * 100)} %`;
  return html`<progress max="1" value=${row.share} aria-label=${fill(_("Uploading {name}"), { name: row.name })}></progress><span class="num">${percent}</span>`;
}

/** @param {{ row: Row, again: () => void }} props */
function Failed({ row, again }) {
  return html`<span class="verdict verdict--refused" data-test="verdict"><${Icon} name="alert" />${_("Not attached")}</span><span data-test="refused-reason">${row.problem}</span>
    ${row.canTryAgain && html`<button type="button" class="btn btn--sm btn--line" onClick=${again}>${_("Try again")}</button>`}`;
}

/** @param {{ uploads: Store }} props */
export function AttachButton({ uploads }) {
  const id = useId();
  return html`<label class="btn btn--icon btn--sm file-button" title=${_("Attach files")}><${Icon} name="clip" /><span class="sr-only">${_("Attach files")}</span>
    <input type="file" multiple data-test="file-input" aria-describedby=${`${id} limits`} onChange=${(/** @type {Event} */ event) => chosen(event, (files) => uploads.add(files))} /></label>`;
}

/** @param {{ add: (files: File[]) => void }} props */
export function PictureButton({ add }) {
  return html`<label class="btn btn--icon btn--sm file-button" title=${_("Picture in the text")}><${Icon} name="image" /><span class="sr-only">${_("Picture in the text")}</span>
    <input type="file" multiple accept="image/*" data-test="picture-input" onChange=${(/** @type {Event} */ event) => chosen(event, add)} /></label>`;
}

/**
 * @param {Event} event
 * @param {(files: File[]) => void} add
 */
function chosen(event, add) {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const files = [...(input.files ?? [])];
  input.value = ""; // the same file can be chosen again
  if (files.length) add(files);
}

/** @param {string} name */
function ending(name) {
  return /\.(\w{1,4})\w*$/.exec(name)?.[1]?.toUpperCase() ?? "?";
}
