"""Lists that open as fast at a million rows as at ten thousand.

A page is a range of an index: it starts at a cursor (the order's column and the id) and never skips rows, so
its place in the table costs nothing. What no index answers is checked on at most ``LOOK_AT`` rows a page; a
page that stops there says so and goes on from there. Totals are exact while they are small, and say "about"
or "more than" afterwards. Nothing here knows of requests.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Max, Model, Q, QuerySet

from contacts.orders import Cursor, Order

PAGE = 50
#: Rows that one page may look at for conditions that no index answers.
LOOK_AT = 10_000
#: Matches of a search that are gathered; beyond it, a list asks for more letters.
MOST_FOUND = 1_000
#: What one way of a search gives, where something else must be true of the rows too.
SIFTED = 2_000
#: No condition.
ANY = Q()


@dataclass(frozen=True)
class Listing:
    """Rows to page through: ``rows`` is what an index gives in this order, ``checked`` what none answers."""

    rows: QuerySet[Any]
    order: Order
    checked: Q = ANY


class Page(NamedTuple):
    """One page. ``previous`` and ``next`` are cursors, written; ``stopped``: it did not look to the end."""

    rows: list[Any]
    previous: str | None
    next: str | None
    stopped: bool = False


def page(listing: Listing, cursor: Cursor | None = None, *, backwards: bool = False) -> Page:
    """The page after the cursor, or before it; without a cursor the first one, or the last."""
    rows: list[Any] = []
    edge: Cursor | None = None
    for part in _parts(listing, cursor, backwards):
        window, edge = _looked_at(part, listing, backwards=backwards)
        rows += window[: PAGE + 1 - len(rows)]
        if len(rows) > PAGE or edge is not None:
            break
    stopped = edge is not None and len(rows) <= PAGE
    more = listing.order.of(rows[PAGE - 1]) if len(rows) > PAGE else edge
    return _page(rows[:PAGE], listing.order, cursor, more, backwards=backwards, stopped=stopped)


def _page(
    rows: list[Any],
    order: Order,
    cursor: Cursor | None,
    more: Cursor | None,
    *,
    backwards: bool,
    stopped: bool = False,
) -> Page:
    """``rows`` as they were read, with the ways on and back. An empty page knows no way back."""
    onwards = order.write(more) if more else None
    back = order.write(order.of(rows[0])) if rows and cursor else None
    if backwards:
        return Page(rows[::-1], onwards, back, stopped)
    return Page(rows, back, onwards, stopped)


def _parts(listing: Listing, cursor: Cursor | None, backwards: bool) -> list[QuerySet[Any]]:
    rows = listing.rows.order_by(*listing.order.expressions(backwards=backwards))
    if cursor is None:
        return [rows]
    return [rows.filter(beyond) for beyond in listing.order.beyond(cursor, backwards=backwards)]


def _looked_at(
    part: QuerySet[Any], listing: Listing, *, backwards: bool = False
) -> tuple[QuerySet[Any], Cursor | None]:
    """The rows of a part that pass, among its first ``LOOK_AT``, and the last of these if it goes on.

    The places are read first, from the index alone, because a range is what both databases walk in order;
    given a subquery with a LIMIT, PostgreSQL would rather read the whole table.
    """
    if not listing.checked:
        return part, None
    seen = list(part.values_list(listing.order.column, "pk")[:LOOK_AT])
    if len(seen) < LOOK_AT:
        return part.filter(listing.checked), None
    edge = Cursor(*seen[-1])
    return part.filter(listing.order.until(edge, backwards=backwards), listing.checked), edge


class Way(NamedTuple):
    """One way to find rows: a flat list of ids in the order of an index, and what else must be true."""

    ids: QuerySet[Any]
    checked: Q = ANY


class Found(NamedTuple):
    """What was found, in order. ``complete`` is false where a way gave more than is gathered."""

    places: list[Cursor]
    complete: bool


def find(rows: QuerySet[Any], ways: Iterable[Way], checked: Q, order: Order) -> Found:
    """All that the ways find and that passes, each row once. Two queries a way, whatever the table's size."""
    places: dict[int, Cursor] = {}
    complete = True
    for way in ways:
        passes = way.checked & checked
        most = SIFTED if passes else MOST_FOUND
        ids = list(way.ids[: most + 1])
        matching = rows.filter(pk__in=ids[:most]).filter(passes).order_by()
        found = list(matching.values_list(order.column, "pk")[: MOST_FOUND + 1])
        complete = complete and len(ids) <= most and len(found) <= MOST_FOUND
        places |= {ident: Cursor(key, ident) for key, ident in found[:MOST_FOUND]}
    return Found(sorted(places.values(), reverse=order.descending), complete)


def everything(ways: Sequence[Way], checked: Q) -> Q:
    """The same search as one condition without a bound, for exports."""
    found = Q(pk__in=[])
    for way in ways:
        found |= Q(pk__in=way.ids.order_by()) & way.checked if way.checked else Q(pk__in=way.ids.order_by())
    return found & checked


def page_of_found(
    found: Found, rows: QuerySet[Any], order: Order, cursor: Cursor | None = None, *, backwards: bool = False
) -> Page:
    """The page after or before the cursor, of rows that were found already."""
    places = found.places[::-1] if backwards else found.places
    descending = order.descending != backwards
    start = _after(places, cursor, descending) if cursor else 0
    chosen = places[start : start + PAGE]
    loaded = rows.in_bulk([place.id for place in chosen])
    more = chosen[-1] if len(places) > start + PAGE else None
    there = [loaded[place.id] for place in chosen if place.id in loaded]
    return _page(there, order, cursor if start else None, more, backwards=backwards)


def _after(places: Sequence[Cursor], cursor: Cursor, descending: bool) -> int:
    if not descending:
        return bisect_right(places, cursor)
    return len(places) - bisect_left(places[::-1], cursor)


class Total(NamedTuple):
    """How many rows: ``how`` is "exactly", "about", "more" (than that) or "least" (at least that)."""

    number: int
    how: str = "exactly"


def total(listing: Listing, shown: Page, *, everything_listed: bool) -> Total:
    """How long a list is, without counting it: exact to ``MOST_FOUND``, honest beyond."""
    if not (shown.previous or shown.next):
        return Total(len(shown.rows))
    rows = listing.rows.order_by(*listing.order.expressions())
    window, edge = _looked_at(rows, listing)
    count = len(window.values_list("pk", flat=True)[: MOST_FOUND + 1])
    if count > MOST_FOUND:
        return Total(about(listing.rows.model), "about") if everything_listed else Total(MOST_FOUND, "more")
    return Total(count, "least" if edge is not None else "exactly")


def about(model: type[Model]) -> int:
    """Roughly how many rows a table has: the database's own estimate, or the highest id; three figures."""
    number = 0
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            sql = "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass"
            cursor.execute(sql, [model._meta.db_table])
            number = cursor.fetchone()[0]
    if number <= MOST_FOUND:
        number = model._default_manager.aggregate(Max("pk"))["pk__max"] or 0
    unit = 10 ** max(len(str(number)) - 3, 0)
    return round(number / unit) * unit
