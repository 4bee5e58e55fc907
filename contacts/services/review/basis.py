"""What a reviewer saw, in a few characters: a decision on anything else is refused, and told what changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Max

from contacts.models import Contact
from contacts.orders import read_id
from contacts.services.merged import living_ids
from contacts.services.review.cases import Offer


def basis_of(offers: Sequence[Offer], contacts: Iterable[Contact]) -> str:
    """The number of arrivals and the newest, then each candidate with its version."""
    newest = max((o.arrival.pk for o in offers), default=0)
    return " ".join([f"{len(offers)}.{newest}", *(f"{c.pk}.{c.version}" for c in sorted(contacts, key=_number))])


def _number(contact: Contact) -> int:
    return contact.pk


def news(seen: str, offers: Sequence[Offer], contacts: Iterable[Contact]) -> list[str]:
    """What happened to the case since a reviewer saw it, in sentences; [] when nothing did."""
    there = {c.pk: c for c in contacts}
    if seen == basis_of(offers, there.values()):
        return []
    before = _read(seen)
    told = _of_arrivals(before.pop(0, (0, 0)), offers)
    told += _of_contacts_gone(before.keys() - there.keys())
    new = [c for pk, c in there.items() if pk not in before]
    told += [f"{c} (#{c.pk}) belongs to the case now." for c in new]
    told += _of_contacts_changed([c for pk, c in there.items() if pk in before and before[pk][1] != c.version])
    return told or ["It was worked out again."]


def _read(seen: str) -> dict[int, tuple[int, int]]:
    """Contact to its number and version; 0 stands for the arrivals. What somebody made up reads as nothing."""
    pairs = [part.partition(".") for part in seen.split(" ")[:100]]
    numbers = [(one, two) for a, _, b in pairs if (one := read_id(a)) is not None and (two := read_id(b)) is not None]
    return {(0 if n == 0 else pair[0]): pair for n, pair in enumerate(numbers)}


def _of_arrivals(before: tuple[int, int], offers: Sequence[Offer]) -> list[str]:
    newer = [o.arrival for o in offers if o.arrival.pk > before[1]]
    if not newer:
        return []
    if len(newer) == 1:
        arrival = newer[0]
        return [f"Another record of the same person came in, arrival #{arrival.pk} from {arrival.source}."]
    return [f"{len(newer)} more records of the same person came in."]


def _of_contacts_gone(ids: Iterable[int]) -> list[str]:
    gone = sorted(ids)
    if not gone:
        return []
    home = living_ids(gone)
    there = set(Contact.objects.filter(pk__in=gone).values_list("pk", flat=True))
    told = []
    for pk in gone:
        if pk in there:
            told.append(f"#{pk} is no candidate any more.")
        elif home.get(pk, pk) != pk:
            told.append(f"#{pk} was merged into #{home[pk]}.")
        else:
            told.append(f"#{pk} was removed.")
    return told


def _of_contacts_changed(contacts: Sequence[Contact]) -> list[str]:
    """By whom: the newest row of history of each."""
    history = Contact.history.model.objects
    newest = history.filter(id__in=[c.pk for c in contacts]).values("id").annotate(last=Max("history_id"))
    rows = history.filter(history_id__in=[row["last"] for row in newest]).values("id", "actor", "history_date")
    by = {row["id"]: row for row in rows} if contacts else {}
    return [
        f"{c} (#{c.pk}) was changed by {by[c.pk]['actor']} at {by[c.pk]['history_date']:%H:%M}."
        if c.pk in by
        else f"{c} (#{c.pk}) was changed."
        for c in contacts
    ]
