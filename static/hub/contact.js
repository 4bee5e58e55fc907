// Opens "why?" in place, follows #why-field links, and lets a key open what its button opens.
// Without it the links work: each "why?" is an address of its own.
(() => {
  const box = (link) => document.getElementById(link.getAttribute("aria-controls"));
  const show = (link, open) => {
    box(link).hidden = !open;
    link.closest("tr").classList.toggle("open", open);
    link.setAttribute("aria-expanded", String(open));
    link.querySelector("[data-say]").textContent = open ? "close" : "why?";
    link.setAttribute("href", `${open ? "?" : `?why=${link.dataset.why}`}#why-${link.dataset.why}`);
  };
  const follow = () => {
    const row = location.hash.startsWith("#why-") && document.getElementById(location.hash.slice(1));
    const link = row && row.querySelector("[data-why]");
    if (link && box(link).hidden) show(link, true);
  };
  const typing = (element) => element.closest("input, select, textarea, [contenteditable]");

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-why]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const open = box(link).hidden;
    show(link, open);
    const here = new URL(location.href);
    here.searchParams.delete("why");
    here.hash = open ? `why-${link.dataset.why}` : "";
    history.replaceState(null, "", here);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const button = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (button) button.click();
  });
  window.addEventListener("hashchange", follow);
  follow();
})();
