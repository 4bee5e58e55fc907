"""The HTML of the sandbox's pages; every value in it is escaped."""

from __future__ import annotations

from html import escape
from typing import Any

from .pages import STYLE, home
from .properties import PROPERTIES, Property

_COLUMNS = ("email", "firstname", "lastname", "company", "lifecyclestage", "hs_email_optout")
_STAGES = {value: label for p in PROPERTIES if p.name == "lifecyclestage" for value, label in p.options}
_LABELS = {p.name: p.label for p in PROPERTIES}
_MORE = """
main { max-width: 72rem; } body { max-width: 72rem; }
form { margin: 1rem 0; } input, select, button { font: inherit; padding: .3rem .5rem; }
.fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .75rem 1rem; }
.fields label { display: flex; flex-direction: column; font-size: .9rem; }
.row { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
.wide { overflow-x: auto; font-size: .9rem; } .wide td { overflow-wrap: anywhere; } .wide time { white-space: nowrap; }
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
    head = "".join(f'<th scope="col">{escape(_LABELS[name])}</th>' for name in _COLUMNS)
    rows = "".join(_row(contact) for contact in found)
    onward = f'<p><a href="{escape(more)}">Further contacts</a></p>' if more else ""
    new = "".join(_field(p, "") for p in PROPERTIES if p.name in ("email", "firstname", "lastname", "company"))
    body = f"""<h1>Sandbox MAP: contacts</h1>
<form method="get" action="/" class="row" role="search"><label>Search <input name="q" value="{escape(words)}"></label>
<button>Search</button><span>{total:,} contacts</span></form>
<div class="wide"><table><thead><tr><th scope="col">Record</th>{head}<th scope="col">Changed</th></tr></thead>
<tbody>{rows}</tbody></table></div>{onward}
<h2>New contact</h2><form method="post" action="/contacts">{_key(key)}<div class="fields">{new}</div>
<p><button>Add</button></p></form>
{home(figures)}"""
    return frame("Sandbox MAP", body)


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
    body = f"""<p><a href="/">All contacts</a></p><h1>{escape(title)}</h1>
<form method="post" action="{path}">{_key(key)}<div class="fields">{edited}</div><p><button>Save</button></p></form>
<table>{kept}</table>
<form method="post" action="{path}" class="row">{_key(key)}{buttons}</form>
<form method="post" action="{path}" class="row">{_key(key)}<input type="hidden" name="act" value="merge">
<label>Merge the record with this number into it: <input name="other" size="12" required></label>
<button>Merge</button></form>"""
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
