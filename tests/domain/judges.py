"""What the judges need, without a database: stages, policies, people and records."""

from __future__ import annotations

from itertools import count
from typing import Any

from contacts.domain.changes import CustomType, Incoming, Person, Plan, Policy, Received, SourceRow
from contacts.domain.identity import read_address
from contacts.domain.lifecycle import StageRow, StageTable
from contacts.domain.matching import decide
from contacts.domain.origins import Writer, fresh
from contacts.domain.translate import translate
from contacts.domain.world import World

#: Slug, label, rank and owner, as the playbook's Step 3 has them; the last three are the worksheet's equals.
STAGES = (
    ("new-lead", "New Lead", 10, "anyone"),
    ("mql", "MQL", 20, "map"),
    ("sql", "SQL", 30, "sales"),
    ("in-discovery", "In Discovery", 40, "sales"),
    ("in-pipeline", "In Pipeline", 50, "sales"),
    ("customer", "Customer", 60, "sales"),
    ("disqualified", "Disqualified", 70, "sales"),
    ("unsubscribed", "Unsubscribed", 80, "anyone"),
    ("event-lead", "Event Lead", 10, "anyone"),
    ("outbound", "Outbound", 10, "anyone"),
)
TABLE = StageTable(tuple(StageRow(*row) for row in sorted(STAGES, key=lambda r: (r[2], r[0]))))
INTEREST = CustomType("interest", "Interest", "text", (), describes_person=True)
SITES = CustomType("sites", "Sites", "number", (), describes_person=False)


def policy(kind: str = "arrival", entry: str = "new-lead", **custom: CustomType) -> Policy:
    """A source of that kind of actor ("map", "sales", "arrival"), and what ops decided."""
    source = SourceRow(1, "the-source", "The source", kind, entry, "US")
    return Policy(source, TABLE, custom or {"interest": INTEREST, "sites": SITES}, 3, "")


def incoming(rules: Policy, **values: str) -> Incoming:
    """A record in the hub's terms, signed by its source."""
    made = translate(Received(values, dict(values)), rules)
    made.arrival_id, made.writer = 7, Writer("source", rules.source.name, "2026-03-02T09:30:00+00:00", 7)
    return made


def person(values: dict[str, Any], blanked: set[str] = frozenset(), *, ident: int = 5) -> Person:
    """A contact with these values; a person emptied the ``blanked`` ones on purpose."""
    writer = Writer("person", "Dana Whitfield", "2026-01-02T08:00:00+00:00")
    held = {f: v for f, v in values.items() if v not in (None, "")}
    origins = fresh(dict.fromkeys([*held, *blanked], "person"), writer)
    address = read_address(values["email"])
    return Person(dict(values), origins, ident, [address])


def meet(record: Incoming, contact: Person, rules: Policy) -> Plan:
    """The decision for a record in a world of one contact."""
    world = World(count(100), count(200))
    world.index(contact)
    return decide(record, world, rules)
