// Choosing contacts to merge in the list, and one key for each act. Without it everything works by its buttons.
(() => {
  const typing = (target) => target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
  const off = () => localStorage.getItem("hub-keys") === "off";

  // The button of the list says how many are chosen, and wakes from two to five.
  const count = () => {
    const button = document.getElementById("merge-go");
    if (!button) return;
    const chosen = document.querySelectorAll("input[name=contact]:checked").length;
    const right = chosen >= 2 && chosen <= 5;
    button.disabled = !right;
    button.classList.toggle("off", !right);
    button.querySelector("[data-say]").textContent = right ? `Merge ${chosen}…` : chosen > 5 ? "Merge: five at most" : "Merge: choose two to five";
  };

  const act = (key, target) => {
    if (key === "x") {
      const box = target.closest("tr")?.querySelector("input[name=contact]");
      if (!box) return false;
      box.click();
      return true;
    }
    const button = key === "m" && document.querySelector("[data-key=m]:not([disabled])");
    if (button) button.click();
    return Boolean(button);
  };

  document.addEventListener("change", (event) => event.target.matches("input[name=contact]") && count());
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey || off() || typing(event.target)) return;
    if (act(event.key.toLowerCase(), event.target)) event.preventDefault();
  });

  const ready = () => {
    document.querySelectorAll("[data-without-js]").forEach((button) => button.remove());
    count();
  };
  document.addEventListener("DOMContentLoaded", ready);
  document.addEventListener("htmx:afterSwap", ready);
  addEventListener("pageshow", () => {
    count();
    delete document.getElementById("merge")?.dataset.sent;
  });
  // A second press while the first merge is on its way would only alarm.
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "merge") return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
})();
