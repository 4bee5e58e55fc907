// The review queue by keyboard. Keys rest while somebody types, with modifiers, and when a person switched them off.
(() => {
  const remember = "hub-keys";
  const off = () => localStorage.getItem(remember) === "off";
  const typing = (node) => node.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
  const byId = (id) => document.getElementById(id);

  // --- picking another value: up and down go from field to field, space takes the next value ---
  const fields = () => [...document.querySelectorAll(".rev-row")].filter((row) => row.querySelector("input[type=radio]"));
  const standing = (row) => row.querySelector("input:checked") ?? row.querySelector("input[type=radio]");
  const goToField = (step) => {
    const rows = fields();
    if (!rows.length) return;
    const now = rows.indexOf(document.activeElement.closest?.(".rev-row"));
    const next = now < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(now + step, 0), rows.length - 1);
    standing(rows[next]).focus();
    rows[next].scrollIntoView({ block: "nearest" });
  };
  const takeNextValue = (row) => {
    const all = [...row.querySelectorAll("input[type=radio]")];
    const next = all[(all.indexOf(standing(row)) + 1) % all.length];
    next.checked = true;
    next.focus();
    const now = [...row.querySelectorAll(".rev-e")].find((e) => e.offsetParent);
    say((now?.querySelector(":scope > div") ?? now)?.innerText ?? ""); // the words, not the name of the sign beside them
  };
  const inPicks = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) return goToField(step), true;
    const row = document.activeElement.matches?.("input[type=radio]") && document.activeElement.closest(".rev-row");
    if (event.key === " " && row) return takeNextValue(row), true;
    return false;
  };

  // --- the list: j and k move, x chooses ---
  const links = () => [...document.querySelectorAll("[data-open]")];
  const rowOf = (node) => node?.closest?.(".rev-list tr");
  const moveInList = (step) => {
    const all = links();
    const now = all.findIndex((link) => rowOf(link) === rowOf(document.activeElement));
    const next = now < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(now + step, 0), all.length - 1);
    all[next].focus();
    rowOf(all[next]).scrollIntoView({ block: "nearest" });
  };
  const inList = (key) => {
    if (!links().length) return false;
    if (key === "j" || key === "k") return moveInList(key === "j" ? 1 : -1), true;
    const box = key === "x" && rowOf(document.activeElement)?.querySelector("input[name=case]");
    return box ? (box.click(), true) : false;
  };

  const press = (key) => {
    const wanted = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!wanted) return false;
    wanted.click();
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return closeReason();
    if (off() || event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (inPicks(event) || inList(key) || press(key)) event.preventDefault();
  });

  // --- the reason for "not a lead", in a line ---
  const reason = () => byId("rev-reason");
  const opener = () => document.querySelector("[data-shows]");
  const openReason = () => {
    reason().classList.add("on");
    opener().setAttribute("aria-expanded", "true");
    byId("note").focus();
  };
  const closeReason = () => {
    if (!reason()?.classList.contains("on")) return;
    reason().classList.remove("on");
    opener().setAttribute("aria-expanded", "false");
    opener().focus();
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-shows]")) openReason();
    const dialog = event.target.closest("[data-opens]");
    if (dialog) byId(dialog.dataset.opens).showModal();
  });

  // A second press while the first decision is on its way would decide nothing, and only alarm.
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach((form) => delete form.dataset.sent));

  // --- a case stays with its reviewer while something is done on the page ---
  const EVERY = 4 * 60 * 1000;
  let busy = false;
  for (const kind of ["keydown", "pointermove", "scroll"]) addEventListener(kind, () => (busy = true), { passive: true, capture: true });
  const keep = async () => {
    const address = document.querySelector("[data-keep]")?.dataset.keep;
    if (!address || !busy) return;
    busy = false;
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(address, { method: "POST", headers: { "X-CSRFToken": token } }).catch(() => null);
    const said = await answer?.json().catch(() => null);
    if (said?.until) byId("rev-until").querySelector("b").textContent = said.until;
    if (!said?.problem) return;
    byId("rev-lost").textContent = said.problem;
    byId("rev-lost").hidden = false;
  };
  setInterval(keep, EVERY);

  // --- choosing many ---
  const chosen = () => {
    const bar = document.querySelector("[data-bulk]");
    if (!bar) return;
    const boxes = [...document.querySelectorAll("input[name=case]")];
    const count = boxes.filter((box) => box.checked).length;
    const every = bar.querySelector("[data-every]").checked;
    const words = count === 1 ? "1 case chosen" : `${count} cases chosen`;
    bar.querySelector("[data-chosen]").textContent = every ? "All of them chosen" : count ? words : "Choose cases to decide together";
    bar.querySelector("[data-reason]").hidden = bar.querySelector("[name=decision]").value !== "not_a_lead";
    bar.querySelector("button").disabled = !every && !count;
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-all]")) {
      document.querySelectorAll("input[name=case]").forEach((box) => (box.checked = event.target.checked));
    }
    chosen();
  });

  const say = (words) => {
    const live = byId("rev-live");
    if (live) live.textContent = words;
  };
  document.addEventListener("DOMContentLoaded", () => {
    document.documentElement.classList.add("js");
    const box = byId("rev-keys-on");
    if (box) {
      box.checked = !off();
      box.addEventListener("change", () => localStorage.setItem(remember, box.checked ? "on" : "off"));
    }
    chosen();
    if (document.querySelector(".rev-case, [data-say]") && !document.querySelector("[autofocus]")) byId("rev-focus")?.focus({ preventScroll: true });
    const last = document.querySelector("[data-say]");
    if (last) setTimeout(() => say(last.dataset.say), 200); // read out once the page has been
  });
})();
