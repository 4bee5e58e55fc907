"""Merging: each contact that leaves is stored with everything it means, or nothing is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from contacts.domain import rules
from contacts.domain.changes import Person
from contacts.domain.merging import KEPT, LOST
from contacts.domain.protection import LessProtected, must_keep, protections
from contacts.models import Arrival, Contact, Merge, Review
from contacts.services import bulk, contact_rows, story, write
from contacts.services.intake import in_transaction
from contacts.services.merging import relations
from contacts.services.merging.known import Known, load_locked, snapshot_after, snapshot_of, stops_on
from contacts.services.merging.planning import (
    MAY_MERGE,
    Actor,
    Step,
    actor_of,
    check_choice,
    check_known,
    check_picks,
    steps,
)
from contacts.services.merging.refusals import MergeRefused

#: Beside what moved, a merge remembers the arrivals that the kept contact had: all others came since.
STAYED = "stayed"


def merge(
    kept_id: int,
    lost_ids: Sequence[int],
    *,
    picks: Mapping[str, int] | None = None,
    user: Any,
    at: datetime,
    review: Review | None = None,
    versions: Mapping[int, int] | None = None,
) -> list[Merge]:
    """Make the contacts one, in one transaction, or raise MergeRefused and write nothing.

    ``picks`` is field to the contact whose value is to stay; ``versions`` is what the person saw of each
    contact. ``review`` is the case that this decides; closing it is the caller's. ``user`` None is the command line.
    """
    actor, picks = actor_of(user, MAY_MERGE), picks or {}
    check_choice(kept_id, lost_ids)

    def attempt() -> list[Merge]:
        relations.refuse_unknown()
        known = load_locked([kept_id, *lost_ids])
        check_known(known, [kept_id, *lost_ids], versions or {})
        check_picks(picks, kept_id, known)
        todo = steps(known[kept_id], [known[i] for i in lost_ids], picks, actor, at)
        return [_store(step, actor, at, review) for step in todo]

    return in_transaction(attempt)


def _store(step: Step, actor: Actor, at: datetime, review: Review | None) -> Merge:
    """Everything that one merge means: rows moved, the lost contact gone, and history, which tells who listens."""
    _check_plan(step)
    made = _merge_row(step, actor, at, review)
    stayed = list(Arrival.objects.filter(contact=made.kept_id).order_by("pk").values_list("pk", flat=True))
    made.moved = relations.move_all(relations.Going(made, step.plan, at, actor.name)) | {STAYED: stayed}
    made.save(update_fields=["moved"])
    _history(step, made, actor, at)
    # Not delete(): it would load every row again, and write a second, nameless row of history.
    Contact.objects.filter(pk=made.lost_id)._raw_delete(connection.alias)
    store_contact(step.kept, step.plan.person, step.plan.created_at, at)
    return made


def _check_plan(step: Step) -> None:
    for name, rule in step.plan.refused.items():
        raise MergeRefused(f"{story.HUB_LABELS.get(name, name)} can’t be picked so: {rules.words(rule)}.")
    kept, lost = step.kept, step.lost
    needed = protections(kept.person.values, kept.stopped) | protections(lost.person.values, lost.stopped)
    try:
        must_keep(needed, step.plan.person.values, stops_on(step.addresses, {**kept.stops, **lost.stops}))
    except LessProtected as error:
        raise MergeRefused(f"{error} Nothing was merged.") from None


def _merge_row(step: Step, actor: Actor, at: datetime, review: Review | None) -> Merge:
    kept, lost = step.kept, step.lost
    return Merge.objects.create(
        kept_id=kept.id,
        lost_id=lost.id,
        lost_name=str(lost.contact)[:401],
        before={KEPT: snapshot_of(kept), LOST: snapshot_of(lost)},
        after=snapshot_after(step.plan, step.addresses, kept.contact.version + 1),
        verdicts=[list(v) for v in step.plan.verdicts],
        review=review,
        merged_at=at,
        merged_by_id=actor.user_id,
        merged_by_name=actor.name,
    )


def _history(step: Step, made: Merge, actor: Actor, at: datetime) -> None:
    kept, lost, plan = step.kept.contact, step.lost.contact, step.plan
    into = f"merged with #{lost.pk} {lost}, merge {made.pk}"
    gone = f"merged into #{kept.pk} {kept}, merge {made.pk}"
    write.store_history(
        [
            history_row(plan.person, plan.created_at, at, "~", actor, into),
            history_row(step.lost.person, lost.created_at, at, "-", actor, gone),
        ]
    )


def history_row(
    person: Person, created_at: datetime, at: datetime, kind: str, actor: Actor, reason: str
) -> tuple[Any, ...]:
    """A contact's row of history for a merge or for taking one back."""
    hand = contact_rows.Hand(actor.name, reason, user_id=actor.user_id)
    return contact_rows.history_row(person, person.values, bulk.as_time(created_at), bulk.as_time(at), kind, hand)


def store_contact(kept: Known, person: Person, created_at: datetime, at: datetime) -> None:
    """The contact that is kept with all its values, origins and keys; its version goes up."""
    fields = {*person.values, *kept.person.values, "email", "shared_mailbox", "last_activity"}
    write.store_changes([(person, fields)], bulk.as_time(at))
    if created_at != kept.contact.created_at:
        bulk.update(Contact, ["created_at"], [(bulk.as_time(created_at), person.id)])
