"""A company's name without what its legal form adds, for comparing: "ACME Tooling, Inc." is acme tooling."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path

from contacts.domain.names import fold

_DATA = Path(__file__).parent / "data"
_LONGEST = 200
_GAPS = re.compile(r"[\s\-‐-―,;/()\"“”&+·・_|:]+")
_LEADING_FORMS = frozenset("ao oao ooo pao pt tov uab zao ао зао оао ооо пао".split())
_SMALL_WORDS = frozenset("and und et y e the der die das le la les of von de di".split())
# Shortenings that people use in company names; each stands for one word only.
_SHORT = {
    "assn": "association", "assoc": "associates", "bros": "brothers", "ctr": "center", "centre": "center",
    "dev": "development", "dist": "distribution", "eng": "engineering", "ent": "enterprises", "fin": "financial",
    "grp": "group", "hldg": "holdings", "holding": "holdings", "hosp": "hospital", "ind": "industries",
    "inst": "institute", "ins": "insurance", "intl": "international", "int": "international", "labs": "laboratories",
    "lab": "laboratories", "laboratory": "laboratories", "mfg": "manufacturing", "mgmt": "management",
    "natl": "national", "svc": "services", "svcs": "services", "service": "services", "sys": "systems",
    "system": "systems", "tech": "technologies", "technology": "technologies", "univ": "university",
    "solution": "solutions", "sol": "solutions",
}  # fmt: skip


@lru_cache(maxsize=65_536)
def core_words(company: str) -> tuple[str, ...]:
    """The telling words of a company's name in their order, each folded. () if there is no name.

    Legal forms at either end go, and small words; known shortenings are written out. Something always stays.
    """
    words = [fold(word) for word in _GAPS.split(company[:_LONGEST].replace(".", ""))]
    words = [word for word in words if word]
    kept = [word for word in words if word not in _SMALL_WORDS] or words
    return tuple(_SHORT.get(word, word) for word in _without_forms(kept))


def _without_forms(words: list[str]) -> list[str]:
    forms = _forms()
    while len(words) > 1:
        if words[-1] in forms:
            words = words[:-1]
        elif len(words) > 2 and words[-2] + words[-1] in forms:  # "S A", "z oo"
            words = words[:-2]
        elif words[0] in _LEADING_FORMS:
            words = words[1:]
        else:
            break
    return words


@cache
def _forms() -> frozenset[str]:
    lines = (_DATA / "legal_forms.txt").read_text("utf-8").splitlines()
    return frozenset(fold(word) for line in lines if not line.startswith("#") for word in line.split())
