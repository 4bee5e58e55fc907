"""A MAP's records as the audit needs them: which of its fields say who somebody is, and what else there is to keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from contacts.readers.matching import match_columns
from syncrules.connectors.base import Connector, Record, Subscription
from syncrules.domain.audit import Entry, Fields, OptIn
from syncrules.domain.grouping import EMAIL, FIRM, FIRST, LAST, Keys, keys_of
from syncrules.domain.judges import STAGE
from syncrules.domain.translating import Translator
from syncrules.domain.worksheet import FieldType
from syncrules.models import Connection, Link, WorksheetVersion
from syncrules.services.catalogue import terms_of, worksheet_of

#: The hub's names for a company's domain, as columns may be called.
FIRMS = ("company_domain", "domain", "website")
#: Records that one call to the MAP reads.
READ = 100


@dataclass(frozen=True)
class Naming:
    """What a MAP calls the fields that the audit looks at; ``filled`` are all that count and can be kept."""

    names: Mapping[str, str]  # the hub's name to the MAP's
    fields: Fields
    filled: frozenset[str]
    writable: frozenset[str]
    rank: Callable[[str], int] = field(default=lambda text: -1, compare=False)

    def shown(self, record: Record, name: str) -> str:
        return record.values.get(self.names.get(name, ""), "")

    def keys(self, record: Record) -> Keys:
        """What the record is grouped by."""
        return keys_of(record.id, *(self.shown(record, name) for name in (EMAIL, FIRST, LAST, FIRM)))


def naming_of(connection: Connection, properties: Sequence[FieldType]) -> Naming:
    """By the worksheet where it maps a field, else by what the field is called; a fixed number of queries."""
    known = {p.name: p for p in properties}
    roles = {p.role: p.name for p in properties if p.role}
    version = _newest_version(connection)
    mapped = dict(version.rows.values_list("hub_field", "map_field")) if version else {}
    names = _by_label(properties) | {
        (FIRM if hub in FIRMS else hub): there for hub, there in mapped.items() if there in known
    }
    names[EMAIL] = roles.get("email") or names.get(EMAIL, "")
    fields = Fields(
        roles.get("stage", ""),
        roles.get("source", ""),
        names[EMAIL],
        roles.get("optout", ""),
        {p.name: p.label for p in properties},
        {p.name: {o.value: o.label for o in p.options} for p in properties if p.options},
    )
    writable = frozenset(p.name for p in properties if not p.read_only and p.name != fields.opt_out)
    filled = frozenset(p.name for p in properties if p.own) - {fields.opt_out}
    return Naming(names, fields, filled, writable, _ranks(connection, version, known.get(fields.stage)))


def _newest_version(connection: Connection) -> WorksheetVersion | None:
    """What is in force, else the draft."""
    states = (WorksheetVersion.State.IN_FORCE, WorksheetVersion.State.DRAFT)
    return connection.versions.filter(state__in=states).order_by("-state").first()


def _by_label(properties: Sequence[FieldType]) -> dict[str, str]:
    """Fields that are called as the hub's are, as columns of a file would be recognised."""
    nothing: list[list[str]] = [[] for _ in properties]
    matches = match_columns([p.label for p in properties], nothing, [1] * len(properties))
    found: dict[str, str] = {}
    for prop, match in zip(properties, matches, strict=True):
        if match.sure in ("sure", "likely") and match.field:
            found.setdefault(FIRM if match.field in FIRMS else match.field, prop.name)
    return found


def _ranks(connection: Connection, version: WorksheetVersion | None, stage: FieldType | None) -> Callable[[str], int]:
    """How far a stage of the MAP is: as far as the hub's stage for it, else by the order of the MAP's options."""
    order = {option.value: place for place, option in enumerate(stage.options)} if stage else {}
    translator: Translator | None = None
    ranks: dict[str, int] = {}
    if version is not None and stage is not None:
        terms = terms_of(connection, worksheet_of(connection, version))
        row = next((row for row in terms.rows if row.hub == STAGE and row.map == stage.name), None)
        if row is not None:
            translator = terms.by_row[row.key]
            ranks = {slug: found.rank for slug in order_of(terms) if (found := terms.stages.get(slug))}

    def rank(text: str) -> int:
        read = translator.read(text) if translator else None
        return ranks[read] if isinstance(read, str) and read in ranks else order.get(text, -1)

    return rank


def order_of(terms: Any) -> Iterable[str]:
    """The slugs of the hub's stages."""
    return [option.value for option in terms.worksheet.hub_fields[STAGE].options]


def read_entries(connection: Connection, connector: Connector, naming: Naming, ids: Sequence[str]) -> dict[str, Entry]:
    """Records of the MAP as they are now, by the id asked for; what is gone is absent. Raises ``Trouble``.

    Also their opt-outs, which belong to the address, and the contacts that they are linked to.
    """
    records: dict[str, Record] = {}
    for start in range(0, len(ids), READ):
        records |= connector.read(ids[start : start + READ])
    addresses = sorted({a for r in records.values() if (a := naming.shown(r, EMAIL))})
    said: dict[str, Subscription] = {}
    for start in range(0, len(addresses), READ):
        said |= connector.subscriptions(addresses[start : start + READ])
    linked = Link.objects.filter(connection=connection, state=Link.State.LINKED, record_id__in=list(ids))
    contacts = dict(linked.values_list("record_id", "contact_id"))
    return {
        ident: replace(entry_of(record, naming, said.get(naming.shown(record, EMAIL))), contact=contacts.get(record.id))
        for ident, record in records.items()
    }


def entry_of(record: Record, naming: Naming, said: Subscription | None) -> Entry:
    """One record with what it says of mail."""
    stage = record.values.get(naming.fields.stage, "")
    return Entry(
        record.id,
        {name: text for name, text in record.values.items() if text and name in naming.filled},
        naming.shown(record, EMAIL),
        naming.shown(record, FIRST),
        naming.shown(record, LAST),
        rank=naming.rank(stage) if stage else -1,
        opt_in=_opt_in(record, naming, said),
    )


def _opt_in(record: Record, naming: Naming, said: Subscription | None) -> OptIn:
    shown = record.values.get(naming.fields.opt_out, "").lower() in ("true", "yes", "1")
    if shown or (said is not None and (said.opted_out or False in said.types.values())):
        return OptIn.OUT
    return OptIn.IN if said is not None and True in said.types.values() else OptIn.NONE


def as_json(entry: Entry) -> dict[str, Any]:
    """A record as it is kept with its group."""
    return {
        "id": entry.id, "values": dict(entry.values), "email": entry.email, "first": entry.first, "last": entry.last,
        "rank": entry.rank, "opt_in": entry.opt_in.value, "contact": entry.contact,
    }  # fmt: skip


def from_json(kept: Mapping[str, Any]) -> Entry:
    """The opposite of ``as_json``."""
    return Entry(**{**kept, "opt_in": OptIn(kept["opt_in"])})
