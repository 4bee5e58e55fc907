"""What a person reads who opens the port in a browser, and what a failing gateway shows."""

from __future__ import annotations

from html import escape

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .25rem; }
table { border-collapse: collapse; margin: 1.5rem 0; }
th, td { text-align: left; padding: .25rem 1.5rem .25rem 0; border-bottom: 1px solid #8884; }
td { font-variant-numeric: tabular-nums; }
code { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
"""


def home(figures: dict[str, str]) -> str:
    """What this is, and its counts."""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in figures.items()
    )
    return f"""<h2>What this is</h2>
<p>A small marketing platform that speaks HubSpot's contacts API, run beside CRM Hub so that a two-way
sync can be seen without an account anywhere. Its contacts are its own; nothing here is sent on.</p>
<table>{rows}</table>
<p>Callers use <code>/crm/v3/objects/contacts</code> or <code>/crm/objects/2026-09/contacts</code> with
<code>Authorization: Bearer &hellip;</code>, the token from <code>SANDBOX_TOKEN</code>. For
tests, <code>/_sandbox/requests</code> lists the writes received, <code>/_sandbox/faults</code> changes the
faults, <code>/_sandbox/webhooks</code> counts what was told and <code>/_sandbox/reset</code> empties it.</p>
"""


def gateway_error(status: int) -> str:
    """The HTML that a gateway in front of HubSpot answers with."""
    return (
        f"<!DOCTYPE html><html><head><title>{status}</title></head>"
        f"<body><h1>Error {status}</h1><p>Sandbox gateway fault.</p></body></html>"
    )
