// Files that are dragged onto the pane: pictures over the text go into it, others beside it.

import { html, signal } from "../../lib/html.js";
import { _ } from "../../lib/words.js";
import { composer } from "../../store/writings.js";
import { editorOf } from "./editor.js";
import { RichWords } from "./rich-words.js";

/** Whether files hang over the pane. */
export const hangsOver = signal(false);

export function DropHint() {
  return hangsOver.value && html`<p class="drop-hint" aria-hidden="true">${_("Drop files to attach them; pictures dropped on the text go into it.")}</p>`;
}

/** @param {DragEvent} event */
function carriesFiles(event) {
  return Boolean(composer.peek() && event.dataTransfer?.types.includes("Files"));
}

/** @param {DragEvent} event */
function isOverPane(event) {
  return event.target instanceof Element && Boolean(event.target.closest(".read"));
}

/** @param {DragEvent} event */
function over(event) {
  if (!carriesFiles(event) || !event.dataTransfer) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = isOverPane(event) ? "copy" : "none";
  hangsOver.value = isOverPane(event);
}

/** @param {DragEvent} event */
function dropped(event) {
  hangsOver.value = false;
  const writing = composer.peek();
  if (!writing || !carriesFiles(event)) return;
  event.preventDefault(); // or the browser would leave the page and show the file
  if (!isOverPane(event)) return;
  const editor = editorOf(writing);
  const isOnText = event.target instanceof Node && editor.element.contains(event.target);
  for (const item of event.dataTransfer?.items ?? []) {
    const file = item.getAsFile();
    if (!file) continue;
    if (item.webkitGetAsEntry?.()?.isDirectory) writing.uploads.refuseFolder(file.name);
    else if (isOnText && editor instanceof RichWords && file.type.startsWith("image/")) editor.addPictures([file]);
    else writing.uploads.add([file]);
  }
}

/** Files from the clipboard; text stays text, even if a picture of it comes along, and pictures are the
 * rich editor's. Before the editor, which would take a text file for text. @param {ClipboardEvent} event */
function pasted(event) {
  const files = [...(event.clipboardData?.files ?? [])];
  const writing = composer.peek();
  if (!writing || !files.length || event.clipboardData?.types.includes("text/plain")) return;
  if (!(event.target instanceof Element && event.target.closest(".composer"))) return;
  const isOnText = editorOf(writing).element.contains(event.target);
  if (isOnText && editorOf(writing) instanceof RichWords && files.every(({ type }) => type.startsWith("image/"))) return;
  event.preventDefault();
  event.stopPropagation();
  writing.uploads.add(files);
}

addEventListener("dragover", over);
addEventListener("dragleave", (event) => event.relatedTarget || (hangsOver.value = false));
addEventListener("drop", dropped);
addEventListener("paste", pasted, { capture: true });
