"""Taking an import back: what it created and nobody touched goes, what it filled and nobody changed is empty again.

The log stays, but for the delivery keys, so that the corrected file can be sent. Consent evidence stays as well.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from contacts.domain import rules
from contacts.domain.changes import Person
from contacts.domain.origins import forget, origin_of
from contacts.domain.overwrite import is_empty
from contacts.models import Address, Arrival, Contact, ImportBatch, Outcome, Review, ReviewCandidate
from contacts.services import bulk, contact_rows, story, write
from contacts.services.intake import in_transaction
from contacts.services.locks import BUCKETS, lock_keys
from contacts.services.people import person_from

CHUNK = 1000  # contacts that are judged and written together
SHOWN = 100  # how many of each kind a plan names; it counts them all
NOTE = "the import was taken back"
UNDONE = f"{rules.IMPORT_UNDONE}:"


class CannotUndo(Exception):
    """An import that can't be taken back; the text says why."""


class Emptied(NamedTuple):
    """A value that goes, as people read it."""

    contact: int
    name: str
    field: str
    value: str


class Left(NamedTuple):
    """What stays, and why; without a field it is the whole contact."""

    contact: int
    name: str
    field: str
    reason: str


@dataclass
class UndoPlan:
    """What taking back does: how many of each kind, and the first ``shown`` of them."""

    batch_id: int
    shown: int = SHOWN
    removed: list[tuple[int, str]] = field(default_factory=list)
    emptied: list[Emptied] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: Counter(removed=0, emptied=0, left=0))
    cases_closed: int = 0
    cases_left: int = 0

    def add(self, kind: str, found: Sequence[Any]) -> None:
        """Count what was found, and keep it while there is room."""
        kept = getattr(self, kind)
        kept.extend(found[: max(self.shown - len(kept), 0)])
        self.counts[kind] += len(found)


@dataclass
class _Some:
    """Some contacts of the batch: what is known of them, and what becomes of them."""

    contacts: Sequence[Contact]
    own: Mapping[int, str]  # the batch's arrivals, by id: the outcome
    history: Mapping[int, list[dict[str, Any]]]  # by contact, oldest first
    created: set[int] = field(default_factory=set)
    quiet: set[int] = field(default_factory=set)  # arrivals of other imports that were taken back
    later: dict[int, str] = field(default_factory=dict)  # by contact: who sent another arrival
    cases: dict[int, str] = field(default_factory=dict)  # by contact: what a review has to do with it
    removed: list[Contact] = field(default_factory=list)
    emptied: list[tuple[Contact, dict[str, Any]]] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


def refusal(batch: ImportBatch) -> str:
    """Why a batch can't be taken back, as a sentence; "" when it can."""
    if batch.undone_at:
        return f"Import {batch.pk} was taken back already, on {story.in_full(batch.undone_at)}."
    if batch.active:
        return f"Import {batch.pk} is not at rest ({batch.get_status_display()}): stop it first, or wait for its end."
    if not batch.arrivals.exists():
        return f"Import {batch.pk} took nothing in: there is nothing to take back."
    return ""


def plan_undo(batch: ImportBatch, *, shown: int = SHOWN) -> UndoPlan:
    """What ``undo_import`` would do now. Writes nothing; raises ``CannotUndo``."""
    (plan, closing), names = _started(batch, shown), story.load_names()
    for some in _judged(batch, closing, names, lock=False):
        _tell(plan, some, names)
    return plan


def undo_import(batch_id: int, *, actor: str, user_id: int | None, at: datetime, shown: int = SHOWN) -> UndoPlan:
    """Take an import back, whole or not at all, and say what was done. Raises ``CannotUndo``."""

    def attempt() -> UndoPlan:
        lock_keys(map(str, range(BUCKETS)))  # all of them: no record is decided meanwhile
        batch = ImportBatch.objects.select_for_update().filter(pk=batch_id).first()
        if batch is None:
            raise CannotUndo(f"There is no import {batch_id}.")
        plan, closing = _started(batch, shown)
        hand, names = contact_rows.Hand(actor, f"import {batch.pk} taken back", user_id=user_id), story.load_names()
        for some in _judged(batch, closing, names, lock=True):
            _tell(plan, some, names)
            _remove(some.removed, hand, at)
            _empty(some.emptied, hand, at)
        _close(closing, hand, at)
        batch.arrivals.update(delivery_key=None)
        ImportBatch.objects.filter(pk=batch.pk).update(undone_at=at)
        return plan

    return in_transaction(attempt)


def _started(batch: ImportBatch, shown: int) -> tuple[UndoPlan, set[int]]:
    """An empty plan, and the open cases in which nothing but this import's records waits."""
    if why := refusal(batch):
        raise CannotUndo(why)
    mine = _own(batch).filter(review__status=Review.Status.OPEN)
    theirs = _others(batch).filter(review=OuterRef("review"))
    cases = dict(mine.annotate(mixed=Exists(theirs)).values_list("review", "mixed").distinct())
    closing = {case for case, mixed in cases.items() if not mixed}
    return UndoPlan(batch.pk, shown, cases_closed=len(closing), cases_left=len(cases) - len(closing)), closing


def _own(batch: ImportBatch) -> QuerySet[Arrival]:
    """The arrivals through which the batch can have done something."""
    return Arrival.objects.filter(batch=batch).exclude(outcome=Outcome.REPEATED)


def _others(batch: ImportBatch) -> QuerySet[Arrival]:
    """Everybody else's arrivals, but for those that only repeated one of the batch's."""
    return Arrival.objects.exclude(batch=batch).exclude(repeat_of__batch=batch)


def _judged(batch: ImportBatch, closing: set[int], names: story.Names, *, lock: bool) -> Iterator[_Some]:
    """The contacts that the batch met, some at a time, with what becomes of them."""
    met = _own(batch).exclude(contact=None).order_by("contact").values_list("contact", flat=True).distinct()
    ids = array("q", met.iterator())
    contacts = Contact.objects.select_for_update() if lock else Contact.objects.all()
    for start in range(0, len(ids), CHUNK):
        some = _known(batch, list(contacts.filter(pk__in=ids[start : start + CHUNK]).order_by("pk")), closing)
        for contact in some.contacts:
            if contact.pk not in some.created:
                _judge_fields(contact, some)
            elif why := _touched(contact, some, names):
                some.left.append(Left(contact.pk, str(contact), "", why))
            else:
                some.removed.append(contact)
        yield some


def _known(batch: ImportBatch, contacts: Sequence[Contact], closing: set[int]) -> _Some:
    called = {c.pk: str(c) for c in contacts}
    history: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in Contact.history.model.objects.filter(id__in=called).order_by("history_id").values("id", *story.ROW):
        history[row["id"]].append(row)
    own = dict(_own(batch).filter(contact__in=called).values_list("pk", "outcome"))
    made = (row for rows in history.values() for row in rows if row["history_type"] == "+")
    some = _Some(contacts, own, history, created={row["id"] for row in made if row["arrival_id"] in own})
    _look_for_later(some, batch)
    _look_for_cases(some, called, closing)
    _look_for_addresses(some, called)
    return some


def _look_for_later(some: _Some, batch: ImportBatch) -> None:
    """Arrivals of others that led to a contact the batch created."""
    found = _others(batch).filter(contact__in=some.created).order_by("pk")
    columns = "pk", "contact_id", "outcome", "actor", "batch__undone_at"
    for pk, contact, outcome, actor, undone in found.values_list(*columns):
        if undone and outcome != Outcome.HELD:
            some.quiet.add(pk)
        else:
            some.later.setdefault(contact, actor)


def _look_for_cases(some: _Some, called: Mapping[int, str], closing: set[int]) -> None:
    """Reviews that stay and have to do with a contact, and shared mailboxes that only the batch told of."""
    held = ReviewCandidate.objects.filter(contact__in=called).exclude(review__note=NOTE).order_by("review_id")
    columns = "contact_id", "review_id", "review__kind", "review__status", "review__decided_by_name"
    for contact, case, kind, status, by in held.values_list(*columns):
        if case not in closing:
            waits = status == Review.Status.OPEN
            said = f"another record is held against it, case {case}" if waits else f"{by} decided case {case} about it"
            some.cases.setdefault(contact, said)
        elif kind == Review.Kind.MAILBOX and contact not in some.created:
            some.left.append(Left(contact, called[contact], "", "it stays marked as a shared mailbox"))


def _look_for_addresses(some: _Some, called: Mapping[int, str]) -> None:
    """Addresses that contacts of others got through an arrival of the batch."""
    found = Address.objects.filter(contact__in=called.keys() - some.created).order_by("pk")
    for contact, shown, by, arrival in found.values_list("contact_id", "shown", "added_by", "arrival_id"):
        if arrival in some.own:
            some.left.append(Left(contact, called[contact], "email", f"{by} gave it the address {shown}, which stays"))


def _touched(contact: Contact, some: _Some, names: story.Names) -> str:
    """Why a contact that the batch created has to stay; "" when nobody touched it since."""
    for row in some.history[contact.pk]:
        arrival, by = row["arrival_id"], row["actor"]
        if some.own.get(arrival) == Outcome.HELD:
            return f"{by} decided a review that led to it"
        if arrival in some.own or arrival in some.quiet or (row["history_change_reason"] or "").startswith(UNDONE):
            continue
        return f"edited by {by} since" if arrival is None else f"filled by {by} since"
    if contact.owner_id:
        return f"{names.shown('owner', contact.owner_id)} owns it"
    if contact.pk in some.later:
        return f"a later record from {some.later[contact.pk]} led to it"
    return some.cases.get(contact.pk, "")


def _judge_fields(contact: Contact, some: _Some) -> None:
    """Which of the values that the batch filled are still its own."""
    values, emptied = person_from(contact).values, {}
    for name, value in _filled(some.history[contact.pk], some.own).items():
        origin = origin_of(contact.origins, name)
        ours = origin is not None and origin.writer.arrival in some.own
        if ours and values.get(name) == value:
            emptied[name] = value
        else:
            why = f"edited by {origin.writer.name} since" if origin and not ours else "changed since"
            some.left.append(Left(contact.pk, str(contact), name, why))
    some.emptied += [(contact, emptied)] if emptied else []


def _filled(history: Sequence[Mapping[str, Any]], own: Mapping[int, str]) -> dict[str, Any]:
    """Field to the value that the batch put where there was none. Addresses are told of by their own rows."""
    filled: dict[str, Any] = {}
    for older, row in pairwise(history):
        if row["arrival_id"] in own:
            before, after = story.values_of(older), story.values_of(row)
            filled |= {f: v for f, v in after.items() if is_empty(before.get(f)) and not is_empty(v) and f != "email"}
    return filled


def _tell(plan: UndoPlan, some: _Some, names: story.Names) -> None:
    plan.add("removed", [(c.pk, str(c)) for c in some.removed])
    values = [(c, f, v) for c, emptied in some.emptied for f, v in emptied.items()]
    plan.add("emptied", [Emptied(c.pk, str(c), f, names.shown(f, v)) for c, f, v in values])
    plan.add("left", some.left)


def _remove(contacts: Sequence[Contact], hand: contact_rows.Hand, at: datetime) -> None:
    ids = [c.pk for c in contacts]
    write.store_history([_history(c, person_from(c), "-", hand, at) for c in contacts])
    Arrival.objects.filter(contact__in=ids).update(contact=None)
    # Not delete(): it would load every row again, and write a second, nameless row of history for each.
    for model, key in ((ReviewCandidate, "contact__in"), (Address, "contact__in"), (Contact, "pk__in")):
        model.objects.filter(**{key: ids})._raw_delete(connection.alias)


def _empty(emptied: Iterable[tuple[Contact, dict[str, Any]]], hand: contact_rows.Hand, at: datetime) -> None:
    touched, rows = [], []
    why = replace(hand, reason=f"{UNDONE} {rules.words(rules.IMPORT_UNDONE)} ({hand.reason})")
    for contact, fields in emptied:
        person = person_from(contact)
        person.values.update(dict.fromkeys(fields))
        person.origins = forget(person.origins, set(fields))
        touched.append((person, set(fields)))
        rows.append(_history(contact, person, "~", why, at))
    write.store_changes(touched, bulk.as_time(at))
    write.store_history(rows)


def _history(contact: Contact, person: Person, kind: str, hand: contact_rows.Hand, at: datetime) -> tuple[Any, ...]:
    return contact_rows.history_row(
        person, person.values, bulk.as_time(contact.created_at), bulk.as_time(at), kind, hand
    )


def _close(cases: set[int], hand: contact_rows.Hand, at: datetime) -> None:
    """A mailbox case can only be seen; the records of the others are no leads."""
    ids, status = sorted(cases), Review.Status
    said = {"decided_at": at, "decided_by_id": hand.user_id, "decided_by_name": hand.actor[:200], "note": NOTE}
    for start in range(0, len(ids), CHUNK):
        waiting = Review.objects.filter(pk__in=ids[start : start + CHUNK], status=status.OPEN)
        waiting.filter(kind=Review.Kind.MAILBOX).update(status=status.SEEN, **said)
        waiting.filter(kind=Review.Kind.HOLD).update(status=status.NOT_A_LEAD, **said)
