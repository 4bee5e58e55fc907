"""Why does it say that? Each value of a contact with who wrote it, under which rule, and what was refused.

The contact's page, the command and the API all show what ``explain_contact`` answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from contacts.domain import rules
from contacts.domain.identity import NotAnAddress, read_address
from contacts.domain.origins import Origin, Writer, origin_of
from contacts.models import Address, Arrival, Contact, Refusal
from contacts.services import story
from contacts.services.merged import living_id
from contacts.services.merging.told import Told, merges_of
from contacts.services.release import releases

#: At most this many refused values of a field are told, from this many of the newest arrivals.
REFUSED_TOLD = 100
ARRIVALS_READ = 5000
REFUSALS_READ = 1000
#: How far back the value before the present one is looked for.
HISTORY_READ = 200
#: The rule of ``last_activity``, which no judge decides.
NEWEST = "newest"
WORDS = {NEWEST: "the latest moment that an arrival names"}
NOT_TAKEN = {rules.PRESENT, rules.BLANKED}
DETAILED = {rules.UNREADABLE}


class Sent(NamedTuple):
    """An arrival as far as it explains values."""

    id: int
    received_at: datetime
    occurred_at: datetime | None
    door: str
    actor: str
    source: str | None
    source_slug: str
    verdicts: list[list[str]]

    @property
    def origin(self) -> str:
        """Who a value came from, as its writer would be called."""
        return self.actor if self.door == Arrival.Door.FORM else self.source or self.source_slug


def find_contact(text: str) -> Contact | None:
    """The contact that this number leads to, or that has this address, be it an alias."""
    text = text.strip()
    number = text.removeprefix("#")
    if number.isascii() and number.isdigit():
        return Contact.objects.filter(pk=living_id(int(number))).first() if len(number) < 19 else None
    try:
        key = read_address(text).key
    except NotAnAddress:
        return None
    return Contact.objects.filter(addresses__key=key).first()


def explain_contact(contact: Contact, names: story.Names | None = None) -> dict[str, Any]:
    """Every field with its value, its origin and what was refused; ready for JSON."""
    names = names or story.load_names()
    sent = _arrivals(contact.pk)
    merges = merges_of(contact.pk)
    refused = _refused(contact.pk, sent, merges, names)
    values, before = values_of(contact), _before(contact.pk, names)
    released = releases(contact.pk, contact.origins)
    fields = {
        name: _field(contact, name, values.get(name), names, sent)
        | {
            "before": before.get(name),
            "merge": merges.brought(name, values.get(name), contact.origins),
            "released": released.get(name),
            "refused": refused.get(name, []),
        }
        for name in [*story.STANDARD, *names.custom]
    }
    return {"contact": _who(contact), "fields": fields}


def values_of(contact: Contact) -> dict[str, Any]:
    """Field to stored value, custom fields included."""
    return {f: getattr(contact, story.COLUMN.get(f, f)) for f in story.STANDARD} | dict(contact.custom)


def _who(contact: Contact) -> dict[str, Any]:
    addresses = Address.objects.filter(contact=contact).order_by("-primary", "pk")
    return {
        "id": contact.pk,
        "name": contact.display_name,
        "email": contact.email,
        "addresses": [{"address": a.shown, "primary": a.primary} for a in addresses],
        "shared_mailbox": contact.shared_mailbox,
        "created_at": contact.created_at.isoformat(timespec="seconds"),
    }


def _field(contact: Contact, name: str, value: Any, names: story.Names, sent: Sequence[Sent]) -> dict[str, Any]:
    origin = _origin(contact, name, sent)
    entry: dict[str, Any] = {"label": names.label(name), "value": _plain(name, value, names)}
    if name == "lifecycle_stage":
        entry["stage"] = value
    if origin is None:
        return entry | {
            "origin": None,
            "by": None,
            "rule": None,
            "rule_code": None,
            "at": None,
            "arrival": None,
            "worksheet": None,
        }
    writer = origin.writer
    return entry | {
        "origin": writer.name,
        "by": writer.kind,
        "rule": WORDS.get(origin.rule) or rules.words(origin.rule),
        "rule_code": origin.rule,
        "at": writer.at,
        "arrival": writer.arrival,
        "worksheet": _place(origin.rule, writer.name),
    }


def _plain(name: str, value: Any, names: story.Names) -> Any:
    """A value as JSON: numbers and booleans stay, nothing is null, ids become names."""
    if value is None or value == "":
        return None
    if name in story.COLUMN or isinstance(value, datetime):
        return names.shown(name, value)
    return value


def _origin(contact: Contact, name: str, sent: Sequence[Sent]) -> Origin | None:
    if name != "last_activity":
        return origin_of(contact.origins, name)
    told = next((s for s in sent if s.occurred_at and s.occurred_at == contact.last_activity), None)
    if told is None:
        return None
    return Origin(Writer("source", told.origin, told.received_at.isoformat(timespec="seconds"), told.id), NEWEST)


def _arrivals(contact_id: int) -> list[Sent]:
    found = Arrival.objects.filter(contact_id=contact_id).order_by("-pk")
    columns = "id", "received_at", "occurred_at", "door", "actor", "source__name", "source_slug", "verdicts"
    return [Sent(*row) for row in found.values_list(*columns)[:ARRIVALS_READ]]


def _refused(
    contact_id: int, sent: Sequence[Sent], merges: Told, names: story.Names
) -> dict[str, list[dict[str, Any]]]:
    """By field, the values that arrivals and connections offered, or merged contacts had, and that were not taken;
    newest first."""
    told = _offered(sent)
    for more in (merges.refused(names), _refused_rows(contact_id)):
        for field, entries in more.items():
            told[field] = sorted([*entries, *told[field]], key=itemgetter("at"), reverse=True)
    return told


def _refused_rows(contact_id: int) -> dict[str, list[dict[str, Any]]]:
    """By field, what rows of worksheets and the stage table refused to connections and people, the newest first."""
    told: dict[str, list[dict[str, Any]]] = defaultdict(list)
    rows = Refusal.objects.filter(contact=contact_id).exclude(kind=Refusal.Kind.SOURCE)
    for r in rows.order_by("-at", "-pk")[:REFUSALS_READ]:
        if len(told[r.field]) < REFUSED_TOLD:
            told[r.field].append(
                {
                    "value": r.offered,
                    "origin": r.who,
                    "rule": r.words,
                    "rule_code": r.rule,
                    "at": r.at.isoformat(timespec="seconds"),
                    "arrival": None,
                    "refusal": r.pk,
                    "worksheet": _place(r.rule, r.who),
                }
            )
    return told


def _place(rule: str, connection: str) -> dict[str, Any] | None:
    """The row of a worksheet that a rule names: its connection, the version and the row."""
    _, version, row = rules.split_row(rule)
    return {"connection": connection, "version": version, "row": row} if row else None


def _offered(sent: Sequence[Sent]) -> dict[str, list[dict[str, Any]]]:
    told: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for arrival in sent:
        for name, decision, rule, *rest in arrival.verdicts:
            if decision != "refused" and rule not in NOT_TAKEN:
                continue
            if len(told[name]) < REFUSED_TOLD:
                told[name].append(
                    {
                        "value": rest[0] if rest else "",
                        "origin": arrival.origin,
                        "rule": rule_words(rule, rest[1] if len(rest) > 1 else ""),
                        "rule_code": rule,
                        "at": arrival.received_at.isoformat(timespec="seconds"),
                        "arrival": arrival.id,
                    }
                )
    return told


def refused_value(refusal: Refusal, name: str) -> str | None:
    """What a connection or a person offered for a field; None for another field, and for a text cut short."""
    cut = len(refusal.offered) >= Refusal._meta.get_field("offered").max_length
    return refusal.offered if refusal.field == name and refusal.offered and not cut else None


def offered_value(arrival: Arrival, name: str) -> str | None:
    """What an arrival offered for a field and was not taken; None where there is no such thing."""
    for field, decision, rule, *rest in arrival.verdicts:
        if field == name and rest and (decision == "refused" or rule in NOT_TAKEN):
            return rest[0]
    return None


def rule_words(rule: str, detail: str = "") -> str:
    """A verdict's rule in words; for what could not be read, why."""
    return detail if detail and rule in DETAILED else rules.words(rule)


def _before(contact_id: int, names: story.Names) -> dict[str, dict[str, Any]]:
    """By field, the value that stood before the present one, with who wrote that one and when."""
    rows = story.history_rows(contact_id, HISTORY_READ)
    values = [story.values_of(row) for row in rows]
    told = {}
    for name in values[0] if values else ():
        run = _previous_run(values, name)
        shown = names.shown(name, values[run].get(name)) if run is not None else ""
        if run is not None and shown:
            first = rows[run]
            told[name] = {
                "value": shown,
                "origin": first["actor"],
                "at": first["history_date"].isoformat("T", "seconds"),
            }
    return told


def _previous_run(values: Sequence[Mapping[str, Any]], name: str) -> int | None:
    """The row that wrote the value before the present one: rows are newest first."""
    place = 0
    for _ in range(2):
        now = values[place].get(name)
        while place < len(values) and values[place].get(name) == now:
            place += 1
        if place == len(values):
            break
    else:
        return place - 1
    return place - 1 if values[-1].get(name) != values[0].get(name) else None
