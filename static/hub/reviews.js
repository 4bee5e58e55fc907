// One key for each decision. Keys rest while somebody types, and a person can switch them off.
(() => {
  const remember = "hub-single-keys";
  const box = document.getElementById("keys");
  const off = () => localStorage.getItem(remember) === "off";
  if (box) {
    box.checked = !off();
    box.addEventListener("change", () => localStorage.setItem(remember, box.checked ? "on" : "off"));
  }
  const typing = (node) => node.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.target.id === "note" && event.key === "Enter") {
      event.preventDefault(); // Enter in the reason means "not a lead", not the form's first button
      document.querySelector("button[value=not_a_lead]")?.click();
      return;
    }
    if (off() || event.repeat || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const wanted = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!wanted) return;
    event.preventDefault();
    if (wanted.tagName === "INPUT") wanted.focus();
    else wanted.click();
  });
  // A second press while the first decision is on its way would decide nothing, and only alarm.
  document.getElementById("decide")?.addEventListener("submit", (event) => {
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => delete document.getElementById("decide")?.dataset.sent);
})();
