"""A linked record beside its contact: every row of a worksheet judged, and what that comes to on both sides. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from contacts.domain.changes import Person
from contacts.domain.lifecycle import UNSUBSCRIBED, StageTable
from contacts.domain.origins import Origin, Writer, origins_of, protects, stamp
from syncrules.domain.judges import BLANK, NEVER_AGREED, OPT_IN, STAGE, FieldCase, Judgement, Unread, judge_all
from syncrules.domain.translating import Translator, moment_text, translators
from syncrules.domain.worksheet import Direction, Row, Rule, Worksheet

#: Rules by which a MAP may write into the hub, whatever the direction says.
INTO_HUB_ANYWAY = (Rule.FILL,)
#: What arrivals alone move: no connection writes it.
ACTIVITY = "last_activity"


@dataclass(frozen=True)
class Terms:
    """What every record of a connection is judged by. Made once; ``own`` are the names of the writers whose values
    are the MAP's own: the connection and the sources that live in it. ``sources`` is id to slug.
    """

    worksheet: Worksheet
    stages: StageTable
    own: frozenset[str]
    sources: Mapping[int, str]
    region: str = ""
    by_row: Mapping[int, Translator] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_row", translators(self.worksheet, self.region))

    @cached_property
    def rows(self) -> list[Row]:
        """The rows whose two fields exist."""
        return [row for row in self.worksheet.rows if row.key in self.by_row]

    @property
    def fields(self) -> frozenset[str]:
        """The hub's fields that the connection may write: those of its rows, as far as they let it."""
        inward = {row.hub for row in self.rows if _into_hub(row)}
        return frozenset(inward - {OPT_IN, ACTIVITY}) | ({STAGE} if OPT_IN in inward else set())

    @cached_property
    def ids(self) -> dict[str, int]:
        """Slug to id of the sources."""
        return {slug: ident for ident, slug in self.sources.items()}


class Told(NamedTuple):
    """What a MAP shows of a record and what is known from before: raw text by MAP field, and what was agreed.

    ``offers`` are values in the hub's terms, by hub field, that are in the MAP by now, as its forms sent them.
    """

    shown: Mapping[str, str]
    seen: Mapping[str, str]
    agreed: Mapping[str, Sequence[Any]]
    offers: Mapping[str, Any] = {}


class Judged(NamedTuple):
    """One row of a record with its judgement; ``raw`` is the MAP's text and ``read`` what it was read as."""

    row: Row
    case: FieldCase
    judgement: Judgement
    raw: str
    read: Any


def judge_record(terms: Terms, person: Person, told: Told) -> list[Judged]:
    """Every row of one record, in order, against the contact as it is."""
    origins = origins_of(person.origins)
    found = [(row, *_case(terms, row, person, told, origins.get(row.hub))) for row in terms.rows]
    judgements = judge_all([case for _, case, _, _ in found], terms.stages)
    return [Judged(row, case, j, raw, read) for (row, case, raw, read), j in zip(found, judgements, strict=True)]


def hub_writes(terms: Terms, judged: Iterable[Judged]) -> dict[str, tuple[Any, str]]:
    """Field of a contact to the value to store and the rule that lets it. An unsubscribe stands above the rest."""
    writes: dict[str, tuple[Any, str]] = {}
    for one in judged:
        verdict, value = one.judgement.hub, one.judgement.hub_value
        if verdict is None or verdict.decision != "written":
            continue
        if verdict.field != ACTIVITY and writes.get(verdict.field, ("",))[0] != UNSUBSCRIBED:
            writes[verdict.field] = (_stored(terms, verdict.field, value), verdict.rule)
    return writes


def written(person: Person, writes: Mapping[str, tuple[Any, str]], writer: Writer) -> Person:
    """The contact as it is after these writes."""
    values = person.values | {f: value for f, (value, _) in writes.items()}
    origins = stamp(person.origins, {f: rule for f, (_, rule) in writes.items()}, writer)
    return Person(values, origins, person.id, last_activity=person.last_activity)


def map_writes(terms: Terms, judged: Iterable[Judged]) -> tuple[dict[str, str], list[Judged]]:
    """MAP field to the text to store, and the rows whose value the MAP has no words for."""
    texts: dict[str, str] = {}
    lost = []
    for one in judged:
        verdict = one.judgement.map
        if verdict is None or verdict.decision != "written" or terms.worksheet.map_fields[one.row.map].read_only:
            continue
        text = terms.by_row[one.row.key].write(one.judgement.map_value)
        if isinstance(text, Unread):
            lost.append(one)
        else:
            texts[one.row.map] = text
    return texts, lost


def agreed_already(judged: Iterable[Judged]) -> dict[str, list[Any]]:
    """What both sides agree on without anything being sent."""
    return {
        one.row.hub: _pair(one.judgement.agreed, one.raw, _plain(one.read))
        for one in judged
        if one.judgement.agreed is not NEVER_AGREED and not _is_sent(one.judgement)
    }


def agreed_now(terms: Terms, judged: Iterable[Judged], stored: Mapping[str, str]) -> dict[str, list[Any]]:
    """What both sides agree on of the fields that were sent, which the MAP holds as ``stored``."""
    agreed = {}
    for row, _, judgement, _, _ in judged:
        value = judgement.agreed
        if value is not NEVER_AGREED and row.map in stored:
            raw = stored[row.map]
            agreed[row.hub] = _pair(value, raw, _plain(terms.by_row[row.key].read(raw, value)))
    return agreed


def owed(judged: Iterable[Judged]) -> set[str]:
    """Hub fields that the MAP must be told again although the hub's value is the one that was agreed on.

    The pair that was agreed on has to go: else nobody could tell afterwards that the MAP is owed something.
    """
    return {
        one.row.hub
        for one in judged
        if one.judgement.map and one.judgement.map.decision == "written" and not one.case.hub_changed
    }


def hub_value(terms: Terms, person: Person, name: str) -> Any:
    """A contact's value in the terms of the worksheet; None for none."""
    if name == OPT_IN:
        return False if person.values.get(STAGE) == UNSUBSCRIBED else None
    if name == ACTIVITY:
        return moment_text(person.last_activity) if person.last_activity else None
    value = person.values.get(name)
    if name == "source":
        return terms.sources.get(value) if value is not None else None
    return None if value == "" else value


def incoming_texts(terms: Terms, shown: Mapping[str, str]) -> dict[str, str]:
    """What a record without a contact brings, as an arrival would: text by hub field."""
    texts: dict[str, str] = {}
    for row in terms.rows:
        raw = shown.get(row.map, "")
        if not _into_hub(row) or not raw or row.hub in ("source", ACTIVITY):
            continue
        read = terms.by_row[row.key].read(raw)
        if row.hub == OPT_IN:
            texts |= {STAGE: UNSUBSCRIBED} if read is False else {}
        elif read not in (None, BLANK) and texts.get(row.hub) != UNSUBSCRIBED:
            texts[row.hub] = read.text if isinstance(read, Unread) else str(read)
    return texts


def map_values(terms: Terms, shown: Mapping[str, str]) -> dict[str, Any]:
    """What a record says in the hub's terms, by hub field, whichever way its rows go."""
    values: dict[str, Any] = {}
    for row in terms.rows:
        raw = shown.get(row.map, "")
        read = terms.by_row[row.key].read(raw) if raw else None
        if read is not None and read is not BLANK and not isinstance(read, Unread):
            values[row.hub] = read
    if values.pop(OPT_IN, None) is False:
        values[STAGE] = UNSUBSCRIBED
    return values


def without_stage(judged: Iterable[Judged]) -> list[Judged]:
    """What was judged, as if no row were about the stage, but for an unsubscribe."""
    return [
        one if one.row.hub != STAGE or one.judgement.hub_value == UNSUBSCRIBED else one._replace(judgement=Judgement())
        for one in judged
    ]


def _into_hub(row: Row) -> bool:
    known = row.rule in set(Rule) and row.direction in set(Direction)
    return known and (row.direction != Direction.TO_MAP or row.rule in INTO_HUB_ANYWAY)


def _case(terms: Terms, row: Row, person: Person, told: Told, origin: Origin | None) -> tuple[FieldCase, str, Any]:
    hub, pair = hub_value(terms, person, row.hub), told.agreed.get(row.hub)
    raw = told.shown.get(row.map, "")
    read = terms.by_row[row.key].read(raw, hub, pair[0] if pair else None)
    offered = told.offers.get(row.hub)
    news = raw != told.seen.get(row.map, "") or offered is not None
    case = FieldCase(
        row,
        hub,
        offered if offered is not None else _unless_respelt(read, raw, pair),
        NEVER_AGREED if pair is None else pair[0],
        news,
        origin,
        origin is not None and protects(origin, row.hub),
        _is_own(terms, origin),
        terms.worksheet.version,
    )
    return case, raw, read


def _unless_respelt(read: Any, raw: str, pair: Sequence[Any] | None) -> Any:
    """What the MAP means: a text that stood there when both agreed, and is read as it was, has not changed."""
    if not pair or raw != pair[1]:
        return read
    then = pair[2] if len(pair) > 2 else pair[0]
    return pair[0] if then is not None and _plain(read) == then else read


def _is_sent(judgement: Judgement) -> bool:
    return judgement.map is not None and judgement.map.decision == "written"


def _pair(value: Any, raw: str, read: Any) -> list[Any]:
    return [value, raw] if read == value else [value, raw, read]


def _plain(read: Any) -> Any:
    if isinstance(read, Unread):
        return f"?{read.text}"
    return None if read is BLANK else read


def _is_own(terms: Terms, origin: Origin | None) -> bool:
    return origin is not None and origin.writer.kind in ("connection", "source") and origin.writer.name in terms.own


def _stored(terms: Terms, name: str, value: Any) -> Any:
    return terms.ids.get(value) if name == "source" else value
