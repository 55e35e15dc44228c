// The set-up wizard: convenience only. Every step works without this file.

// The first trouble of a form is where the keyboard goes on.
document.querySelector("[data-focus]")?.focus();

// A form that was sent is not sent twice; the button says what is going on.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", event => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    const button = event.submitter;
    button?.setAttribute("aria-busy", "true");
    if (button && form.dataset.busy) button.textContent = form.dataset.busy;
  });
}
addEventListener("pageshow", event => event.persisted && location.reload()); // Back: as it is now

// A provider brings its servers along, over what another provider had filled in.
const servers = ["receive_host", "receive_port", "receive_tls", "send_host", "send_port", "send_tls"];
for (const radio of document.querySelectorAll("[name=provider]")) {
  radio.addEventListener("change", () => {
    for (const name of servers) document.getElementById(`id_${name}`).value = radio.dataset[name];
  });
}

// The guess of a server follows the address; the user name does, too.
const address = document.getElementById("id_address");
const hosts = [["id_receive_host", "imap"], ["id_send_host", "smtp"]];
if (document.getElementById("id_receive_host")) {
  address.addEventListener("input", () => {
    const domain = address.value.split("@")[1] || "example.com";
    for (const [id, word] of hosts) document.getElementById(id).placeholder = `${word}.${domain}`;
    document.getElementById("id_receive_user").placeholder = address.value;
  });
}

// The usual port of an encryption, where the field still holds a usual one.
const ports = { receive: { implicit: 993, starttls: 143, none: 143 }, send: { implicit: 465, starttls: 587, none: 25 } };
for (const [side, usual] of Object.entries(ports)) {
  const port = document.getElementById(`id_${side}_port`);
  const tls = document.getElementById(`id_${side}_tls`);
  tls?.addEventListener("change", () => {
    if (!port.value || Object.values(usual).includes(Number(port.value))) port.value = usual[tls.value];
  });
}

// Somebody else's queue keeps its own settings.
const existing = document.getElementById("id_existing");
const own = document.querySelector("[data-own]");
if (existing && own) {
  const show = () => { own.hidden = existing.value !== "" && existing.value !== own.dataset.own; };
  existing.addEventListener("change", show);
  show();
}

// How much old mail there is: the server is asked while the page is there already.
const counted = document.querySelector("[data-count]");
if (counted) {
  const say = text => { counted.querySelector("span").textContent = text; };
  fetch(counted.dataset.count).then(answer => answer.ok ? answer.json() : Promise.reject()).then(told => {
    say(told.sentence);
    if (told.trouble) return counted.classList.replace("notice--info", "notice--warn");
    for (const name of ["unread", "total"]) document.querySelector(`[data-number=${name}]`).textContent = ` (${told[name]})`;
  }).catch(() => say(counted.dataset.failed));
}

// The round trip: each question makes it go on by one look; the end is a page of its own.
const trip = document.getElementById("trip");
if (trip?.querySelector("[data-running]")) {
  const status = document.getElementById("trip-status");
  const began = Date.now();
  let looks = 0;
  const ask = async () => {
    try {
      const answer = await fetch(trip.dataset.look);
      if (answer.redirected || answer.status === 403) return location.reload();
      if (answer.ok) trip.innerHTML = await answer.text();
    } catch { /* the network is away for a moment; the next question comes */ }
    if (!trip.querySelector("[data-running]")) return location.reload();
    const now = trip.querySelector(".leg.now b")?.textContent ?? "";
    if (status.textContent !== now) status.textContent = now;
    setTimeout(ask, ++looks < 4 ? 250 : Date.now() - began < 20_000 ? 1000 : 3000);
  };
  ask();
}
