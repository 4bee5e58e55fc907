"""What is known about the contacts of an import, read for many at once: the evidence for taking it back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from contacts.models import Address, Arrival, Contact, ImportBatch, Outcome, Review, ReviewCandidate

#: Contacts that are judged together; SQLite takes a limited number of parameters in one statement.
CHUNK = 500
T = TypeVar("T")


class Sent(NamedTuple):
    """One arrival of a contact, of this import or another."""

    id: int
    batch: int | None
    outcome: str
    contact: int
    verdicts: list[list[str]]
    source: str | None


class Written(NamedTuple):
    """One row of a contact's history."""

    contact: int
    kind: str
    arrival: int | None
    actor: str


@dataclass
class Evidence:
    """Everything that is known of some contacts, by contact."""

    people: dict[int, Contact]
    sent: dict[int, list[Sent]]
    written: dict[int, list[Written]]
    cases: dict[int, list[int]]
    addresses: dict[int, list[tuple[int | None, str]]]
    mailboxes: set[int]


def chunks(batch: ImportBatch) -> Iterator[list[int]]:
    """The contacts that the import's rows led to, some at a time."""
    rows = Arrival.objects.filter(batch=batch, contact__isnull=False).exclude(outcome=Outcome.REPEATED)
    ids = sorted(set(rows.values_list("contact_id", flat=True).iterator(5000)))
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def own_cases(batch: ImportBatch) -> list[int]:
    """Open cases about nothing but this import's rows."""
    mine = Arrival.objects.filter(batch=batch, review__isnull=False).values("review_id")
    others = Arrival.objects.filter(review_id__in=mine).exclude(batch=batch).exclude(outcome=Outcome.REPEATED)
    found = Review.objects.filter(pk__in=mine, status=Review.Status.OPEN).exclude(pk__in=others.values("review_id"))
    return list(found.order_by("pk").values_list("pk", flat=True))


def keys_of(batch: ImportBatch) -> list[str]:
    """What arrivals would find these contacts by: nobody may decide about them meanwhile."""
    keys: set[str] = set()
    for ids in chunks(batch):
        keys.update(Address.objects.filter(contact__in=ids).values_list("key", flat=True))
        for pair in Contact.objects.filter(pk__in=ids).values_list("person_key", "phone"):
            keys.update(pair)
    return sorted(keys - {""})


def evidence_of(ids: Sequence[int], own: Sequence[int], *, lock: bool = False) -> Evidence:
    """What is known of some contacts; ``own`` are the cases that end with the import."""
    contacts = Contact.objects.filter(pk__in=ids)
    people = {c.pk: c for c in (contacts.select_for_update() if lock else contacts)}
    columns = ("id", "batch_id", "outcome", "contact_id", "verdicts", "source__name")
    sent = map(Sent._make, Arrival.objects.filter(contact__in=ids).order_by("id").values_list(*columns))
    rows = Contact.history.model.objects.filter(id__in=ids).order_by("history_id")
    written = map(Written._make, rows.values_list("id", "history_type", "arrival_id", "actor"))
    addresses = Address.objects.filter(contact__in=ids).values_list("contact_id", "arrival_id", "added_by")
    mine = set(own)
    stands = [*ReviewCandidate.objects.filter(contact__in=ids).values_list("contact_id", "review_id")]
    stands += Review.objects.filter(contact__in=ids).values_list("contact_id", "pk")
    notices = Review.objects.filter(pk__in=[r for _, r in stands if r in mine], kind=Review.Kind.MAILBOX)
    marked = set(notices.values_list("pk", flat=True))
    return Evidence(
        people,
        _by_contact((s.contact, s) for s in sent),
        _by_contact((w.contact, w) for w in written),
        _by_contact((c, r) for c, r in stands if r not in mine),
        _by_contact((c, (arrival, by)) for c, arrival, by in addresses),
        {c for c, r in stands if r in marked},
    )


def _by_contact(pairs: Iterable[tuple[int, T]]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    for contact, item in pairs:
        found[contact].append(item)
    return found
