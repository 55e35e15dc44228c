// Buttons that copy what stands before them. Without this file the words can be marked by hand.

for (const button of document.querySelectorAll("[data-copied]")) {
  if (!navigator.clipboard) break; // only on HTTPS and on this machine
  const word = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.previousElementSibling.textContent);
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = word; }, 2000);
  });
}
