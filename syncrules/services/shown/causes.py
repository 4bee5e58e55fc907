"""What went wrong with a MAP, in words: each cause with what trying again can and can't mend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Case, CharField, Count, Max, Min, QuerySet, Value, When

from syncrules.domain.catalogue import from_json
from syncrules.models import Connection, Push, SyncError, WorksheetRow, WorksheetVersion
from syncrules.services.sync.errors import Cause
from syncrules.services.sync.retrying import IN_VAIN

ORDERS = {"person": "needs a person", "most": "most first", "newest": "newest first", "oldest": "oldest first"}


class Said(NamedTuple):
    """A cause in words. ``{map}`` is the MAP, ``{field}`` its property, ``{value}`` ours."""

    title: str
    text: str
    person: bool = True  # somebody has to do something
    again: bool = False  # trying again can mend it as things are
    plain: str = ""  # the title where no field is to blame


CAUSES: Mapping[str, Said] = {
    Cause.INVALID: Said(
        "{map} doesn’t take what we write to {field}",
        "The value isn’t of the kind that this property wants. Trying again as it is can’t help: correct it here, "
        "change the property there, or its row in the worksheet.",
        plain="{map} doesn’t take a value of these contacts",
    ),
    Cause.OPTION_UNKNOWN: Said(
        "“{value}” is no choice of {field} in {map}",
        "The contacts’ other values arrive. Add the choice in {map}, or map it in {row}; trying again can’t help "
        "before that.",
        plain="“{value}” is no choice in {map}",
    ),
    Cause.TAKEN: Said(
        "Another record in {map} has this address",
        "Merge the two in {map}, or correct the address here. Trying again can’t help before that.",
    ),
    Cause.MISSING: Said(
        "{map} doesn’t have a record that we know",
        "It was deleted there. The contact stays here, and the hub doesn’t make it again by itself.",
    ),
    Cause.REFUSED: Said(
        "{map} refuses these",
        "It understood what was sent and says no; the same would be refused again. What it said stands beside each.",
    ),
    Cause.DENIED: Said(
        "{map} doesn’t let the hub in",
        "The token is wrong, has expired or lacks a right. Renew it, and what waits goes on by itself.",
        again=True,
    ),
    Cause.GARBLED: Said(
        "{map} gave an answer that can’t be read",
        "Mostly a web page while it is being worked on. What waits is tried again by itself.",
        person=False, again=True,
    ),
    Cause.UNAVAILABLE: Said(
        "{map} was too busy or out of reach",
        "Nothing is lost: these are tried again by themselves, each time a little later. Trying now is safe.",
        person=False, again=True,
    ),
    Cause.UNKNOWN: Said(
        "Nobody said whether {map} took these",
        "The line broke after they were sent. The hub looks what stands there before it writes again.",
        person=False, again=True,
    ),
    Cause.MERGED_THERE: Said(
        "{map} can’t take a merge back",
        "These were parted here, and their records there are still one. Merge them again here, or have somebody make "
        "the second record in {map}.",
    ),
    Cause.CURSOR: Said(
        "{map} doesn’t know the place where we stopped reading",
        "So everything there is read again from the start. It takes longer and loses nothing.",
        person=False,
    ),
    Cause.HOOK: Said(
        "{map} sent events that can’t be understood",
        "They are kept as they came. The next pull reads the records all the same.",
        person=False,
    ),
    Cause.POISON: Said(
        "These made the hub’s own work fail",
        "They are set aside so that the others go on. Tell whoever looks after the hub; once it is mended, try again.",
        again=True,
    ),
}  # fmt: skip
OTHER = Said("Something else went wrong", "What is known stands beside each.", again=True)
#: Where a person's wish is at stake: the cause stands below.
UNSUBSCRIBE = Said("{map} has not taken {count} unsubscribes", "", plain="{map} has not taken an unsubscribe")


@dataclass(frozen=True)
class Group:
    """Errors with one cause. ``key`` names it in addresses."""

    key: str
    cause: str
    kind: str
    count: int
    first_at: datetime
    last_at: datetime
    title: str
    text: str
    person: bool
    again: bool
    vain: bool  # trying again can never change anything
    row: int | None  # of the worksheet in force, where mapping a value there would mend it

    @property
    def consent(self) -> bool:
        """Whether somebody might be mailed who does not want it."""
        return self.kind == Push.Kind.OPT_OUT


def still_open(connection: Connection) -> QuerySet[SyncError]:
    """What went wrong and did not go through since."""
    return SyncError.objects.filter(connection=connection, solved_at__isnull=True)


def groups(connection: Connection, order: str = "person") -> list[Group]:
    """The open errors by cause, those that concern consent first; two queries."""
    value = Case(When(cause=Cause.OPTION_UNKNOWN, then="value"), default=Value(""), output_field=CharField())
    rows = still_open(connection).annotate(option=value).order_by().values_list("way", "kind", "cause", "field")
    counted = list(rows.annotate(v=value, n=Count("pk"), first=Min("first_at"), last=Max("last_at")))
    labels = {f.name: f.label for f in from_json(connection.catalogue).values()}
    in_force = WorksheetRow.objects.filter(
        version__connection=connection, version__state=WorksheetVersion.State.IN_FORCE
    )
    numbers = dict(in_force.values_list("map_field", "number")) if counted else {}
    found = [_group(connection, labels, numbers, *row) for row in counted]
    sort = {"person": lambda g: (not g.person, -g.last_at.timestamp()), "most": lambda g: -g.count,
            "newest": lambda g: -g.last_at.timestamp(), "oldest": lambda g: g.first_at.timestamp()}  # fmt: skip
    return sorted(found, key=lambda g: (not g.consent, sort.get(order, sort["person"])(g), g.key))


def _group(
    connection: Connection, labels: Mapping[str, str], numbers: Mapping[str, int],
    way: str, kind: str, cause: str, field: str, value: str, count: int, first: datetime, last: datetime,
) -> Group:  # fmt: skip
    said = CAUSES.get(cause, OTHER)
    row = numbers.get(field) if cause == Cause.OPTION_UNKNOWN else None
    terms = {"map": connection.name, "field": f"“{labels.get(field, field)}”", "value": value,
             "row": f"row {row} of the worksheet" if row else "the worksheet"}  # fmt: skip
    key = ":".join((way, kind, cause, field, value))
    title = (said.title if field or not said.plain else said.plain).format(**terms)
    text = said.text.format(**terms)
    if kind == Push.Kind.OPT_OUT:
        text = f"{title}. {text}"
        title = (UNSUBSCRIBE.plain if count == 1 else UNSUBSCRIBE.title).format(map=connection.name, count=f"{count:,}")
    return Group(key, cause, kind, count, first, last, title, text, said.person, said.again, cause in IN_VAIN, row)


def of_group(connection: Connection, key: str) -> QuerySet[SyncError]:
    """The open errors of a group; none for a key that names none."""
    parts = key.split(":", 4)
    if len(parts) < 5:
        return still_open(connection).none()
    way, kind, cause, field, value = parts
    rows = still_open(connection).filter(way=way, kind=kind, cause=cause, field=field)
    return rows.filter(value=value) if cause == Cause.OPTION_UNKNOWN else rows
