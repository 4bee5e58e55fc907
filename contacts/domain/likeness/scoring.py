"""Whether two contacts look like one person: what each field says, and what it adds up to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from contacts.domain.likeness import firms, mailboxes, naming
from contacts.domain.likeness import weights as w
from contacts.domain.likeness.elsewhere import crossed
from contacts.domain.likeness.further import OTHER, TELLS_APART
from contacts.domain.likeness.naming import Named, compare_names
from contacts.domain.likeness.population import Population

# Findings about two phones or two mailboxes.
MISSING, SAME, SLIP, DIFFERENT, CROWD = "missing same slip different crowd".split()
FROM_NAME, RARE = "from_name", "rare"

Finding = tuple[str, float]


class Findings(NamedTuple):
    """Everything that was found out about a pair, with the bits of each part."""

    named: Named
    firm: Finding
    phone: Finding
    box: Finding
    further: tuple[tuple[int, int, float], ...]  # column, finding, bits
    name_bits: float
    bits: float  # in all, the odds before any evidence included
    exact: str = ""  # "name" or "phone", if an exact rule says so


class Judge:
    """Compares contacts of one population."""

    def __init__(self, population: Population, phone_limit: int) -> None:
        self._all = population
        self._phone_limit = phone_limit
        self._texts = [n for n, column in enumerate(population.further) if column.field.type == "text"]

    def compare(self, a: int, b: int) -> Findings:
        """All findings on the contacts at two places; the same whichever comes first."""
        everyone = self._all
        named = compare_names(*everyone.names(a), *everyone.names(b))
        firm = self._firm(a, b)
        phone = self._phone(a, b, firm[0])
        box = self._box(a, b)
        further = tuple(self._further(a, b))
        name_bits = self._name_bits(a, b, named, firm, phone)
        context = self._context(firm, phone, box)
        beside = context + sum(finding[2] for finding in further)
        bits = everyone.prior + name_bits + beside + (w.NAME_ALONE if beside <= 0 else 0.0)
        exact = "" if self._tells_apart(named, further) else self._exact(named, firm, phone, a, b)
        return Findings(named, firm, phone, box, further, name_bits, max(bits, w.EXACT) if exact else bits, exact)

    def _firm(self, a: int, b: int) -> Finding:
        everyone = self._all
        number_a, number_b = everyone.firm[a], everyone.firm[b]
        items = everyone.firms.items
        firm_a, firm_b = items[number_a], items[number_b]
        found = firms.compare_firms(firm_a, firm_b)
        if found[0] == firms.DOMAIN or not everyone.old_domains:
            return found
        old = everyone.old_domains
        ours, theirs = old.get(a, frozenset()), old.get(b, frozenset())
        bits = [firm_b.bits] if firm_b.domain_key in ours else []
        bits += [firm_a.bits] if firm_a.domain_key in theirs else []
        return (OLD, max(bits) + w.OLD_ADDRESS) if bits else found

    def _phone(self, a: int, b: int, firm: str) -> Finding:
        everyone = self._all
        mine, theirs = everyone.phone[a], everyone.phone[b]
        if not mine or not theirs:
            return MISSING, 0.0
        if mine == theirs:
            sharers = everyone.phone_counts.get(mine, 1)
            if sharers > self._phone_limit:
                return CROWD, 0.0
            bits = -everyone.prior - (sharers - 2)
            return SAME, bits + (w.PHONE_AND_OTHER_FIRM if firm == firms.OTHER else 0.0)
        if firm not in _SAME_FIRM and _is_phone_slip(mine, theirs):
            return SLIP, w.PHONE_SLIP
        return DIFFERENT, w.OTHER_PHONE

    def _box(self, a: int, b: int) -> Finding:
        boxes_a, boxes_b = self._all.boxes[a], self._all.boxes[b]
        if not boxes_a or not boxes_b:
            return MISSING, 0.0
        if " " not in boxes_a and " " not in boxes_b:
            local = self._all.local[a]
            return self._two_boxes(boxes_a, boxes_b, a, b, alike=bool(local) and local == self._all.local[b])
        return max(
            (self._two_boxes(x, y, a, b, alike=True) for x in boxes_a.split(" ") for y in boxes_b.split(" ")),
            key=lambda finding: (finding[1], finding[0]),
        )

    def _two_boxes(self, box_a: str, box_b: str, a: int, b: int, *, alike: bool) -> Finding:
        everyone = self._all
        if box_a == box_b:
            return SAME, w.SAME_MAILBOX - everyone.prior
        local = mailboxes.telling_local(box_a) if alike else ""
        if local and local == mailboxes.telling_local(box_b):
            if self._is_from_name(local, a) or self._is_from_name(local, b):
                return FROM_NAME, w.MAILBOX_FROM_NAME
            most = w.RARE_MAILBOX - everyone.prior
            return RARE, max(min(everyone.local_bits(local), most), w.MAILBOX_FROM_NAME)
        if mailboxes.is_slip(box_a, box_b):
            return SLIP, w.MAILBOX_SLIP
        return DIFFERENT, 0.0

    def _is_from_name(self, local: str, place: int) -> bool:
        first, last = self._all.names(place)
        return mailboxes.is_from_name(local, first.folded, last.folded)

    def _further(self, a: int, b: int) -> Iterable[tuple[int, int, float]]:
        found = dict[int, tuple[int, float]]()
        columns = self._all.further
        for number, column in enumerate(columns):
            mine, theirs = column.values[a], column.values[b]
            if mine and theirs:
                finding = column.compare(mine, theirs)
                found[number] = finding, column.bits(finding, mine)
        if len(self._texts) > 1 and found:
            crossed(columns, self._texts, found, a, b)
        return ((number, *finding) for number, finding in found.items())

    def _name_bits(self, a: int, b: int, named: Named, firm: Finding, phone: Finding) -> float:
        last = named.last[1]
        if phone[0] == SAME:
            last = min(last, w.MOST_FOR_LAST_AT_PHONE)
        elif firm[0] in _SAME_FIRM:
            last = min(last, w.MOST_FOR_LAST_AT_FIRM)
        bits = named.first[1] + last
        if named.swapped:
            bits += w.SWAPPED
        if named.generations:
            bits += w.GENERATION
        if self._all.name_from_address[a] or self._all.name_from_address[b]:
            bits += w.FROM_ADDRESS
        return bits

    def _context(self, firm: Finding, phone: Finding, box: Finding) -> float:
        """A phone or a mailbox in common stands for the company too: it is no second sign."""
        if phone[0] == SAME or box[0] == SAME:
            return max(phone[1], box[1])
        return firm[1] + phone[1] + box[1]

    def _tells_apart(self, named: Named, further: tuple[tuple[int, int, float], ...]) -> bool:
        """Whether something says clearly that these are two: other first names, Jr., another date of birth."""
        return named.conflict or any(
            finding == OTHER and bits <= TELLS_APART and self._all.further[number].field.type == "date"
            for number, finding, bits in further
        )

    def _exact(self, named: Named, firm: Finding, phone: Finding, a: int, b: int) -> str:
        if named.same and firm[0] in (firms.DOMAIN, OLD):
            return "name"
        return "phone" if phone[0] == SAME and named.last[0] not in naming.CONFLICTS else ""


OLD = "old_address"
_SAME_FIRM = frozenset((firms.DOMAIN, firms.NAME, firms.VARIANT, OLD))


def _is_phone_slip(a: int, b: int) -> bool:
    """One digit is another, or two neighbours changed places."""
    mine, theirs = str(a), str(b)
    if len(mine) != len(theirs):
        return False
    differ = [n for n, (x, y) in enumerate(zip(mine, theirs, strict=True)) if x != y]
    if len(differ) == 1:
        return True
    neighbours = len(differ) == 2 and differ[1] == differ[0] + 1
    return neighbours and mine[differ[0]] == theirs[differ[1]] and mine[differ[1]] == theirs[differ[0]]
