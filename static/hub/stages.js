// The stage table: arrows walk the moves and the footer follows; a draft saves each cell as it is left.
(() => {
  const footer = () => document.querySelector("[data-footer]");

  const pick = (cell) => {
    const before = document.querySelector("[data-moves] [aria-current=true]");
    before?.removeAttribute("aria-current");
    if (before) before.tabIndex = -1;
    cell.setAttribute("aria-current", "true");
    cell.tabIndex = 0;
    const { title, says, counts, number, closed } = cell.dataset;
    const [from, to] = cell.dataset.cell.split(".");
    footer().querySelector("[data-title]").textContent = title;
    footer().querySelector("[data-says]").textContent = says;
    footer().querySelector("[data-counts]").textContent = counts;
    const show = document.querySelector("[data-show]");
    if (show) {
      show.hidden = number === "0";
      show.href = `${show.dataset.base}?${new URLSearchParams({ from, to, days: "30" })}`;
      show.querySelector("[data-number]").textContent = number;
    }
    const form = document.querySelector("[data-close-form]");
    if (!form) return;
    form.elements.act.value = closed === "yes" ? "open" : "close";
    form.elements.stage.value = from;
    form.elements.end.value = to;
    const button = form.querySelector("button");
    button.textContent = closed === "yes" ? "Open this move" : "Close this move";
    button.hidden = from === to || to === "unsubscribed";
  };

  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const walk = (cell, key, whole) => {
    const rows = [...cell.closest("tbody").rows].map((row) => [...row.querySelectorAll("[data-cell]")]);
    const y = rows.findIndex((row) => row.includes(cell));
    const x = rows[y].indexOf(cell);
    const last = rows[y].length - 1;
    if (key === "Home") return rows[whole ? 0 : y][0];
    if (key === "End") return rows[whole ? rows.length - 1 : y][last];
    const [down, right] = steps[key];
    return rows[Math.min(Math.max(y + down, 0), rows.length - 1)][Math.min(Math.max(x + right, 0), last)];
  };

  document.addEventListener("keydown", (event) => {
    const cell = event.target.closest?.("[data-cell]");
    if (cell && !event.altKey && !event.metaKey && (event.key in steps || event.key === "Home" || event.key === "End")) {
      event.preventDefault();
      walk(cell, event.key, event.ctrlKey).focus();
    } else if (cell && event.key === "Enter" && document.querySelector("[data-close-form]")) {
      event.preventDefault();
      const form = document.querySelector("[data-close-form]");
      if (!form.querySelector("button").hidden) form.requestSubmit();
    } else if (event.key === "Escape" && event.target.matches("[data-edit] input[name=now]")) {
      event.target.value = event.target.defaultValue;
    }
  });
  document.addEventListener("focusin", (event) => event.target.matches("[data-cell]") && pick(event.target));
  document.addEventListener("click", (event) => {
    const cell = event.target.closest("[data-cell]");
    if (cell) {
      event.preventDefault();
      cell.focus();
      pick(cell);
    }
    const go = event.target.closest("[data-go]");
    if (go) {
      const row = go.dataset.go.split(".")[0];
      (document.querySelector(`[data-id="${CSS.escape(go.dataset.go)}"]`) || document.querySelector(`[data-id^="${CSS.escape(row)}."]`))?.focus();
    }
  });

  // Where the focus is, so that it is there again after the page was drawn anew.
  const place = () => {
    const at = document.activeElement;
    return at?.dataset?.id ? `[data-id="${CSS.escape(at.dataset.id)}"]` : at?.dataset?.cell ? `[data-cell="${CSS.escape(at.dataset.cell)}"]` : "";
  };
  let queue = Promise.resolve();
  const send = (form) => {
    const body = new FormData(form);
    const start = form.matches("[data-close-form]") ? `[data-cell="${CSS.escape(`${body.get("stage")}.${body.get("end")}`)}"]` : "";
    queue = queue.then(async () => {
      const part = document.getElementById("stage-draft");
      part.classList.add("stg-busy");
      const reason = part.querySelector("[name=reason]")?.value;
      try {
        const where = body.get("in") ? `?in=${encodeURIComponent(body.get("in"))}` : "";
        const answer = await fetch(`${form.getAttribute("action")}${where}`, { method: "POST", body, headers: { "X-Requested-With": "fetch" }, redirect: "manual" });
        if (!answer.ok && answer.status !== 409) return location.reload();
        const held = start || place();
        const typed = document.activeElement?.matches?.("input[name=now]") ? document.activeElement.value : null;
        part.innerHTML = await answer.text();
        if (reason) part.querySelector("[name=reason]").value = reason;
        const next = held && part.querySelector(held);
        if (next) {
          if (typed !== null && next.matches("input[name=now]")) next.value = typed;
          next.focus();
          if (next.dataset.cell) pick(next);
        }
      } catch {
        location.reload();
      } finally {
        part.classList.remove("stg-busy");
      }
    });
  };
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("#stage-draft [data-edit]")) return;
    event.preventDefault();
    send(event.target);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("#stage-draft [data-edit] [name=now]") && event.target.form.elements.was.value !== event.target.value) send(event.target.form);
  });
})();
