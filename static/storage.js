// Settings > Email > Storage: what a path becomes, while one types. Convenience only: saving says
// the same.

const PAUSE = 250; // milliseconds without a key

for (const output of document.querySelectorAll("output.path-preview")) {
  const input = document.getElementById(output.getAttribute("for") ?? "");
  let waiting = 0, asked = 0;

  async function show() {
    const mine = ++asked;
    const query = new URLSearchParams({ kind: output.dataset.kind, path: input.value });
    const answer = await fetch(`${output.dataset.preview}?${query}`).catch(() => null);
    if (!answer?.ok || mine !== asked) return;
    const { path, problem } = await answer.json();
    output.dataset.fresh = "";
    output.textContent = problem || path;
    output.classList.toggle("path-preview--bad", Boolean(problem));
  }

  input?.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, PAUSE);
  });
}
