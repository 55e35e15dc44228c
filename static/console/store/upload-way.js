// The way of one file to the server.

import { Problem, problemOf, uploadHeaders } from "../lib/api.js";
import { _ } from "../lib/words.js";

/** @typedef {import("./shapes.js").Upload} Upload */
/** @typedef {{ file: Upload, files: Upload[], limits: string }} Told */

/**
 * @typedef {object} Load
 * @property {string} draft its id
 * @property {File} file
 * @property {boolean} inline
 * @property {number} mostBytes
 * @property {(share: number) => void} progressed
 */

/**
 * Rejects with a Problem; also when the request was aborted.
 * @param {XMLHttpRequest} xhr
 * @param {Load} load
 * @returns {Promise<Told>}
 */
export function carry(xhr, { draft, file, inline, mostBytes, progressed }) {
  const told = { name: file.name || "file", type: file.type, size: String(file.size), inline: inline ? "1" : "" };
  xhr.open("POST", `/desk/drafts/${draft}/files/?${new URLSearchParams(told)}`);
  xhr.setRequestHeader("Content-Type", "application/octet-stream");
  for (const [name, value] of Object.entries(uploadHeaders())) xhr.setRequestHeader(name, value);
  xhr.upload.onprogress = ({ loaded, total }) => progressed(loaded / Math.max(1, total));
  return new Promise((resolve, reject) => {
    const broke = () => reject(new Problem(0, { code: "offline", detail: _("The connection broke. Try again.") }));
    xhr.onerror = xhr.onabort = broke;
    xhr.onload = () => {
      const answer = jsonOf(xhr);
      if (xhr.status === 201 && answer?.file) resolve(answer);
      else reject(refusal(xhr.status, answer));
    };
    // What no limit allows is only announced: the server says which limit it is.
    xhr.send(file.size > mostBytes ? null : file);
  });
}

/** @param {Problem} problem */
export function canTryAgain({ status, code, isPassing }) {
  return isPassing || status === 401 || (status === 403 && !code); // signing in again changes the token
}

/**
 * @param {number} status
 * @param {any} answer null for a page of a proxy
 */
function refusal(status, answer) {
  const problem = problemOf(status, answer);
  if (status === 401) problem.message = _("You are signed out. Sign in again in another tab, then try again.");
  else if (status === 413 && !answer?.detail) problem.message = _("It is too large for this server.");
  else if (!answer?.detail) problem.message = _("The server did not take it. Try again.");
  return problem;
}

/** @param {XMLHttpRequest} xhr */
function jsonOf(xhr) {
  try {
    return JSON.parse(xhr.responseText);
  } catch {
    return null; // a page of a proxy
  }
}
