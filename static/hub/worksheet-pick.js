// The list that opens on a cell: searched by typing, moved through by arrows, taken by Enter, given back by Esc.
import { make, say } from "./worksheet-core.js";

let close = () => {};

export const openPicker = (select) => {
  close();
  const options = [...select.options].map((o, n) => ({ value: o.value, label: o.label, id: `ws-option-${n}` }));
  const list = make("ul", { role: "listbox", id: "ws-options", "aria-label": select.getAttribute("aria-label") });
  const search = make("input", {
    type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "ws-options", "aria-autocomplete": "list",
    "aria-label": select.getAttribute("aria-label"), autocomplete: "off", placeholder: "type to search", spellcheck: "false",
  });
  const box = make("div", { class: "ws-pick" }, search, list);
  const named = select.dataset.cell.endsWith("_field"); // a field's own name says more than its label alone
  let shown = [];
  let at = 0;

  const mark = (n) => {
    at = Math.min(Math.max(n, 0), shown.length - 1);
    [...list.children].forEach((node, i) => node.setAttribute("aria-selected", String(i === at)));
    const here = list.children[at];
    if (here?.id) search.setAttribute("aria-activedescendant", here.id);
    here?.scrollIntoView({ block: "nearest" });
  };
  const draw = () => {
    const text = search.value.trim().toLowerCase();
    shown = options.filter((o) => !text || o.label.toLowerCase().includes(text) || o.value.toLowerCase().includes(text));
    list.replaceChildren(...shown.map((o, n) => item(o, n)));
    if (!shown.length) list.append(make("li", { class: "soft" }, "Nothing is called that."));
    mark(Math.max(shown.findIndex((o) => o.value === select.value), 0));
  };
  const item = (o, n) => make("li", { role: "option", id: o.id, onmousedown: (event) => { event.preventDefault(); take(n); } },
    make("span", {}, o.label), !named || o.label.toLowerCase() === o.value.toLowerCase() ? null : make("small", { class: "faint" }, o.value));
  const take = (n) => {
    const chosen = shown[n];
    close();
    select.focus();
    if (!chosen || chosen.value === select.value) return;
    select.value = chosen.value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    say(`${chosen.label}`);
  };
  const leave = (event) => { if (!box.contains(event.target)) close(); };
  close = () => {
    box.remove();
    document.removeEventListener("mousedown", leave, true);
    close = () => {};
  };
  search.addEventListener("input", draw);
  search.addEventListener("blur", () => setTimeout(() => { if (!box.contains(document.activeElement)) close(); }));
  search.addEventListener("keydown", (event) => {
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (moves) mark(at + moves);
    else if (event.key === "Enter") take(at);
    else if (event.key === "Escape" || event.key === "Tab") { close(); select.focus(); }
    else return;
    event.stopPropagation();
    if (event.key !== "Tab") event.preventDefault();
  });
  document.addEventListener("mousedown", leave, true);
  place(box, select);
  draw();
  search.focus({ preventScroll: true });
};

const place = (box, select) => {
  document.getElementById("ws").append(box);
  const cell = select.getBoundingClientRect();
  const frame = document.getElementById("ws").getBoundingClientRect();
  const below = innerHeight - cell.bottom > 300 || cell.top < 300;
  box.style.left = `${Math.min(cell.left - frame.left, frame.width - 280)}px`;
  box.style.minWidth = `${Math.max(cell.width, 240)}px`;
  if (below) box.style.top = `${cell.bottom - frame.top + 2}px`;
  else box.style.bottom = `${frame.bottom - cell.top + 2}px`;
};
