// The problems beside the grid: each goes to its row, shows the smallest example, and is fixed in one click where it can be.
import { make, say, send, sheet } from "./worksheet-core.js";
import { addRow, focusCell, openRow } from "./worksheet-grid.js";

const SILENT = ["hub-field-unmentioned", "map-field-unmentioned"];

export const drawProblems = () => {
  const { problems, stops, checked } = sheet.state;
  const silent = problems.filter((p) => SILENT.includes(p.code));
  const cards = problems.filter((p) => !SILENT.includes(p.code)).map(card);
  const place = document.getElementById("ws-problems");
  const held = place.contains(document.activeElement) ? document.activeElement.dataset.problem : null;
  const open = place.querySelector("[data-quiet=silent]")?.open;
  const outOpen = place.querySelector("[data-quiet=out]")?.open;
  document.getElementById("ws-checked").textContent = `checked ${checked}`;
  const parts = [...cards];
  if (!problems.length) parts.push(make("p", { class: "in t-good" }, `No problems, checked ${checked}.`));
  else if (!stops) parts.unshift(make("p", { class: "in ws-fine" }, "Nothing stops it. What follows is worth a look."));
  if (silent.length) parts.push(quiet(silent, open ?? !cards.length));
  const out = leftOut(outOpen);
  if (out) parts.push(out);
  place.replaceChildren(...parts);
  if (held) (place.querySelector(`[data-problem="${CSS.escape(held)}"]`) ?? place.querySelector(".ws-p button, .ws-quiet[open] button") ?? document.getElementById("ws-force"))?.focus();
};

const idOf = (p) => `${p.code} ${p.key ?? ""} ${p.fix_args.join(" ")}`;
const goTo = (p) => () => (p.column === "value_map" || p.column === "blank_counts" ? openRow(p.key, true) : focusCell(p.key, p.column || "rule"));

const fix = (p) => (p.fix === "open-values" ? openRow(p.key, true) : send({ act: "fix", code: p.code, key: p.key, fix_args: p.fix_args }).then((said) => {
  if (!said.error && !said.failed) say(`${p.fix_label}: done. Ctrl+Z takes it back.`);
}));

const card = (p) => {
  const example = make("dl", { class: "ws-ex" }, ...p.example.flatMap(([side, holds]) => [make("dt", {}, side), make("dd", {}, holds || make("span", { class: "empty" }, "empty"))]));
  const head = p.key ? make("button", { type: "button", class: "ws-to", onclick: goTo(p), "data-problem": `go ${idOf(p)}` }, `Row ${p.row}`) : make("b", {}, "All rows");
  return make("article", { class: "ws-p" },
    make("div", { class: "row wrap" }, make("span", { class: `chip ${p.level === "stops" ? "bad" : "wait"}` }, p.level), head, make("span", { class: "mono soft", title: p.why }, p.code)),
    make("p", {}, p.text),
    p.example.length ? example : null,
    p.fix && sheet.may.edit ? make("button", { type: "button", class: "btn mini", onclick: () => fix(p), "data-problem": idOf(p) }, p.fix_label || "Mend it") : null);
};

// --- fields that no row speaks of: a line each ---
const quiet = (problems, open) => make("details", { class: "ws-quiet", "data-quiet": "silent", open },
  make("summary", {}, make("span", { class: "chip wait" }, "look"), ` ${problems.length} field${problems.length === 1 ? "" : "s"} in no row`),
  ...problems.map(silentLine));

const silentLine = (p) => {
  const args = Object.fromEntries(p.fix_args);
  const side = p.code === "hub-field-unmentioned" ? "hub" : "map";
  const name = args.field ?? args[`${side}_field`];
  const known = sheet.choices[`${side}_field`].find((c) => c.value === name);
  const label = known?.label ?? name ?? "";
  const add = () => (p.fix === "add-row" ? fix(p) : addRow({ field_name: label, [`${side}_field`]: name }));
  const out = () => send({ act: "leave-out", side, field: name });
  const button = (words, act, what) => make("button", { type: "button", class: "ws-link", onclick: act, "aria-label": `${words}: ${label}`, "data-problem": `${what} ${idOf(p)}` }, words);
  const buttons = sheet.may.edit ? make("span", { class: "row" }, button("Add a row", add, "add"), button("Leave it out for good", out, "out")) : null;
  return make("div", { class: "ws-silent", title: p.text }, make("span", {}, make("b", {}, label), make("span", { class: "soft" }, side === "hub" ? " of the hub" : ` of ${sheet.name}`)), buttons);
};

const leftOut = (open) => {
  const all = ["hub", "map"].flatMap((side) => sheet.state.left_out[side].map((name) => ({ side, name })));
  if (!all.length) return null;
  const line = ({ side, name }) => {
    const label = sheet.choices[`${side}_field`].find((c) => c.value === name)?.label ?? name;
    const back = make("button", { type: "button", class: "ws-link", "aria-label": `Take in again: ${label}`, "data-problem": `in ${side} ${name}`, onclick: () => send({ act: "take-in", side, field: name }) }, "Take in again");
    return make("div", { class: "ws-silent" }, make("span", {}, make("b", {}, label), make("span", { class: "soft" }, side === "hub" ? " of the hub" : ` of ${sheet.name}`)), sheet.may.edit ? back : null);
  };
  return make("details", { class: "ws-quiet", "data-quiet": "out", open }, make("summary", {}, `${all.length} left out for good`), ...all.map(line));
};
