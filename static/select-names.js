// A field of the administration that searches while one types is called what its label says: the
// library that draws it names it after the choice alone, so that an empty one has no name.

function nameAll() {
  for (const box of document.querySelectorAll(".select2-selection[aria-labelledby]")) {
    const select = box.closest(".select2")?.previousElementSibling;
    const label = select?.id && document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
    if (!label || box.getAttribute("aria-labelledby")?.includes(`${select.id}-label`)) continue;
    label.id = `${select.id}-label`;
    const shown = box.querySelector(".select2-selection__rendered");
    box.setAttribute("aria-labelledby", `${label.id} ${shown?.id ?? ""}`.trim());
    shown?.setAttribute("aria-labelledby", label.id);
  }
}

// The library draws a field when it is ready, which may be late, and when a line is added.
new MutationObserver(nameAll).observe(document.body, { childList: true, subtree: true });
nameAll();
