// Thresholds: conditions in groups, with the count of whom they let pass as one types.
import { fieldsByName, make, place, tree as drawn } from "./threshold-tree.js";

const root = document.getElementById("th");
const data = JSON.parse(document.getElementById("th-data").textContent);
const number = (n) => n.toLocaleString("en-US");
const TYPED_MS = 300;
const SLOW_MS = 300;

const send = async (address, body, signal) => {
  const headers = { "X-CSRFToken": root.querySelector("[name=csrfmiddlewaretoken]").value, "Content-Type": "application/json" };
  const answer = await fetch(address, { method: "POST", body: JSON.stringify(body), headers, signal });
  if (answer.redirected) throw new Error("You are signed out. Open the page again and sign in; nothing was saved.");
  if (answer.status === 403) throw new Error("You may not do this. “Who may do what” in the menu says who may.");
  const said = await answer.json().catch(() => null);
  if (!said) throw new Error("The hub could not do this, so nothing was changed. Try again in a moment.");
  return { status: answer.status, said };
};

// The history under the thresholds, as it is after one was saved.
const listChanges = async () => {
  const answer = await fetch(window.location.href);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-changes]");
  if (fresh) root.querySelector("[data-changes]").replaceWith(document.adoptNode(fresh));
};

class Card {
  constructor(section) {
    this.section = section;
    this.which = section.dataset.which;
    this.take(JSON.parse(document.getElementById(this.which).textContent));
    this.find("[data-save]")?.addEventListener("click", () => this.save());
    this.find("[data-back]")?.addEventListener("click", () => this.putBack());
    this.find("[data-reason] input")?.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.save();
    });
  }

  find(selector) {
    return this.section.querySelector(selector);
  }

  take(stands) {
    this.stands = stands;
    this.tree = structuredClone(stands.tree);
    this.draw();
    this.count();
  }

  get asked() {
    const parts = this.tree.all ?? this.tree.any ?? [];
    return parts.length ? this.tree : {};
  }

  get differs() {
    return JSON.stringify(this.asked) !== JSON.stringify(this.stands.tree);
  }

  draw(focus) {
    const holder = this.find("[data-tree]");
    holder.replaceChildren(drawn(this.tree, data.may, (next) => this.changed(next)));
    if (focus) place(holder, focus);
    this.drawFoot();
  }

  // What a person did: the tree as it is now, and where the focus goes where the rows are drawn anew.
  changed({ tree, focus, redraw }) {
    this.tree = tree;
    for (const name of ["[data-error]", "[data-saved]"]) this.find(name).hidden = true;
    if (redraw) this.draw(focus);
    else this.drawFoot();
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.count(), redraw ? 0 : TYPED_MS);
  }

  drawFoot() {
    if (!data.may) return;
    for (const name of ["[data-save]", "[data-back]"]) this.find(name).hidden = !this.differs;
    this.find("[data-reason]").hidden = !(this.differs && data.reason);
  }

  async count() {
    this.counting?.abort();
    const mine = (this.counting = new AbortController());
    const slow = setTimeout(() => this.section.classList.add("th-busy"), SLOW_MS);
    try {
      const { status, said } = await send(root.dataset.count, { which: this.which, tree: this.asked }, mine.signal);
      if (status === 200) this.show(said);
      else this.complain(said.error);
    } catch (problem) {
      if (problem.name !== "AbortError") this.complain(problem.message);
      return;
    } finally {
      clearTimeout(slow);
      if (mine === this.counting) this.section.classList.remove("th-busy");
    }
  }

  show(said) {
    this.found = said;
    const people = this.which === "takes_part" ? "contacts" : `contacts linked with ${data.map}, by what the hub holds of them,`;
    this.find("[data-passing]").textContent = number(said.passing);
    this.find("[data-of]").textContent = `of ${number(said.of)} ${people} pass`;
    this.find("[data-words]").textContent = said.words ? `${said.words}.` : "No condition: everybody passes.";
    this.find("[data-effect]").textContent = this.differs ? this.effect(said) : "";
    const problems = new Map(said.problems);
    for (const part of this.section.querySelectorAll("[data-path]")) {
      const n = said.parts[part.dataset.path];
      part.querySelector(":scope > .th-line [data-n]").textContent = n === undefined ? "–" : number(n);
      const wrong = part.querySelector(":scope > [data-wrong]");
      wrong.textContent = problems.get(part.dataset.path) ?? "";
      wrong.hidden = !wrong.textContent;
    }
    const save = this.find("[data-save]");
    if (save) save.textContent = `Save for ${number(said.passing)} contact${said.passing === 1 ? "" : "s"}`;
    document.getElementById("th-live").textContent = `${number(said.passing)} of ${number(said.of)} pass.`;
  }

  effect({ more, fewer }) {
    const one = (n, single, many) => `${number(n)} ${n === 1 ? single : many}`;
    if (!more && !fewer) return "Nobody more and nobody fewer than now.";
    const parts = this.which === "takes_part"
      ? [more && `${one(more, "contact", "contacts")} more than now: made in ${data.map} where it does not have them`,
         fewer && `${one(fewer, "contact", "contacts")} fewer than now: not made any more; who is in ${data.map} already stays`]
      : [more && `${one(more, "contact", "contacts")} more than now: who has no stage yet gets one`,
         fewer && `${one(fewer, "contact", "contacts")} fewer than now: who has a stage keeps it`];
    return `${parts.filter(Boolean).join(". ")}.`;
  }

  async save() {
    const reason = this.find("[data-reason] input");
    if (data.reason && !reason.value.trim()) {
      this.complain("Write why this changes: it stays in the history.");
      reason.focus();
      return;
    }
    this.complain("");
    const save = this.find("[data-save]");
    save.disabled = true;
    try {
      const body = { which: this.which, tree: this.asked, was: this.stands.mark, reason: reason.value };
      const { status, said } = await send(root.dataset.save, body);
      if (status === 409) this.meet(said);
      else if (status === 200) this.saved(said);
      else this.refused(said);
    } catch (problem) {
      this.complain(problem.message);
    } finally {
      save.disabled = false;
    }
  }

  saved({ stands, words }) {
    this.find("[data-reason] input").value = "";
    this.find("[data-other]").hidden = true;
    this.find(".th-gone")?.remove();
    this.take(stands);
    const note = this.find("[data-saved]");
    note.textContent = words;
    note.hidden = false;
    note.tabIndex = -1;
    note.focus();
    listChanges();
  }

  refused({ error, problems }) {
    this.complain(error);
    if (!problems?.length) return;
    const [path] = problems[0];
    const typed = this.find(`[data-path="${path}"] > .th-line > [data-part=value]`);
    place(this.find("[data-tree]"), { path, part: typed ? "value" : "field" });
  }

  // Somebody else saved another one meanwhile: theirs in words, and whose goes on is for the person to say.
  meet({ by, at, stands }) {
    const note = this.find("[data-other]");
    const theirs = make("button", { type: "button", class: "btn mini", onclick: () => { note.hidden = true; this.take(stands); } }, "Take theirs");
    const mine = make("button", { type: "button", class: "btn mini", onclick: () => { note.hidden = true; this.stands = stands; this.draw(); this.count(); } }, "Keep mine, not saved yet");
    const who = `${by || "Somebody"} changed this${at ? ` (${at})` : ""} while you had it open. It says now: ${stands.words || "everybody passes"}.`;
    note.replaceChildren(make("span", { class: "grow" }, who), theirs, mine);
    note.hidden = false;
    theirs.focus();
  }

  putBack() {
    this.complain("");
    this.tree = structuredClone(this.stands.tree);
    this.draw({ path: "", part: "add" });
    this.count();
  }

  complain(words) {
    const note = this.find("[data-error]");
    note.textContent = words ?? "";
    note.hidden = !words;
  }
}

fieldsByName(data.fields);
const cards = [...root.querySelectorAll(".th-card")].map((section) => new Card(section));
window.addEventListener("beforeunload", (event) => {
  if (cards.some((card) => card.differs)) event.preventDefault();
});
