// Files in the composer: each is uploaded at once and scanned while one writes; its row shows how
// far it is, and then its verdict. The server's rows are the truth, and what it renders is shown.
// Without this file the plain form sends the files together with the text.

const AT_ONCE = 1; // in their order; a second line would only share the same way
const FIRST_LOOK_MS = 800;
const LONGEST_LOOK_MS = 20_000;
const SHOWN_MS = 1500; // how long a row is marked

/** @typedef {{ file: File, row: HTMLElement, form: HTMLFormElement, xhr?: XMLHttpRequest }} Upload */

/** @type {Upload[]} */
const queue = [];
/** @type {Set<Upload>} */
const coming = new Set();
/** @type {WeakMap<HTMLElement, Upload>} */
const uploads = new WeakMap();
/** Cancelled when they may have been over already: the server is told to drop them, too.
 * @type {Set<string>} */
const unwanted = new Set();
let changes = 0; // a look that began before the last change came too late
let sendWhenHere = false;

function composer() {
  return /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-files]"));
}

function part(form, selector) {
  return /** @type {HTMLElement} */ (form.querySelector(selector));
}

function listOf(form) {
  return part(form, "[data-uploads]");
}

function keyOf(form) {
  return form.elements.staging.value;
}

// ---- adding -----------------------------------------------------------------------------------

/** @param {Iterable<File>} files */
function add(files) {
  const form = composer();
  if (!form) return;
  form.closest("details").open = true;
  for (const file of files) enqueue({ file, row: newRow(form, file), form });
}

function enqueue(upload) {
  uploads.set(upload.row, upload);
  unwanted.delete(nameAndSize(upload.file));
  listOf(upload.form).append(upload.row);
  upload.row.scrollIntoView({ block: "nearest" });
  queue.push(upload);
  next();
}

function nameAndSize(file) {
  return `${file.size} ${file.name}`;
}

function newRow(form, file) {
  const template = /** @type {HTMLTemplateElement} */ (part(form, "[data-upload-row]"));
  const row = /** @type {HTMLElement} */ (template.content.firstElementChild.cloneNode(true));
  const ending = /\.(\w{1,4})\w*$/.exec(file.name);
  row.dataset.name = file.name;
  part(row, ".kind").textContent = ending ? ending[1].toUpperCase() : "?";
  part(row, "bdi").textContent = file.name;
  part(row, ".name").title = file.name;
  const cancel = part(row, "[data-cancel]");
  cancel.setAttribute("aria-label", cancel.dataset.label.replace("{name}", () => file.name));
  return row;
}

function next() {
  while (coming.size < AT_ONCE && queue.length) start(queue.shift());
  if (coming.size || queue.length || !sendWhenHere) return;
  sendWhenHere = false;
  composer()?.requestSubmit(); // asks for trouble once more
}

function start(upload) {
  const { file, form } = upload;
  const xhr = new XMLHttpRequest();
  upload.xhr = xhr;
  coming.add(upload);
  xhr.upload.onprogress = (event) => showProgress(upload, event.loaded / Math.max(1, event.total));
  xhr.onload = () => answered(upload);
  xhr.onerror = () => failed(upload, form.dataset.broken, true);
  xhr.onloadend = () => {
    coming.delete(upload);
    next();
  };
  xhr.open("POST", addressFor(form, file));
  xhr.setRequestHeader("Content-Type", "application/octet-stream");
  xhr.setRequestHeader("X-CSRFToken", form.elements.csrfmiddlewaretoken.value);
  // What no limit allows is only announced: the server says which limit it is.
  xhr.send(file.size > Number(form.dataset.most) ? null : file);
}

function addressFor(form, file) {
  const told = { form: keyOf(form), name: file.name, type: file.type, size: String(file.size) };
  return `${form.dataset.files}?${new URLSearchParams(told)}`;
}

function showProgress({ row }, share) {
  const bar = /** @type {HTMLProgressElement | null} */ (row.querySelector("progress"));
  if (!bar) return;
  bar.value = share;
  part(row, "[data-percent]").textContent = `${Math.floor(share * 100)} %`;
}

function answered(upload) {
  const { xhr, form, row } = upload;
  const told = jsonOf(xhr);
  if (xhr.status === 201 && told) return arrived(upload, told);
  const signedOut = new URL(xhr.responseURL).pathname.startsWith("/accounts/");
  const stale = signedOut || (xhr.status === 403 && !told);
  if (stale) row.dataset.stale = ""; // signing in again has changed the token of all forms
  const words = xhr.status === 413 ? form.dataset.tooBig : form.dataset.notTaken;
  const said = signedOut ? form.dataset.gone : (told?.detail ?? words);
  failed(upload, said, stale || xhr.status >= 500);
}

function jsonOf(xhr) {
  try {
    return JSON.parse(xhr.responseText);
  } catch {
    return null; // a page of a proxy, or of signing in
  }
}

function arrived({ form, row }, told) {
  changes += 1;
  const twin = listOf(form).querySelector(`[data-upload="${told.id}"]`);
  const file = told.files.find((one) => one.id === told.id);
  if (twin) {
    row.remove();
    mark(twin);
    say(form, form.dataset.twice.replace("{name}", () => file?.name ?? ""));
  } else if (file) {
    row.replaceWith(fromHtml(file.html));
    say(form, `${file.name}: ${verdictOf(file.id)}`);
  }
  tellLimits(form, told);
  lookSoon();
}

function failed(upload, words, canTryAgain) {
  const { row, form } = upload;
  if (!row.isConnected) return;
  const template = /** @type {HTMLTemplateElement} */ (part(form, "[data-failed-row]"));
  row.className = "file file--held";
  row.dataset.failed = "";
  part(row, ".sub").replaceChildren(template.content.cloneNode(true));
  part(row, ".verdict").dataset.test = "verdict";
  part(row, "[data-words]").dataset.test = "refused-reason";
  part(row, "[data-words]").textContent = words;
  part(row, "[data-again]").hidden = !canTryAgain;
  sendWhenHere = false;
  busy(form);
  say(form, `${row.dataset.name}: ${words}`);
}

function mark(row) {
  row.classList.add("file--marked");
  row.scrollIntoView({ block: "nearest" });
  setTimeout(() => row.classList.remove("file--marked"), SHOWN_MS);
}

// ---- removing ---------------------------------------------------------------------------------

function cancel(row) {
  const upload = uploads.get(row);
  if (upload) {
    const place = queue.indexOf(upload);
    if (place >= 0) queue.splice(place, 1);
    if (coming.has(upload)) {
      unwanted.add(nameAndSize(upload.file));
      upload.xhr.abort();
      lookSoon();
    }
  }
  takeOut(row);
  next();
}

async function again(row) {
  const { file, form } = uploads.get(row);
  if ("stale" in row.dataset) await renewToken(form);
  if (!row.isConnected) return; // meanwhile cancelled, or a second click
  const fresh = newRow(form, file);
  row.replaceWith(fresh);
  enqueue({ file, row: fresh, form });
}

async function remove(row) {
  const form = composer();
  row.setAttribute("aria-busy", "true");
  const told = await drop(form, row.dataset.upload);
  row.removeAttribute("aria-busy");
  if (!told) {
    complain(form, form.dataset.broken);
    return;
  }
  takeOut(row);
}

async function drop(form, id) {
  const told = await asked(`${form.dataset.files}${id}/remove/`, form, "POST");
  changes += 1;
  if (told?.files) tellLimits(form, told);
  return told;
}

/** The keyboard goes on at the next file, or where files are chosen. */
function takeOut(row) {
  const form = row.closest("form");
  const held = row.contains(document.activeElement);
  const neighbour = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  if (!form) return;
  complain(form, "");
  const place = neighbour?.querySelector("button") ?? form.querySelector("[data-test=file-input]");
  if (held) place?.focus();
}

// ---- what the server has ------------------------------------------------------------------------

let timer = 0;
let pause = FIRST_LOOK_MS;

/** The socket tells of verdicts; looking now and then is for when it cannot. */
function lookSoon() {
  pause = FIRST_LOOK_MS;
  clearTimeout(timer);
  timer = setTimeout(look, pause);
}

async function look() {
  clearTimeout(timer);
  const form = composer();
  if (!form) return;
  const seen = changes;
  const told = await asked(form.dataset.files, form, "GET");
  if (told?.files && seen === changes) show(form, told);
  if (!listOf(form).querySelector("[data-verdict=waiting]")) return;
  pause = Math.min(LONGEST_LOOK_MS, pause * 1.6);
  timer = setTimeout(look, pause + Math.random() * 200);
}

function show(form, told) {
  const known = new Set();
  for (const file of told.files) {
    known.add(file.id);
    const old = listOf(form).querySelector(`[data-upload="${file.id}"]`);
    const fresh = fromHtml(file.html);
    if (!old && unwanted.delete(nameAndSize(file))) drop(form, file.id);
    else if (!old) listOf(form).append(fresh);
    else if (old.outerHTML !== fresh.outerHTML) change(form, old, fresh);
  }
  for (const row of listOf(form).querySelectorAll("[data-upload]")) {
    if (!known.has(row.dataset.upload)) row.remove();
  }
  tellLimits(form, told);
}

function change(form, old, fresh) {
  const held = old.contains(document.activeElement);
  const moved = old.dataset.verdict !== fresh.dataset.verdict;
  old.replaceWith(fresh);
  if (held) fresh.querySelector("button")?.focus();
  if (moved) say(form, `${fresh.dataset.name}: ${verdictOf(fresh.dataset.upload)}`);
}

/** null: no answer that makes sense; else what the server says, be it a refusal. */
async function asked(address, form, method) {
  const ask = () => {
    const query = new URLSearchParams({ form: keyOf(form) });
    const headers = { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
    return fetch(`${address}?${query}`, { method, headers }).catch(() => null);
  };
  let response = await ask();
  if (response?.status === 403 && (await renewToken(form))) response = await ask();
  if (!response || response.status >= 500) return null;
  return response.json().catch(() => null);
}

/** From this page as it would come now; not if somebody else has signed in meanwhile. */
async function renewToken(form) {
  const response = await fetch(location.pathname + location.search).catch(() => null);
  if (!response?.ok) return false;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = /** @type {HTMLFormElement | null} */ (page.querySelector("form[data-files]"));
  if (fresh?.dataset.user !== form.dataset.user) return false;
  form.elements.csrfmiddlewaretoken.value = fresh.elements.csrfmiddlewaretoken.value;
  return true;
}

function fromHtml(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return /** @type {HTMLElement} */ (template.content.firstElementChild);
}

function verdictOf(id) {
  return document.querySelector(`[data-upload="${id}"] [data-test=verdict]`)?.textContent ?? "";
}

function tellLimits(form, told) {
  part(form, "#limits").textContent = told.limits;
}

function say(form, words) {
  part(form, "[data-files-said]").textContent = words;
}

function complain(form, words) {
  const place = part(form, "[data-files-error]");
  place.hidden = !words;
  part(place, "span").textContent = words;
}

function busy(form) {
  const send = part(form, "[data-test=send]");
  if (sendWhenHere) send.setAttribute("aria-busy", "true");
  else send.removeAttribute("aria-busy");
}

// ---- Send -----------------------------------------------------------------------------------------

/** Before the console's own listener, which switches the button off. */
function beforeSend(event) {
  const form = event.target;
  if (form !== composer()) return;
  const trouble = form.querySelector("[data-stopped], [data-failed]");
  sendWhenHere = !trouble && Boolean(coming.size || queue.length);
  busy(form);
  if (!trouble && !sendWhenHere) return;
  event.preventDefault();
  event.stopPropagation();
  if (sendWhenHere) {
    say(form, form.dataset.later);
    complain(form, "");
    return;
  }
  complain(form, form.dataset.stop.replace("{name}", () => trouble.dataset.name));
  mark(trouble);
  trouble.querySelector("[data-remove], [data-cancel]").focus();
}

// ---- where files come from --------------------------------------------------------------------

function dragged(event) {
  return composer() && event.dataTransfer?.types.includes("Files");
}

function overPane(event) {
  return event.target instanceof Element && Boolean(event.target.closest(".read"));
}

function highlight(on) {
  document.querySelector("details.composer")?.classList.toggle("composer--drop", on);
}

function dropped(event) {
  highlight(false);
  if (!dragged(event)) return;
  event.preventDefault(); // or the browser would leave the page and show the file
  if (!overPane(event)) return;
  for (const item of event.dataTransfer.items) {
    const file = item.getAsFile();
    if (!file) continue;
    if (item.webkitGetAsEntry?.()?.isDirectory) refuseFolder(file);
    else add([file]);
  }
}

function refuseFolder(file) {
  const form = composer();
  form.closest("details").open = true;
  const row = newRow(form, file);
  listOf(form).append(row);
  failed({ file, row, form }, form.dataset.folder, false);
}

/** A picture from the clipboard; text stays text, even if a picture of it comes along. */
function pasted(event) {
  const files = [...(event.clipboardData?.files ?? [])];
  const form = composer();
  if (!files.length || !form?.contains(event.target)) return;
  if (event.clipboardData.types.includes("text/plain")) return;
  event.preventDefault();
  add(files);
}

addEventListener("submit", beforeSend, true);
addEventListener("dragover", (event) => {
  if (!dragged(event)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = overPane(event) ? "copy" : "none";
  highlight(overPane(event));
});
addEventListener("dragleave", (event) => event.relatedTarget || highlight(false));
addEventListener("drop", dropped);
addEventListener("paste", pasted);
addEventListener("change", (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  if (!input.matches("form[data-files] [data-test=file-input]")) return;
  const files = [...input.files];
  input.value = ""; // they go by themselves; the form must not send them again
  add(files);
});
addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  const row = /** @type {HTMLElement | null} */ (button?.closest("[data-uploads] > li"));
  if (!row) return;
  if (button.matches("[data-cancel]")) cancel(row);
  if (button.matches("[data-again]")) again(row);
  if (button.matches("[data-remove]")) remove(row);
});
addEventListener("beforeunload", (event) => {
  if (coming.size || queue.length) event.preventDefault();
});
document.addEventListener("staged.changed", (event) => {
  const form = composer();
  if (form && /** @type {CustomEvent} */ (event).detail === keyOf(form)) look();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && document.querySelector("[data-upload][data-verdict=waiting]")) lookSoon();
});

// Whatever the page came with, and what Back or a reload has put into its fields again.
const begun = composer();
if (begun) {
  const key = begun.elements.staging;
  if (key.value !== key.defaultValue || begun.querySelector("[data-upload]")) look();
}
document.documentElement.classList.add("uploads-here");
