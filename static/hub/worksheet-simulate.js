// The simulation under the grid: how many values would differ, whose, and because of which row.
import { icon, make, post, say, sheet } from "./worksheet-core.js";

const byId = (id) => document.getElementById(id);
const count = (n) => n.toLocaleString("en-US");
const plural = (n, word) => `${count(n)} ${word}${n === 1 ? "" : "s"}`;

export const simulate = async (address) => {
  const button = byId("ws-simulate");
  if (button.disabled) return;
  button.disabled = true;
  byId("ws-sim").setAttribute("aria-busy", "true");
  const wait = setTimeout(() => { byId("ws-sim-took").textContent = "at work, nothing is written…"; }, 300);
  try {
    draw(await post(address, new URLSearchParams()));
  } catch (error) {
    byId("ws-sim-body").replaceChildren(make("p", { class: "in t-bad" }, error.message));
  } finally {
    clearTimeout(wait);
    button.disabled = false;
    byId("ws-sim").removeAttribute("aria-busy");
    byId("ws-simulate-word").textContent = "Simulate again";
    button.focus({ preventScroll: true });
  }
};

// A result says when the draft went on without it.
let seen = null;
const stamp = () => `${sheet.state.draft?.number ?? 0}.${sheet.state.revision}`;
export const drawAge = () => {
  if (seen && seen !== stamp()) byId("ws-sim-took").textContent = "before the last edits: simulate again";
};

const draw = (found) => {
  seen = stamp();
  byId("ws-sim-title").textContent = found.title;
  byId("ws-sim-took").textContent = `took ${found.seconds} s, nothing was written`;
  const file = byId("ws-sim-file");
  file.hidden = !found.total && !found.kept_total;
  file.href = found.file;
  file.replaceChildren(icon("download"), `All ${count(found.total)}`);
  say(`${plural(found.total, "value")} would differ.`);
  byId("ws-sim-body").replaceChildren(found.arrivals ? result(found) : make("p", { class: "in soft" }, "Nothing has arrived or been pulled yet, so there is nothing to hold it against."));
  byId("ws-sim").scrollIntoView({ block: "nearest" });
};

const result = (found) => {
  const most = Math.max(...found.by_field.map(([, n]) => n), 1);
  const bars = found.by_field.flatMap(([label, n]) => {
    const bar = make("i", { class: "accent" });
    bar.style.width = `${(100 * n) / most}%`;
    return [make("div", { class: "row between small" }, make("span", {}, label), make("span", { class: "num" }, count(n))), make("span", { class: "meter", "aria-hidden": "true" }, bar)];
  });
  const share = found.looked_at ? ` of ${count(found.looked_at)} looked at` : "";
  const left = make("div", { class: "in ws-figures" }, make("b", { class: "num" }, plural(found.total, "value")),
    make("p", { class: "soft small" }, found.total ? `of ${plural(found.concerned, "contact")}${share} would differ` : `would differ${share ? `,${share.replace(" of", "")}` : ""}: every contact keeps what it has`), ...bars,
    found.kept_total ? make("p", { class: "soft small" }, `${plural(found.kept_total, "value")} that a person wrote would stay.`) : null);
  const lines = [...found.differences.map((d) => line(d, false)), ...found.kept.map((d) => line(d, true))];
  if (!lines.length) return left;
  const more = found.total > found.differences.length ? make("p", { class: "in small soft" }, `The first ${found.differences.length}. The file has all of them.`) : null;
  const head = ["Contact", "Field", ...found.heads, "Because"].map((words) => make("th", { scope: "col" }, words));
  const table = make("table", { class: "t" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...lines));
  return make("div", { class: "ws-result" }, left, make("div", { class: "scroll" }, table, more));
};

const line = (d, kept) => make("tr", {},
  make("td", {}, make("a", { href: sheet.contact.replace("/0/", `/${d.contact}/`) }, d.name || `contact ${d.contact}`)),
  make("td", {}, d.field), make("td", {}, ...plain(d.now)), make("td", {}, ...(kept ? plain(d.then) : marked(d.now, d.then))),
  make("td", { class: "soft" }, kept ? icon("lock") : null, d.because));

const plain = (text) => [text || make("span", { class: "empty" }, "empty")];
const marked = (now, then) => {
  if (!then) return plain(then);
  const had = new Set(now.split(/\s+/));
  return then.split(/(\s+)/).map((word) => (word.trim() && !had.has(word) ? make("mark", {}, word) : word));
};
