// The place of the words: rich or plain. The editor itself outlives what is drawn around it.

import { html, useLayoutEffect, useRef } from "../../lib/html.js";
import { _ } from "../../lib/words.js";
import { textOfHtml } from "../../store/mail-text.js";
import { paragraphs } from "./mail-html.js";
import { PictureTools } from "./picture-tools.js";
import { PlainWords } from "./plain-words.js";
import { RichWords } from "./rich-words.js";

/** @typedef {import("../../store/writing.js").Writing} Writing */
/** @typedef {RichWords | PlainWords} Words */

/** @type {WeakMap<Writing, Words>} */
const editors = new WeakMap();

/**
 * @param {Writing} writing
 * @returns {Words} the same one as long as it is written in the same way
 */
export function editorOf(writing) {
  const known = editors.get(writing);
  const isPlain = writing.fields.peek().plain;
  if (known && known instanceof PlainWords === isPlain) return known;
  known?.destroy();
  const changed = () => writing.changed();
  const label = _("Message");
  const words = writing.words();
  const fresh = isPlain ? new PlainWords({ changed, label }) : new RichWords({ changed, label, uploads: writing.uploads });
  fresh.element.dataset["test"] = "editor";
  editors.set(writing, fresh);
  lend(writing, fresh);
  writing.editor?.show(words);
  return fresh;
}

/**
 * @param {Writing} writing
 * @param {Words} editor
 */
function lend(writing, editor) {
  const isRich = editor instanceof RichWords;
  writing.editor = {
    words: () => (isRich ? { html: editor.html, text: "" } : { html: "", text: editor.text }),
    show: (words) => {
      if (writing.fields.peek().plain === isRich) return; // it is about to be another one
      if (isRich) editor.html = words.html || paragraphs(words.text);
      else editor.text = words.text || textOfHtml(words.html);
    },
    append: (html) => editor.append(isRich ? html : textOfHtml(html)),
    pictures: () => isRich && editor.pictures(),
    end: () => editor.destroy(),
  };
}

/**
 * Nothing is asked and nothing is lost but the look.
 * @param {Writing} writing
 */
export function switchPlain(writing) {
  const { html: rich, text } = writing.words();
  const plain = !writing.fields.peek().plain;
  writing.editor = null;
  writing.replaceWords(plain ? { html: "", text: textOfHtml(rich) } : { html: paragraphs(text), text: "" });
  writing.set({ plain });
  editorOf(writing).focus();
}

/** @param {{ writing: Writing, describedBy: string }} props */
export function EditorPlace({ writing, describedBy }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const { plain } = writing.fields.value;
  const editor = editorOf(writing);
  useLayoutEffect(() => {
    place.current?.prepend(editor.element);
    editor.comeBack();
    return () => {
      editor.leave();
      editor.element.remove();
    };
  }, [editor]);
  const isWrong = ["text", "html"].includes(writing.problem.value.field);
  useLayoutEffect(() => editor.describe({ "aria-describedby": describedBy, "aria-invalid": isWrong ? "true" : null }), [editor, isWrong, describedBy]);
  return html`<div class="editor-wrap" ref=${place} data-plain=${plain}>
    ${editor instanceof RichWords && html`<${PictureTools} editor=${editor} />`}
  </div>`;
}
