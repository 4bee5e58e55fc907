/* Health: print, choose a report, show a whole sample. */
"use strict";
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-print], [data-rest]");
  if (!button) return;
  if ("print" in button.dataset) { window.print(); return; }
  const rest = document.getElementById(button.dataset.rest);
  rest.hidden = !rest.hidden;
  button.setAttribute("aria-expanded", String(!rest.hidden));
  button.textContent = rest.hidden ? button.dataset.words : "Show fewer";
});
document.querySelectorAll("[data-rest]").forEach((button) => { button.dataset.words = button.textContent; });
document.querySelectorAll("[data-choice] select").forEach((select) => {
  select.addEventListener("change", () => { window.location.href = select.value; });
});
/* On paper a sample is whole. */
window.addEventListener("beforeprint", () => {
  document.querySelectorAll(".prf-rest[hidden]").forEach((rest) => { rest.hidden = false; rest.dataset.printed = "1"; });
});
window.addEventListener("afterprint", () => {
  document.querySelectorAll(".prf-rest[data-printed]").forEach((rest) => { rest.hidden = true; delete rest.dataset.printed; });
});
