// Previews on pages of settings follow what is typed. Without this file they show what is stored.

const WAIT = 300; // ms after the last key

for (const box of document.querySelectorAll("[data-preview]")) {
  const form = box.closest("form");
  const names = box.dataset.watch.split(" ");
  let timer = 0;
  let asked = 0;

  const show = async () => {
    const mine = ++asked;
    const all = new FormData(form);
    const body = new FormData();
    body.set("csrfmiddlewaretoken", all.get("csrfmiddlewaretoken"));
    for (const name of names) if (all.has(name)) body.set(name, all.get(name));
    const answer = await fetch(box.dataset.preview, { method: "POST", body }).catch(() => null);
    // An older answer never covers a newer one.
    if (answer?.ok && mine === asked) box.innerHTML = await answer.text();
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(show, WAIT);
  };

  form.addEventListener("input", (event) => names.includes(event.target.name) && soon());
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.name !== "session") return;
    event.preventDefault(); // it would save the settings
    show();
  });
  if ("now" in box.dataset) show();
}
