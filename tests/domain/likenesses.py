"""Contacts for the tests of the search for likely duplicates."""

from __future__ import annotations

from collections.abc import Sequence

from contacts.domain.likeness import FurtherField, Likely, Pair, Profile, scan

FIELDS = (FurtherField("born", "Date of birth", "date"), FurtherField("tier", "Tier", "choice"))
FIRST = (
    "Ada Bruno Carla Dario Edda Falk Greta Henk Ilse Jorn Karin Lotte Mats Nele Oskar Pia Quinn Rolf Sven Tilda".split()
)
LAST = "Abel Brandt Conrad Duarte Egger Fiala Grau Huber Iversen Jansen Kolb Lorenz Mayer Nolte Ott Prinz Quast".split()


def contact(ident: int, first: str = "", last: str = "", **known: object) -> Profile:
    """A contact; ``company``, ``domain``, ``phone``, ``addresses`` and ``further`` as keywords."""
    return Profile(ident, first, last)._replace(**known)  # type: ignore[arg-type]


def crowd(start: int = 1000) -> list[Profile]:
    """A few hundred others, so that something is common and something is rare."""
    return [
        contact(
            start + n,
            FIRST[n % 20],
            LAST[n * 7 % 17],
            company=f"Crowd {n % 60}",
            domain=f"crowd{n % 60}.example",
            phone=f"+4930555{n:05d}" if n % 2 else "",
            addresses=(f"someone{n}@crowd{n % 60}.example",),
        )
        for n in range(340)
    ]


def search(people: Sequence[Profile], **how: object) -> Likely:
    """The search as the hub runs it."""
    return scan(people, FIELDS, **({"phone_limit": 3} | how))  # type: ignore[arg-type]


def found(a: dict[str, object], b: dict[str, object]) -> Pair | None:
    """What the search says about two contacts in the crowd; None if it does not suggest them."""
    people = [Profile(1)._replace(**a), Profile(2)._replace(**b), *crowd()]  # type: ignore[arg-type]
    return next((pair for pair in search(people) if (pair.low_id, pair.high_id) == (1, 2)), None)
