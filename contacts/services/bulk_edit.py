"""One edit for many contacts, judged for each by the stage table: first shown, then done, some at a time.

Each chunk, its history, its refusals and its progress are one transaction, so that a process killed at any point
has lost and doubled nothing. What is refused is left, with the reason, and the rest goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from contacts.domain import rules
from contacts.domain.changes import Person
from contacts.domain.lifecycle import UNSUBSCRIBED, StageTable, moves_back, refuse
from contacts.domain.origins import Writer, stamp
from contacts.models import BulkEdit, Contact
from contacts.queries import stage_table
from contacts.services import contact_rows, leases, refusals, write
from contacts.services.bulk import among, as_time
from contacts.services.consent.withdrawing import record_withdrawal
from contacts.services.intake import in_transaction
from contacts.services.locks import lock_keys
from contacts.services.people import CHANGE, Invalid, actor_kind, person_from, refuse_stage
from contacts.services.story import person_name

Status = BulkEdit.Status
Clock = Callable[[], datetime]
#: At most so many contacts in one go; so many are looked at, and so many written, in one transaction.
MOST, LOOKED_AT, WRITTEN = 50_000, 1_000, 500
#: First contacts of each kind that a preview and a result name.
SHOWN, LISTED = 20, 200
#: Up to so many contacts the request does the work itself.
AT_ONCE = 200
GONE = "It was merged or removed since."
STAGE = "lifecycle_stage"


@dataclass
class Judged:
    """What the edit does to one contact: the values to write and, where the stage is refused, why."""

    person: Person
    created_at: datetime
    writes: dict[str, Any] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    rule: str = ""
    refused: str = ""


def start(
    ids: Sequence[int], *, stage: str, owner: str | None, reason: str, which: str, user: Any, at: datetime
) -> BulkEdit:
    """Ask for an edit; ``owner`` is an id, "" for nobody, None to leave it. Nothing is written before it was shown.

    Raises ``Invalid`` or ``PermissionDenied``.
    """
    if not user.has_perm(CHANGE):
        raise PermissionDenied
    row = stage_table().get(stage) if stage else None
    if stage and row is None:
        raise Invalid({"": f"“{stage}”: {rules.words(rules.STAGE_UNKNOWN)}."})
    if row is None and owner is None:
        raise Invalid({"": "Choose a stage or an owner to set."})
    if not ids:
        raise Invalid({"": "Choose at least one contact."})
    if len(ids) > MOST:
        raise Invalid({"": f"At most {MOST:,} contacts at once. Narrow the list."})
    person = _owner(owner) if owner else None
    said = [f"Stage {row.label}"] if row else []
    said += [f"owner {person_name(person) if person else 'nobody'}"] if owner is not None else []
    return BulkEdit.objects.create(
        stage=row.slug if row else "", sets_owner=owner is not None, owner=person, said=", ".join(said)[:300],
        reason=reason.strip()[:300], which=which[:300], contacts=list(ids), created_by=user,
        created_by_name=person_name(user)[:200], created_at=at,
    )  # fmt: skip


def _owner(text: str) -> Any:
    people = get_user_model().objects.filter(is_active=True, is_staff=True)
    found = people.filter(pk=int(text)).first() if text.isascii() and text.isdigit() and len(text) < 19 else None
    if found is None:
        raise Invalid({"": "There is no such person."})
    return found


def queue(edit: BulkEdit) -> None:
    """Do it, as soon as a worker looks."""
    BulkEdit.objects.filter(pk=edit.pk, status=Status.CHECKED).update(status=Status.QUEUED, done=0)


def unfinished(at: datetime) -> list[int]:
    """Edits that wait for a worker or whose worker is gone."""
    return leases.unfinished(at, BulkEdit)


def work(edit_id: int, *, clock: Clock = timezone.now) -> bool:
    """Work out what an edit would do, or do it, as its row says. Returns whether this process did."""
    status = BulkEdit.objects.filter(pk=edit_id).values_list("status", flat=True).first()
    looking = status == Status.CHECKING
    frm = (Status.CHECKING,) if looking else (Status.QUEUED, Status.RUNNING)
    holder = leases.new_holder()
    if not leases.take_lease(edit_id, holder, clock(), frm[-1], frm, BulkEdit):
        return False
    edit = BulkEdit.objects.select_related("created_by", "owner").get(pk=edit_id)
    user = edit.created_by
    if user is None or not user.is_active or not user.has_perm(CHANGE):
        problem = "Whoever asked for it may not edit contacts any more."
        leases.give_back(edit_id, holder, BulkEdit, status=Status.FAILED, problem=problem, finished_at=clock())
        return True
    try:
        (_check if looking else _run)(edit, holder, clock)
    except leases.LeaseLost:
        return False
    return True


def judge(edit: BulkEdit, contact: Contact, stages: StageTable, kind: str) -> Judged:
    """What the edit does to a contact as it is now."""
    one = Judged(person_from(contact), contact.created_at)
    current = contact.lifecycle_stage_id or ""
    if edit.stage and edit.stage != current:
        now, wanted = stages.get(current), stages.get(edit.stage)
        one.rule = refuse(stages, kind, current, edit.stage)
        if one.rule:
            one.refused = refuse_stage(stages, edit.stage, now, kind)
        elif wanted is not None:
            one.writes[STAGE] = edit.stage
            back = "back " if moves_back(wanted, now) else ""
            one.words.append(f"stage {back}from {now.label if now else 'none'} to {wanted.label}")
    if edit.sets_owner and contact.owner_id != edit.owner_id:
        one.writes["owner"] = edit.owner_id
        one.words.append(f"owner {person_name(edit.owner) if edit.owner else 'nobody'}")
    return one


# --- what it would do ---


def _check(edit: BulkEdit, holder: str, clock: Clock) -> None:
    would, same = 0, 0
    first: list[list[Any]] = []
    reasons, examples = Counter[str](), dict[str, list[list[Any]]]()
    stages, kind = stage_table(), actor_kind(edit.created_by)
    for begin in range(0, len(edit.contacts), LOOKED_AT):
        ids = edit.contacts[begin : begin + LOOKED_AT]
        contacts = {c.pk: c for c in Contact.objects.filter(pk__in=among(ids))}
        for pk in ids:
            one = judge(edit, contacts[pk], stages, kind) if pk in contacts else None
            why = GONE if one is None else one.refused
            if why:
                reasons[why] += 1
                shown = examples.setdefault(why, [])
                shown += [[pk, str(contacts.get(pk, ""))]] if len(shown) < 5 else []
            if one is not None and one.writes:
                would += 1
                first += [[pk, str(contacts[pk]), ", ".join(one.words)]] if len(first) < SHOWN else []
            elif not why:
                same += 1
        leases.renew(edit.pk, holder, clock(), BulkEdit, done=begin + len(ids))
    refused = [[why, count, examples[why]] for why, count in reasons.most_common(SHOWN)]
    found = {"would": would, "same": same, "refused": reasons.total(), "first": first, "reasons": refused}
    leases.give_back(edit.pk, holder, BulkEdit, status=Status.CHECKED, found=found, done=0)


# --- doing it ---


def _run(edit: BulkEdit, holder: str, clock: Clock) -> None:
    while edit.done < len(edit.contacts):
        ids = edit.contacts[edit.done : edit.done + WRITTEN]
        written, left = in_transaction(lambda ids=ids: _write(edit, ids, holder, clock()))
        edit.done += len(ids)
        edit.written += written
        edit.left, edit.refused = _with(edit, left)
    leases.give_back(edit.pk, holder, BulkEdit, status=Status.DONE, finished_at=clock())


def _with(edit: BulkEdit, left: Sequence[list[Any]]) -> tuple[list[list[Any]], dict[str, int]]:
    counted = Counter(edit.refused) + Counter(why for _, _, why in left)
    return [*edit.left, *left][:LISTED], dict(counted)


def _write(edit: BulkEdit, ids: Sequence[int], holder: str, at: datetime) -> tuple[int, list[list[Any]]]:
    """Judge and write a chunk as the contacts and the table are now; how many were written, and what was left."""
    lock_keys(())  # so that no other version of the stage table comes in force meanwhile
    locked = Contact.objects.select_for_update().filter(pk__in=among(ids)).order_by("pk")
    contacts = {c.pk: c for c in locked}
    stages, kind = stage_table(), actor_kind(edit.created_by)
    judged = [judge(edit, contacts[pk], stages, kind) for pk in ids if pk in contacts]
    left = [[pk, "", GONE] for pk in ids if pk not in contacts]
    left += [[one.person.id, str(contacts[one.person.id]), one.refused] for one in judged if one.refused]
    writing = [one for one in judged if one.writes]
    _store(edit, writing, at)
    name = person_name(edit.created_by)
    refusals.log_refusals(_refused(one, edit, stages, name, at) for one in judged if one.refused)
    said, counted = _with(edit, left)
    progress = {"done": edit.done + len(ids), "written": edit.written + len(writing), "left": said, "refused": counted}
    leases.renew(edit.pk, holder, at, BulkEdit, **progress)
    return len(writing), left


def _store(edit: BulkEdit, writing: Sequence[Judged], at: datetime) -> None:
    """Values, origins and history, as if a person had edited each contact."""
    name = person_name(edit.created_by)
    writer = Writer("person", name, at.isoformat(timespec="seconds"))
    rows = []
    for one in writing:
        person = one.person
        person.values.update(one.writes)
        person.origins = stamp(person.origins, dict.fromkeys(one.writes, rules.PERSON), writer)
        why = " ".join(filter(None, [f"edited with {len(edit.contacts):,}: {', '.join(one.words)}.", edit.reason]))
        hand = contact_rows.Hand(name, why, user_id=edit.created_by_id)
        made = as_time(one.created_at)
        rows.append(contact_rows.history_row(person, person.values, made, as_time(at), "~", hand))
    write.store_changes([(one.person, set(one.writes)) for one in writing], as_time(at))
    write.store_history(rows)
    if unsubscribed := [one.person.id for one in writing if one.writes.get(STAGE) == UNSUBSCRIBED]:
        record_withdrawal(unsubscribed, actor=name, note=edit.reason, at=at)


def _refused(one: Judged, edit: BulkEdit, stages: StageTable, name: str, at: datetime) -> refusals.Refused:
    current = one.person.values.get(STAGE) or ""
    return refusals.of_person(one.person.id, one.rule, stages, current, edit.stage, name, at)
