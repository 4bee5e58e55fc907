"""The sandbox's own pages: look at its contacts, add, change, unsubscribe, merge and delete them by hand.

For the person at this machine only: callers from elsewhere, and names that lead here by a trick, get nothing. What is
done here is done as HubSpot's users do it; callers of the API see it as a change that is not theirs.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
from urllib.parse import parse_qsl, quote

from . import consent, contacts, forms, search
from .clock import Clock
from .errors import ApiError
from .properties import PROPERTIES
from .storage import Store
from .wire import Reply, Request, html_reply

PAGE = 50
EDITED = tuple(p for p in PROPERTIES if not p.read_only)
_HOST = re.compile(r"(?:localhost|\[::1\]|127(?:\.\d{1,3}){3})(?::\d+)?")
_ONE = re.compile(r"/contacts/(\d{1,18})")
_ACTS = ("save", "delete", "erase", "unsubscribe", "merge")


class Desk:
    """The pages of one server; the key in its forms is new with each start, so that no other site can send them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._key = secrets.token_urlsafe(24)

    def respond(self, request: Request, clock: Clock, figures: dict[str, str]) -> Reply | None:
        """The page, or None when this is no page's address."""
        one = _ONE.fullmatch(request.path)
        if request.path not in ("/", "/contacts") and not one:
            return None
        if not _at_this_machine(request):
            return html_reply(403, forms.frame("Sandbox MAP", "<p>These pages are for this machine only.</p>"))
        try:
            if request.method == "POST":
                return self._act(request, clock.now_ms(), one[1] if one else None)
            return html_reply(200, self._contact(one[1]) if one else self._list(request, figures))
        except ApiError as problem:
            back = request.path if request.method == "POST" else "/"
            return html_reply(problem.status, forms.refusal(problem.message, back))

    def _list(self, request: Request, figures: dict[str, str]) -> str:
        words, start = request.query.get("q", "")[:200], request.query.get("after", "0")
        asked = {
            "query": words,
            "limit": PAGE,
            "after": start,
            "sorts": [{"propertyName": "lastmodifieddate", "direction": "DESCENDING"}],
            "properties": [p.name for p in PROPERTIES],
        }
        found = search.search(self._store, asked)
        after = found.get("paging", {}).get("next", {}).get("after", "")
        more = f"/?q={quote(words)}&after={after}" if after and int(after) + PAGE <= search.CAP else ""
        return forms.listing(found["results"], found["total"], words, more, figures, self._key)

    def _contact(self, ref: str) -> str:
        shown = contacts.show(contacts.find(self._store, ref), [p.name for p in PROPERTIES])
        return forms.contact(shown, self._key)

    def _act(self, request: Request, now: int, ref: str | None) -> Reply:
        form = dict(parse_qsl(request.raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=200))
        if not hmac.compare_digest(form.get("key", "").encode(), self._key.encode()):
            raise ApiError(403, "This form is from before the last start. Go back, load the page again and repeat.")
        act = form.get("act", "save")
        if act not in _ACTS:
            raise ApiError(400, "There is no such button.")
        with self._store.from_source("CRM_UI"), self._store.transaction():
            where = self._create(form, now) if ref is None else self._change(ref, act, form, now)
        return Reply(303, b"", {"Location": where, "Content-Type": "text/plain"})

    def _create(self, form: dict[str, str], now: int) -> str:
        values = {p.name: form[p.name] for p in EDITED if form.get(p.name)}
        return f"/contacts/{contacts.create(self._store, values, now).id}"

    def _change(self, ref: str, act: str, form: dict[str, str], now: int) -> str:
        """Do it; only values that the person changed are stored, so that a page left open undoes nothing."""
        row = contacts.find(self._store, ref)
        if act == "save":
            values = {
                p.name: form[p.name] for p in EDITED if p.name in form and form[p.name] != form.get(f"was.{p.name}")
            }
            if values:
                contacts.update(self._store, row, values, now)
        elif act == "merge":
            contacts.merge(self._store, row, contacts.find(self._store, form.get("other", "").strip()), now)
        elif act == "unsubscribe":
            address = row.properties.get("email", "")
            consent.unsubscribe_all(self._store, address, now)
            contacts.refresh_consent(self._store, address, now)
        else:
            (contacts.archive if act == "delete" else contacts.erase)(self._store, row, now)
            return "/"
        return f"/contacts/{row.id}"


def _at_this_machine(request: Request) -> bool:
    near = bool(request.peer) and ipaddress.ip_address(request.peer.partition("%")[0]).is_loopback
    return near and _HOST.fullmatch(request.headers.get("host", "")) is not None
