"""All contacts, in columns of numbers: a million fit into some hundred megabytes."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from contacts.domain.identity import company_domain, split_name
from contacts.domain.likeness.firms import Firms
from contacts.domain.likeness.further import FurtherColumn
from contacts.domain.likeness.mailboxes import mailbox, name_in, telling_local
from contacts.domain.likeness.profiles import FurtherField, Profile
from contacts.domain.likeness.rarity import value_bits
from contacts.domain.likeness.spellings import Spelling, Spellings
from contacts.domain.likeness.weights import prior

_USUAL_LOCAL = 1 / 10_000
#: How many contacts pass between two reports of progress.
_STEP = 20_000


class Population:
    """The contacts to compare, addressed by their place (0, 1, 2 ...)."""

    def __init__(self, fields: Sequence[FurtherField]) -> None:
        self.ids = array("q")
        self.first, self.last = array("i"), array("i")  # numbers of spellings
        self.firm = array("i")  # numbers of firms
        self.phone = array("q")  # its digits; 0 if there is none
        self.boxes: list[str] = []  # mailboxes, several with a space between
        self.local = array("i")  # the number of what stands before the @ of its one mailbox, if others have it too
        self.name_from_address = bytearray()
        self.old_domains: dict[int, frozenset[int]] = {}  # keys of domains that other addresses tell, by place
        self.spellings, self.firms = Spellings(), Firms()
        self.further = [FurtherColumn(field) for field in fields]
        self.phone_counts: dict[int, int] = {}
        self.local_counts: dict[str, int] = {}
        self.prior = 0.0

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, profiles: Iterable[Profile], progress: Callable[[int], None] | None = None) -> None:
        """Take all contacts in, then work out how rare everything is."""
        for profile in profiles:
            self._take(profile)
            if progress and len(self.ids) % _STEP == 0:
                progress(len(self.ids))
        total = len(self.ids)
        self.prior = prior(total)
        self.spellings.weigh(total)
        self.firms.weigh(total)
        self.further = [column for column in self.further if column.is_used]
        for column in self.further:
            column.weigh()
        counts = Counter(self.phone)
        self.phone_counts = {phone: count for phone, count in counts.items() if count > 1 and phone}
        self._count_locals()

    def names(self, place: int) -> tuple[Spelling, Spelling]:
        """The first and the last name of a contact."""
        items = self.spellings.items
        return items[self.first[place]], items[self.last[place]]

    def phone_sharers(self, place: int) -> int:
        """How many contacts have its phone; 0 if it has none."""
        phone = self.phone[place]
        return self.phone_counts.get(phone, 1) if phone else 0

    def local_bits(self, local: str) -> float:
        """How rare a mailbox's local part is."""
        return value_bits(self.local_counts.get(local, 1), len(self), _USUAL_LOCAL)

    def _count_locals(self) -> None:
        counts = Counter(telling_local(box) for boxes in self.boxes for box in boxes.split(" ") if box)
        self.local_counts = {local: count for local, count in counts.items() if count > 1 and local}
        numbers = {local: number for number, local in enumerate(self.local_counts, 1)}
        self.local.extend(numbers.get(telling_local(box), 0) if box else 0 for box in self.boxes)

    def _take(self, profile: Profile) -> None:
        first, last = profile.first_name, profile.last_name
        boxes = [mailbox(address) for address in profile.addresses]
        from_address = not first and not last and bool(boxes)
        if from_address:
            first, last = name_in(boxes[0])
        elif not last and " " in first:
            first, last = split_name(first)
        place = len(self.ids)
        self.ids.append(profile.id)
        first_number, last_number = self.spellings.number(first), self.spellings.number(last)
        self.first.append(first_number)
        self.last.append(last_number)
        self.spellings.seen(first_number, last_number)
        self.name_from_address.append(from_address)
        self._take_firm(place, profile, boxes)
        self.phone.append(_digits(profile.phone) if profile.phone else 0)
        self.boxes.append(" ".join(boxes))
        for column in self.further:
            column.add(profile.further.get(column.field.slug, ""))

    def _take_firm(self, place: int, profile: Profile, boxes: Sequence[str]) -> None:
        told = [_domain_of(box) for box in boxes]
        domain = profile.domain or next(filter(None, told), "")
        number = self.firms.number(profile.company, domain)
        self.firms.seen(number)
        self.firm.append(number)
        others = {self.firms.domain_key(name) for name in told if name and name != domain}
        if others:
            self.old_domains[place] = frozenset(others)


def _domain_of(box: str) -> str:
    domain = company_domain("", box.rpartition("@")[2])
    return domain.name if domain else ""


def _digits(phone: str) -> int:
    digits = phone[1:] if phone[1:].isdecimal() else "".join(filter(str.isdecimal, phone))
    return int(digits[:18] or 0)
