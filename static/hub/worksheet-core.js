// What the page of a worksheet knows, what it sends to the hub, and the small tools of its other files.
export const byId = (id) => document.getElementById(id);
const read = (id) => JSON.parse(byId(id).textContent);
export const page = byId("ws").dataset;

export const sheet = { state: read("ws-state"), choices: read("ws-choices"), may: read("ws-may"), name: page.name, contact: page.contact };

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
export const icon = (name) => make("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, name);
export const say = (words) => { byId("ws-live").textContent = words; };
export const token = () => document.querySelector("#ws [name=csrfmiddlewaretoken]").value;

export const complain = (words) => {
  byId("ws-error").textContent = words;
  byId("ws-error").hidden = !words;
};

// --- sending: one edit after another, so that each is held against what the one before left ---
let line = Promise.resolve();
let sending = 0;
export const sent = () => line;
export const isSending = () => sending > 0;
export const post = async (address, body, headers = {}) => {
  const answer = await fetch(address, { method: "POST", body, headers: { "X-CSRFToken": token(), ...headers } });
  if (answer.redirected) throw new Error("You are signed out. Open the page again and sign in; this edit was not saved.");
  if (answer.status === 403) throw new Error("You may not do this. “Who may do what” in the menu says who may.");
  const said = await answer.json().catch(() => null);
  if (!said) throw new Error("The hub could not do this, so nothing was changed. Try again in a moment.");
  return { status: answer.status, ...said };
};

export const send = (edit) => {
  sending += 1;
  byId("ws-saved").textContent = "Saving…";
  line = line.then(() => deliver(edit)).finally(() => { sending -= 1; });
  return line;
};
const deliver = async (edit) => {
  try {
    const said = await post(page.edit, JSON.stringify(edit), { "Content-Type": "application/json" });
    complain(said.error ?? "");
    if (said.state) show(said.state);
    byId("ws-saved").textContent = said.changed || said.error ? "Not saved." : `Saved and checked ${sheet.state.checked}.`;
    return said;
  } catch (error) {
    complain(error instanceof TypeError ? "The hub can’t be reached, so this edit was not saved. What you typed is still here." : error.message);
    byId("ws-saved").textContent = "Not saved.";
    return { failed: true };
  }
};

// --- showing ---
const drawers = [];
export const drawsWith = (...more) => drawers.push(...more);
export const show = (state) => {
  sheet.state = state;
  for (const draw of drawers) draw();
};

export const takeBack = () => {
  const last = sheet.state.undo;
  if (!last) return say("Nothing of yours to take back.");
  send({ act: "take-back", edit: last.id }).then((said) => {
    if (said.changed) complain(`${said.by} changed it at ${said.at}, so your edit was not taken back.`);
    else if (!said.error && !said.failed) say(`Taken back: ${last.words}.`);
  });
};
