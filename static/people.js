// Print and copy on the account pages; without this file both buttons stay away.

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break; // only on HTTPS and on this machine
  button.hidden = false;
  button.addEventListener("click", async () => {
    const items = document.querySelectorAll(`#${button.dataset.copy} > li`);
    await navigator.clipboard.writeText([...items].map((item) => item.textContent.trim()).join("\n"));
    button.textContent = button.dataset.done;
  });
}
