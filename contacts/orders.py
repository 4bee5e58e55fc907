"""Orders that an index has, places in them, and conditions that an index answers on both databases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F, Lookup, OrderBy, Q
from django.db.models.lookups import Exact

_LONGEST_ID = 18  # digits of a number that every database can hold


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
    """The same for ``column < value``."""

    lookup_name = "bytes_before"
    sign = "<"


class BytesFrom(BytesAfter):
    """The same for ``column >= value``."""

    lookup_name = "bytes_from"
    sign = ">="


class BytesUpTo(BytesAfter):
    """The same for ``column <= value``."""

    lookup_name = "bytes_up_to"
    sign = "<="


class ByBytes(OrderBy):
    """ORDER BY in the order of a text_pattern_ops index."""

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        sign = "~>~" if self.descending else "~<~"
        # Django's compiler looks for ASC or DESC in each term, and USING takes neither: hence the comment.
        return self.as_sql(compiler, connection, template=f"%(expression)s USING {sign} /* %(ordering)s */")


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
        return Cursor(read_id(key) or 0, ident)

    def expressions(self, *, backwards: bool = False) -> list[OrderBy]:
        descending = self.descending != backwards
        ident = OrderBy(F("pk"), descending=descending)
        if self.column == "id":
            return [ident]
        kind = ByBytes if self.text else OrderBy
        return [kind(F(self.column), descending=descending), ident]

    def beyond(self, cursor: Cursor, *, backwards: bool = False) -> list[Q]:
        """What follows the cursor, as index ranges one after the other: the rest of its ties, then the others.

        Two ranges, because one condition for both makes a database read all ties, and PostgreSQL has no row
        comparison in byte order.
        """
        down = self.descending != backwards
        ident = Q(pk__lt=cursor.id) if down else Q(pk__gt=cursor.id)
        if self.column == "id":
            return [ident]
        return [ident & Q(**{self.column: cursor.key}), self._than(cursor.key, "lt" if down else "gt")]

    def until(self, cursor: Cursor, *, backwards: bool = False) -> Q:
        """What stands before the cursor, itself included; the first half is what bounds the index."""
        down = self.descending != backwards
        ident = Q(pk__gte=cursor.id) if down else Q(pk__lte=cursor.id)
        if self.column == "id":
            return ident
        inside = self._than(cursor.key, "gt" if down else "lt")
        return self._than(cursor.key, "gte" if down else "lte") & (inside | ident)

    def _than(self, key: Any, sign: str) -> Q:
        if self.text:
            return Q(_BY_BYTES[sign](F(self.column), key))
        return Q(**{f"{self.column}__{sign}": key})


_BY_BYTES = {"gt": BytesAfter, "lt": BytesBefore, "gte": BytesFrom, "lte": BytesUpTo}


def read_id(text: str) -> int | None:
    """A number that can be an id, or nothing."""
    fits = text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID
    return int(text) if fits else None
