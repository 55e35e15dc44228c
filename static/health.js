// The health page measures again while somebody looks: its parts change in place, so that whoever
// reads or tabs through it is not thrown back to the top.

const again = Number(document.querySelector(".health")?.getAttribute("data-again"));
if (again) setInterval(measure, again * 1_000);

async function measure() {
  if (document.hidden) return;
  const response = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (response?.redirected) location.reload(); // signed out
  if (!response?.ok || response.redirected) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const [now, next] = [document, fresh].map((root) => root.querySelector(".health"));
  if (now && next) change(now, next);
}

/**
 * The part with the focus stays as it is until the focus has left.
 * @param {Element} now
 * @param {Element} next
 */
function change(now, next) {
  const parts = [...next.children];
  if (parts.length !== now.children.length) {
    if (!now.contains(document.activeElement)) now.replaceWith(next);
    return;
  }
  [...now.children].forEach((part, at) => {
    const other = /** @type {Element} */ (parts[at]);
    if (part.outerHTML !== other.outerHTML && !part.contains(document.activeElement)) part.replaceWith(other);
  });
}
