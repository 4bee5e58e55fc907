// The menu button, and nothing that a page needs to work without it.
(() => {
  const remember = "hub-side";
  const apply = (hidden) => {
    const side = document.getElementById("nav-sidebar");
    const button = document.getElementById("hub-side");
    if (!side || !button) return;
    side.style.display = hidden ? "none" : "";
    button.setAttribute("aria-expanded", String(!hidden));
  };
  document.addEventListener("DOMContentLoaded", () => {
    apply(localStorage.getItem(remember) === "hidden");
    document.getElementById("hub-side")?.addEventListener("click", () => {
      const hidden = localStorage.getItem(remember) !== "hidden";
      localStorage.setItem(remember, hidden ? "hidden" : "shown");
      apply(hidden);
    });
  });
})();
