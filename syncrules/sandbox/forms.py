"""The HTML of the sandbox's pages; every value in it is escaped."""

from __future__ import annotations

from html import escape
from typing import Any

from .pages import STYLE, home
from .properties import PROPERTIES, Property

_COLUMNS = ("email", "firstname", "lastname", "company", "lifecyclestage", "hs_email_optout")
_STAGES = {value: label for p in PROPERTIES if p.name == "lifecyclestage" for value, label in p.options}
_LABELS = {p.name: p.label for p in PROPERTIES}
_SHORT = {"hs_email_optout": "E-mail", "lifecyclestage": "Stage", "company": "Company"}
_MORE = """
:root { --line: light-dark(#e3e6ea, #353b45); --soft: light-dark(#59626f, #a2abb8);
--mark: light-dark(#b4481c, #ff9a6b); }
body { max-width: 76rem; margin: 0 auto; padding: 1.25rem; font-size: .9rem; }
h1 { margin: 0; } h2 { font-size: 1rem; margin: 0; } a { color: var(--mark); }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center; margin-bottom: 1rem; }
header form { margin: 0 0 0 auto; } .soft, td time { color: var(--soft); }
section, details { border: 1px solid var(--line); border-radius: 8px; padding: 1rem; margin: 0 0 1rem; }
summary { cursor: pointer; font-weight: 600; } details[open] summary { margin-bottom: .9rem; }
form { margin: 0; } form + form { margin-top: .9rem; } form > p { margin: .9rem 0 0; }
input, select, button { font: inherit; padding: .35rem .6rem; border: 1px solid var(--line); border-radius: 6px; }
button { cursor: pointer; font-weight: 600; }
button.main { background: var(--mark); color: Canvas; border-color: var(--mark); }
.fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .75rem 1rem; }
.fields label { display: flex; flex-direction: column; gap: .2rem; color: var(--soft); }
.fields :is(input, select) { color: CanvasText; }
.row { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
.wide { overflow-x: auto; padding: 0; } .wide td { overflow-wrap: anywhere; } .wide time { white-space: nowrap; }
table { margin: 0; } .wide table { width: 100%; }
th, td { border-color: var(--line); padding: .4rem 1rem; } .wide tr:last-child td { border: 0; }
section table th { font-weight: 500; color: var(--soft); } .wide p { padding: 0 1rem; }
section > table { margin: 1rem 0; }
"""


def frame(title: str, body: str) -> str:
    """A whole page."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>
<meta name="viewport" content="width=device-width"><style>{STYLE}{_MORE}</style></head><body><main>
{body}</main></body></html>
"""


def listing(found: list[dict[str, Any]], total: int, words: str, more: str, figures: dict[str, str], key: str) -> str:
    """The contacts, the newest change first; a form for a new one; what the sandbox is."""
    head = "".join(f'<th scope="col">{escape(_SHORT.get(name, _LABELS[name]))}</th>' for name in _COLUMNS)
    rows = "".join(_row(contact) for contact in found) or _nobody(words)
    onward = f'<p><a href="{escape(more)}">Further contacts</a></p>' if more else ""
    new = "".join(_field(p, "") for p in PROPERTIES if p.name in ("email", "firstname", "lastname", "company"))
    body = f"""<header><h1>Sandbox MAP</h1><span class="soft">{total:,} contacts, the newest change first</span>
<form method="get" action="/" class="row" role="search"><label>Search <input name="q" value="{escape(words)}"></label>
<button>Search</button></form></header>
<details><summary>New contact</summary><form method="post" action="/contacts">{_key(key)}<div class="fields">{new}</div>
<p><button class="main">Add</button></p></form></details>
<section class="wide"><table><thead><tr><th scope="col">Record</th>{head}<th scope="col">Changed</th></tr></thead>
<tbody>{rows}</tbody></table>{onward}</section>
<section>{home(figures)}</section>"""
    return frame("Sandbox MAP", body)


def _nobody(words: str) -> str:
    found = f"Nobody has “{escape(words)}” in a value." if words else "No contact yet. Add one above, or sync."
    return f'<tr><td colspan="{len(_COLUMNS) + 2}" class="soft">{found}</td></tr>'


def _row(contact: dict[str, Any]) -> str:
    values = contact["properties"]
    shown = {name: values.get(name) or "" for name in _COLUMNS}
    shown["lifecyclestage"] = _STAGES.get(shown["lifecyclestage"], shown["lifecyclestage"])
    shown["hs_email_optout"] = "opted out" if shown["hs_email_optout"] == "true" else ""
    cells = "".join(f"<td>{escape(shown[name])}</td>" for name in _COLUMNS)
    link = f'<a href="/contacts/{contact["id"]}">{contact["id"]}</a>'
    return f"<tr><td>{link}</td>{cells}<td>{_moment(contact['updatedAt'])}</td></tr>"


def _moment(stamp: str) -> str:
    return f'<time datetime="{escape(stamp)}">{escape(stamp[:16].replace("T", " "))}</time>'


def contact(shown: dict[str, Any], key: str) -> str:
    """One contact: its values to edit, what HubSpot keeps by itself, and what else can be done."""
    values = {name: value or "" for name, value in shown["properties"].items()}
    edited = "".join(_field(p, values.get(p.name, ""), was=True) for p in PROPERTIES if not p.read_only)
    kept = "".join(
        f'<tr><th scope="row">{escape(p.label)}</th><td>{escape(values.get(p.name, ""))}</td></tr>'
        for p in PROPERTIES
        if p.read_only and values.get(p.name)
    )
    title = values.get("email") or f"Contact {shown['id']}"
    acts = (("unsubscribe", "Unsubscribe from all e-mail"), ("delete", "Delete"), ("erase", "Erase for good"))
    buttons = "".join(f'<button name="act" value="{act}">{label}</button>' for act, label in acts)
    path = f"/contacts/{shown['id']}"
    body = f"""<p><a href="/">All contacts</a></p>
<header><h1>{escape(title)}</h1><span class="soft">record {shown["id"]}</span></header>
<section><form method="post" action="{path}">{_key(key)}<div class="fields">{edited}</div>
<p><button class="main">Save</button></p></form></section>
<section><h2>What it keeps by itself</h2><table>{kept}</table></section>
<section><form method="post" action="{path}" class="row">{_key(key)}{buttons}</form>
<form method="post" action="{path}" class="row">{_key(key)}<input type="hidden" name="act" value="merge">
<label>Merge the record with this number into it: <input name="other" size="12" required></label>
<button>Merge</button></form></section>"""
    return frame(title, body)


def _field(known: Property, value: str, *, was: bool = False) -> str:
    name, label = escape(known.name), escape(known.label)
    before = f'<input type="hidden" name="was.{name}" value="{escape(value)}">' if was else ""
    if known.options:
        options = "".join(
            f'<option value="{escape(v)}"{" selected" if v == value else ""}>{escape(text)}</option>'
            for v, text in (("", ""), *known.options)
        )
        return f'<label>{label}<select name="{name}">{options}</select>{before}</label>'
    return f'<label>{label}<input name="{name}" value="{escape(value)}">{before}</label>'


def _key(key: str) -> str:
    return f'<input type="hidden" name="key" value="{escape(key)}">'


def refusal(message: str, back: str) -> str:
    """Why something was not done."""
    return frame("Not done", f'<h1>Not done</h1><p>{escape(message)}</p><p><a href="{escape(back)}">Back</a></p>')
