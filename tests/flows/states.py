"""The state of the record as plain values that do not depend on numbers, times or how it was reached."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection

Rows = list[tuple[Any, ...]]
CONTACT = (
    "email first_name last_name company company_domain phone job_title country lifecycle_stage_id lead_score "
    "custom shared_mailbox source_id last_activity person_key sort_key company_key"
)
HISTORY = (
    "history_type actor email first_name last_name company company_domain phone job_title "
    "country lifecycle_stage_id lead_score custom shared_mailbox source_id"
)


def read(sql: str) -> Rows:
    """Rows by plain SQL, in the test's own connection."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


class Names:
    """Ordinals instead of numbers: the third contact is C3 whatever number it has."""

    def __init__(self, rows: Callable[[str], Rows]) -> None:
        tables = {"C": "contacts_historicalcontact", "R": "contacts_review", "A": "contacts_arrival"}
        known = "SELECT DISTINCT id FROM {} ORDER BY id"  # the history knows removed contacts as well
        self.of = {
            kind: {ident: f"{kind}{n}" for n, (ident,) in enumerate(rows(known.format(table)), 1)}
            for kind, table in tables.items()
        }

    def __call__(self, kind: str, ident: int | None) -> str | None:
        return self.of[kind][ident] if ident is not None else None

    def words(self, text: str) -> str:
        """A reason without numbers; of a repeated delivery only that it is one."""
        text = re.sub(r"#(\d+)", lambda m: self("C", int(m[1])) or "", text)
        text = re.sub(r"case (\d+)", lambda m: self("R", int(m[1])) or "", text)
        return re.sub(r"(The same record came before:) .*", r"\1", text)

    def origins(self, stored: Any) -> dict[str, Any]:
        """Origins without times, field by field."""
        found = json.loads(stored) if isinstance(stored, str) else stored
        by = [(kind, name, self("A", arrival)) for kind, name, _, arrival in found["by"]]
        return {field: (by[n], rule) for field, (n, rule) in found["of"].items()}


def _select(columns: str, table: str, *more: str) -> str:
    return f"SELECT {', '.join([*columns.split(), *more])} FROM {table} ORDER BY "


def _plain(row: Sequence[Any]) -> list[Any]:
    """A row in which JSON has its keys in order."""
    return [json.loads(v) if isinstance(v, str) and v.startswith("{") else v for v in row]


def state(rows: Callable[[str], Rows] = read) -> dict[str, Any]:
    """Everything that a run leaves behind, comparable with that of another run."""
    name = Names(rows)
    contacts = rows(_select(CONTACT, "contacts_contact", "origins") + "id")
    last = ("history_change_reason", "id", "arrival_id")
    history = rows(_select(HISTORY, "contacts_historicalcontact", *last) + "arrival_id, history_id")
    arrivals = rows(
        "SELECT id, outcome, reason, contact_id, review_id, repeat_of_id, email_key, who, verdicts "
        "FROM contacts_arrival ORDER BY id"
    )
    cases = rows("SELECT waiting_key, kind, status, rule, who, reason FROM contacts_review ORDER BY id")
    pairs = rows("SELECT review_id, contact_id FROM contacts_reviewcandidate ORDER BY review_id, contact_id")
    return {
        "contacts": [(_plain(row[:-1]), name.origins(row[-1])) for row in contacts],
        "history": [
            (name("C", contact), name("A", arrival), name.words(why), _plain(rest))
            for *rest, why, contact, arrival in history
        ],
        "addresses": [
            (key, shown, bool(primary), name("C", contact), name("A", arrival))
            for key, shown, primary, contact, arrival in rows(
                'SELECT key, shown, "primary", contact_id, arrival_id FROM contacts_address ORDER BY key'
            )
        ],
        "arrivals": [
            (name("A", i), outcome, name.words(reason), name("C", contact), name("R", case), name("A", same), *rest)
            for i, outcome, reason, contact, case, same, *rest in arrivals
        ],
        "cases": [
            (re.sub(r"m:(\d+)", lambda m: f"m:{name('C', int(m[1]))}", key), *rest, name.words(reason))
            for key, *rest, reason in cases
        ],
        "candidates": [(name("R", case), name("C", contact)) for case, contact in pairs],
    }
