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
from django.db.models import F, Lookup, Max, Model, OrderBy, Q, QuerySet
from django.db.models.lookups import Exact

PAGE = 50
#: Rows that one page may look at for conditions that no index answers.
LOOK_AT = 10_000
#: Matches of a search that are gathered; beyond it, a list asks for more letters.
MOST_FOUND = 1_000
_LONGEST_ID = 18  # digits of a number that every database can hold
#: No condition.
ANY = Q()


class BytesAfter(Lookup):
    """``column > value`` in the order of the index: byte by byte, which SQLite does anyway."""

    lookup_name = "bytes_after"
    sign = ">"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        return self._compared(compiler, connection, self.sign)

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """The operators of text_pattern_ops; the plain ones compare by language and miss the index."""
        return self._compared(compiler, connection, f"~{self.sign}~")

    def _compared(self, compiler: Any, connection: Any, sign: str) -> tuple[str, list[Any]]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} {sign} {right}", [*left_params, *right_params]


class BytesBefore(BytesAfter):
    """``column < value`` in the order of the index."""

    lookup_name = "bytes_before"
    sign = "<"


class ByBytes(OrderBy):
    """ORDER BY in the order of a text_pattern_ops index."""

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        sign = "~>~" if self.descending else "~<~"
        return self.as_sql(compiler, connection, template=f"%(expression)s USING {sign}")


def starts_with(column: str, prefix: str) -> Q:
    """The portable condition "begins with": LIKE on SQLite reads every row, so there it is a range."""
    if connection.vendor == "postgresql":
        return Q(**{f"{column}__startswith": prefix})
    return Q(**{f"{column}__gte": prefix, f"{column}__lt": prefix + "\U0010ffff"})


def without_index(column: str, number: int) -> Q:
    """``column = number`` for rows that are looked at anyway: SQLite would rather sort a whole index."""
    return Q(Exact(F(column) + 0, number))


class Cursor(NamedTuple):
    """A place in an order: the value of its column, and the id, which makes it one row's."""

    key: Any
    id: int


@dataclass(frozen=True)
class Order:
    """An order that an index has: by id, or by one column and then id."""

    name: str
    column: str = "id"
    descending: bool = False
    text: bool = False

    def of(self, row: Any) -> Cursor:
        return Cursor(getattr(row, self.column), row.pk)

    def write(self, cursor: Cursor) -> str:
        """The cursor as it stands in an address."""
        return str(cursor.id) if self.column == "id" else f"{cursor.id}.{cursor.key}"

    def read(self, text: str) -> Cursor | None:
        """The opposite; nothing if somebody changed the address by hand."""
        number, _, key = text.partition(".")
        ident = read_id(number)
        if ident is None:
            return None
        if self.column == "id":
            return Cursor(ident, ident)
        if self.text:
            return Cursor(key.replace("\x00", ""), ident)
        value = read_id(key)
        return None if value is None else Cursor(value, ident)

    def expressions(self, *, backwards: bool = False) -> list[OrderBy]:
        descending = self.descending != backwards
        ident = OrderBy(F("pk"), descending=descending)
        if self.column == "id":
            return [ident]
        kind = ByBytes if self.text else OrderBy
        return [kind(F(self.column), descending=descending), ident]


def read_id(text: str) -> int | None:
    """A number that can be an id, or nothing."""
    fits = text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID
    return int(text) if fits else None


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
        wanted = PAGE + 1 - len(rows)
        rows += _looked_at(part, listing.checked)[:wanted]
        if len(rows) > PAGE:
            break
        edge = _edge(part, listing.order) if listing.checked else None
        if edge is not None:
            break
    more = listing.order.of(rows[PAGE - 1]) if len(rows) > PAGE else edge
    return _page(rows[:PAGE], listing.order, cursor, more, backwards=backwards, stopped=edge is not None)


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
    """The index ranges that follow the cursor: the rest of its ties, then what is beyond them.

    Two ranges, because one condition for both makes a database read all ties, and PostgreSQL has no row
    comparison in byte order.
    """
    order = listing.order
    rows = listing.rows.order_by(*order.expressions(backwards=backwards))
    if cursor is None:
        return [rows]
    down = order.descending != backwards
    beyond_id = Q(pk__lt=cursor.id) if down else Q(pk__gt=cursor.id)
    if order.column == "id":
        return [rows.filter(beyond_id)]
    if order.text:
        beyond: Any = (BytesBefore if down else BytesAfter)(F(order.column), cursor.key)
    else:
        beyond = Q(**{f"{order.column}__{'lt' if down else 'gt'}": cursor.key})
    return [rows.filter(beyond_id, **{order.column: cursor.key}), rows.filter(beyond)]


def _looked_at(part: QuerySet[Any], checked: Q) -> QuerySet[Any]:
    """The rows of a part that pass, among its first ``LOOK_AT``."""
    return part.filter(pk__in=part.values("pk")[:LOOK_AT]).filter(checked) if checked else part


def _edge(part: QuerySet[Any], order: Order) -> Cursor | None:
    """The last row that was looked at, where the part goes on after it."""
    seen = list(part.values_list(order.column, "pk")[:LOOK_AT])
    return Cursor(*seen[-1]) if len(seen) == LOOK_AT else None


class Way(NamedTuple):
    """One way to find rows: ids in the order of an index, and what else must be true of the rows."""

    ids: QuerySet[Any]
    checked: Q = ANY


class Found(NamedTuple):
    """What was found, in order. ``complete`` is false where a way gave more than is gathered."""

    places: list[Cursor]
    complete: bool


def find(rows: QuerySet[Any], ways: Iterable[Way], checked: Q, order: Order) -> Found:
    """All that the ways find and that passes, each row once. One query a way, whatever the table's size."""
    places: dict[int, Cursor] = {}
    complete = True
    for way in ways:
        passes = way.checked & checked
        most = LOOK_AT if passes else MOST_FOUND
        matching = rows.filter(pk__in=way.ids[:most]).filter(passes).order_by()
        found = list(matching.values_list(order.column, "pk")[: MOST_FOUND + 1])
        more = len(found) > MOST_FOUND or way.ids[: most + 1].count() > most
        complete = complete and not more
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
    count = len(_looked_at(rows, listing.checked).values_list("pk", flat=True)[: MOST_FOUND + 1])
    if count > MOST_FOUND:
        return Total(about(listing.rows.model), "about") if everything_listed else Total(MOST_FOUND, "more")
    return Total(count, "least" if shown.stopped or _longer_than_looked(listing) else "exactly")


def _longer_than_looked(listing: Listing) -> bool:
    if not listing.checked:
        return False
    return _edge(listing.rows.order_by(*listing.order.expressions()), listing.order) is not None


def about(model: type[Model]) -> int:
    """Roughly how many rows a table has: the database's own estimate, or the highest id; three figures."""
    number = 0
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            sql = "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass"
            cursor.execute(sql, [model._meta.db_table])
            number = cursor.fetchone()[0]
    if number <= MOST_FOUND:
        number = model._default_manager.aggregate(highest=Max("pk"))["highest"] or 0
    unit = 10 ** max(len(str(number)) - 3, 0)
    return round(number / unit) * unit
