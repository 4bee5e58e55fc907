"""Where people work: each company and domain once, and how two of them compare."""

from __future__ import annotations

from array import array

from rapidfuzz.distance import OSA

from contacts.domain.company_names import core_words
from contacts.domain.likeness import weights as w
from contacts.domain.likeness.rarity import value_bits

# Findings about two companies.
MISSING, DOMAIN, NAME, VARIANT, OTHER = "missing same_domain same_name variant other".split()
_USUAL = 1 / 10_000
_SLIP_FROM, _TWO_SLIPS_FROM, _ACRONYM_FROM = 5, 9, 3

Finding = tuple[str, float]


class Firm:
    """A company as one contact or many have it: its domain, its name, or both."""

    __slots__ = ("bits", "core", "core_bits", "core_key", "domain", "domain_key", "label", "shown", "words")

    shown: str
    domain: str
    domain_key: int  # 0 if it has none
    words: tuple[str, ...]  # of the name, without its legal form
    core: str  # the same in one word
    core_key: int  # 0 if it has no name
    label: str  # of the domain: "acme" of acme.co.uk
    bits: float  # rarity of the domain
    core_bits: float  # rarity of the name


BLANK = 0


class Firms:
    """All companies of the contacts, by number. Number 0 is none."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._domains: dict[str, int] = {"": 0}
        self._cores: dict[str, int] = {"": 0}
        self._domain_counts, self._core_counts = array("i", [0]), array("i", [0])
        #: The domain that goes with a name; -1 where several do.
        self._domain_of_core: dict[int, int] = {}
        self.items: list[Firm] = []
        self.number("", "")

    def number(self, company: str, domain: str) -> int:
        """The number of a company, which is taken in if it is new."""
        known = self._numbers.get((company, domain))
        if known is None:
            known = self._numbers[company, domain] = len(self.items)
            self.items.append(self._read(company, domain))
        return known

    def domain_key(self, domain: str) -> int:
        """The key of a domain, also of one that only an old address tells."""
        known = self._domains.setdefault(domain, len(self._domains))
        if known == len(self._domain_counts):
            self._domain_counts.append(0)
        return known

    def seen(self, number: int) -> None:
        """Count a contact's company."""
        firm = self.items[number]
        self._domain_counts[firm.domain_key] += 1
        self._core_counts[firm.core_key] += 1

    def weigh(self, total: int) -> None:
        """Work out how rare each is, and which domain a company has of which only the name is known."""
        self._numbers.clear()
        for firm in self.items:
            if firm.domain_key == 0 and firm.core_key:
                firm.domain_key = max(self._domain_of_core.get(firm.core_key, 0), 0)
            firm.bits = value_bits(self._domain_counts[firm.domain_key], total, _USUAL)
            firm.core_bits = value_bits(self._core_counts[firm.core_key], total, _USUAL)

    def keys(self, number: int) -> tuple[int, ...]:
        """What to look for colleagues under: the domain, and the name where it has no one domain. Above 0."""
        firm = self.items[number]
        domain = (firm.domain_key * 2,) if firm.domain_key else ()
        alone = firm.core_key and (not domain or self._domain_of_core.get(firm.core_key) == -1)
        return (*domain, firm.core_key * 2 + 1) if alone else domain

    def _read(self, company: str, domain: str) -> Firm:
        firm = Firm()
        firm.shown, firm.domain = company or domain, domain
        firm.domain_key = self.domain_key(domain)
        firm.words = core_words(company) if company else ()
        firm.core = "".join(firm.words)
        firm.core_key = self._cores.setdefault(firm.core, len(self._cores))
        if firm.core_key == len(self._core_counts):
            self._core_counts.append(0)
        firm.label = domain.partition(".")[0].replace("-", "")
        firm.bits = firm.core_bits = 0.0
        if firm.domain_key and firm.core_key:
            known = self._domain_of_core.setdefault(firm.core_key, firm.domain_key)
            if known != firm.domain_key:
                self._domain_of_core[firm.core_key] = -1
        return firm


def compare_firms(a: Firm, b: Firm) -> Finding:
    """Two companies, with the bits of what was found."""
    if a.domain_key and a.domain_key == b.domain_key:
        return DOMAIN, a.bits
    if a.core_key and a.core_key == b.core_key:
        return NAME, a.core_bits + w.SAME_COMPANY_NAME
    if not (a.core or a.label) or not (b.core or b.label):
        return MISSING, 0.0
    if _is_variant(a, b):
        commoner = min(a.core_bits if a.core else a.bits, b.core_bits if b.core else b.bits)
        two_domains = a.domain_key and b.domain_key
        most = w.MOST_FOR_VARIANT_WITH_OTHER_DOMAIN if two_domains else w.MOST_FOR_VARIANT
        return VARIANT, min(commoner + w.COMPANY_VARIANT, most)
    return OTHER, w.OTHER_COMPANY


def _is_variant(a: Firm, b: Firm) -> bool:
    """Acme and Acme Tooling; IBM and International Business Machines; acme-tooling.com and ACME Tooling; a slip."""
    if a.core and b.core:
        shorter, longer = (a.words, b.words) if len(a.words) <= len(b.words) else (b.words, a.words)
        if longer[: len(shorter)] == shorter and len(shorter[0]) > 2:
            return True
        if _is_acronym(a.core, b.words) or _is_acronym(b.core, a.words) or _is_slip(a.core, b.core):
            return True
        return set(shorter) == set(longer)
    return _spells(a.label, b) or _spells(b.label, a)


def _spells(label: str, firm: Firm) -> bool:
    """Whether a domain spells a company's name, which has no domain, or by a slip another domain."""
    if not label:
        return False
    if firm.label:
        return _is_slip(label, firm.label)
    return label == firm.core or _is_acronym(label, firm.words) or _is_slip(label, firm.core)


def _is_acronym(short: str, words: tuple[str, ...]) -> bool:
    return len(words) >= _ACRONYM_FROM and short == "".join(word[0] for word in words)


def _is_slip(a: str, b: str) -> bool:
    shorter = min(len(a), len(b))
    allowed = 0 if shorter < _SLIP_FROM else 1 if shorter < _TWO_SLIPS_FROM else 2
    return bool(allowed) and OSA.distance(a, b, score_cutoff=allowed) <= allowed
