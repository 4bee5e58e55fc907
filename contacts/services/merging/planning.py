"""What a merge of several contacts comes to, step by step: the preview shows these plans, the merge stores them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied

from contacts.domain.merging import KEPT, LOST, MergePlan, Pick, fields_of, plan_merge
from contacts.domain.origins import Writer
from contacts.domain.unmerging import Email
from contacts.queries import stage_table
from contacts.services import story
from contacts.services.merged import way_out
from contacts.services.merging.known import Known
from contacts.services.merging.refusals import ChangedMeanwhile, MergeRefused
from contacts.services.people import SET_SALES

MAY_MERGE, MAY_UNMERGE = "contacts.merge_contact", "contacts.unmerge_contact"
#: Who acts where nobody is signed in.
COMMAND_LINE = "the command line"
#: How many contacts one merge makes one.
MOST = 5


@dataclass(frozen=True)
class Actor:
    """Who merges, as text, and whether they act for sales."""

    name: str
    user_id: int | None
    sales: bool


class Step(NamedTuple):
    """One contact that leaves: both as they are then, and the plan."""

    kept: Known
    lost: Known
    plan: MergePlan

    @property
    def addresses(self) -> tuple[Email, ...]:
        """All the addresses of both, with the primary one that the plan gives."""
        named = self.lost if self.plan.took["email"] == LOST else self.kept
        both = [(a, a.primary and known is named) for known in (self.kept, self.lost) for a in known.addresses]
        marked = (a._replace(primary=primary) for a, primary in both)
        return tuple(sorted(marked, key=lambda a: (not a.primary, a.id)))


def actor_of(user: Any, right: str) -> Actor:
    """A person with the right for it, or the command line (None)."""
    if user is None:
        return Actor(COMMAND_LINE, None, sales=False)
    if not user.has_perm(right):
        raise PermissionDenied
    return Actor(story.person_name(user), user.pk, user.has_perm(SET_SALES))


def steps(kept: Known, lost: Sequence[Known], picks: Mapping[str, int], actor: Actor, at: datetime) -> Iterator[Step]:
    """One contact after the other, the most complete first, whatever order they were named in."""
    stages, merged = stage_table(), {kept.id}
    for other in sorted(lost, key=_completeness):
        sides = {f: LOST if i == other.id else KEPT for f, i in picks.items() if i in {*merged, other.id}}
        pick = Pick(sides, Writer("person", actor.name, at.isoformat(timespec="seconds")), actor.sales)
        step = Step(kept, other, plan_merge(kept.side, other.side, stages, pick))
        yield step
        merged.add(other.id)
        contact = copy(kept.contact)
        contact.created_at, contact.version = step.plan.created_at, contact.version + 1
        kept = Known(contact, step.addresses, step.plan.side, {**kept.stops, **other.stops})


def _completeness(known: Known) -> tuple[int, float, int]:
    rank = known.side.rank
    return -rank.values, rank.since, rank.id


def check_choice(kept_id: int, lost_ids: Sequence[int]) -> None:
    """Two to five contacts, each once."""
    ids = [kept_id, *lost_ids]
    if len(set(ids)) != len(ids):
        raise MergeRefused("A contact can’t be merged with itself: choose two different ones.")
    if len(ids) < 2:
        raise MergeRefused("Choose a second contact to merge with.")
    if len(ids) > MOST:
        raise MergeRefused(f"At most five contacts are merged at once, and {len(ids)} are chosen. Take some out.")


def check_known(known: Mapping[int, Known], ids: Sequence[int], versions: Mapping[int, int]) -> None:
    """All are there, and as the person saw them."""
    for ident in ids:
        if ident not in known:
            raise MergeRefused(missing(ident))
    for ident in ids:
        contact = known[ident].contact
        if versions.get(ident, contact.version) != contact.version:
            raise ChangedMeanwhile(
                f"{contact} (#{ident}) was changed while you looked, so nothing was merged. Look again."
            )


def missing(ident: int) -> str:
    """Why there is no contact of this number, and where it leads."""
    left = way_out(ident)
    if left is None:
        return f"There is no contact #{ident}, so nothing was merged."
    return (
        f"#{ident} was merged into #{left.kept_id} already, by {left.merged_by_name} (merge {left.pk}), "
        f"so nothing was merged. Open #{left.kept_id} to see it."
    )


def check_picks(picks: Mapping[str, int], kept_id: int, known: Mapping[int, Known]) -> None:
    """Each names a field, and a contact that has a value of it; of the one that is kept, also an empty one."""
    fields = set(fields_of([k.side for k in known.values()]))
    for name, ident in picks.items():
        label = story.HUB_LABELS.get(name, name)
        if name not in fields:
            raise MergeRefused(f"There is no field “{name}” to pick a value of.")
        if ident not in known:
            raise MergeRefused(f"#{ident} is none of the contacts, so its {label} can’t be picked.")
        if not known[ident].side.has(name) and (ident != kept_id or name == "email"):
            raise MergeRefused(f"#{ident} has no {label} to pick.")
