// The files of a mail, each with its verdict. What is not clean has no link at all.

import { html, useState } from "../../lib/html.js";
import { post, Problem } from "../../lib/api.js";
import { _, fill, ngettext } from "../../lib/words.js";
import { say } from "../../lib/toasts.js";
import { applyHead } from "../../store/reading.js";
import { Icon } from "../icon.js";

/** @typedef {import("../../store/reading-shapes.js").File} File */

/** @param {{ files: File[], session: string }} props */
export function Files({ files, session }) {
  if (!files.length) return null;
  return html`<div class="msg-part"><ul class="files" aria-label=${ngettext("{n} file", "{n} files", files.length)}>
    ${files.map((file) => html`<${OneFile} key=${file.id} file=${file} session=${session} />`)}
  </ul></div>`;
}

/** @type {Record<string, string>} */
const LOOKS = { clean: "", infected: "file--infected" };

/** @param {{ file: File, session: string }} props */
function OneFile({ file, session }) {
  return html`<li class=${`file ${LOOKS[file.verdict] ?? "file--held"}`} data-test="attachment" data-verdict=${file.verdict} data-attachment=${file.id}>
    <${Tile} file=${file} />
    ${file.view
      ? html`<a class="name truncate" href=${file.view} target="_blank" rel="noopener" title=${file.name} data-test="view"><bdi>${file.name}</bdi></a>`
      : html`<span class="name truncate" title=${file.name}><bdi>${file.name}</bdi></span>`}
    <span class="sub">
      <span class=${`verdict verdict--${file.verdict}`} data-test="verdict"><${Icon} name=${file.icon} />${file.verdict_word}</span>
      <span class="num">${file.size_words}</span>
      ${file.reason && html`<span data-test="refused-reason" data-reason=${file.reason_code}>${file.reason}</span>`}
    </span>
    ${file.url && html`<a class="btn btn--icon btn--sm" href=${file.url} download aria-label=${fill(_("Download {name}"), { name: file.name })}><${Icon} name="download" /></a>`}
    ${file.may_release && html`<${Release} file=${file} session=${session} />`}
  </li>`;
}

/** @param {{ file: File }} props */
function Tile({ file }) {
  if (!file.thumbnail || !file.view) return html`<span class="kind" aria-hidden="true">${file.ext}</span>`;
  return html`<a class="kind kind--picture" href=${file.view} target="_blank" rel="noopener" tabindex="-1" aria-hidden="true">${file.ext}<img src=${file.thumbnail} alt="" loading="lazy" /></a>`;
}

/** A locked file, on the word of somebody who may answer for it.
 * @param {{ file: File, session: string }} props */
function Release({ file, session }) {
  const [problem, setProblem] = useState("");
  const release = async () => {
    try {
      const { said, session: head } = await post(`sessions/${session}/release/`, { attachment: file.id });
      say(said);
      applyHead(head);
    } catch (refusal) {
      if (!(refusal instanceof Problem)) throw refusal;
      setProblem(refusal.message);
    }
  };
  return html`<details class="release">
    <summary class="btn btn--sm" data-test="release"><${Icon} name="lock" />${_("Release…")}</summary>
    <p>${_("The virus scanner read the outside of this file and found nothing. It could not look inside: a password locks it. If you release it, every agent of this session can download and open it.")}</p>
    <p>${_("Do this only if you know the sender and expect the file. Your name is recorded.")}</p>
    ${problem && html`<p class="error" role="alert"><${Icon} name="alert" class="i--sm" />${problem}</p>`}
    <button type="button" class="btn btn--danger btn--sm" data-test="release-confirm" onClick=${release}>${_("Release this file")}</button>
  </details>`;
}
