// The page of a worksheet: the bar of versions, putting in force, and what somebody else does meanwhile.
import { byId, complain, drawsWith, isSending, make, page, post, say, sent, sheet, show, takeBack } from "./worksheet-core.js";
import { addRow, drawGrid, focusCell } from "./worksheet-grid.js";
import { drawProblems } from "./worksheet-problems.js";
import { drawAge, simulate } from "./worksheet-simulate.js";

const drawBar = () => {
  const { draft, in_force: now } = sheet.state;
  const chip = (kind, number) => make("span", { class: `chip ${kind}` }, `v${number}`);
  const words = (strong, rest, small) => make("span", {}, make("b", {}, strong), rest, make("small", {}, small));
  const parts = [now ? make("span", { class: "ws-b" }, chip("good", now.number), words("in force", "", `since ${now.since}, ${now.by}`)) : make("span", { class: "soft" }, "Nothing is in force yet")];
  if (draft) parts.push(make("span", { class: "faint", "aria-hidden": "true" }, "→"), make("span", { class: "ws-b" }, chip("accent", draft.number), words("draft", `, saved ${draft.saved}`, `${draft.by} · ${draft.words}`)));
  else if (now) parts.push(make("span", { class: "soft" }, sheet.may.edit ? "No draft. The first edit begins one." : "No draft."));
  byId("ws-versions").replaceChildren(...parts);
  const why = sheet.state.why_not;
  const problem = sheet.state.stops > 0;
  byId("ws-why").replaceChildren(make("b", { class: problem ? "t-bad" : "" }, why || "No problem stops it"), make("small", {}, why ? (problem && sheet.may.edit ? `mend ${sheet.state.stops === 1 ? "it" : "them"}, then it can be put in force` : "") : "you are asked why"));
  const go = byId("ws-force");
  if (go) {
    go.textContent = draft ? `Put v${draft.number} in force…` : "Put in force…";
    go.setAttribute("aria-disabled", String(Boolean(why)));
    go.classList.toggle("off", Boolean(why));
    go.classList.toggle("main", !why);
  }
  if (byId("ws-discard")) byId("ws-discard").hidden = !draft;
  const undo = byId("ws-undo");
  if (undo) {
    undo.disabled = !sheet.state.undo;
    undo.title = sheet.state.undo ? `Ctrl+Z: ${sheet.state.undo.words}` : "Nothing of yours to take back";
  }
};

const drawOthers = () => {
  const others = sheet.state.editors.map((e) => {
    const row = sheet.state.rows.find((r) => r.key === e.key);
    return `${e.name} edits this draft${sheet.may.edit ? " too" : ""}, last at ${e.at}${row ? ` in row ${row.number}` : ""}.`;
  });
  byId("ws-others").textContent = others.length ? `${others.join(" ")} Nobody’s edit overwrites another’s.` : "";
  byId("ws-others").hidden = !others.length;
};

// --- putting in force, putting away ---
const openDialog = () => {
  const { draft, why_not: why } = sheet.state;
  if (why) return say(`${why}.`);
  byId("ws-dialog-title").textContent = `Put v${draft.number} in force`;
  byId("ws-dialog-what").textContent = `${draft.words[0].toUpperCase()}${draft.words.slice(1)}. Every write of ${sheet.name} obeys it from then on.`;
  byId("ws-dialog-error").textContent = "";
  byId("ws-dialog").showModal();
  byId("ws-reason").focus();
};
const decide = async (address, fields) => {
  try {
    const said = await post(address, new URLSearchParams({ revision: sheet.state.revision, ...fields }));
    if (said.go) return void location.assign(said.go);
    if (said.state) show(said.state);
    return said.error;
  } catch (error) {
    return error.message;
  }
};
const putInForce = async (event) => {
  event.preventDefault();
  await sent(); // an edit on its way belongs to what is put in force
  byId("ws-dialog-error").textContent = (await decide(page.force, { reason: byId("ws-reason").value })) ?? "";
};

// --- what somebody else does meanwhile ---
const EVERY = 4000;
const look = async () => {
  if (document.hidden || isSending() || document.querySelector(".ws-pick")) return;
  const { draft, in_force: now, revision } = sheet.state;
  const has = `${draft?.number ?? 0}.${revision}.${now?.number ?? 0}`;
  const answer = await fetch(`${page.state}?has=${has}`).catch(() => null);
  const said = answer?.ok && !answer.redirected ? await answer.json().catch(() => null) : null;
  if (said?.state && !isSending()) show(said.state);
};

byId("ws-force")?.addEventListener("click", openDialog);
byId("ws-dialog").querySelector("form").addEventListener("submit", putInForce);
byId("ws-dialog-no").addEventListener("click", () => byId("ws-dialog").close());
byId("ws-discard")?.addEventListener("click", async () => complain((await decide(page.discard, {})) ?? ""));
byId("ws-undo")?.addEventListener("click", takeBack);
byId("ws-add")?.addEventListener("click", () => addRow());
byId("ws-simulate").addEventListener("click", () => simulate(page.simulate));

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input:not([readonly]), textarea, [role=combobox]");
  if (typing || document.querySelector("dialog[open], .ws-pick")) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !event.shiftKey && sheet.may.edit) {
    event.preventDefault();
    takeBack();
  } else if (event.key.toLowerCase() === "m" && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    byId("ws-simulate").click();
  }
});

drawsWith(drawBar, drawOthers, drawGrid, drawProblems, drawAge);
show(sheet.state);
const wanted = location.hash.match(/^#row-(\d+)$/);
if (wanted) focusCell(sheet.state.rows.find((r) => r.number === Number(wanted[1]))?.key, "rule");
setInterval(look, EVERY);
