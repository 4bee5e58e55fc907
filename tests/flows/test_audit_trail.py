"""E6: each cell that intake changes has a row of history (who, why, which arrival), and each value an origin."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tests.flows.test_sequence import at_the_door, bounded, cut, records

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = (
    "email first_name last_name company company_domain phone job_title country lifecycle_stage_id lead_score custom "
    "owner_id source_id shared_mailbox created_at"
).split()
#: What the hub works out by itself or only counts with.
BOOKKEEPING = {"last_activity", "updated_at", "version", "origins", "person_key", "sort_key", "company_key"}


def table(name: str, columns: list[str], order: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM {name} ORDER BY {order}")
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def dump() -> dict[int, dict[str, Any]]:
    return {row["id"]: row for row in table("contacts_contact", ["id", "origins", *COLUMNS], "id")}


def trail() -> dict[int, list[dict[str, Any]]]:
    extra = ["id", "history_type", "history_change_reason", "actor", "arrival_id", "history_user_id"]
    found: dict[int, list[dict[str, Any]]] = {}
    for row in table("contacts_historicalcontact", [*extra, *COLUMNS], "history_id"):
        found.setdefault(row["id"], []).append(row)
    return found


def check_trail(before: dict[int, dict[str, Any]], after: dict[int, dict[str, Any]], seen: dict[int, int]) -> None:
    """Every difference between two dumps is told by the rows of history written in between."""
    history, arrivals = trail(), {r["id"]: r for r in table("contacts_arrival", ["id", "contact_id", "outcome"], "id")}
    for ident, now in after.items():
        then = before.get(ident, dict.fromkeys(COLUMNS))
        written = history[ident][seen.get(ident, 0) :]
        for row in written:
            arrival = arrivals[row["arrival_id"]]
            assert arrival["contact_id"] == ident
            assert row["history_change_reason"].startswith(f"{arrival['outcome']}: ")
            assert row["actor"] == "Website contact form"
        if any(now[c] != then[c] for c in COLUMNS):
            assert written, f"contact {ident} changed and nobody says why"
        assert {c: history[ident][-1][c] for c in COLUMNS} == {c: now[c] for c in COLUMNS}
        assert [r["history_type"] for r in history[ident]] == ["+"] + ["~"] * (len(history[ident]) - 1)
        check_steps(then if ident in before else None, written)


def check_steps(then: dict[str, Any] | None, written: list[dict[str, Any]]) -> None:
    """Each row of history changes something, and no row takes a value away or changes it for another."""
    for row in written:
        changed = {c for c in COLUMNS if then is None or row[c] != then[c]}
        assert changed
        for column in changed - {"shared_mailbox", "custom"} if then else ():
            assert then[column] in (None, ""), f"{column} was overwritten"
        then = row


def check_origins(contacts: dict[int, dict[str, Any]]) -> None:
    for contact in contacts.values():
        origins = json.loads(contact["origins"])
        names = {"lifecycle_stage_id": "lifecycle_stage", "source_id": "source"}
        kept = {c for c in COLUMNS if contact[c] not in (None, "")} - {"custom", "shared_mailbox", "created_at"}
        wanted = {names.get(c, c) for c in kept} | set(json.loads(contact["custom"]))
        assert set(origins["of"]) == wanted
        for place, rule in origins["of"].values():
            kind, name, at, arrival = origins["by"][place]
            assert (kind, name) == ("source", "Website contact form")
            assert rule
            assert at
            assert arrival


@bounded
@given(st.lists(records, min_size=2, max_size=14), st.lists(st.integers(1, 5), max_size=4))
def test_every_changed_cell_is_told_by_history_and_every_value_has_an_origin(
    seeded: None, drawn: list[Any], sizes: list[int]
) -> None:
    with transaction.atomic():
        before: dict[int, dict[str, Any]] = {}
        seen: dict[int, int] = {}
        for chunk in cut(at_the_door(drawn), sizes):
            factories.arrive(*chunk)
            after = dump()
            check_trail(before, after, seen)
            check_origins(after)
            before, seen = after, {ident: len(rows) for ident, rows in trail().items()}
        transaction.set_rollback(True)


def test_custom_values_are_in_the_history_too(seeded: None) -> None:
    factories.custom_field("interest")
    factories.one(email="dana@harborworks.com", interest="Laser")
    factories.one(email="cy@gmail.com")
    factories.one(email="cy@gmail.com", interest="Milling")
    found = {i: [json.loads(r["custom"]) for r in rows] for i, rows in trail().items()}
    assert list(found.values()) == [[{"interest": "Laser"}], [{}, {"interest": "Milling"}]]


def test_no_column_of_the_contact_is_left_out_of_the_history_but_the_bookkeeping() -> None:
    from contacts.models import Contact

    stored = {f.column for f in Contact._meta.local_fields} - {"id"}
    assert stored == set(COLUMNS) | BOOKKEEPING


# --- nobody writes contacts behind the writer's back ---

RECORD = {"Contact", "HistoricalContact", "contact"}
ADDRESSES = {"Address", "addresses"}  # the services may write these themselves
WRITES = {
    "update", "save", "create", "get_or_create", "update_or_create", "bulk_create", "bulk_update", "delete",
    "aupdate", "asave", "acreate", "abulk_create", "abulk_update", "adelete",
}  # fmt: skip
RAW = ("INSERT INTO contacts_contact", "UPDATE contacts_contact", "UPDATE contacts_address", "DELETE FROM contacts_")
#: The writer, and the bulk statements that it uses.
WRITERS = {"contacts/services/write.py", "contacts/services/bulk.py"}


def sources() -> list[Path]:
    found = [p for app in ("contacts", "crmhub", "syncrules") for p in (ROOT / app).rglob("*.py")]
    return [p for p in found if "migrations" not in p.parts and str(p.relative_to(ROOT)) not in WRITERS]


def begins_with(node: ast.AST) -> set[str]:
    """The names along a chain of calls: Contact.objects.filter(...) gives Contact, objects, filter."""
    names = set()
    while True:
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
            node = node.value
        elif isinstance(node, ast.Subscript):
            node = node.value
        else:
            return names | ({node.id} if isinstance(node, ast.Name) else set())


def offences(tree: ast.AST, guarded: set[str] = RECORD | ADDRESSES) -> list[int]:
    """Lines that write the record: a writing call on Contact or Address, a contact that is saved, raw SQL."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            names = begins_with(node.func.value)
            found += [node.lineno] if names & guarded and not names & (ADDRESSES - guarded) else []
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += [node.lineno] if any(sql.lower() in node.value.lower() for sql in RAW) else []
    return found


def test_nothing_writes_contacts_but_the_writer() -> None:
    found = []
    for path in sources():
        guarded = RECORD if "services" in path.parts else RECORD | ADDRESSES
        found += [f"{path.relative_to(ROOT)}:{n}" for n in offences(ast.parse(path.read_text("utf-8")), guarded)]
    assert not found


@pytest.mark.parametrize(
    "code",
    [
        "Contact.objects.filter(pk=1).update(phone='')",
        "Contact.objects.bulk_create([])",
        "contact.save(update_fields=['phone'])",
        "models.Contact(email='').save()",
        "contact.addresses.all().delete()",
        "cursor.execute('update contacts_contact set phone = 1')",
    ],
)
def test_the_search_for_such_writes_finds_them(code: str) -> None:
    assert offences(ast.parse(code)) == [1]
