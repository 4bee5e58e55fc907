// Pages of syncing: groups open in place, errors are chosen and tried again by keyboard, solved ones are struck through.
(() => {
  const remember = "hub-keys";
  const off = () => localStorage.getItem(remember) === "off";
  const typing = (node) => node.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const say = (words) => {
    const live = document.getElementById("syn-say");
    if (live) live.textContent = words;
  };
  const fetched = async (address) => {
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    if (!answer.ok || answer.redirected) throw new Error(`${answer.status}`);
    return answer.text();
  };

  // --- groups, further rows and what was sent, in place; without this they are pages of their own ---
  const fold = async (link) => {
    const group = link.closest(".syn-group");
    const body = group.querySelector(".syn-body");
    const open = link.getAttribute("aria-expanded") === "true";
    link.setAttribute("aria-expanded", String(!open));
    body.hidden = open;
    if (open || body.childElementCount) return;
    body.innerHTML = await fetched(link.dataset.part);
    chosen(body.querySelector("form"));
  };
  const more = async (link) => {
    const row = link.closest("tr");
    const before = row.previousElementSibling;
    row.insertAdjacentHTML("beforebegin", await fetched(link.href));
    row.remove();
    before?.nextElementSibling?.querySelector("[data-open]")?.focus();
  };
  const sent = async (link) => {
    const row = link.closest("tr");
    const open = link.getAttribute("aria-expanded") === "true";
    link.setAttribute("aria-expanded", String(!open));
    link.textContent = open ? "What was sent" : "Close";
    if (open) return row.nextElementSibling.remove();
    const words = await fetched(link.href);
    row.insertAdjacentHTML("afterend", `<tr class="syn-said"><td colspan="7">${words}</td></tr>`);
  };
  const inPlace = { "[data-fold]": fold, "[data-more]": more, "[data-sent]": sent };
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    for (const [what, act] of Object.entries(inPlace)) {
      const link = event.target.closest(what);
      if (!link) continue;
      event.preventDefault();
      act(link).catch(() => (location.href = link.href));
    }
  });

  // --- choosing ---
  const boxes = (form) => all("input[name=error]:not(:disabled)", form);
  const chosen = (form) => {
    const words = form?.querySelector("[data-chosen]");
    if (!words) return;
    const shown = boxes(form);
    const picked = shown.filter((box) => box.checked);
    words.textContent = picked.length ? `${picked.length} of ${shown.length} selected` : "None selected";
    const every = form.querySelector("[data-all]");
    every.checked = picked.length > 0 && picked.length === shown.length;
    every.indeterminate = picked.length > 0 && !every.checked;
    for (const box of all("input[name=error]", form)) box.closest("tr").classList.toggle("on", box.checked);
    const button = form.querySelector("[data-key=t]");
    if (button) {
      button.disabled = !picked.length;
      button.querySelector("[data-verb]").textContent = picked.length ? `Retry ${picked.length}` : "Retry";
    }
    const file = form.querySelector("[data-file]");
    if (!file) return;
    file.dataset.whole ??= file.getAttribute("href");
    file.dataset.words ??= file.lastElementChild.textContent;
    const query = picked.map((box) => `error=${box.value}`).join("&");
    file.href = picked.length ? `${file.dataset.whole.split("?")[0]}?${query}` : file.dataset.whole;
    file.lastElementChild.textContent = picked.length ? `CSV of ${picked.length}` : file.dataset.words;
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
    const form = event.target.closest("[data-lines]");
    if (!form) return;
    if (event.target.matches("[data-all]")) for (const box of boxes(form)) box.checked = event.target.checked;
    chosen(form);
  });

  // --- trying again: the page stays, and shows what is solved ---
  let hasty = 0; // until when solved rows are asked for more often
  const retried = async (form, button) => {
    const data = new FormData(form);
    const one = button?.matches("[data-one]") ? button.closest("tr") : null;
    if (one) {
      data.delete("error");
      data.set("one", button.value);
    }
    const rows = one ? [one] : all("input[name=error]:checked", form).map((box) => box.closest("tr"));
    const answer = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`${answer.status}`);
    const said = await answer.json();
    say(said.words);
    const touched = rows.length ? rows : all("tr[data-error]", form.closest(".syn-group") ?? document);
    for (const row of touched) if (said.count && !row.classList.contains("done")) row.querySelector("[data-next]").textContent = "trying…";
    for (const row of rows) {
      const box = row.querySelector("input[name=error]");
      if (box) box.checked = false;
    }
    chosen(form);
    const next = rows.at(-1)?.nextElementSibling;
    (next?.querySelector("[data-open]") ?? rows.at(-1)?.querySelector("[data-open]"))?.focus();
    hasty = Date.now() + 60_000;
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-retry]") || !document.getElementById("syn-errors")) return;
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    retried(form, event.submitter)
      .catch(() => say("That did not work. Load the page again."))
      .finally(() => delete form.dataset.busy);
  });

  const strike = (row) => {
    row.classList.add("done");
    const box = row.querySelector("input[name=error]");
    if (box) box.checked = false, (box.disabled = true);
    row.querySelector("[data-one]")?.remove();
    row.querySelector("[data-next]").textContent = "solved";
    const count = row.closest(".syn-group").querySelector("[data-count]");
    const left = Number(count.textContent.replaceAll(/\D/g, "")) - 1;
    count.textContent = Math.max(left, 0).toLocaleString("en");
    chosen(row.closest("form"));
  };
  const look = async () => {
    const card = document.getElementById("syn-errors");
    const rows = all("tr[data-error]:not(.done)");
    if (!card || document.hidden || !rows.length) return;
    const ids = rows.map((row) => row.dataset.error).slice(0, 500).join(",");
    const answer = await fetch(`${card.dataset.states}?ids=${ids}`);
    if (!answer.ok) return;
    const said = await answer.json();
    const solved = rows.filter((row) => said.solved.includes(Number(row.dataset.error)));
    solved.forEach(strike);
    if (solved.length) say(solved.length === 1 ? "1 is solved." : `${solved.length} are solved.`);
    for (const place of all("[data-open-count], [data-open-errors]")) place.textContent = said.open.toLocaleString("en");
  };
  const wait = () => setTimeout(() => look().catch(() => {}).finally(wait), Date.now() < hasty ? 2_000 : 15_000);

  // --- keys ---
  const places = () => all("tr[data-error] [data-open]").filter((place) => place.offsetParent);
  const rowOf = (node) => node?.closest?.("tr[data-error]");
  const move = (step) => {
    const found = places();
    if (!found.length) return;
    const now = found.findIndex((place) => rowOf(place) === rowOf(document.activeElement));
    const next = now < 0 ? (step > 0 ? 0 : found.length - 1) : Math.min(Math.max(now + step, 0), found.length - 1);
    found[next].focus();
    rowOf(found[next]).scrollIntoView({ block: "nearest" });
  };
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    x: () => rowOf(document.activeElement)?.querySelector("input[name=error]:not(:disabled)")?.click(),
    t: () => {
      const form = document.activeElement.closest?.("[data-lines]") ?? document.querySelector("[data-lines]");
      const button = form?.querySelector("[data-key=t]:not(:disabled)");
      (button ?? rowOf(document.activeElement)?.querySelector("[data-one]"))?.click();
    },
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return all(".syn-ask[open]").forEach((ask) => { ask.open = false; ask.querySelector("summary").focus(); });
    if (off() || event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target) || document.querySelector("dialog[open], .syn-ask[open]")) return;
    const act = document.getElementById("syn-errors") && keys[event.key.toLowerCase()];
    if (act) event.preventDefault(), act();
  });

  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.(".syn-ask[open]")) event.target.querySelector("input[type=text]").focus();
  }, true);
  document.addEventListener("click", (event) => {
    for (const ask of all(".syn-ask[open]")) if (!ask.contains(event.target)) ask.open = false;
  });
  document.addEventListener("DOMContentLoaded", () => {
    const box = document.getElementById("syn-keys");
    if (box) {
      box.checked = !off();
      box.addEventListener("change", () => localStorage.setItem(remember, box.checked ? "on" : "off"));
    }
    all("[data-lines]").forEach(chosen);
    if (document.getElementById("syn-errors")) wait();
  });
})();
