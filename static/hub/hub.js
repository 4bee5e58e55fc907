// The menu button, printing and copying; nothing that a page needs to work without it.
(() => {
  // A page that needs the whole width opens without the menu, and remembers its own choice.
  const wide = () => document.querySelector(".rev-case, .ws-page") !== null;
  const remember = () => (wide() ? "hub-side-wide" : "hub-side");
  const isHidden = () => (wide() ? localStorage.getItem(remember()) !== "shown" : localStorage.getItem(remember()) === "hidden");
  const apply = (hidden) => {
    const side = document.getElementById("nav-sidebar");
    const button = document.getElementById("hub-side");
    if (!side || !button) return;
    side.style.display = hidden ? "none" : wide() ? "block" : "";
    button.setAttribute("aria-expanded", String(!hidden));
  };
  // Unfold's listener on file inputs expects a text input beside them and fails without; it spares marked ones.
  const spareFileInputs = () => document.querySelectorAll(".hub input[type=file]").forEach((i) => { i.hasChangeListener = true; });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) print();
    const copy = event.target.closest("[data-copy]");
    if (!copy) return;
    const from = document.querySelector("[data-copy-from]");
    from.select();
    navigator.clipboard?.writeText(from.value).then(() => (copy.textContent = "Copied"), () => {});
  });
  document.addEventListener("DOMContentLoaded", () => {
    spareFileInputs();
    apply(isHidden());
    document.getElementById("hub-side")?.addEventListener("click", () => {
      const hidden = !isHidden();
      localStorage.setItem(remember(), hidden ? "hidden" : "shown");
      apply(hidden);
    });
  });
})();
