"""B1: the decision tree against an oracle that shares no code with the hub and reads the tables by SQL."""

from __future__ import annotations

import itertools
import unicodedata
from typing import Any, NamedTuple

import pytest
from django.db import connection, transaction

from contacts.domain.fields import MAPPABLE
from contacts.services.intake import take
from contacts.services.records import received_from_dict
from tests import factories

ADDRESSES = {
    "absent": None,
    "blank": "  ",
    "stand-in for nothing": "N/A",
    "nobody's": "none@none.com",
    "known": " ALICE@Ableworks.COM ",
    "alias": "a.able@Ableworks.com",
    "waiting": "Waits@newfirm.com",
    "malformed": "alice at ableworks",
    "new at free mail": "new.one@gmail.com",
    "new at the company": "new.two@ableworks.com",
    "new elsewhere": "new.three@elsewhere-firm.com",
}
NAMES: tuple[dict[str, str], ...] = (
    {},
    {"first_name": "ALICE"},
    {"first_name": "alice ", "last_name": "Áble"},
    {"first_name": "Zoltan", "last_name": "Quist"},
)
FIRMS: tuple[dict[str, str], ...] = (
    {},
    {"domain": "Ableworks.com"},
    {"website": "https://www.ableworks.com/about"},
    {"domain": "gmail.com"},
    {"company": "ABLE-works"},
    {"company": "Two Domains Inc"},
)
PHONES = (None, "(202) 555-0101", "+1 202 555 0199", "202-555-0188", "12", "+1 202 555 0177")


class Expected(NamedTuple):
    """What the seed text asks for: the outcome, and the contact (or None) it goes to."""

    outcome: str
    contact: int | None
    why: str


def rows(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


# --- the oracle: its own normalisation, its own reading of the tables ---


def plain(text: str) -> str:
    marks = unicodedata.normalize("NFD", text.strip().lower())
    return "".join(c for c in marks if c.isalnum())


def digits(text: str | None) -> str:
    found = "".join(c for c in text or "" if c.isdigit())
    return f"+1{found[-10:]}" if len(found) >= 10 else ""


def domain_of(record: dict[str, str], address: str) -> str:
    given = record.get("domain") or record.get("website", "").removeprefix("https://www.").split("/")[0]
    if given and given.lower() != "gmail.com":
        return given.lower()
    if address and not address.endswith("@gmail.com"):
        return address.split("@")[1]
    stored = rows("SELECT company, company_domain FROM contacts_contact WHERE company <> '' AND company_domain <> ''")
    known = {d for c, d in stored if plain(c) == plain(record.get("company", ""))}
    return known.pop() if len(known) == 1 else ""


def oracle(record: dict[str, str]) -> Expected:
    address = record.get("email", "").strip().lower()
    if address in ("", "n/a", "none@none.com"):
        address = ""
    elif "@" not in address:
        return Expected("rejected", None, "malformed")
    domain, phone = domain_of(record, address), digits(record.get("phone"))
    named = "first_name" in record
    if not address and not phone and not (named and ("company" in record or domain)):
        return Expected("rejected", None, "nobody")
    found = rows("SELECT contact_id FROM contacts_address WHERE lower(trim(shown)) = %s", address) if address else []
    if found:
        return of_the_match(record, found[0][0])
    if address and rows("SELECT 1 FROM contacts_review WHERE waiting_key = %s AND status = 'open'", f"a:{address}"):
        return Expected("held", None, "waiting")
    return of_the_likeness(record, domain, phone)


def of_the_match(record: dict[str, str], contact: int) -> Expected:
    first, last, title = rows("SELECT first_name, last_name, job_title FROM contacts_contact WHERE id = %s", contact)[0]
    mine = {plain(record.get("first_name", "")), plain(record.get("last_name", ""))} - {""}
    stranger = bool(mine) and not mine & {plain(first), plain(last)}
    fills = "job_title" in record and not title and not stranger
    return Expected("filled" if fills else "unchanged", contact, "address")


def of_the_likeness(record: dict[str, str], domain: str, phone: str) -> Expected:
    who = plain(record.get("first_name", "")), plain(record.get("last_name", "")), domain
    people = rows("SELECT first_name, last_name, company_domain FROM contacts_contact")
    if all(who) and who in {(plain(one), plain(other), at) for one, other, at in people}:
        return Expected("held", None, "name")
    sharing = rows("SELECT count(*) FROM contacts_contact WHERE phone = %s", phone)[0][0] if phone else 0
    return Expected("held", None, "phone") if 0 < sharing <= 3 else Expected("created", None, "nothing")


# --- the hub, asked the same ---


@pytest.fixture
def known_people(seeded: None) -> None:
    """One of everything that the tree can meet."""
    factories.one(
        email="alice@ableworks.com", first_name="Alice", last_name="Able", company="Ableworks", phone="2025550101"
    )
    alice = rows("SELECT id FROM contacts_contact")[0][0]
    rows_of_alias = (alice, "a.able@ableworks.com", "a.able@ableworks.com", False, factories.AT, "a reviewer")
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO contacts_address (contact_id, shown, key, "primary", added_at, added_by) '
            "VALUES (%s, %s, %s, %s, %s, %s)",
            rows_of_alias,
        )
    factories.one(email="bob@gmail.com", first_name="Bob", company="Two domains, Inc.", domain="boldworks.com")
    factories.one(email="cy@otherdom.com", first_name="Cy", company="TWO DOMAINS INC")
    for number, phone in enumerate(["2025550199"] * 4 + ["2025550188"] * 3):
        factories.one(email=f"p{number}@gmail.com")
        factories.one(email=f"p{number}@gmail.com", phone=phone)
    waiting = factories.one(email="waits@newfirm.com", first_name="Alice", last_name="Able", domain="ableworks.com")
    assert waiting.outcome == "held"


def combinations(address: str) -> list[dict[str, str]]:
    made = []
    for name, firm, (n, phone) in itertools.product(NAMES, FIRMS, enumerate(PHONES)):
        record = {"email": ADDRESSES[address], **name, **firm, "phone": phone, "job_title": "Buyer" if n % 2 else None}
        made.append({f: v for f, v in record.items() if v is not None})
    return made


def answer(record: dict[str, str], policy: Any, entrance: Any) -> Expected:
    """What the hub does with the record, read from the tables; undone at once."""
    before = rows("SELECT count(*) FROM contacts_contact")[0][0]
    with transaction.atomic():
        take([factories.record(**record)], policy, entrance)
        outcome, contact, review, reason = rows(
            "SELECT outcome, contact_id, review_id, reason FROM contacts_arrival ORDER BY id DESC LIMIT 1"
        )[0]
        made = rows("SELECT count(*) FROM contacts_contact")[0][0] - before
        assert made == (outcome == "created"), record
        assert (review is not None) == (outcome == "held" or "shared mailbox" in reason), record
        transaction.set_rollback(True)
    return Expected(outcome, None if outcome == "created" else contact, reason)


WORDS = {"waiting": "waits in case", "name": "Same name and company domain", "phone": "Same phone"}


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_combination_is_decided_as_the_seed_text_says(address: str, known_people: None) -> None:
    policy, entrance = factories.policy(), factories.entrance()
    wrong = []
    for record in combinations(address):
        expected, found = oracle(record), answer(record, policy, entrance)
        right = expected[:2] == found[:2] and WORDS.get(expected.why, "") in found.why
        wrong += [] if right else [f"{record}: should be {expected}, is {found}"]
    assert not wrong, "\n".join(wrong[:10])


def test_a_rejection_names_the_column_and_the_value(seeded: None) -> None:
    plan = factories.one(email="alice at ableworks")
    assert "alice at ableworks" in plan.reason
    assert "E-mail" in plan.reason


def test_stand_ins_for_nothing_match_nobody(seeded: None) -> None:
    """A10: blanks, "N/A" and the like are never matched to one another."""
    blanks = ("", " ", "N/A", "-", "none", "null", "(blank)", "none@none.com", "\u200b", "\x01")
    records = [{"email": a, "phone": b, "first_name": a} for a in blanks for b in blanks]
    assert {p.outcome for p in factories.arrive(*records)} == {"rejected"}
    assert rows("SELECT count(*) FROM contacts_contact") == [(0,)]


def test_a_nul_in_any_field_costs_at_most_its_own_row(seeded: None) -> None:
    """G5, through the door of the API; the files of the import have a test of their own."""
    fields = [f for f in MAPPABLE if f != "email"]
    raw = [{"email": f"p{n}@gmail.com", f: "Da\x00na", f"{f}\x00": "\x00"} for n, f in enumerate(fields)]
    raw += [{"email": "\x00"}, {"em\x00ail": "fine@gmail.com", "\x00": ["\x00", 10**30]}]
    plans = factories.arrive(*(received_from_dict(record, {}) for record in raw))
    assert [p.outcome for p in plans[: len(fields)]] == ["created"] * len(fields)
    assert [p.outcome for p in plans[-2:]] == ["rejected", "created"]


def test_an_empty_batch_is_nothing_on_either_database(seeded: None) -> None:
    assert factories.arrive() == []


def test_a_phone_limit_that_ops_change_counts_at_once(seeded: None) -> None:
    from contacts.models import HubSettings

    for n in (1, 2):
        factories.one(email=f"s{n}@gmail.com")
        factories.one(email=f"s{n}@gmail.com", phone="2025550123")
    assert factories.one(email="s3@gmail.com", phone="2025550123").outcome == "held"
    HubSettings.objects.update(phone_shared_limit=1)
    assert factories.one(email="s4@gmail.com", phone="2025550123").outcome == "created"
