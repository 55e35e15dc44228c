// An account's page: only the fields that the chosen kinds and the chosen provider need.
// What is switched on or refused stays in sight. Convenience only: without this file every field is
// there, and saving says the same.

(() => {
  const receives = document.getElementById("id_receive_kind");
  const sends = document.getElementById("id_send_kind");
  const provider = document.getElementById("id_provider");
  if (!receives || !sends || !provider) return;

  const SERVER = ["host", "port", "tls", "user", "ca_file"];
  const signIn = document.getElementById("id_sign_in");

  function show(input, shown) {
    const row = input?.closest(".form-row");
    const box = input?.closest(".form-multiline > div") ?? row;
    if (!box) return;
    box.hidden = !shown && !box.querySelector(".errorlist");
    const boxes = [...row.querySelectorAll(".form-multiline > div")];
    if (boxes.length) row.hidden = boxes.every(one => one.hidden);
  }

  function showServer(side, shown) {
    for (const one of SERVER) show(document.getElementById(`id_${side}_${one}`), shown);
    const byPassword = signIn?.value !== "oauth";
    show(document.getElementById(`id_new_${side}_password`), shown && byPassword);
  }

  function part(name, shown) {
    const fields = document.getElementById(`id_${name}`)?.closest("fieldset");
    if (fields) fields.hidden = !shown && !fields.querySelector(".errorlist");
  }

  function showWhatIsNeeded() {
    const fetches = !["provider", "none"].includes(receives.value);
    const byServer = sends.value === "smtp";
    const byProvider = receives.value === "provider" || sends.value === "anymail";
    showServer("receive", fetches);
    showServer("send", byServer);
    for (const input of document.querySelectorAll("[data-of]")) {
      show(input, input.dataset.of.split(" ").includes(provider.value));
    }
    part("provider", byProvider);
    part("folder_names", fetches);
    part("sign_in", fetches || byServer);
    part("trusted_servers", receives.value !== "none");
    part("sends_per_minute", sends.value !== "none");
    const [copies, proves] = ["copy_to_sent", "canary"].map(name => document.getElementById(`id_${name}`));
    for (const one of [copies, document.getElementById("id_sent_folder")]) {
      show(one, receives.value === "imap" || copies?.checked);
    }
    part("canary", proves?.checked || (receives.value !== "none" && sends.value !== "none"));
  }

  for (const one of [receives, sends, provider, signIn]) one?.addEventListener("change", showWhatIsNeeded);
  showWhatIsNeeded();
})();
