// A picture in a mail that is being written: how it looks until its file is here, and its file.

import { _ } from "../../lib/words.js";

/** @typedef {import("../../store/upload-row.js").Row} Row */

/**
 * @param {HTMLImageElement} image
 * @param {Row | undefined} row
 */
export function drawPicture(image, row) {
  const name = image.dataset["name"] ?? image.alt;
  image.dataset["name"] = name;
  const upload = row?.upload;
  const url = upload?.verdict === "clean" ? upload.url : null;
  const word = upload ? upload.verdict_word : row ? (row.state === "failed" ? _("Not attached") : _("Uploading")) : "";
  image.dataset["look"] = url ? "" : row?.state === "failed" || upload?.stopped ? "refused" : "waiting";
  const alt = url || !word ? name : `${name}: ${word}`;
  if (image.alt !== alt) image.alt = alt;
  if (url && image.getAttribute("src") !== url) image.setAttribute("src", url);
  if (!url && image.hasAttribute("src")) image.removeAttribute("src");
}

/**
 * Pictures that came along as data; what is none is left out.
 * @param {string[]} addresses
 */
export function filesOfData(addresses) {
  return addresses.map(fileOfData).filter((file) => file !== null);
}

/**
 * @param {string} address data:image/png;base64,…
 * @returns {File | null}
 */
function fileOfData(address) {
  const found = /^data:(image\/[\w.+-]+);base64,([\s\S]*)$/.exec(address);
  if (!found) return null;
  try {
    const bytes = Uint8Array.from(atob(found[2] ?? ""), (letter) => letter.charCodeAt(0));
    const ending = (found[1] ?? "").split("/")[1]?.replace("jpeg", "jpg").replace(/\W.*$/, "");
    return new File([bytes], `picture.${ending}`, { type: found[1] ?? "" });
  } catch {
    return null; // not what it says
  }
}
