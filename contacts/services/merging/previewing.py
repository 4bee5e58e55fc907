"""A merge as people see it before it is done: the contacts side by side, what each field becomes, and what moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from contacts.domain.merging import most_complete
from contacts.domain.overwrite import is_empty
from contacts.domain.protection import protections
from contacts.models import NotSame
from contacts.services import story
from contacts.services.merged import lived_as_each
from contacts.services.merging import relations
from contacts.services.merging.comparing import Comparison, Line
from contacts.services.merging.known import Known, load
from contacts.services.merging.planning import (
    MAY_MERGE,
    actor_of,
    check_choice,
    check_known,
    check_picks,
    steps,
)


@dataclass(frozen=True)
class Column:
    """One contact: who it is, and what hangs on it in words."""

    id: int
    name: str
    since: datetime
    owner: str
    filled: int
    kept: bool
    proposed: bool
    hangs: list[str]
    protected: list[str]


@dataclass(frozen=True)
class Preview:
    """The whole merge, before anything is written. ``versions`` is what was seen, for ``merge`` to check."""

    kept_id: int
    lost_ids: list[int]
    proposed: int
    columns: list[Column]
    lines: list[Line]
    since: datetime
    moves: list[str]
    warnings: list[str]
    versions: dict[int, int] = field(default_factory=dict)

    @property
    def conflicts(self) -> list[str]:
        """The fields in which something is given up that nobody has picked."""
        return [line.label for line in self.lines if line.conflict and line.sign != "pick"]

    @property
    def kept(self) -> Column:
        return next(c for c in self.columns if c.kept)


def propose(ids: Sequence[int]) -> int:
    """Which of the contacts to keep: the most complete, of equals the older one."""
    known = load(ids)
    check_known(known, ids, {})
    return most_complete([known[i].side for i in ids]).person.id


def preview(
    kept_id: int, lost_ids: Sequence[int], picks: Mapping[str, int] | None = None, *, user: Any = None
) -> Preview:
    """What ``merge`` would do now, for this person. Writes nothing; raises MergeRefused where it would."""
    relations.refuse_unknown()
    check_choice(kept_id, lost_ids)
    ids, picks, actor = [kept_id, *lost_ids], picks or {}, actor_of(user, MAY_MERGE)
    known = load(ids)
    check_known(known, ids, {})
    check_picks(picks, kept_id, known)
    todo = list(steps(known[kept_id], [known[i] for i in lost_ids], picks, actor, timezone.now()))
    names, counts = story.load_names(), relations.counts(ids)
    proposed = most_complete([known[i].side for i in ids]).person.id
    return Preview(
        kept_id,
        [step.lost.id for step in todo],
        proposed,
        [_column(known[i], kept_id, proposed, names, counts) for i in ids],
        Comparison([known[i] for i in ids], todo, picks, actor, names).lines(),
        todo[-1].plan.created_at,
        _moves([step.lost.id for step in todo], counts),
        _warnings(ids, known),
        {i: known[i].contact.version for i in ids},
    )


def _column(
    known: Known, kept_id: int, proposed: int, names: story.Names, counts: Mapping[str, Mapping[int, int]]
) -> Column:
    contact, values = known.contact, known.person.values
    return Column(
        contact.pk,
        str(contact),
        contact.created_at,
        names.shown("owner", contact.owner_id),
        sum(not is_empty(v) for v in values.values()),
        contact.pk == kept_id,
        contact.pk == proposed,
        [r.words(counts[r.key][contact.pk]) for r in relations.TABLE.values() if counts[r.key].get(contact.pk)],
        sorted(protections(values, known.stopped)),
    )


def _moves(lost: Sequence[int], counts: Mapping[str, Mapping[int, int]]) -> list[str]:
    found = [(r, sum(counts[r.key].get(i, 0) for i in lost)) for r in relations.TABLE.values()]
    return [relation.words(number) for relation, number in found if number]


def _warnings(ids: Sequence[int], known: Mapping[int, Known]) -> list[str]:
    """What somebody said before about two of these contacts, whatever they were called then."""
    home = {old: ident for ident, olds in lived_as_each(ids).items() for old in olds}
    said = NotSame.objects.filter(Q(low_id__in=home, high_id__in=home)).order_by("said_at")
    return [
        f"{row.said_by_name} said on {row.said_at:%-d %B %Y} that {known[home[row.low_id]].contact} (#{row.low_id}) "
        f"and {known[home[row.high_id]].contact} (#{row.high_id}) are different people."
        for row in said
        if home[row.low_id] != home[row.high_id]
    ]
