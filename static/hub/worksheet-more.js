// What opens under a row: its value map, whether a blank is a value, its note, and moving or removing it.
import { icon, make, sheet } from "./worksheet-core.js";
import { change, move, openRow, remove, rowOf } from "./worksheet-grid.js";

const field = (column, name) => sheet.choices[column].find((c) => c.value === name);
const copy = (pairs) => pairs.map((pair) => [...pair]);

export const drawMore = (row) => {
  const close = make("button", { type: "button", class: "btn mini quiet", onclick: () => openRow(row.key) }, "Close");
  const parts = [valueMap(row), about(row), make("div", { class: "row wrap" }, ...(sheet.may.edit ? acts(row) : []), close)];
  return make("div", { class: "ws-under" }, ...parts);
};

const acts = (row) => [
  make("button", { type: "button", class: "btn mini", id: `up-${row.key}`, disabled: row.number === 1, onclick: () => move(row.key, row.number - 1) }, "Move up"),
  make("button", { type: "button", class: "btn mini", id: `down-${row.key}`, disabled: row.number === sheet.state.rows.length, onclick: () => move(row.key, row.number + 1) }, "Move down"),
  make("button", { type: "button", class: "btn mini warn", id: `remove-${row.key}`, onclick: () => remove(row) }, "Remove the row"),
  make("span", { class: "small soft" }, row.owner ? `Last changed by ${row.owner}.` : ""),
];

// --- the value map ---
const valueMap = (row) => {
  const theirs = field("map_field", row.map_field);
  const ours = field("hub_field", row.hub_field);
  const stage = ours?.role === "stage" && theirs?.role === "stage";
  const pairs = copy(row.value_map);
  const lines = pairs.map((pair, n) => pairLine(row, pairs, n, theirs, ours));
  const save = (next) => change(row.key, "value_map", rowOf(row.key).value_map, next);
  const unpaired = (theirs?.options ?? []).filter(([value]) => !stage && !pairs.some(([t]) => t === value));
  const add = (value) => make("button", { type: "button", class: "btn mini", onclick: () => save([...pairs, [value, ""]]) }, icon("add"), theirs.options.find(([v]) => v === value)[1]);
  const missing = sheet.state.problems.filter((p) => p.key === row.key && p.fix === "map-value").map((p) => p.fix_label);
  return make("fieldset", {}, make("legend", {}, "Values"),
    make("p", { class: "small soft" }, stage ? "Stages are called in the MAP what the stage table says. A pair here stands before it." : "A MAP value and what it is in the hub. Without a pair a value goes over as it is, if the other side has it."),
    lines.length ? make("div", { class: "ws-pairs" }, make("b", { class: "small" }, sheet.name), make("b", { class: "small" }, "the hub"), make("span"), ...lines.flat()) : null,
    sheet.may.edit ? make("div", { class: "row wrap" }, ...(theirs?.options.length ? unpaired.map(([value]) => add(value)) : []), newPair(row, pairs, save)) : null,
    missing.length ? make("p", { class: "small t-bad" }, `Missing: ${missing.join("; ")}`) : null);
};

const choice = (id, label, options, value, act) => {
  const known = options.some(([v]) => v === value);
  const all = known ? options : [[value, value ? `${value} (not there)` : "no value"], ...options];
  const node = make("select", { id, "aria-label": label, disabled: !sheet.may.edit, onchange: () => act(node.value) }, ...all.map(([v, l]) => make("option", { value: v, selected: v === value }, l)));
  return node;
};
const text = (id, label, value, act) => {
  const node = make("input", { type: "text", id, "aria-label": label, value, maxlength: 300, readonly: !sheet.may.edit, autocomplete: "off", oninput: () => { node.dataset.dirty = "yes"; }, onchange: () => { delete node.dataset.dirty; act(node.value.trim()); } });
  return node;
};

const pairLine = (row, pairs, n, theirs, ours) => {
  const [their, our] = pairs[n];
  const save = (place, value) => {
    const next = copy(pairs);
    next[n][place] = value;
    change(row.key, "value_map", rowOf(row.key).value_map, next);
  };
  const gone = () => change(row.key, "value_map", rowOf(row.key).value_map, copy(pairs).filter((_, m) => m !== n));
  const id = `pair-${row.key}-${n}`;
  const a = theirs?.options.length ? choice(`${id}-t`, `${sheet.name}’s value ${n + 1}`, theirs.options, their, (v) => save(0, v)) : text(`${id}-t`, `${sheet.name}’s value ${n + 1}`, their, (v) => save(0, v));
  const b = ours?.options.length ? choice(`${id}-h`, `the hub’s value for ${their}`, [["", "no value"], ...ours.options], our, (v) => save(1, v)) : text(`${id}-h`, `the hub’s value for ${their}`, our, (v) => save(1, v));
  return [a, b, sheet.may.edit ? make("button", { type: "button", class: "btn mini quiet", "aria-label": `Remove the pair of ${their}`, onclick: gone }, "×") : make("span")];
};

const newPair = (row, pairs, save) => {
  const input = make("input", { type: "text", id: `new-${row.key}`, class: "ws-new", placeholder: "another MAP value", "aria-label": "Add a pair for another MAP value", maxlength: 300, autocomplete: "off", oninput: () => { input.dataset.dirty = "yes"; } });
  const add = () => { if (input.value.trim()) delete input.dataset.dirty, save([...pairs, [input.value.trim(), ""]]); };
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(), add(); });
  return make("span", { class: "row" }, input, make("button", { type: "button", class: "btn mini", onclick: add }, "Add a pair"));
};

// --- blank and note ---
const about = (row) => {
  const box = make("input", { type: "checkbox", id: `blank-${row.key}`, checked: row.blank_counts, disabled: !sheet.may.edit, onchange: () => change(row.key, "blank_counts", row.blank_counts, box.checked) });
  const note = make("textarea", { id: `note-${row.key}`, rows: 2, maxlength: 2000, readonly: !sheet.may.edit, oninput: () => { note.dataset.dirty = "yes"; }, onchange: () => { delete note.dataset.dirty; change(row.key, "note", row.note, note.value.trim()); } }, row.note);
  return make("div", { class: "ws-about" },
    make("label", { class: "row" }, box, "A blank from the MAP is a value: it empties the hub’s"),
    make("label", { for: `note-${row.key}` }, "Note"), note);
};
