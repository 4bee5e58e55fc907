// Keys of the lists and the front page. None acts while somebody types, and a person can switch them off.
(() => {
  const remember = "hub-keys";
  const off = () => localStorage.getItem(remember) === "off";
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;
  const rows = () => [...document.querySelectorAll("[data-open]")];

  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const now = all.indexOf(document.activeElement);
    const next = now < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(now + step, 0), all.length - 1);
    all[next].focus();
    all[next].closest("tr")?.scrollIntoView({ block: "nearest" });
  };

  const act = (key) => {
    if (key === "/") document.querySelector("[data-search]")?.focus();
    else if (key === "j") move(1);
    else if (key === "k") move(-1);
    else {
      const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
      if (!target) return false;
      target.click();
    }
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || off()) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (act(event.key.toLowerCase())) event.preventDefault();
  });

  // Boxes belong to one form; another one that takes what was chosen gets it when it is sent.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-takes-chosen]")) return;
    event.target.querySelectorAll("[data-chosen]").forEach((input) => input.remove());
    for (const box of document.querySelectorAll("input[name=contact]:checked")) {
      if (box.form === event.target) continue;
      const input = Object.assign(document.createElement("input"), { type: "hidden", name: "contact", value: box.value });
      input.dataset.chosen = "";
      event.target.append(input);
    }
  });

  const say = (button) => {
    button.textContent = off() ? "Turn single keys on" : "Turn single keys off";
    document.querySelectorAll("[data-keys]").forEach((keys) => (keys.hidden = off()));
  };

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-keys-switch]");
    if (!button) return;
    button.hidden = false;
    say(button);
    button.addEventListener("click", () => {
      localStorage.setItem(remember, off() ? "on" : "off");
      say(button);
    });
  });
})();
