"""Everything that the hub holds of one person: where it is, by which ids, and by which texts it is found."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet

from contacts.domain.merging import KEPT, LOST
from contacts.models import Address, Arrival, Contact, Merge, Review
from contacts.services.merged import lived_as

#: A shorter text names nobody in particular.
SHORTEST = 4


@dataclass(frozen=True)
class Whole:
    """A person in all forms: every number that leads to the contact, every address (key to how it was written)."""

    contact_id: int
    ids: list[int]
    shown: dict[str, str]

    @property
    def arrivals(self) -> QuerySet[Arrival]:
        """What ever came in of the person, also what waits or was refused."""
        return Arrival.objects.filter(Q(contact__in=self.ids) | Q(email_key__in=list(self.shown)))

    @property
    def merges(self) -> QuerySet[Merge]:
        return Merge.objects.filter(Q(kept_id__in=self.ids) | Q(lost_id__in=self.ids))

    @property
    def cases(self) -> QuerySet[Review]:
        """Cases that are about the person or that one of the person's arrivals waits in."""
        about = Q(candidates__contact__in=self.ids) | Q(contact__in=self.ids)
        waiting = self.arrivals.filter(review__isnull=False).values("review")
        return Review.objects.filter(about | Q(pk__in=waiting)).distinct()

    @property
    def history(self) -> Any:
        return Contact.history.filter(id__in=self.ids)

    @cached_property
    def texts(self) -> list[str]:
        """By what others may have named the person: addresses, whole names and phones of all times."""
        found = {text for pair in self.shown.items() for text in pair}
        for first, last, phone in self.history.values_list("first_name", "last_name", "phone").distinct():
            found |= {f"{first} {last}"} if first and last else set()
            found |= {phone}
        return sorted(text for text in found if len(text) > SHORTEST)


def whole(contact_id: int) -> Whole:
    """The person behind a contact. Addresses that were changed or taken away since count too."""
    ids = lived_as(contact_id)
    shown = dict(Address.objects.filter(contact__in=ids).values_list("key", "shown"))
    for merge in Merge.objects.filter(Q(kept_id__in=ids) | Q(lost_id__in=ids), undone_at=None).only("before"):
        for side in (KEPT, LOST):
            shown |= {a[1]: a[2] for a in merge.before.get(side, {}).get("addresses", ())}
    came = Arrival.objects.filter(contact__in=ids).exclude(email_key="").exclude(review__kind=Review.Kind.MAILBOX)
    for key in came.values_list("email_key", flat=True).distinct():
        shown.setdefault(key, key)
    return Whole(contact_id, ids, shown)
