"""The log of refusals: written in bulk with what it belongs to, counted by rule, by move and by worksheet row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Max, Q, QuerySet

from contacts.domain import rules
from contacts.domain.changes import Incoming, Person, Plan, Verdict
from contacts.domain.lifecycle import StageTable
from contacts.models import Refusal
from contacts.services import bulk

COLUMNS = [
    "contact_id", "field", "rule", "words", "offered", "current", "kind", "who", "connection", "row", "ref",
    "stage_from", "stage_to", "arrival_id", "at",
]  # fmt: skip
STAGE = "lifecycle_stage"
#: Rules of the stage table, which alone speak of a move.
STAGE_RULES = frozenset(
    {
        rules.STAGE_MAP,
        rules.STAGE_SALES,
        rules.STAGE_BACK,
        rules.STAGE_UNKNOWN,
        rules.STAGE_MAP_BACK,
        rules.STAGE_UNSUBSCRIBED,
        rules.STAGE_CLOSED,
    }
)
MONTH, WEEK = timedelta(days=30), timedelta(days=7)


class Refused(NamedTuple):
    """One refused attempt. ``who`` is the source, the connection or the person that tried, ``kind`` which of these.

    ``connection`` and ``row`` (the lasting key of a worksheet's row) are set where a row refused it, ``ref`` is the
    MAP's own id of the record, ``stage_from`` and ``stage_to`` are slugs where it is about a stage.
    """

    contact_id: int | None
    field: str
    rule: str
    at: datetime
    kind: str
    who: str
    offered: str = ""
    current: str = ""
    connection: str = ""
    row: int | None = None
    ref: str = ""
    stage_from: str = ""
    stage_to: str = ""
    arrival_id: int | None = None


class Twice(NamedTuple):
    """How many in a period, and in the one as long before it."""

    now: int = 0
    before: int = 0


def log_refusals(rows: Iterable[Refused]) -> None:
    """Store refusals in one statement, inside the caller's transaction."""
    bulk.insert(
        Refusal,
        COLUMNS,
        [
            (
                r.contact_id, r.field, r.rule, rules.words(r.rule)[:300], _text(r.offered), _text(r.current), r.kind,
                r.who[:200], r.connection, r.row, r.ref[:100], r.stage_from[:40], r.stage_to[:40], r.arrival_id,
                bulk.as_time(r.at),
            )
            for r in rows
        ],
    )  # fmt: skip


def _text(value: str) -> str:
    return value.replace("\x00", "")[:300]


def refusing(plans: Sequence[Plan]) -> list[Plan]:
    """The plans to which the stage table refused something. Asked of every batch, so nothing is called in here."""
    return [p for p in plans for v in p.verdicts if v[1] == "refused" and v[2] in STAGE_RULES]


def of_plans(plans: Sequence[Plan], stages: StageTable, at: datetime) -> list[Refused]:
    """What the stage table refused to these arrivals; a new contact counts at the stage that it got instead."""
    decided = [p for p in plans if p.person is not None and p.outcome in ("created", "filled", "unchanged")]
    return [
        refused
        for plan in decided
        if plan.person is not None
        for refused in of_arrival(plan.verdicts, plan.incoming, plan.person, stages, at)
    ]


def of_arrival(
    verdicts: Iterable[Verdict], incoming: Incoming, person: Person, stages: StageTable, at: datetime
) -> list[Refused]:
    """The refusals among an arrival's verdicts, as told by who brought it."""
    held = str(person.values.get(STAGE) or "")
    current, writer = stages.get(held), incoming.writer
    found = []
    for verdict in verdicts:
        if verdict.decision == "refused" and verdict.rule in STAGE_RULES:
            asked = stages.named(verdict.offered)
            found.append(
                Refused(
                    person.id, STAGE, verdict.rule, at, writer.kind, writer.name, verdict.offered,
                    current.label if current else "", ref=incoming.external_id if writer.kind != "person" else "",
                    stage_from=held, stage_to=asked.slug if asked else "", arrival_id=incoming.arrival_id,
                )
            )  # fmt: skip
    return found


def of_person(
    contact_id: int | None, rule: str, stages: StageTable, current: str, asked: str, name: str, at: datetime
) -> Refused:
    """A stage that the table refused to a person; ``current`` and ``asked`` are slugs, or text that is no stage."""
    held, wanted = stages.get(current), stages.named(asked)
    return Refused(
        contact_id, STAGE, rule, at, Refusal.Kind.PERSON, name, wanted.label if wanted else asked,
        held.label if held else "", stage_from=current, stage_to=wanted.slug if wanted else "",
    )  # fmt: skip


# --- counting ---


def of_stages() -> QuerySet[Refusal]:
    """Refusals of the stage table."""
    return Refusal.objects.filter(field=STAGE)


def _twice(rows: QuerySet[Refusal], by: Sequence[str], at: datetime, period: timedelta) -> dict[Any, Twice]:
    """Both periods' counts of each value of the columns ``by``, in one query."""
    start = at - period
    recent = rows.filter(at__gt=start - period, at__lte=at).order_by()
    counted = recent.values_list(*by).annotate(
        now=Count("pk", filter=Q(at__gt=start)), before=Count("pk", filter=Q(at__lte=start))
    )
    return {key[0] if len(key) == 1 else tuple(key): Twice(now, before) for *key, now, before in counted}


def by_move(at: datetime, period: timedelta = MONTH) -> dict[tuple[str, str], Twice]:
    """Refusals of each move, from and to by slug."""
    return _twice(Refusal.objects.exclude(stage_to=""), ("stage_from", "stage_to"), at, period)


def by_rule(at: datetime, period: timedelta = MONTH, rows: QuerySet[Refusal] | None = None) -> dict[str, Twice]:
    """Refusals by rule, of the stage table unless other rows are given; a rule of a worksheet counts as its code."""
    found = _twice(of_stages() if rows is None else rows, ("rule",), at, period)
    counts: dict[str, Twice] = {}
    for rule, twice in found.items():
        code = rule.partition("@")[0]
        known = counts.get(code, Twice())
        counts[code] = Twice(known.now + twice.now, known.before + twice.before)
    return counts


def by_row(connection: str, at: datetime, period: timedelta = MONTH) -> dict[int, Twice]:
    """Refusals by the lasting key of a worksheet's row, of one connection."""
    rows = Refusal.objects.filter(connection=connection, row__isnull=False)
    return _twice(rows, ("row",), at, period)


def total(at: datetime, period: timedelta = WEEK, rows: QuerySet[Refusal] | None = None) -> Twice:
    """How many altogether."""
    start, found = at - period, of_stages() if rows is None else rows
    counted = found.filter(at__gt=start - period, at__lte=at).aggregate(
        now=Count("pk", filter=Q(at__gt=start)), before=Count("pk", filter=Q(at__lte=start))
    )
    return Twice(counted["now"], counted["before"])


def latest(number: int, rows: QuerySet[Refusal] | None = None) -> list[Refusal]:
    """The newest first, each with its contact."""
    found = of_stages() if rows is None else rows
    return list(found.select_related("contact").order_by("-at", "-pk")[:number])


def latest_by_move(at: datetime, period: timedelta = MONTH) -> dict[tuple[str, str], Refusal]:
    """The last refusal of each move in the period, in two queries."""
    recent = Refusal.objects.exclude(stage_to="").filter(at__gt=at - period, at__lte=at)
    moves = recent.order_by().values_list("stage_from", "stage_to").annotate(last=Max("pk"))
    found = Refusal.objects.select_related("contact").in_bulk([last for _, _, last in moves])
    return {(r.stage_from, r.stage_to): r for r in found.values()}


def narrowed(
    *, rule: str = "", moves: Sequence[tuple[str, str]] = (), period: timedelta | None = None, at: datetime
) -> QuerySet[Refusal]:
    """The log of the stage table, the newest first, by rule, by moves and by how far back; "" is any stage."""
    rows = of_stages()
    if rule:
        rows = rows.filter(Q(rule=rule) | Q(rule__startswith=f"{rule}@"))
    if moves:
        wanted = Q()
        for start, end in moves:
            wanted |= (Q(stage_from=start) if start else Q()) & (Q(stage_to=end) if end else Q())
        rows = rows.filter(wanted)
    if period:
        rows = rows.filter(at__gt=at - period)
    return rows.select_related("contact").order_by("-at", "-pk")
