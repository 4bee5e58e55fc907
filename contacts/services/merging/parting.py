"""Taking a merge back: both people as they were, and what happened since on the side it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model

from contacts.domain import rules
from contacts.domain.changes import Person
from contacts.domain.merging import KEPT, LOST
from contacts.domain.origins import Writer, forget, stamp
from contacts.domain.protection import UNSUBSCRIBED, LessProtected, must_keep
from contacts.domain.unmerging import (
    Half,
    Part,
    Parting,
    PartingPlan,
    Since,
    plan_parting,
    protection_of,
)
from contacts.models import Arrival, Contact, Merge, NotSame, Review, Source, Stage
from contacts.services import bulk, contact_rows, story, write
from contacts.services.intake import in_transaction
from contacts.services.merging import relations
from contacts.services.merging.joining import STAYED, history_row, store_contact
from contacts.services.merging.known import Known, keys_of_values, load, load_locked, snapshot_of, stops_on, was
from contacts.services.merging.planning import MAY_UNMERGE, Actor, actor_of
from contacts.services.merging.refusals import MergeRefused


@dataclass(frozen=True)
class UnmergePlan:
    """What taking a merge back does now. ``counts`` is what goes back with the contact, by relation."""

    merge: Merge
    kept: Known
    parting: PartingPlan
    counts: dict[str, int]
    gone: dict[str, str]

    @property
    def unplaced(self) -> list[Part]:
        return self.parting.unplaced


def plan_unmerge(merge_id: int, place: Mapping[str, str] | None = None) -> UnmergePlan:
    """What ``unmerge`` would do now. Writes nothing; raises MergeRefused where it would."""
    merge = Merge.objects.filter(pk=merge_id).first()
    return _plan(_standing(merge, merge_id), load([merge.kept_id]), place or {}, Actor("", None, sales=False))


def unmerge(
    merge_id: int, *, place: Mapping[str, str] | None = None, user: Any, at: datetime, apart: bool = True
) -> Merge:
    """Take a merge back, whole or not at all; raises MergeRefused.

    ``place`` says where what is new since belongs, field (or "address:" and the address) to "kept" or "lost";
    what nobody places stays with the contact that was kept. With ``apart`` it is remembered that the two are
    different people; without, it is as if the merge had never been. ``user`` None is the command line.
    """
    actor = actor_of(user, MAY_UNMERGE)

    def attempt() -> Merge:
        relations.refuse_unknown()
        merge = _standing(Merge.objects.select_for_update().filter(pk=merge_id).first(), merge_id)
        lost = merge.before[LOST]
        keys = [*(a[1] for a in lost["addresses"]), *keys_of_values(lost["values"])]
        plan = _plan(merge, load_locked([merge.kept_id], keys), place or {}, actor, at)
        _store(plan, actor, at, apart=apart)
        return merge

    return in_transaction(attempt)


def _standing(merge: Merge | None, merge_id: int) -> Merge:
    """The merge, if it is there to be taken back and nothing stands on top of it."""
    if merge is None:
        raise MergeRefused(f"There is no merge {merge_id}.")
    if merge.undone_at:
        when = f"{merge.undone_at:%-d %B %Y, %H:%M}"
        raise MergeRefused(f"Merge {merge_id} was taken back already, by {merge.undone_by_name}, {when}.")
    if blockers := in_the_way(merge):
        named = [f"merge {b.pk}" for b in blockers]
        then = f", then {', then '.join(named[1:])}" if named[1:] else ""
        raise MergeRefused(
            f"Other merges were made on top of merge {merge_id}. Take {named[0]} back first{then}; after that this one."
        )
    return merge


def in_the_way(merge: Merge) -> list[Merge]:
    """The merges on top of this one, in the order in which they would have to be taken back."""
    found: dict[int, Merge] = {}
    kept, since = merge.kept_id, merge.pk
    while True:
        standing = Merge.objects.filter(undone_at=None).only("kept_id", "lost_id", "merged_by_name", "merged_at")
        found |= {m.pk: m for m in standing.filter(kept_id=kept, pk__gt=since)}
        left = standing.filter(lost_id=kept).first()
        if left is None:
            return [found[pk] for pk in sorted(found, reverse=True)]
        found[left.pk] = left
        kept, since = left.kept_id, left.pk


def _plan(
    merge: Merge, found: Mapping[int, Known], place: Mapping[str, str], actor: Actor, at: datetime | None = None
) -> UnmergePlan:
    kept = found.get(merge.kept_id)
    if kept is None:
        raise MergeRefused(f"Contact #{merge.kept_id} is gone from the hub, so merge {merge.pk} can’t be taken back.")
    given = Parting(
        was(merge.before[KEPT]),
        was(merge.before[LOST]),
        was(merge.after),
        was(snapshot_of(kept)),
        _since(merge),
        place,
        Writer("person", actor.name, at.isoformat(timespec="seconds") if at else ""),
    )
    plan = plan_parting(given)
    _check_place(place, plan)
    gone = _drop_what_is_gone(plan)
    _keep_stopped(plan, kept, given.writer)
    for needed, half in zip(protection_of(given), (plan.kept, plan.lost), strict=True):
        try:
            must_keep(needed, half.values)
        except LessProtected as error:
            raise MergeRefused(f"{error} Nothing was taken back.") from None
    counts = relations.moved(merge) | {"addresses": len(plan.lost.addresses)}
    counts["arrivals"] = _going_back(merge) + len(plan.lost.arrivals)
    return UnmergePlan(merge, kept, plan, counts, gone)


def _keep_stopped(plan: PartingPlan, kept: Known, by: Writer) -> None:
    """Whoever has an address whose person said no, if only while the two were one, is Unsubscribed."""
    for half in (plan.kept, plan.lost):
        if stops_on(half.addresses, kept.stops) and half.values.get("lifecycle_stage") != UNSUBSCRIBED:
            half.values["lifecycle_stage"] = UNSUBSCRIBED
            half.origins = stamp(half.origins, {"lifecycle_stage": rules.SAID_NO}, by)


def _check_place(place: Mapping[str, str], plan: PartingPlan) -> None:
    asked = {part.name for part in plan.unplaced}
    for name, side in place.items():
        if side not in (KEPT, LOST):
            raise MergeRefused(f"“{side}” is no place for {name}: say “kept” or “lost”.")
        if name not in asked:
            raise MergeRefused(f"There is nothing new about {name} to place. Look again at what is.")


def _since(merge: Merge) -> list[Since]:
    """The arrivals of the contact that came neither with it nor with the other one."""
    before = [*merge.moved[STAYED], *merge.moved["arrivals"]]
    found = Arrival.objects.filter(contact=merge.kept_id).exclude(pk__in=bulk.among(before))
    columns = "pk", "email_key", "occurred_at", "review_id", "review__kind"
    rows = found.order_by("pk").values_list(*columns)
    return [Since(*row[:4], stranger=row[4] == Review.Kind.MAILBOX) for row in rows]


def _going_back(merge: Merge) -> int:
    there = Arrival.objects.filter(contact=merge.kept_id)
    return there.filter(pk__in=bulk.among(merge.moved["arrivals"])).count()


def _drop_what_is_gone(plan: PartingPlan) -> dict[str, str]:
    """Take out users, stages and sources that the hub no longer has; field to what it was."""
    gone: dict[str, str] = {}
    for name, model in (("owner", get_user_model()), ("lifecycle_stage", Stage), ("source", Source)):
        wanted = {half.values.get(name) for half in (plan.kept, plan.lost)} - {None, ""}
        missing = wanted - set(model.objects.filter(pk__in=wanted).values_list("pk", flat=True))
        for half in (plan.kept, plan.lost):
            if half.values.get(name) in missing:
                gone[name] = str(half.values[name])
                half.values[name] = None
                half.origins = forget(half.origins, {name})
    return gone


# --- storing ---


def _store(plan: UnmergePlan, actor: Actor, at: datetime, *, apart: bool) -> None:
    merge, parting = plan.merge, plan.parting
    lost = _person(merge.lost_id, parting.lost)
    kept = _person(merge.kept_id, parting.kept)
    _insert(lost, parting.lost, merge.before[LOST]["version"] + 1, at)
    relations.bring_back(relations.Coming(merge, parting, at, actor.name, apart))
    store_contact(plan.kept, kept, parting.kept.created_at, at)
    why = f"merge {merge.pk} taken back"
    write.store_history(
        [
            history_row(kept, parting.kept.created_at, at, "~", actor, why),
            history_row(lost, parting.lost.created_at, at, "+", actor, why),
        ]
    )
    if apart:
        _remember(merge, actor, at)
    _close(plan, actor, at)


def _person(ident: int, half: Half) -> Person:
    return Person(
        half.values, half.origins, ident, shared_mailbox=half.shared_mailbox, last_activity=half.last_activity
    )


def _insert(person: Person, half: Half, version: int, at: datetime) -> None:
    """The contact under its old number. A form that was open before the merge sees that it is another version."""
    row = contact_rows.contact_row(person, bulk.as_time(half.created_at), bulk.as_time(at))
    named = dict(zip(contact_rows.CONTACT_COLUMNS, row, strict=True)) | {"version": version}
    bulk.insert(Contact, contact_rows.CONTACT_COLUMNS, [tuple(named.values())])


def _remember(merge: Merge, actor: Actor, at: datetime) -> None:
    """These two are not one person: never flagged again."""
    low, high = sorted((merge.kept_id, merge.lost_id))
    said = {"said_by_name": actor.name, "said_at": at, "merge": merge}
    NotSame.objects.get_or_create(low_id=low, high_id=high, defaults=said)


def _close(plan: UnmergePlan, actor: Actor, at: datetime) -> None:
    merge = plan.merge
    merge.undone_at, merge.undone_by_name = at, actor.name
    merge.unplaced = [[part.name, story.as_text(part.now), part.side] for part in plan.unplaced]
    merge.save(update_fields=["undone_at", "undone_by_name", "unplaced"])
