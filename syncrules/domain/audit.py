"""The duplicate audit (playbook, Step 4): which record of a group to keep, and why, and what the rate is. Pure.

Records that share an address are grouped first; what is left of them, one for each group, is grouped by name and
company domain (``grouping``). So every merge of the plan takes exactly one record away, and ``duplicates`` is their
number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from contacts.domain.identity import fold, share_a_name
from syncrules.domain.grouping import By


class OptIn(StrEnum):
    """What a record, or its address, says of mail."""

    OUT = "opted out"
    IN = "opted in"
    NONE = "nothing said"


@dataclass(frozen=True)
class Entry:
    """One record of a group. ``values`` are the fields that people fill in, by the name of the field.

    ``since`` orders records by age, the older first. ``rank`` is how far its stage is; -1 for none. ``contact`` is
    the hub's contact that it is linked to.
    """

    id: str
    values: Mapping[str, str]
    email: str = ""
    first: str = ""
    last: str = ""
    since: str = ""
    rank: int = -1
    opt_in: OptIn = OptIn.NONE
    contact: int | None = None

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}".strip() or self.email or f"record {self.id}"


class Kept(NamedTuple):
    """One field of the record that stays: its value, the record that it is from, and what is given up for it."""

    field: str
    value: str
    of: str
    given_up: tuple[tuple[str, str], ...] = ()  # record id and value


@dataclass(frozen=True)
class Consent:
    """What has to stand of mail after the merge: the strictest of all. ``right``: the master has it by itself."""

    state: OptIn
    right: bool
    words: str


@dataclass(frozen=True)
class Proposal:
    """What to do with a group: the master, why, the others in the order of merging, and what is kept.

    ``needs`` says why a person has to decide; "" where the plan can be carried out as it is.
    """

    master: str
    why: str
    others: tuple[str, ...]
    keeps: tuple[Kept, ...]
    consent: Consent
    needs: str = ""

    @property
    def values(self) -> dict[str, str]:
        """What the record that is left has to hold."""
        return {kept.field: kept.value for kept in self.keeps}


@dataclass(frozen=True)
class Fields:
    """The fields with rules of their own: the name of the stage, of the first source, of the address, of the opt-out.

    Stage: the furthest stays. First source: the oldest record's. Address: the master's. Opt-out: never written as
    a value. ``labels`` and ``options`` are what people call the fields, and the values of choices.
    """

    stage: str = ""
    source: str = ""
    email: str = ""
    opt_out: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # field: value: what people call it


def propose(by: By, entries: Sequence[Entry], fields: Fields, master: str = "") -> Proposal:
    """The plan of a group; with ``master`` a person has chosen which record stays, and so decided."""
    ranked = sorted(entries, key=_completeness)
    best = next((e for e in ranked if e.id == master), ranked[0])
    others = [e for e in ranked if e is not best]
    return Proposal(
        best.id,
        "chosen by a person" if master else _why(best, others),
        tuple(e.id for e in others),
        tuple(_keeps(best, others, fields)),
        consent_of(best, others),
        two_contacts(entries) or ("" if master else _needs(by, best, others)),
    )


def _completeness(entry: Entry) -> tuple[int, str, tuple[int, str]]:
    return -len(entry.values), entry.since, age_of(entry.id)


def age_of(record: str) -> tuple[int, str]:
    """For sorting by id: numbers by their size, as MAPs count up."""
    return (len(record), record) if record.isdigit() else (0, record)


def _why(best: Entry, others: Sequence[Entry]) -> str:
    most = max(len(e.values) for e in others)
    mine = len(best.values)
    if mine > most:
        theirs = f"the other has {most}" if len(others) == 1 else f"no other has more than {most}"
        return f"the most complete: {_fields(mine)} filled, {theirs}"
    return f"as complete as the best ({_fields(mine)} filled), and the oldest of those"


def _fields(count: int) -> str:
    return f"{count} field{'' if count == 1 else 's'}"


def _keeps(best: Entry, others: Sequence[Entry], fields: Fields) -> Iterable[Kept]:
    """The master's values, its gaps filled from the next complete; stage and first source have rules of their own."""
    everybody = [best, *others]
    names = dict.fromkeys(name for entry in everybody for name in entry.values if name != fields.opt_out)
    for name in names:
        holders = [e for e in everybody if e.values.get(name)]
        if name == fields.stage:
            keeper = max(holders, key=lambda e: e.rank)
        elif name == fields.source:
            keeper = min(holders, key=lambda e: (e.since, age_of(e.id)))
        else:
            keeper = holders[0]
        value = keeper.values[name]
        given_up = tuple((e.id, e.values[name]) for e in holders if not _same(e.values[name], value))
        yield Kept(name, value, keeper.id, given_up)


def _same(mine: str, theirs: str) -> bool:
    return mine == theirs or (fold(mine) == fold(theirs) != "")


def consent_of(best: Entry, others: Sequence[Entry]) -> Consent:
    """The strictest stands: whoever opted out of one record must not be mailed through the other (GDPR Art. 7)."""
    everybody = [best, *others]
    state = next((s for s in OptIn if any(e.opt_in is s for e in everybody)), OptIn.NONE)
    right = best.opt_in is state
    if state is OptIn.NONE:
        return Consent(state, True, "No record says anything of mail.")
    if right:
        return Consent(state, True, f"The master is {state}, as it has to stay.")
    says = ", ".join(f"#{e.id}" for e in others if e.opt_in is state)
    if state is OptIn.OUT:
        return Consent(state, False, f"{says} opted out and the master did not: the opt-out is written first.")
    return Consent(state, False, f"{says} opted in and the master says nothing: that record goes along.")


def two_contacts(entries: Iterable[Entry]) -> str:
    """Why records that stand for two contacts of the hub are not merged, whoever says so; "" where they don't."""
    contacts = {e.contact for e in entries if e.contact is not None}
    return "They are linked to different contacts of the hub: merge those first." if len(contacts) > 1 else ""


def _needs(by: By, best: Entry, others: Sequence[Entry]) -> str:
    """Why a person has to decide: the playbook merges by itself only what shares an address."""
    if by is By.NAME:
        return "They share a name and a company, not an address: a person has to say that they are one."
    unlike = next((e for e in others if not share_a_name(best.first, best.last, e.first, e.last)), None)
    if unlike is not None:
        return f"One address, unlike names ({best.name}, {unlike.name}): several people may share it."
    return ""


@dataclass(frozen=True)
class Rate:
    """How many of the contacts are too many."""

    contacts: int
    groups: int
    duplicates: int

    @property
    def share(self) -> float:
        """Duplicates by contacts, 0 to 1."""
        return self.duplicates / self.contacts if self.contacts else 0.0

    @property
    def percent(self) -> str:
        """The share as people read it: "1.8%"."""
        return f"{self.share * 100:.1f}%"

    def met(self, target: float) -> bool:
        """Whether it is under the target, in percent (playbook: under 3%)."""
        return self.share * 100 < target
