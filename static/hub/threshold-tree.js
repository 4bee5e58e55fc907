// The rows of a threshold: a group of conditions and groups, drawn from its tree and changed by hand.
const DEEPEST = 3;
const fields = new Map();

export const fieldsByName = (known) => known.forEach((field) => fields.set(field.name, field));

export const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null && child !== false));
  return node;
};
const icon = (name) => make("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, name);
const kindOf = (group) => ("any" in group ? "any" : "all");
const partsOf = (group) => group[kindOf(group)] ?? [];
const isGroup = (part) => part !== null && typeof part === "object" && ("all" in part || "any" in part);

// Put the focus where it was before the rows were drawn anew, or where it has to go.
export const place = (holder, { path, part }) => {
  const at = path === "" ? holder.firstElementChild : holder.querySelector(`[data-path="${CSS.escape(path)}"]`);
  (at?.querySelector(`[data-part="${part}"]`) ?? holder.querySelector("[data-part=add]"))?.focus();
};

export const tree = (whole, may, changed) => new Drawing(whole, may, changed).group(whole, []);

class Drawing {
  constructor(whole, may, changed) {
    this.whole = "all" in whole || "any" in whole ? whole : Object.assign(whole, { all: [] });
    this.may = may;
    this.tell = changed;
  }

  // After something that changes which rows there are.
  redraw(path, part) {
    this.tell({ tree: this.whole, focus: { path: path.join("."), part }, redraw: true });
  }

  typed() {
    this.tell({ tree: this.whole, redraw: false });
  }

  group(group, path) {
    const parts = partsOf(group);
    const rows = parts.map((part, n) => {
      const at = [...path, n];
      return isGroup(part) ? this.inner(part, at, group) : this.condition(part, at, group);
    });
    const list = make("ul", { class: "th-list" }, ...rows);
    const none = !parts.length && path.length === 0 && make("p", { class: "th-none soft" }, "No condition: everybody passes.");
    return make("div", { class: "th-group" }, this.head(group, path, parts.length), none, list, this.may && this.foot(group, path));
  }

  head(group, path, many) {
    const choose = make("select", { "data-part": "kind", "aria-label": "How the conditions are joined", disabled: !this.may,
      onchange: (event) => { const parts = partsOf(group); delete group.all; delete group.any; group[event.target.value] = parts; this.redraw(path, "kind"); } },
      make("option", { value: "all" }, "all"), make("option", { value: "any" }, "any"));
    choose.value = kindOf(group);
    return make("p", { class: "th-head", hidden: many < 2 }, "Passes who meets ", choose, " of these");
  }

  inner(group, path, parent) {
    const away = this.may && this.button("close", "Take this group away", () => this.remove(parent, path));
    const line = make("div", { class: "th-line th-inner-line" }, make("span", { class: "grow soft" }, "Group"), this.count(), away);
    return make("li", { class: "th-inner", "data-path": path.join("."), role: "group", "aria-label": `Group at place ${path.at(-1) + 1}` },
      line, this.group(group, path), this.wrong());
  }

  // The selects stay where they are while one types in them: only what comes after them in the row is drawn anew.
  condition(part, path, parent) {
    const line = make("div", { class: "th-line" });
    const away = this.may && this.button("close", "Take this condition away", () => this.remove(parent, path));
    line.append(this.field(part, line), this.count(), ...(away ? [away] : []));
    this.after(line, part);
    return make("li", { class: "th-row", "data-path": path.join("."), role: "group", "aria-label": `Condition at place ${path.at(-1) + 1}` }, line, this.wrong());
  }

  after(line, part) {
    for (const old of line.querySelectorAll(":scope > :is([data-part=op], .th-value)")) old.remove();
    const field = fields.get(part.field);
    if (!field) return;
    const op = this.comparison(part, field, line);
    line.querySelector(":scope > [data-part=field]").after(op, this.value(part, field));
  }

  field(part, line) {
    const gone = part.field && !fields.has(part.field);
    const choose = make("select", { "data-part": "field", "aria-label": "Field", disabled: !this.may, class: gone ? "bad" : "",
      onchange: (event) => {
        const before = fields.get(part.field);
        const field = fields.get(event.target.value);
        const alike = before && String(before.ops) === String(field.ops) && !field.options.length;
        part.field = field.name;
        if (!alike) part.op = field.ops[0][0];
        if (!alike) delete part.value;
        this.after(line, part);
        this.typed();
      } },
      !fields.has(part.field) && make("option", { value: part.field ?? "", disabled: true }, gone ? `${part.field} (gone)` : "Choose a field…"),
      ...[...fields.values()].map((field) => make("option", { value: field.name }, field.label)));
    choose.value = part.field ?? "";
    return choose;
  }

  comparison(part, field, line) {
    const known = field.ops.some(([name]) => name === part.op);
    const asks = (op) => field.ops.find(([name]) => name === op)?.[2];
    const choose = make("select", { "data-part": "op", "aria-label": `How ${field.label} is compared`, disabled: !this.may,
      onchange: (event) => {
        if (asks(part.op) !== asks(event.target.value)) delete part.value;
        part.op = event.target.value;
        line.querySelector(":scope > .th-value").replaceWith(this.value(part, field));
        this.typed();
      } },
      !known && make("option", { value: part.op ?? "", disabled: true }, "Choose…"), ...field.ops.map(([name, label]) => make("option", { value: name }, label)));
    choose.value = part.op ?? "";
    return choose;
  }

  value(part, field) {
    const asks = field.ops.find(([name]) => name === part.op)?.[2];
    if (!asks) return make("span", { class: "th-value" });
    if (asks === "options") return this.options(part, field);
    const kinds = { text: "text", number: "number", date: "date" };
    const input = make("input", { type: kinds[asks], "data-part": "value", "aria-label": `Value for ${field.label}`, class: "th-value", disabled: !this.may,
      maxlength: asks === "text" ? 200 : null, step: asks === "number" ? "any" : null, autocomplete: "off", value: part.value ?? "",
      oninput: (event) => {
        const typed = event.target.value;
        part.value = asks === "number" && typed !== "" ? Number(typed) : typed;
        this.typed();
      } });
    return input;
  }

  options(part, field) {
    const chosen = () => (Array.isArray(part.value) ? part.value : []);
    const labels = new Map(field.options);
    const words = () => chosen().map((value) => labels.get(value) ?? `${value} (gone)`).join(", ") || "Choose…";
    const shown = make("span", { class: "clip" }, words());
    const gone = chosen().filter((value) => !labels.has(value)).map((value) => [value, `${value} (gone)`]);
    const pick = (value, on) => {
      part.value = on ? [...chosen(), value] : chosen().filter((one) => one !== value);
      part.value = [...labels.keys(), ...gone.map(([one]) => one)].filter((one) => part.value.includes(one));
      shown.textContent = words();
      this.typed();
    };
    const boxes = [...field.options, ...gone].map(([value, label]) => make("label", {},
      make("input", { type: "checkbox", checked: chosen().includes(value), disabled: !this.may, onchange: (event) => pick(value, event.target.checked) }), label));
    const box = make("details", { class: "th-value th-options", onkeydown: (event) => {
      if (event.key !== "Escape" || !box.open) return;
      box.open = false;
      box.firstElementChild.focus();
    } }, make("summary", { "data-part": "value" }, make("span", { class: "visually-hidden" }, `Choices of ${field.label}: `), shown, icon("expand_more")),
      make("div", { class: "th-boxes", role: "group", "aria-label": `Choices of ${field.label}` }, ...boxes));
    box.addEventListener("focusout", (event) => { if (event.relatedTarget && !box.contains(event.relatedTarget)) box.open = false; });
    return box;
  }

  count() {
    return make("span", { class: "th-n num right" }, make("span", { "data-n": "" }, "–"), make("span", { class: "visually-hidden" }, " contacts"));
  }

  wrong() {
    return make("p", { class: "th-wrong small", "data-wrong": "", hidden: true });
  }

  button(sign, label, onclick) {
    return make("button", { type: "button", class: "btn quiet icon th-away", "aria-label": label, title: label, onclick }, icon(sign));
  }

  remove(parent, path) {
    const parts = partsOf(parent);
    parts.splice(path.at(-1), 1);
    const above = path.slice(0, -1);
    if (!parts.length) this.redraw(above, "add");
    else this.redraw([...above, Math.min(path.at(-1), parts.length - 1)], isGroup(parts[Math.min(path.at(-1), parts.length - 1)]) ? "kind" : "field");
  }

  foot(group, path) {
    const add = (part) => { partsOf(group).push(part); return [...path, partsOf(group).length - 1]; };
    const one = make("button", { type: "button", class: "btn mini", "data-part": "add", onclick: () => this.redraw(add({ field: "", op: "" }), "field") }, icon("add"), "Add a condition");
    const more = path.length < DEEPEST - 1 && make("button", { type: "button", class: "btn mini", onclick: () => this.redraw([...add({ any: [{ field: "", op: "" }] }), 0], "field") }, icon("add"), "Add a group");
    return make("div", { class: "row th-add" }, one, more);
  }
}

// A list of choices closes when one clicks elsewhere.
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll(".th-options[open]")) if (!open.contains(event.target)) open.open = false;
});
