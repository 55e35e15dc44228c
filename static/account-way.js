// An account's page: hide what the way of receiving does not know. Convenience only: without this
// file every field is there, and saving says the same.

(() => {
  const way = document.getElementById("id_receive_kind");
  if (!way?.options) return; // who only looks has no choice

  const NOT_BY_POP3 = ["folder_names", "watch_junk", "junk_folder", "idle"];
  const CHOICES_NOT_BY_POP3 = { after: ["seen", "move"], start: ["unseen", "date"] };
  const ONLY_WITH = { after_folder: ["after", "move"], start_date: ["start", "date"] };
  const INSTEAD = { after: "keep", start: "now" };
  const PORTS = [["993", "995"], ["143", "110"]]; // by IMAP, by POP3

  const input = name => document.getElementById(`id_${name}`);

  function show(name, shown) {
    const row = input(name)?.closest(".form-row");
    const box = input(name)?.closest(".form-multiline > div") ?? row; // with its help text
    if (!box) return;
    box.hidden = !shown && !box.querySelector(".errorlist");
    const boxes = [...row.querySelectorAll(".form-multiline > div")];
    if (boxes.length) row.hidden = boxes.every(one => one.hidden);
  }

  function showWhatItKnows() {
    const pop3 = way.value === "pop3";
    for (const name of NOT_BY_POP3) show(name, !pop3);
    if (!["", "inbox"].includes(input("folder_names")?.value.trim().toLowerCase())) show("folder_names", true); // to be emptied
    for (const [name, [choice, wanted]] of Object.entries(ONLY_WITH)) show(name, !pop3 && input(choice)?.value === wanted);
    for (const [name, hidden] of Object.entries(CHOICES_NOT_BY_POP3)) {
      for (const option of input(name)?.options ?? []) option.hidden = pop3 && hidden.includes(option.value);
    }
  }

  // Whoever chooses POP3 gets what goes with it; what it refuses is not sent along unseen.
  function choose() {
    const pop3 = way.value === "pop3";
    const port = input("receive_port");
    const pair = PORTS.find(([imap, other]) => port?.value === (pop3 ? imap : other));
    if (pair) port.value = pair[pop3 ? 1 : 0];
    if (pop3) {
      for (const [name, hidden] of Object.entries(CHOICES_NOT_BY_POP3)) {
        if (hidden.includes(input(name)?.value)) input(name).value = INSTEAD[name];
      }
      if (input("watch_junk")) input("watch_junk").checked = false;
    }
    showWhatItKnows();
  }

  way.addEventListener("change", choose);
  for (const name of ["after", "start"]) input(name)?.addEventListener("change", showWhatItKnows);
  showWhatItKnows();
})();
