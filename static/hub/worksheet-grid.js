// The grid: cells that are drawn from the state, moved through by arrows, opened by Enter and given back by Esc.
import { complain, icon, make, say, send, sheet } from "./worksheet-core.js";
import { openPicker } from "./worksheet-pick.js";
import { drawMore } from "./worksheet-more.js";

const SELECTS = [["hub_field", "Hub field"], ["direction", "Direction"], ["map_field", "MAP field"], ["rule", "Overwrite rule"]];
const ORDER = ["more", "field_name", "hub_field", "direction", "map_field", "rule", "values"];
const grid = () => document.getElementById("ws-grid");
const bodies = new Map(); // key of a row to its part of the table
const conflicts = new Map(); // key and column to what stands and what was wanted
const opened = new Set();

export const rowOf = (key) => sheet.state.rows.find((row) => row.key === key);
const nameOf = (row) => `row ${row.number} ${row.field_name || row.hub_field || "without a name"}`;
export const labelOf = (column, value) => sheet.choices[column]?.find((c) => c.value === value)?.label ?? value;

export const drawGrid = () => {
  const { rows } = sheet.state;
  const held = document.activeElement?.closest?.("#ws-grid") ? document.activeElement : null;
  const keys = rows.map((row) => row.key);
  for (const [key, body] of bodies) if (!keys.includes(key)) body.remove(), bodies.delete(key);
  let before = grid().tHead;
  for (const row of rows) {
    if (!bodies.has(row.key)) bodies.set(row.key, newBody(row));
    const body = bodies.get(row.key);
    if (before.nextElementSibling !== body) before.after(body);
    before = body;
    draw(body, row);
  }
  drawEmpty(rows);
  if (held?.isConnected && document.activeElement !== held) held.focus();
};

const drawEmpty = (rows) => {
  grid().querySelector(".ws-none")?.remove();
  if (rows.length) return;
  const words = sheet.may.edit ? "No row yet. Add the first, starting with the e-mail address, or import the worksheet as CSV." : "No row yet. Ops fill the worksheet.";
  grid().append(make("tbody", { class: "ws-none" }, make("tr", {}, make("td", { colspan: 8 }, words))));
};

// --- one row ---
const newBody = (row) => {
  const cell = (column, ...nodes) => make("td", { "data-column": column }, ...nodes);
  const more = make("button", { type: "button", class: "ws-grip", draggable: sheet.may.edit ? "true" : null, "data-cell": "more", "aria-expanded": "false", onclick: () => openRow(row.key) }, icon(sheet.may.edit ? "drag_indicator" : "expand_more"));
  const parts = sheet.may.edit
    ? [cell("field_name", nameInput(row.key)), ...SELECTS.map(([column]) => cell(column, select(row.key, column)))]
    : [cell("field_name", make("span")), ...SELECTS.map(([column]) => cell(column, make("span")))];
  const values = make("button", { type: "button", class: "ws-values", "data-cell": "values", onclick: () => openRow(row.key) });
  const line = make("tr", { class: "ws-row" }, cell("more", more), make("td", { class: "ws-n" }), ...parts, cell("values", values));
  const body = make("tbody", { "data-key": row.key }, line);
  if (sheet.may.edit) dragging(body, more);
  return body;
};

const nameInput = (key) => make("input", {
  type: "text", readonly: true, "data-cell": "field_name", maxlength: 120, autocomplete: "off",
  onclick: (event) => write(event.target), onblur: (event) => commitName(event.target, key),
});
const write = (input) => {
  if (!input.readOnly) return;
  input.readOnly = false;
  input.dataset.was = input.value;
};
const commitName = (input, key) => {
  if (input.readOnly) return;
  input.readOnly = true;
  if (input.value.trim() !== input.dataset.was) change(key, "field_name", input.dataset.was, input.value.trim());
};

const select = (key, column) => {
  const node = make("select", { "data-cell": column, onchange: () => change(key, column, node.dataset.shown, node.value) });
  node.addEventListener("mousedown", (event) => { event.preventDefault(); node.focus(); openPicker(node); });
  return node;
};
const fill = (node, column, value) => {
  const known = sheet.choices[column].some((c) => c.value === value);
  const options = known ? sheet.choices[column] : [{ value, label: value ? `${value} (not there)` : "choose…" }, ...sheet.choices[column]];
  const made = `${known ? "" : value}/${options.length}`;
  if (node.dataset.made !== made) {
    node.replaceChildren(...options.map((c) => make("option", { value: c.value }, c.label)));
    node.dataset.made = made;
  }
  node.value = value;
  node.dataset.shown = value;
};

const draw = (body, row) => {
  const line = body.querySelector(".ws-row");
  line.id = `row-${row.number}`;
  line.classList.toggle("ch", row.new || row.changed.length > 0);
  line.classList.toggle("pb", row.bad.length > 0);
  line.querySelector(".ws-n").textContent = row.number;
  const cellOf = (column) => line.querySelector(`[data-column=${column}]`);
  for (const column of ["field_name", ...SELECTS.map(([c]) => c)]) drawCell(cellOf(column), column, row);
  const values = cellOf("values").firstElementChild;
  values.textContent = row.values || "set";
  const wrong = row.bad.includes("value_map") || row.bad.includes("blank_counts");
  values.className = `ws-values${wrong ? " bad" : row.new || ["value_map", "blank_counts", "note"].some((c) => row.changed.includes(c)) ? " changed" : ""}`;
  values.setAttribute("aria-label", `Values and note of ${nameOf(row)}: ${row.values}`);
  if (row.note) values.append(icon("sticky_note_2"));
  cellOf("more").firstElementChild.setAttribute("aria-label", `More of ${nameOf(row)}: values, note${sheet.may.edit ? ", move, remove" : ""}`);
  drawConflicts(body, row);
  drawOpen(body, row);
};

const drawCell = (cell, column, row) => {
  const node = cell.firstElementChild;
  const shown = labelOf(column, row[column]);
  const changed = row.new || row.changed.includes(column);
  const bad = row.bad.includes(column);
  if (!sheet.may.edit) node.textContent = shown;
  else if (column === "field_name") { if (node.readOnly) node.value = row.field_name; }
  else fill(node, column, row[column]);
  const was = row.changed.includes(column) ? `, in force: ${labelOf(column, row.before[column]) || "empty"}` : "";
  const heading = column === "field_name" ? "Field name" : SELECTS.find(([c]) => c === column)[1];
  node.setAttribute("aria-label", `${heading} of ${nameOf(row)}${was}`);
  node.title = `${shown}${was}`;
  if (sheet.may.edit) node.setAttribute("aria-invalid", String(bad));
  node.classList.toggle("bad", bad);
  node.classList.toggle("changed", changed && !bad);
  if (column === "field_name") {
    cell.querySelector(".chip")?.remove();
    if (row.new) cell.append(make("span", { class: "chip accent" }, "new"));
  }
};

// --- changing a cell: what it replaces goes with it ---
export const change = async (key, column, was, now) => {
  conflicts.delete(`${key} ${column}`);
  const said = await send({ act: "cell", key, column, was, now });
  if (said.changed) {
    conflicts.set(`${key} ${column}`, { column, wanted: now, stands: said.value, by: said.by, at: said.at });
    if (said.value === null) complain(`${said.by} removed this row at ${said.at}. Your “${labelOf(column, now)}” was not saved.`);
    drawGrid();
    say(`${said.by} changed this meanwhile. Choose which value stays.`);
  } else if (said.failed) drawGrid();
};

const words = (column, value) => (typeof value === "string" ? `“${labelOf(column, value) || "empty"}”` : Array.isArray(value) ? `${value.length} pairs` : value ? "yes" : "no");
const drawConflicts = (body, row) => {
  body.querySelectorAll(".ws-conflict").forEach((node) => node.remove());
  for (const [id, c] of conflicts) {
    if (id !== `${row.key} ${c.column}`) continue;
    const settle = (mine) => () => {
      conflicts.delete(id);
      if (mine) change(row.key, c.column, c.stands, c.wanted);
      else drawGrid();
      focusCell(row.key, ORDER.includes(c.column) ? c.column : "values");
    };
    const text = make("span", {}, make("b", {}, c.by), ` set this to ${words(c.column, c.stands)} at ${c.at}. You wanted ${words(c.column, c.wanted)}. Nothing was overwritten.`);
    const buttons = make("span", { class: "row" }, make("button", { type: "button", class: "btn mini", onclick: settle(false) }, "Keep theirs"), make("button", { type: "button", class: "btn mini", onclick: settle(true) }, "Use mine"));
    body.append(make("tr", { class: "ws-conflict" }, make("td", { colspan: 8 }, make("div", { class: "note wait", role: "alert" }, text, buttons))));
  }
};

// --- what opens under a row ---
export const openRow = (key, keep = false) => {
  if (opened.has(key) && !keep) opened.delete(key);
  else opened.add(key);
  drawGrid();
  if (opened.has(key)) bodies.get(key)?.querySelector(".ws-more :is(select, input, textarea, button)")?.focus();
};
// Esc gives back what is being typed, and the part under the row with it.
const shut = (key, event) => {
  event.preventDefault();
  if ("value" in event.target && event.target.defaultValue !== undefined) event.target.value = event.target.defaultValue;
  delete event.target.dataset.dirty;
  opened.delete(key);
  focusCell(key, "values");
  drawGrid();
};
const drawOpen = (body, row) => {
  const there = body.querySelector(".ws-more");
  const open = opened.has(row.key);
  body.querySelectorAll("[data-cell=more], [data-cell=values]").forEach((b) => b.setAttribute("aria-expanded", String(open)));
  if (!open) return void there?.remove();
  if (there?.contains(document.activeElement) && /^(TEXTAREA|INPUT)$/.test(document.activeElement.tagName) && document.activeElement.dataset.dirty) return;
  const at = there?.contains(document.activeElement) ? document.activeElement.id : "";
  const fresh = make("tr", { class: "ws-more" }, make("td", { colspan: 8 }, drawMore(row)));
  if (there) there.replaceWith(fresh);
  else body.append(fresh);
  if (at) document.getElementById(at)?.focus();
};

// --- moving ---
export const focusCell = (key, column) => {
  const node = bodies.get(key)?.querySelector(`[data-cell=${ORDER.includes(column) ? column : "values"}]`);
  node?.focus();
  node?.closest("tr").scrollIntoView({ block: "nearest" });
};
const step = (node, down, right) => {
  const keys = sheet.state.rows.map((row) => row.key);
  const row = keys.indexOf(Number(node.closest("tbody").dataset.key)) + down;
  const column = ORDER.indexOf(node.dataset.cell) + right;
  if (row >= 0 && row < keys.length && column >= 0 && column < ORDER.length) focusCell(keys[row], ORDER[column]);
};
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

const inName = (event, input) => {
  if (event.key === "Enter" || event.key === "Escape") {
    if (event.key === "Escape") input.value = input.dataset.was;
    event.preventDefault();
    commitName(input, Number(input.closest("tbody").dataset.key));
    input.readOnly = true;
  }
};
const onKey = (event) => {
  const under = event.target.closest(".ws-more");
  if (under && event.key === "Escape") return void shut(Number(under.closest("tbody").dataset.key), event);
  const node = event.target.closest("[data-cell]");
  if (!node || event.target.closest(".ws-pick")) return;
  if (node.tagName === "INPUT" && !node.readOnly) return inName(event, node);
  const key = Number(node.closest("tbody").dataset.key);
  if (event.altKey && sheet.may.edit && (event.key === "ArrowUp" || event.key === "ArrowDown") && node.dataset.cell === "more") {
    event.preventDefault();
    return move(key, rowOf(key).number + ARROWS[event.key][0]);
  }
  const opens = event.key === "Enter" || event.key === "F2" || (node.tagName === "SELECT" && (event.key === " " || (event.altKey && event.key === "ArrowDown")));
  if (opens && node.tagName !== "BUTTON") {
    event.preventDefault();
    if (node.tagName === "SELECT") openPicker(node);
    else write(node), node.select();
  } else if (ARROWS[event.key] && !event.ctrlKey && !event.altKey && !event.metaKey) {
    event.preventDefault();
    step(node, ...ARROWS[event.key]);
  } else if (node.tagName === "SELECT" && event.key.length === 1 && !event.ctrlKey && !event.metaKey) event.preventDefault();
};

export const addRow = (values = {}) => send({ act: "add", values }).then((said) => {
  if (said.error || said.failed) return;
  const row = sheet.state.rows.at(-1);
  focusCell(row.key, values.field_name ? "hub_field" : "field_name");
});

export const move = (key, to) => send({ act: "move", key, to }).then(() => focusCell(key, "more"));
export const remove = (row) => {
  const place = sheet.state.rows.findIndex((r) => r.key === row.key);
  const was = Object.fromEntries(["field_name", "hub_field", "direction", "map_field", "rule", "value_map", "blank_counts", "note"].map((c) => [c, row[c]]));
  send({ act: "remove", key: row.key, was }).then((said) => {
    if (said.changed) return complain(`${said.by} changed this row at ${said.at}, so it was not removed. Look at it and remove it again.`);
    const next = sheet.state.rows[Math.min(place, sheet.state.rows.length - 1)];
    if (next) focusCell(next.key, "more");
    say(`Removed ${nameOf(row)}. Ctrl+Z takes it back.`);
  });
};

let dragged = 0;
const dragging = (body, grip) => {
  grip.addEventListener("dragstart", (event) => { dragged = Number(body.dataset.key); event.dataTransfer.effectAllowed = "move"; event.dataTransfer.setDragImage(body, 0, 0); });
  body.addEventListener("dragover", (event) => { if (dragged) event.preventDefault(), body.classList.add("over"); });
  body.addEventListener("dragleave", () => body.classList.remove("over"));
  body.addEventListener("drop", (event) => {
    event.preventDefault();
    body.classList.remove("over");
    const to = rowOf(Number(body.dataset.key));
    if (dragged && to && dragged !== to.key) move(dragged, to.number);
    dragged = 0;
  });
};
grid().addEventListener("keydown", onKey);
