"""The sandbox's own pages, and what it starts with."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from contacts.services.seed import _demo_days
from syncrules.sandbox.seeding import seed
from syncrules.sandbox.storage import Store

from .conftest import CONTACTS, Running


def _key(page: str) -> str:
    return re.findall('name="key" value="([^"]+)"', page)[0]


def _names(sandbox: Running, record: str) -> dict:
    asked = {"properties": "firstname,lastname,lifecyclestage,hs_email_optout"}
    return sandbox.http.get(f"{CONTACTS}/{record}", params=asked).json()["properties"]


def test_a_contact_is_found_shown_and_changed(sandbox: Running) -> None:
    ann = sandbox.create(email="ann@acme.example", firstname="Ann", lastname="Lee")
    sandbox.create(email="bob@acme.example")
    listed = sandbox.http.get("/", params={"q": "lee"}).text
    assert f'href="/contacts/{ann}"' in listed
    assert "bob@acme.example" not in listed
    page = sandbox.http.get(f"/contacts/{ann}").text
    form = {"key": _key(page), "firstname": "Anna", "was.firstname": "Ann", "lastname": "Lee", "was.lastname": "Lee"}
    sandbox.http.patch(f"{CONTACTS}/{ann}", json={"properties": {"lastname": "Li"}})  # while the page is open
    saved = sandbox.http.post(f"/contacts/{ann}", data=form)
    assert (saved.status_code, saved.headers["Location"]) == (303, f"/contacts/{ann}")
    values = _names(sandbox, ann)
    assert (values["firstname"], values["lastname"]) == ("Anna", "Li")


def test_a_contact_is_added_unsubscribed_merged_and_deleted_by_hand(sandbox: Running) -> None:
    key = _key(sandbox.http.get("/").text)
    made = [
        sandbox.http.post("/contacts", data={"key": key, "email": f"{n}@acme.example"}).headers["Location"]
        for n in ("ann", "anna", "bob")
    ]
    ann, anna, bob = (path.rpartition("/")[2] for path in made)
    sandbox.http.post(made[0], data={"key": key, "act": "unsubscribe"})
    assert _names(sandbox, ann)["hs_email_optout"] == "true"
    sandbox.http.post(made[0], data={"key": key, "act": "merge", "other": anna})
    assert sandbox.http.get(f"{CONTACTS}/{anna}").json()["id"] == ann
    sandbox.http.post(made[2], data={"key": key, "act": "delete"})
    assert sandbox.http.get(f"{CONTACTS}/{bob}", params={"archived": "true"}).status_code == 200
    sandbox.http.post(made[0], data={"key": key, "act": "erase"})
    assert sandbox.search()["total"] == 0


def test_what_is_refused_says_why_and_changes_nothing(sandbox: Running) -> None:
    ann = sandbox.create(email="ann@acme.example", firstname="Ann")
    key = _key(sandbox.http.get("/").text)
    for form, word in [
        ({"key": key, "hubspotscore": "many", "firstname": "B"}, "number"),
        ({"key": key, "act": "merge", "other": ann}, "itself"),
        ({"key": key, "act": "explode"}, "button"),
        ({"key": "x", "firstname": "B"}, "form"),
        ({"firstname": "B"}, "form"),
    ]:
        answer = sandbox.http.post(f"/contacts/{ann}", data=form)
        assert answer.status_code in (400, 403)
        assert word in answer.text
    assert _names(sandbox, ann)["firstname"] == "Ann"
    assert sandbox.http.get("/contacts/999999").status_code == 404


def test_no_value_is_taken_for_html(sandbox: Running) -> None:
    evil = "\"><script>alert(1)</script>'"
    ann = sandbox.create(email="ann@acme.example", firstname=evil, company=evil)
    for page in (
        sandbox.http.get("/"),
        sandbox.http.get(f"/contacts/{ann}"),
        sandbox.http.get("/", params={"q": evil}),
    ):
        assert "<script" not in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "sandbox:8001", ""])
def test_a_name_that_leads_here_by_a_trick_gets_nothing(sandbox: Running, host: str) -> None:
    sandbox.create(email="ann@acme.example")
    answer = httpx.get(sandbox.server.url, headers={"Host": host})
    assert answer.status_code == 403
    assert "acme" not in answer.text


def test_further_contacts_are_on_further_pages(sandbox: Running) -> None:
    for n in range(55):
        sandbox.create(email=f"p{n}@acme.example")
    first = sandbox.http.get("/").text
    following = re.findall(r'href="(/\?q=[^"]*)"', first)[0].replace("&amp;", "&")
    both = first + sandbox.http.get(following).text
    assert all(f">p{n}@acme.example<" in both for n in range(55))


def test_a_new_sandbox_has_people_of_the_demo_data_some_of_them_twice() -> None:
    store = Store()
    made = seed(store, 1_767_000_000_000)
    rows = store.select("archived_ms IS NULL", [])
    assert made == len(rows) == 78
    demo = {r["email"] for _, _, records in _demo_days(datetime(2026, 11, 1, tzinfo=UTC)) for r in records}
    shared = [row for row in rows if row.properties.get("email") in demo]
    assert 40 <= len(shared) < made
    names = [
        (p.get("lastname"), p.get("company"), p.get("firstname", "").lower()) for p in (r.properties for r in rows)
    ]
    assert len(names) - len(set(names)) >= 8
    assert [row for row in rows if not row.properties.get("email")]
    assert [row for row in rows if row.properties.get("hs_email_optout") == "true"]
    assert seed(store, 1_767_000_000_000) == 0


def test_a_sandbox_that_was_emptied_is_not_filled_again(start: Callable[..., Running]) -> None:
    sandbox = start()
    ann = sandbox.create(email="ann@acme.example")
    sandbox.http.delete(f"{CONTACTS}/{ann}")
    sandbox.http.post("/_sandbox/reset")
    assert seed(sandbox.server.sandbox.store, 1) == 0
