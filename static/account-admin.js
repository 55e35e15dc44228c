// An account's page: copy, fill in what a guide knows, hide what the way to sign in does not need.
// Convenience only: without this file every field is there, and saving says the same.

(() => {
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

  // ---- the form --------------------------------------------------------------------------------

  const signIn = document.getElementById("id_sign_in");
  const byPassword = ["new_receive_password", "new_send_password"];

  // With its help, which stands beside the box.
  function fieldOf(name) {
    const input = document.getElementById(`id_${name}`);
    return input?.closest(".fieldBox")?.parentElement ?? input?.closest(".form-row");
  }

  function showWhatCounts() {
    const oauth = signIn.value === "oauth";
    for (const name of byPassword) fieldOf(name)?.toggleAttribute("hidden", oauth);
    fieldOf("oauth_profile")?.toggleAttribute("hidden", !oauth);
  }

  if (signIn?.options) { // who only looks has no choice
    signIn.addEventListener("change", showWhatCounts);
    showWhatCounts();
  }

  // A profile: a tenant is Microsoft's, and addresses are asked for only of providers we do not know.
  const provider = document.getElementById("id_provider");

  function showWhatIsAsked() {
    fieldOf("tenant")?.toggleAttribute("hidden", provider.value !== "microsoft");
    const addresses = document.getElementById("id_token_url").closest("details");
    if (addresses) addresses.open = provider.value === "other";
  }

  if (provider && document.getElementById("id_token_url")) {
    provider.addEventListener("change", showWhatIsAsked);
    showWhatIsAsked();
  }

  // What a guide knows goes into the fields; nothing is saved.
  for (const button of document.querySelectorAll("[data-fill]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      for (const [name, value] of Object.entries(button.dataset)) fill(name, value);
      button.nextElementSibling.textContent = button.dataset.said;
      document.getElementById("id_receive_user")?.focus();
    });
  }

  function fill(name, value) {
    const input = document.getElementById(`id_${name}`);
    if (!input || (input.options && ![...input.options].some(one => one.value === value))) return;
    input.value = value;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // What is not saved would be lost on the way to the provider.
  const connect = document.querySelector("[data-connect]");
  connect?.form.addEventListener("change", () => {
    connect.disabled = true;
    connect.title = connect.dataset.unsaved;
    let note = connect.parentElement.querySelector("[role=status]");
    if (!note) {
      note = document.createElement("span");
      note.className = "quiet";
      note.setAttribute("role", "status");
      connect.after(note);
    }
    note.textContent = connect.dataset.unsaved;
  });
})();
