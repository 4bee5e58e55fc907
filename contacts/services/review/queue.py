"""The queue: which cases wait, in which order, under which filters, and which one comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db.models import Count, F, Min, Q, QuerySet

from contacts.domain.queue import SURENESS
from contacts.models import HubSettings, Review
from contacts.models.review import PLACE
from contacts.orders import read_id
from contacts.services.review.claims import free_for

PAGE = 50
#: Cases under filters are counted up to here; beyond it the page says "more than".
MOST_COUNTED = 1_000
AGES = {"new": "under a day", "late": "over the aim", "week": "over a week"}
OWNERS = {"nobody": "nobody", "me": "me", "others": "somebody else", "off": "put off"}
SCORES = {str(least): words for least, words in SURENESS} | {"none": "not scored"}


@dataclass(frozen=True)
class Filters:
    """What a person narrowed the queue to; "" is everything. ``source`` is a slug, ``score`` the least of its band."""

    source: str = ""
    kind: str = ""
    score: str = ""
    age: str = ""
    who: str = ""

    @property
    def given(self) -> dict[str, str]:
        return {name: value for name, value in vars(self).items() if value}


class Spot(NamedTuple):
    """The place of a case in the queue."""

    at: datetime
    id: int


class Page(NamedTuple):
    """Some cases in their order, and whether there are more on either side."""

    cases: list[Review]
    before: bool
    after: bool


class Total(NamedTuple):
    """How many cases; ``more`` where there are more than that."""

    number: int
    more: bool = False


def waiting(at: datetime) -> QuerySet[Review]:
    """Open cases that nobody put off."""
    return _open().filter(Q(asleep_until=None) | Q(asleep_until__lte=at))


def _open() -> QuerySet[Review]:
    return Review.objects.filter(status=Review.Status.OPEN).annotate(place=PLACE)


def filtered(filters: Filters, user: User, at: datetime) -> QuerySet[Review]:
    """The cases under the filters, in no order. A filter that makes no sense matches nothing."""
    found = _open().filter(asleep_until__gt=at) if filters.who == "off" else waiting(at)
    if filters.source:
        found = found.filter(source__slug=filters.source)
    if filters.kind:
        found = found.filter(kind=filters.kind)
    if filters.score:
        found = found.filter(_scored(filters.score))
    if filters.age:
        found = found.filter(_aged(filters.age, at))
    if filters.who and filters.who != "off":
        found = found.filter(_had(filters.who, user, at))
    return found


def _scored(band: str) -> Q:
    if band == "none":
        return Q(score=None)
    floors = [least for least, _ in SURENESS]
    least = read_id(band)
    if least not in floors:
        return Q(pk__in=[])
    place = floors.index(least)
    return Q(score__gte=least) & (Q(score__lt=floors[place - 1]) if place else Q())


def _aged(age: str, at: datetime) -> Q:
    if age == "new":
        return Q(opened_at__gt=at - timedelta(days=1))
    if age == "late":
        return Q(opened_at__lt=late_before(at))
    return Q(opened_at__lt=at - timedelta(days=7)) if age == "week" else Q(pk__in=[])


def _had(who: str, user: User, at: datetime) -> Q:
    taken = Q(taken_until__gt=at, taken_by__isnull=False)
    if who == "me":
        return taken & Q(taken_by=user)
    if who == "others":
        return taken & ~Q(taken_by=user)
    return (Q(taken_by=None) | Q(taken_until__lte=at)) if who == "nobody" else Q(pk__in=[])


def late_before(at: datetime, hub: HubSettings | None = None) -> datetime:
    """Cases opened before this wait longer than the aim."""
    return at - timedelta(hours=(hub or HubSettings.load()).review_aim_hours)


def spot_of(case_id: int) -> Spot | None:
    """Where a case stands, or stood before it was decided."""
    found = Review.objects.filter(pk=case_id).annotate(place=PLACE).values_list("place", "pk").first()
    return Spot(*found) if found else None


def page(found: QuerySet[Review], after: Spot | None = None, before: Spot | None = None) -> Page:
    """A page of cases, from a place on or up to it; a range of an index wherever it stands."""
    rows = found.select_related("source").prefetch_related("candidates__contact")
    if before is not None:
        cases = list(_from(rows, before, back=True)[: PAGE + 1])
        return Page(cases[:PAGE][::-1], len(cases) > PAGE, after=True)
    cases = list(_from(rows, after)[: PAGE + 1])
    return Page(cases[:PAGE], after is not None, len(cases) > PAGE)


def _from(rows: QuerySet[Review], spot: Spot | None, *, back: bool = False) -> QuerySet[Review]:
    if spot is not None:
        # The first condition bounds the index, the second passes over the ties.
        bound, beyond, ident = ("lte", "lt", "pk__lt") if back else ("gte", "gt", "pk__gt")
        past = Q(**{f"place__{beyond}": spot.at}) | Q(**{ident: spot.id})
        rows = rows.filter(past, **{f"place__{bound}": spot.at})
    place, ident_ = F("place"), F("pk")
    return rows.order_by(place.desc() if back else place.asc(), ident_.desc() if back else ident_.asc())


def following(found: QuerySet[Review], spot: Spot | None, user: User, at: datetime) -> int | None:
    """The next case that is free for this reviewer; after the last one, the first that was left."""
    free = found.filter(free_for(user, at))
    return _first(free, spot) or (_first(free, None, but=spot) if spot else None)


def preceding(found: QuerySet[Review], spot: Spot) -> int | None:
    """The case before this one."""
    return _from(found, spot, back=True).values_list("pk", flat=True).first()


def _first(free: QuerySet[Review], spot: Spot | None, but: Spot | None = None) -> int | None:
    rows = _from(free, spot).exclude(pk=but.id) if but else _from(free, spot)
    return rows.values_list("pk", flat=True).first()


def counted(found: QuerySet[Review]) -> Total:
    """How many cases there are under filters, up to a bound."""
    number = len(found.order_by().values_list("pk")[: MOST_COUNTED + 1])
    return Total(MOST_COUNTED, more=True) if number > MOST_COUNTED else Total(number)


def count_waiting(at: datetime) -> int:
    """How many cases wait, exactly: all that are open, less those put off. Both from an index alone."""
    rows = Review.objects.filter(status=Review.Status.OPEN)
    return rows.count() - rows.filter(asleep_until__gt=at).count()


def decided_today(user: User, at: datetime) -> int:
    """How many cases this reviewer has decided since midnight."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return Review.objects.filter(decided_by=user, decided_at__gte=midnight).count()


class Waiting(NamedTuple):
    """What waits of one kind: how many, since when, and how many of them for longer than the aim."""

    count: int
    since: datetime
    late: int


def by_kind(at: datetime) -> dict[str, Waiting]:
    """The waiting cases by kind, from an index alone but for the few that were put off."""
    late = Count("pk", filter=Q(opened_at__lt=late_before(at)))
    rows = waiting(at).order_by().values_list("kind").annotate(count=Count("pk"), since=Min("opened_at"), late=late)
    return {kind: Waiting(count, since, number) for kind, count, since, number in rows}


def count_taken(at: datetime) -> int:
    """How many cases somebody has open."""
    open_ones = Review.objects.filter(status=Review.Status.OPEN)
    return open_ones.filter(taken_by__isnull=False, taken_until__gt=at).count()


def ids(found: QuerySet[Review], most: int) -> Sequence[Any]:
    """The first cases in the order of the queue."""
    return list(_from(found, None).values_list("pk", flat=True)[:most])
