"""``match_columns``: which column is which field, how sure that is, and why.

Three grounds, best first: what was used last time, a known name, the values. A likeness of names
(rapidfuzz) is only ever a guess. A field is given to one column at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import OSA

from ..domain.fields import LABELS, MAPPABLE
from .shapes import Shape, shape_of
from .synonyms import BARE_FIRST, BARE_LAST, KEPT, PERHAPS, SURE, fold, is_bounce, is_opt_out, variants

Sure = Literal["sure", "likely", "guess", "none"]

#: Fields that are one and the same to a record: one column for all of them.
_SAME = {"website": "company_domain", "domain": "company_domain"}
_LEVELS: dict[Sure, int] = {"sure": 0, "likely": 1, "guess": 2, "none": 3}
_KEEP = "kept with the arrival"
_NO = "says no to mail"
#: Shares of values from which a look is a reason: to believe a name, and to go without one.
_CONFIRMS, _STANDS_ALONE, _DENIES = 0.8, 0.9, 0.2


@dataclass(frozen=True)
class ColumnMatch:
    """What a column is. ``field`` is "" for a column that is kept but not mapped; ``why`` is a few words."""

    column: str
    field: str
    sure: Sure
    why: str


@dataclass(frozen=True)
class _Claim:
    """A column's claim on a field. Lower sorts first: by level, whether anything is filled, name's rank."""

    at: int
    field: str
    sure: Sure
    why: str
    empty: bool
    rank: int

    @property
    def order(self) -> tuple[int, bool, int, int]:
        return _LEVELS[self.sure], self.empty, self.rank, self.at


def match_columns(
    columns: Sequence[str],
    samples: Sequence[Sequence[str]],
    filled: Sequence[int],
    *,
    custom: Sequence[tuple[str, str]] = (),
    saved: Mapping[str, str] | None = None,
    shapes: Sequence[Shape] | None = None,
) -> list[ColumnMatch]:
    """One match for each column, in their order.

    ``samples`` and ``filled`` are a survey's, and so are ``shapes``; without those the samples are judged.
    ``custom`` are the custom fields as (slug, label); ``saved`` is column -> field from last time.
    """
    looks = shapes if shapes is not None else [shape_of(values) for values in samples]
    judge = _Judge(columns, looks, filled, custom, saved or {})
    claims = [claim for at in range(len(columns)) for claim in judge.claims(at)]
    won = _awarded(claims, set())
    won.update(_awarded(judge.guesses(won), {_SAME.get(c.field, c.field) for c in won.values()}))
    lost = {claim.at: claim for claim in sorted(claims, key=lambda c: c.order, reverse=True) if claim.at not in won}
    return [_match(columns, at, won, lost.get(at)) for at in range(len(columns))]


def _awarded(claims: Iterable[_Claim], taken: set[str]) -> dict[int, _Claim]:
    """The claims that win, by column; ``taken`` are fields that are given already.

    First and last name together leave nothing to a full name.
    """
    taken, won = set(taken), dict[int, _Claim]()
    # A full name is looked at last: it yields to a first and a last name, however sure it is.
    for claim in sorted(claims, key=lambda c: (c.field == "name" and c.why != _LAST_TIME, c.order)):
        field = _SAME.get(claim.field, claim.field)
        is_named = field == "name" and {"first_name", "last_name"} <= taken
        is_part = field in ("first_name", "last_name") and "name" in taken
        if claim.at in won or field in taken or is_named or is_part:
            continue
        won[claim.at] = claim
        taken.add(field)
    return won


_LAST_TIME = "used last time"


class _Judge:
    """Draws claims from names, values and the last time."""

    def __init__(
        self,
        columns: Sequence[str],
        looks: Sequence[Shape],
        filled: Sequence[int],
        custom: Sequence[tuple[str, str]],
        saved: Mapping[str, str],
    ) -> None:
        self.columns, self.looks, self.filled = columns, looks, filled
        self.custom = {fold(name): slug for slug, label in custom for name in (slug, label) if fold(name)}
        self.allowed = {*MAPPABLE, *self.custom.values()}
        self.saved = {fold(name): field for name, field in saved.items()} | dict(saved)
        self.has_first = self.has_last = False
        named = {field for name in columns for field, _ in map(self._by_name, variants(name)[:1]) if field}
        self.has_first, self.has_last = "first_name" in named, "last_name" in named

    def claims(self, at: int) -> list[_Claim]:
        """The claims of one column by last time, name or values; none if it is to be kept."""
        name = self.columns[at]
        remembered = self.saved.get(name, self.saved.get(fold(name)))
        if remembered == "" or is_bounce(name):
            return []
        if is_opt_out(name) and fold(name) not in self.custom:
            return [self._claim(at, "opt_out", "sure", _NO, 0 if "all" in fold(name) else 1)]
        if remembered in self.allowed and remembered is not None:
            return [self._claim(at, remembered, "sure", _LAST_TIME, 0)]
        if fold(name) in self.custom:
            return [self._claim(at, self.custom[fold(name)], "sure", "known name", 0)]
        for step, key in enumerate(variants(name)):
            field, rank = self._by_name(key)
            if field:
                return [self._by_known_name(at, field, rank, exact=step == 0 or key == fold(name.strip("* ")))]
            if key in KEPT:
                return []
            if key in PERHAPS:
                return [self._claim(at, PERHAPS[key], "guess", "may be another thing", 900)]
        return self._by_values(at)

    def _by_name(self, key: str) -> tuple[str, int]:
        """The field and rank of a known name; a bare "Nom" or "Nome" depends on its neighbours."""
        field, rank = SURE.get(key, ("", 0))
        if field == "name":
            if key in BARE_LAST and self.has_first and not self.has_last:
                return "last_name", 500
            if key in BARE_FIRST and self.has_last and not self.has_first:
                return "first_name", 500
        return field, rank

    def _by_known_name(self, at: int, field: str, rank: int, *, exact: bool) -> _Claim:
        """A claim by name, strengthened or weakened by what the values look like."""
        look = self.looks[at] if at < len(self.looks) else Shape()
        sure: Sure = "sure" if exact and rank < 500 and field != "opt_in" else "likely"
        if field == "email" and look.seen:
            share = look.share(look.addresses)
            if share < _DENIES:
                return self._claim(at, field, "guess", f"only {share:.0%} are addresses", rank + 1000)
            return self._claim(at, field, sure, f"{share:.0%} are addresses", rank)
        return self._claim(at, field, sure, _reason(field, look), rank)

    def _by_values(self, at: int) -> list[_Claim]:
        """A claim by values alone. Dates and marks alone say nothing: a file has many such columns."""
        look = self.looks[at] if at < len(self.looks) else Shape()
        addresses = look.share(look.addresses)
        if addresses >= _STANDS_ALONE:
            return [self._claim(at, "email", "likely", f"{addresses:.0%} are addresses", 800)]
        if look.share(look.countries) >= _STANDS_ALONE and look.countries > 1:
            return [self._claim(at, "country", "guess", "all country codes", 800)]
        if look.share(look.phones - look.moments) >= _STANDS_ALONE and look.phones > 1:
            return [self._claim(at, "phone", "guess", "looks like phone numbers", 800)]
        return []

    def guesses(self, won: Mapping[int, _Claim]) -> list[_Claim]:
        """Claims of the columns that are left, by a likeness to a known name."""
        left = [at for at in range(len(self.columns)) if at not in won and not self._is_settled(at)]
        return [claim for at in left for claim in self._by_likeness(at)]

    def _is_settled(self, at: int) -> bool:
        name = self.columns[at]
        keys = variants(name)
        known = any(key in SURE or key in KEPT or key in PERHAPS for key in keys)
        return known or is_opt_out(name) or self.saved.get(name, self.saved.get(fold(name))) == ""

    def _by_likeness(self, at: int) -> list[_Claim]:
        """One misspelt letter of five to seven, two of eight or more."""
        key = fold(self.columns[at])
        most = 0 if len(key) < 5 else 1 if len(key) < 8 else 2
        if not most or len(key) > 60:
            return []
        known = {**{name: field for name, (field, _) in SURE.items()}, **self.custom}
        near = [(OSA.distance(key, name, score_cutoff=most), name) for name in known if len(name) >= 5]
        distance, name = min(near)
        if distance > most or known[name].startswith("opt_"):
            return []
        field = known[name]
        why = f"reads like {LABELS.get(field, field)}"
        return [self._claim(at, field, "guess", why, 2000 + distance)]

    def _claim(self, at: int, field: str, sure: Sure, why: str, rank: int) -> _Claim:
        empty = at < len(self.filled) and not self.filled[at]
        return _Claim(at, field, sure, why, empty, rank)


def _reason(field: str, look: Shape) -> str:
    """The best few words for a match by name."""
    if field == "country" and look.share(look.countries) >= _CONFIRMS:
        return "all country codes" if look.countries == look.seen else "mostly country codes"
    if field in ("occurred_at", "opt_in_at") and look.share(look.moments) >= _CONFIRMS:
        return look.moment
    if field == "opt_in" and look.share(look.marks) >= _CONFIRMS:
        return "an x or blank" if look.seen else "known name"
    return "known name"


def _match(columns: Sequence[str], at: int, won: Mapping[int, _Claim], lost: _Claim | None) -> ColumnMatch:
    """The outcome for one column, with the reason for keeping it if it isn't mapped."""
    name = columns[at]
    if at in won:
        return ColumnMatch(name, won[at].field, won[at].sure, won[at].why)
    if is_bounce(name):
        return ColumnMatch(name, "", "none", "tells of mail that came back")
    if lost is None:
        return ColumnMatch(name, "", "none", _KEEP)
    field = _SAME.get(lost.field, lost.field)
    winner = next((columns[c.at] for c in won.values() if _SAME.get(c.field, c.field) == field), "")
    why = f"{LABELS.get(field, field)} is read from {winner[:60]}" if winner else "first and last name are there"
    return ColumnMatch(name, "", "none", why)
