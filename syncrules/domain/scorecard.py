"""The four figures of health (playbook, Measuring Success): how each is judged, sampled and worded. Pure."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from syncrules.domain.audit import Rate

DUPLICATES, ATTRIBUTION, STAGES, INCIDENTS = "duplicate_rate", "attribution", "stage_consistency", "overwrite_incidents"
#: Figure to its title, in the order in which it is shown (contract: ``health``).
TITLES = {
    DUPLICATES: "Duplicate rate",
    ATTRIBUTION: "Attribution",
    STAGES: "Stage consistency",
    INCIDENTS: "Overwrite incidents",
}


@dataclass(frozen=True)
class Targets:
    """What the figures are held against: percents, a number of incidents, and how many are sampled."""

    duplicates: float = 3.0
    attribution: float = 90.0
    stages: float = 100.0
    incidents: int = 0
    mqls: int = 20
    contacts: int = 25


@dataclass(frozen=True)
class Figure:
    """One figure. ``value`` is a share from 0 to 1, or a number of incidents; None where it can't be said.

    ``passed`` is None where neither can be said yet: there is nothing to look at, or too little and no miss that
    decides it already. ``note`` is what is worth a sentence; ``sample`` is everything that the figure is made of.
    """

    name: str
    value: float | None
    shown: str
    target: float
    aim: str
    passed: bool | None
    note: str = ""
    sample: Sequence[Mapping[str, Any]] = field(default_factory=tuple)

    def as_json(self) -> dict[str, Any]:
        """As a report keeps it."""
        return {
            "value": self.value, "shown": self.shown, "target": self.target, "aim": self.aim, "passed": self.passed,
            "note": self.note, "sample": [dict(one) for one in self.sample],
        }  # fmt: skip

    def in_short(self) -> dict[str, Any]:
        """The same without the sample."""
        return {name: value for name, value in self.as_json().items() if name != "sample"}


def draw(population: Iterable[int], seed: int, count: int) -> list[int]:
    """A sample that anyone can draw again: the ids with the lowest SHA-256 of "SEED:ID", lowest first."""

    def place(ident: int) -> bytes:
        return hashlib.sha256(f"{seed}:{ident}".encode()).digest()

    return heapq.nsmallest(count, set(population), key=place)


def percent(share: float) -> str:
    """ "95%", "1.8%": with a decimal where it is small or not whole."""
    return f"{share * 100:.1f}%".replace(".0%", "%")


@dataclass(frozen=True)
class Place:
    """Where duplicates are counted: the hub or a MAP, with the audit that counted them."""

    name: str
    rate: Rate | None
    audit: int | None = None
    at: str = ""
    note: str = ""


def duplicates(hub: Place, maps: Sequence[Place], targets: Targets) -> Figure:
    """The hub's rate; the target is met where the hub and each MAP are under it."""
    places = [hub, *maps]
    known = [p for p in places if p.rate is not None]
    over = [p for p in known if p.rate is not None and not p.rate.met(targets.duplicates)]
    unknown = [p.name for p in places if p.rate is None]
    note = ""
    if over:
        note = f"{_listed([p.name for p in over])} {'is' if len(over) == 1 else 'are'} over the target."
    elif unknown:
        note = f"{_listed(unknown)} could not be audited."
    sample = [
        {"where": p.name, "contacts": p.rate.contacts, "groups": p.rate.groups, "duplicates": p.rate.duplicates,
         "rate": p.rate.share, "audit": p.audit, "at": p.at, "note": p.note, "met": p.rate.met(targets.duplicates)}
        if p.rate else {"where": p.name, "rate": None, "audit": None, "at": "", "note": p.note, "met": None}
        for p in places
    ]  # fmt: skip
    passed = False if over else None if unknown else True
    value = hub.rate.share if hub.rate else None
    shown = hub.rate.percent if hub.rate else "–"
    aim = f"under {percent(targets.duplicates / 100)}"
    return Figure(DUPLICATES, value, shown, targets.duplicates / 100, aim, passed, note, sample)


@dataclass(frozen=True)
class Arrived:
    """An arrival of a contact, as its trail needs it; ``source`` is None where none is registered for it."""

    id: int
    at: datetime
    source: int | None
    source_name: str
    creator: str = ""
    file: str = ""


@dataclass(frozen=True)
class Origin:
    """Who wrote a contact's lead source, and under which rule."""

    kind: str = ""
    name: str = ""
    rule: str = ""


@dataclass(frozen=True)
class Trail:
    """From a contact back to where it came from, in words, and whether that holds."""

    traced: bool
    words: str
    arrival: int | None = None


def trace(source: int | None, source_name: str, origin: Origin, arrivals: Sequence[Arrived]) -> Trail:
    """Whether a contact's lead source is that of its first arrival, or somebody with a name says why it is not."""
    first = min(arrivals, key=lambda a: (a.at, a.id), default=None)
    if first is None:
        return Trail(False, "no arrival: nobody can say where it came from")
    if first.source is None:
        name = f"“{first.source_name}”" if first.source_name else "a source without a name"
        return Trail(False, f"came from {name}, which is not registered", first.id)
    way = ", ".join(dict.fromkeys(filter(None, (first.creator, first.file, first.source_name))))
    if source is None:
        return Trail(False, f"{way}; but the contact has no lead source", first.id)
    if source == first.source:
        return Trail(True, way, first.id)
    if origin.kind == "person":
        return Trail(True, f"{way}; {origin.name} made it {source_name}", first.id)
    if origin.kind == "connection":
        return Trail(True, f"{way}; {origin.name} says that it came from {source_name}", first.id)
    return Trail(False, f"says {source_name}, but its first arrival came from {first.source_name}", first.id)


def attribution(traced: int, of: int, sample: Sequence[Mapping[str, Any]], targets: Targets) -> Figure:
    """The share of the sampled MQLs whose lead source is traced; more than the target (playbook: above 90%)."""
    aim, wanted = f"over {percent(targets.attribution / 100)}", targets.attribution / 100
    note = _misses(of - traced, "is not traced", "are not traced") if traced < of else ""
    if of == 0:
        return Figure(ATTRIBUTION, None, "–", wanted, aim, None, "No contact is an MQL yet.", sample)
    enough = of >= targets.mqls
    best = (traced + targets.mqls - of) / targets.mqls if not enough else traced / of
    passed: bool | None = best > wanted if enough or best <= wanted else None
    return Figure(ATTRIBUTION, traced / of, _of(traced, of, targets.mqls), wanted, aim, passed, note, sample)


def stages(same: int, of: int, sample: Sequence[Mapping[str, Any]], targets: Targets, trouble: str = "") -> Figure:
    """The share of the sampled contacts with the same stage on both sides; the target or more.

    ``trouble`` says why a MAP could not be read: a figure that could not be worked out has not met its target.
    """
    aim, wanted = percent(targets.stages / 100), targets.stages / 100
    if trouble:
        shown = _of(same, of, targets.contacts) if of else "–"
        return Figure(STAGES, same / of if of else None, shown, wanted, aim, False, trouble, sample)
    if of == 0:
        return Figure(STAGES, None, "–", wanted, aim, None, "No contact is linked to a live MAP yet.", sample)
    enough = of >= targets.contacts
    best = (same + targets.contacts - of) / targets.contacts if not enough else same / of
    passed: bool | None = best >= wanted if enough or best < wanted else None
    note = _misses(of - same, "mismatch", "mismatches") if same < of else ""
    return Figure(STAGES, same / of, _of(same, of, targets.contacts), wanted, aim, passed, note, sample)


def incidents(now: int, before: int, sample: Sequence[Mapping[str, Any]], targets: Targets) -> Figure:
    """Values that something automatic overwrote without a rule, in 30 days; ``before``: in the 30 before those."""
    aim = f"{targets.incidents}" if not targets.incidents else f"at most {targets.incidents}"
    passed = now <= targets.incidents
    return Figure(
        INCIDENTS, now, f"{now:,}", targets.incidents, aim, passed, f"{before:,} in the 30 days before", sample
    )


def _of(good: int, of: int, wanted: int) -> str:
    """ "19 of 20"; while there are too few, how far it is: "12 of 25 so far"."""
    if of >= wanted:
        return f"{good} of {of}"
    return f"{of} of {wanted} so far" if good == of else f"{good} of {of}, {wanted} wanted"


def _misses(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def headline(figures: Iterable[Mapping[str, Any]]) -> str:
    """ "three of four targets met": how many stand, and how many can't be said yet."""
    said = [figure["passed"] for figure in figures]
    words = ("none", "one", "two", "three", "four")
    met = sum(passed is True for passed in said)
    if None not in said:
        return "all four targets met" if met == len(said) else f"{words[met]} of {words[len(said)]} targets met"
    missed, open_ = sum(p is False for p in said), sum(p is None for p in said)
    rest = f", {words[missed]} not met" if missed else ""
    return f"{words[met]} of four targets met{rest}, {words[open_]} can’t be said yet"


def day_of(since: date | None, today: date) -> int | None:
    """The day since the first connection went live, from 1."""
    return (today - since).days + 1 if since and today >= since else None
