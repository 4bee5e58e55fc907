// The import wizard: two columns on one field turn red, a file too large says so at once, Enter goes on.
(() => {
  const matching = () => document.getElementById("imp-matching");

  const show = (problem) => {
    const place = document.getElementById("imp-problem");
    if (!place) return;
    place.textContent = problem;
    place.hidden = !problem;
  };

  const tooLarge = (input) => {
    const file = input.files[0];
    const large = file && file.size > Number(input.dataset.cap);
    show(large ? `The file is larger than ${input.dataset.capWords}. Split it, and import the parts.` : "");
    return Boolean(large);
  };

  const look = (select) => {
    const guess = select.closest("tr").classList.contains("imp-ask-row");
    const asked = guess && select.value === select.dataset.suggested;
    select.classList.toggle("imp-unsure", asked);
    select.classList.toggle("imp-keep", !select.value);
  };

  const compare = () => {
    const form = matching();
    if (!form) return;
    const selects = [...form.querySelectorAll("select[name^=f]")];
    const counts = new Map();
    for (const s of selects) if (s.value) counts.set(s.value, (counts.get(s.value) ?? 0) + 1);
    let twice = "";
    for (const s of selects) {
      const again = (counts.get(s.value) ?? 0) > 1;
      s.classList.toggle("imp-twice", again);
      s.setAttribute("aria-invalid", String(again));
      if (again) twice = s.selectedOptions[0].textContent;
      look(s);
    }
    const button = document.getElementById("imp-go");
    const words = twice ? `Two columns go to ${twice}: choose one` : counts.size ? form.dataset.label : "Match a column first";
    button.disabled = Boolean(twice) || !counts.size;
    button.classList.toggle("off", button.disabled);
    button.classList.toggle("main", !button.disabled);
    button.firstChild.textContent = `${words} `;
  };

  const changed = (select) => {
    if (!select.matches("#imp-matching select")) return;
    const why = select.closest("tr").querySelector(".imp-why");
    if (select.value !== select.dataset.suggested) {
      why.querySelector(".dot").className = "dot ring";
      why.querySelector("b").textContent = "yours";
      why.querySelector("small").textContent = "chosen by you";
      select.closest("tr").classList.remove("imp-ask-row");
    }
    compare();
  };

  document.addEventListener("change", (event) => {
    if (event.target.matches("select")) changed(event.target);
    if (event.target.matches("input[type=file]")) tooLarge(event.target);
  });
  document.addEventListener("submit", (event) => {
    const input = event.target.querySelector("input[type=file][data-cap]");
    if (input && tooLarge(input)) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== document.body || event.repeat) return;
    document.querySelector("[data-enter]:not([disabled])")?.click();
  });

  const drop = () => {
    const zone = document.getElementById("imp-drop");
    if (!zone) return;
    const over = (on) => (event) => { event.preventDefault(); zone.classList.toggle("over", on); };
    zone.addEventListener("dragover", over(true));
    zone.addEventListener("dragleave", over(false));
    zone.addEventListener("drop", (event) => {
      over(false)(event);
      const input = document.getElementById("file");
      if (!event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      tooLarge(input);
    });
  };
  document.addEventListener("DOMContentLoaded", () => { compare(); drop(); });
})();
