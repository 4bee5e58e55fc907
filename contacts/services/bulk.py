"""Many rows in one statement: COPY on PostgreSQL, executemany on SQLite.

Model instances cost more than the insert itself, so the writer hands over tuples. Each value must be in
the form that ``Dialect`` gives it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from django.db import connection, connections
from django.db.models import Model
from django.db.models.expressions import RawSQL

from contacts.domain.packing import as_json

#: Below this a plain INSERT is quicker than opening a COPY.
COPY_FROM = 25


@contextmanager
def unlogged() -> Iterator[None]:
    """Keep no copy of the statements inside: with DEBUG on Django remembers 9,000, and a batch's are megabytes.

    On SQLite each copy costs a second statement besides.
    """
    if "make_debug_cursor" in vars(connections[connection.alias]):  # inside another such block
        yield
        return
    connection.make_debug_cursor = connection.make_cursor
    try:
        yield
    finally:
        del connection.make_debug_cursor


def as_time(moment: datetime | None) -> Any:
    """A moment in the form in which Django stores it on this database."""
    return _naive_text(moment) if moment is not None and _on_sqlite() else moment


@cache
def _on_sqlite() -> bool:
    return connection.vendor == "sqlite"  # asked for every value of a batch


@lru_cache(maxsize=4096)
def _naive_text(moment: datetime) -> str:
    return str(moment.astimezone(UTC).replace(tzinfo=None))


def read_time(stored: Any) -> datetime | None:
    """The opposite of ``as_time``, for rows read by plain SQL."""
    moment = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def insert(
    model: type[Model], columns: Sequence[str], rows: Sequence[tuple[Any, ...]], *, ignore: bool = False
) -> None:
    """Insert rows; with ``ignore`` those that a unique constraint refuses are left out."""
    if not rows:
        return
    table, names = _quoted(model._meta.db_table), ", ".join(_quoted(c) for c in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and len(rows) >= COPY_FROM and not ignore:
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(columns))
        conflict = " ON CONFLICT DO NOTHING" if ignore else ""
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks}){conflict}", rows)


def update(model: type[Model], columns: Sequence[str], rows: Sequence[tuple[Any, ...]], *, extra: str = "") -> None:
    """Update rows by id: each tuple holds the values of ``columns`` and then the id. ``extra`` is fixed SQL."""
    if not rows:
        return
    table = _quoted(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and len(rows) >= COPY_FROM:
            _update_from_json(cursor, model, columns, rows, extra)
            return
        sets = ", ".join([f"{_quoted(c)} = %s" for c in columns] + ([extra] if extra else []))
        cursor.executemany(f"UPDATE {table} SET {sets} WHERE id = %s", rows)


def _update_from_json(
    cursor: Any, model: type[Model], columns: Sequence[str], rows: Sequence[tuple[Any, ...]], extra: str
) -> None:
    """One statement for all rows, sent as one JSON text: psycopg writes arrays in Python, which costs more."""
    types = {f.column: f.db_type(connection) for f in model._meta.concrete_fields}
    wanted = [*columns, "id"]
    # A JSON column comes as text and is read as JSON afterwards: inside the parameter it would be escaped twice.
    typed = ", ".join(f"{_quoted(c)} {'text' if types[c] == 'jsonb' else types[c]}" for c in wanted)
    sets = [f"{_quoted(c)} = new.{_quoted(c)}{'::jsonb' if types[c] == 'jsonb' else ''}" for c in columns]
    table = _quoted(model._meta.db_table)
    cursor.execute(
        f"UPDATE {table} SET {', '.join(sets + ([extra] if extra else []))} "
        f"FROM jsonb_to_recordset(%s::jsonb) AS new({typed}) WHERE {table}.id = new.id",
        [as_json([dict(zip(wanted, row, strict=True)) for row in rows])],
    )


def reserve_ids(models: Sequence[type[Model]], count: int) -> list[Iterator[int]]:
    """``count`` ids of each table, for rows that refer to each other before they are stored.

    Call it inside the transaction that inserts them: SQLite's are safe because its writer is alone.
    """
    if not count:
        return [iter(()) for _ in models]
    if connection.vendor == "postgresql":
        return [iter(ids) for ids in zip(*_nextvals(models, count), strict=True)]
    tables = [m._meta.db_table for m in models]
    with connection.cursor() as cursor:
        marks = ", ".join(["%s"] * len(tables))
        cursor.execute(f"SELECT name, seq FROM sqlite_sequence WHERE name IN ({marks})", tables)
        used = dict(cursor.fetchall())
    return [iter(range(used.get(t, 0) + 1, used.get(t, 0) + 1 + count)) for t in tables]


def _nextvals(models: Sequence[type[Model]], count: int) -> list[tuple[int, ...]]:
    calls = ", ".join(f"nextval('{m._meta.db_table}_id_seq')" for m in models)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {calls} FROM generate_series(1, %s)", [count])
        return cursor.fetchall()


def keys_table(keys: Iterable[str]) -> tuple[str, Any]:
    """A FROM item with one column ``k.value`` that holds all the keys, and its one parameter."""
    wanted = sorted(set(keys))
    if connection.vendor == "postgresql":
        return "json_array_elements_text(%s::json) AS k(value)", as_json(wanted)
    return "json_each(%s) AS k", json.dumps(wanted)


def among(ids: Collection[int]) -> RawSQL:
    """These ids, for ``filter(..., __in=among(ids))``: one parameter, however many; a list costs Django more."""
    return _among(ids, "bigint")


def among_texts(texts: Collection[str]) -> RawSQL:
    """The same for texts. PostgreSQL compares no text with a number, not even where there are none."""
    return _among(texts, "text")


def _among(keys: Collection[Any], kind: str) -> RawSQL:
    if connection.vendor == "postgresql":
        sql = f"SELECT k.value::{kind} FROM json_array_elements_text(%s::json) AS k(value)"
    else:
        sql = "SELECT k.value FROM json_each(%s) AS k"
    return RawSQL(sql, [as_json([*keys])])  # noqa: S611  (fixed but for the parameter)


def rows_of(sql: str, keys: Iterable[str], *params: Any) -> list[tuple[Any, ...]]:
    """Rows of a fixed statement with ``{keys}``, a table ``k`` with one column ``value``, and ``{join}`` beside it."""
    item, parameter = keys_table(keys)
    # SQLite keeps the order of a CROSS JOIN: the keys first, each looked up in its index.
    join = "JOIN" if connection.vendor == "postgresql" else "CROSS JOIN"
    with connection.cursor() as cursor:
        cursor.execute(sql.replace("{keys}", item).replace("{join}", join), [parameter, *params])
        return cursor.fetchall()


def insert_selected(
    model: type[Model], columns: Sequence[str], select: str, source: str, params: Sequence[Any], ids: Sequence[int]
) -> None:
    """Insert what a fixed SELECT makes of the rows with these ids; ``source`` joins them to ``k.value``."""
    if not ids:
        return
    names = ", ".join(_quoted(c) for c in columns)
    if connection.vendor == "postgresql":
        keys = "(SELECT value::bigint FROM json_array_elements_text(%s::json)) AS k(value) JOIN"
    else:
        keys = "json_each(%s) AS k CROSS JOIN"  # SQLite keeps this order: the ids first, each looked up
    with connection.cursor() as cursor:
        sql = f"INSERT INTO {_quoted(model._meta.db_table)} ({names}) {select} FROM {keys} {source}"
        cursor.execute(sql, [*params, as_json(list(ids))])


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
