"""What becomes of a contact when an import is taken back: it goes, some of its values go, or it stays, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from contacts.domain import rules
from contacts.domain.origins import origin_of
from contacts.domain.overwrite import is_empty
from contacts.domain.protection import protections
from contacts.models import Address, Arrival, Contact, ImportBatch, Merge, Outcome, Review, ReviewCandidate
from contacts.services import story
from contacts.services.merged import lived_as_each
from contacts.services.merging.relations import of_other_apps
from contacts.services.people import person_from
from contacts.services.undo.plan import NOTE, Emptied, Left, Removed, UndoPlan

UNDONE = f"{rules.IMPORT_UNDONE}:"


@dataclass
class Judged:
    """Some contacts of the batch: what is known of them, and what becomes of them."""

    contacts: Sequence[Contact]
    own: Mapping[int, str]  # the batch's arrivals, by id: the outcome
    history: Mapping[int, list[dict[str, Any]]]  # by contact, oldest first
    created: set[int] = field(default_factory=set)
    quiet: set[int] = field(default_factory=set)  # arrivals of other imports that were taken back
    later: dict[int, str] = field(default_factory=dict)  # by contact: who sent another arrival
    cases: dict[int, str] = field(default_factory=dict)  # by contact: what a review has to do with it
    elsewhere: dict[int, str] = field(default_factory=dict)  # by contact: what other apps hang on it
    removed: list[Contact] = field(default_factory=list)
    emptied: list[tuple[Contact, dict[str, Any]]] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    def tell(self, plan: UndoPlan, names: story.Names) -> None:
        """Add it to a plan, in words."""
        plan.add("removed", [Removed(c.pk, str(c)) for c in self.removed])
        values = [(c, f, v) for c, emptied in self.emptied for f, v in emptied.items()]
        plan.add("emptied", [Emptied(c.pk, str(c), f, names.shown(f, v)) for c, f, v in values])
        plan.add("left", self.left)


def own_arrivals(batch: ImportBatch) -> QuerySet[Arrival]:
    """The arrivals through which the batch can have done something."""
    return Arrival.objects.filter(batch=batch).exclude(outcome=Outcome.REPEATED)


def others(batch: ImportBatch) -> QuerySet[Arrival]:
    """Everybody else's arrivals, but for those that only repeated one of the batch's."""
    return Arrival.objects.exclude(batch=batch).exclude(repeat_of__batch=batch)


def met(batch: ImportBatch, after: int = 0) -> QuerySet[Arrival]:
    """The ids of the contacts that the batch led to, in their order, from behind ``after``."""
    found = own_arrivals(batch).filter(contact__gt=after)
    return found.order_by("contact").values_list("contact", flat=True).distinct()


def open_cases(batch: ImportBatch) -> tuple[set[int], int]:
    """The open cases in which nothing but this import's records waits, and how many there are with others too."""
    mine = own_arrivals(batch).filter(review__status=Review.Status.OPEN)
    theirs = others(batch).filter(review=OuterRef("review"))
    cases = dict(mine.annotate(mixed=Exists(theirs)).values_list("review", "mixed").distinct())
    closing = {case for case, mixed in cases.items() if not mixed}
    return closing, len(cases) - len(closing)


def closed_cases(batch: ImportBatch) -> set[int]:
    """The cases that were closed with this import."""
    mine = own_arrivals(batch).filter(review__note=NOTE).exclude(review__status=Review.Status.OPEN)
    return set(mine.values_list("review", flat=True).distinct())


def judge(
    batch: ImportBatch, contacts: QuerySet[Contact], ids: Sequence[int], closing: set[int], names: story.Names
) -> Judged:
    """What becomes of the contacts ``ids``. ``closing`` are the cases that close, or closed, with the import."""
    judged = _known(batch, list(contacts.filter(pk__in=ids).order_by("pk")), closing)
    for contact in judged.contacts:
        if contact.pk not in judged.created:
            _judge_fields(contact, judged)
        elif why := _touched(contact, judged, names):
            judged.left.append(Left(contact.pk, str(contact), "", why))
        else:
            judged.removed.append(contact)
    return judged


def _known(batch: ImportBatch, contacts: Sequence[Contact], closing: set[int]) -> Judged:
    called = {c.pk: str(c) for c in contacts}
    history = _history_of(called)
    own = dict(own_arrivals(batch).filter(contact__in=called).values_list("pk", "outcome"))
    made = (row for rows in history.values() for row in rows if row["history_type"] == "+")
    judged = Judged(contacts, own, history, created={row["id"] for row in made if row["arrival_id"] in own})
    judged.elsewhere = of_other_apps(sorted(judged.created))
    _look_for_later(judged, batch)
    _look_for_cases(judged, called, closing)
    _look_for_addresses(judged, called)
    _look_for_merged(judged, called)
    return judged


def _look_for_later(judged: Judged, batch: ImportBatch) -> None:
    """Arrivals of others that led to a contact the batch created."""
    found = others(batch).filter(contact__in=judged.created).order_by("pk")
    columns = "pk", "contact_id", "outcome", "actor", "batch__undone_at"
    for pk, contact, outcome, actor, undone in found.values_list(*columns):
        if undone and outcome != Outcome.HELD:
            judged.quiet.add(pk)
        else:
            judged.later.setdefault(contact, actor)


def _look_for_cases(judged: Judged, called: Mapping[int, str], closing: set[int]) -> None:
    """Reviews that stay and have to do with a contact, and shared mailboxes that only the batch told of."""
    ours, status = Q(review__note=NOTE) & ~Q(review__in=closing), Review.Status
    by_itself = Q(review__kind=Review.Kind.PAIR, review__status__in=[status.OPEN, status.SETTLED])  # nobody said it
    held = ReviewCandidate.objects.filter(contact__in=called).exclude(ours | by_itself)
    columns = "contact_id", "review_id", "review__kind", "review__status", "review__decided_by_name"
    for contact, case, kind, state, by in held.order_by("review_id").values_list(*columns):
        if case not in closing:
            waits = state == status.OPEN
            said = f"another record is held against it, case {case}" if waits else f"{by} decided case {case} about it"
            judged.cases.setdefault(contact, said)
        elif kind == Review.Kind.MAILBOX and contact not in judged.created:
            judged.left.append(Left(contact, called[contact], "", "it stays marked as a shared mailbox"))


def _look_for_addresses(judged: Judged, called: Mapping[int, str]) -> None:
    """Addresses that contacts of others got through an arrival of the batch."""
    found = Address.objects.filter(contact__in=called.keys() - judged.created).order_by("pk")
    for contact, shown, by, arrival in found.values_list("contact_id", "shown", "added_by", "arrival_id"):
        if arrival in judged.own:
            said = f"{by} gave it the address {shown}, which stays"
            judged.left.append(Left(contact, called[contact], "email", said))


def _look_for_merged(judged: Judged, called: Mapping[int, str]) -> None:
    """Contacts that the batch made or filled and that are part of another by now: only their merge brings them out."""
    home = {was: now for now, ids in lived_as_each(called).items() for was in ids if was != now}
    if not home:
        return
    history = _history_of(home)
    merges = Merge.objects.filter(lost_id__in=history, undone_at=None).order_by("pk")
    for merge, lost, name in merges.values_list("pk", "lost_id", "lost_name"):
        contact, rows = home[lost], history[lost]
        then = f"part of it since merge {merge}: take that back first"
        if any(row["history_type"] == "+" and row["arrival_id"] in judged.own for row in rows):
            said = f"{name} (#{lost}) came from this import and is {then}"
            judged.left.append(Left(contact, called[contact], "", said))
            continue
        said = f"this import filled it for {name} (#{lost}), {then}"
        judged.left += [Left(contact, called[contact], field, said) for field in _filled(rows, judged.own)]


def _history_of(ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """Every row of history of these contacts, oldest first."""
    history: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in Contact.history.model.objects.filter(id__in=ids).order_by("history_id").values("id", *story.ROW):
        history[row["id"]].append(row)
    return history


def _touched(contact: Contact, judged: Judged, names: story.Names) -> str:
    """Why a contact that the batch created has to stay; "" when nobody touched it since."""
    for row in judged.history[contact.pk]:
        arrival, by = row["arrival_id"], row["actor"]
        if judged.own.get(arrival) == Outcome.HELD:
            return f"{by} decided a review that led to it"
        taken_back = (row["history_change_reason"] or "").startswith(UNDONE)
        if arrival in judged.own or arrival in judged.quiet or taken_back:
            continue
        return f"edited by {by} since" if arrival is None else f"filled by {by} since"
    if contact.pk in judged.elsewhere:
        return f"it has {judged.elsewhere[contact.pk]}"
    if contact.owner_id:
        return f"{names.shown('owner', contact.owner_id)} owns it"
    if contact.pk in judged.later:
        return f"a later record from {judged.later[contact.pk]} led to it"
    return judged.cases.get(contact.pk, "")


def _judge_fields(contact: Contact, judged: Judged) -> None:
    """Which of the values that the batch filled are still its own."""
    values, emptied = person_from(contact).values, {}
    for name, value in _filled(judged.history[contact.pk], judged.own).items():
        origin = origin_of(contact.origins, name)
        ours = origin is not None and origin.writer.arrival in judged.own
        if ours and protections({name: value}):
            judged.left.append(Left(contact.pk, str(contact), name, "an unsubscribe stands, whoever brought it"))
        elif ours and values.get(name) == value:
            emptied[name] = value
        else:
            why = f"edited by {origin.writer.name} since" if origin and not ours else "changed since"
            judged.left.append(Left(contact.pk, str(contact), name, why))
    judged.emptied += [(contact, emptied)] if emptied else []


def _filled(history: Sequence[Mapping[str, Any]], own: Mapping[int, str]) -> dict[str, Any]:
    """Field to the value that the batch put where there was none. Addresses are told of by their own rows."""
    filled: dict[str, Any] = {}
    for older, row in pairwise(history):
        if row["arrival_id"] in own:
            before, after = story.values_of(older), story.values_of(row)
            filled |= {f: v for f, v in after.items() if is_empty(before.get(f)) and not is_empty(v) and f != "email"}
    return filled
