"""Thresholds as conditions on the contact table: what ``domain.threshold`` says of one contact, for all at once.

Comparisons are written so that SQLite and PostgreSQL, whatever its collation, say what the pure ones say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import BooleanField, Expression, ExpressionWrapper, F, FloatField, Func, Q, TextField, Value
from django.db.models.functions import Coalesce, Left, Length, Right, StrIndex
from django.db.models.lookups import Exact, GreaterThanOrEqual, IsNull, LessThanOrEqual

from syncrules.domain.comparisons import lowered
from syncrules.domain.threshold import Condition, Group, Nobody, Part

COLUMNS = frozenset("email first_name last_name company company_domain phone job_title country".split())
KEYS = frozenset({"lifecycle_stage", "source"})
NOBODY = Q(pk__in=[])
DAY = len("2026-11-02")


class _Lower(Func):
    """A to Z only, on every database."""

    function = "LOWER"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        return self.as_sql(compiler, connection, template='LOWER(%(expressions)s COLLATE "C")')


class _Own(Func):
    """A custom field's value where it has the JSON type that it should have, else NULL."""

    sqlite_types: Mapping[str, str] = {"string": "'text'", "number": "'integer', 'real'", "boolean": "'true', 'false'"}
    postgresql_casts: Mapping[str, str] = {
        "string": 'COLLATE "C"',
        "number": "::double precision",
        "boolean": "::boolean",
    }
    outputs: Mapping[str, Any] = {"string": TextField, "number": FloatField, "boolean": BooleanField}

    def __init__(self, slug: str, kind: str) -> None:
        super().__init__(F("custom"), output_field=self.outputs[kind]())
        self.slug, self.kind = slug, kind

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = compiler.compile(self.source_expressions[0])
        path = f'$."{self.slug}"'
        sql = (
            f"CASE WHEN JSON_TYPE({column}, %s) IN ({self.sqlite_types[self.kind]}) THEN JSON_EXTRACT({column}, %s) END"
        )
        return sql, [*params, path, *params, path]

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = compiler.compile(self.source_expressions[0])
        held = f"({column} ->> %s)"
        sql = (
            f"CASE WHEN jsonb_typeof({column} -> %s) = '{self.kind}' THEN {held}{self.postgresql_casts[self.kind]} END"
        )
        return sql.replace(")COLLATE", ") COLLATE"), [*params, self.slug, *params, self.slug]


def condition(part: Part, sources: Mapping[str, int]) -> Q:
    """A part of a threshold as a condition on ``Contact``; ``sources`` is slug to id. True only where it passes."""
    if isinstance(part, Nobody):
        return NOBODY
    if isinstance(part, Condition):
        return _condition(part, sources)
    return _group(part, sources)


def _group(group: Group, sources: Mapping[str, int]) -> Q:
    found = Q()
    for part in group.parts:
        one = condition(part, sources)
        found = found & one if group.every else found | one
    return found


def _condition(one: Condition, sources: Mapping[str, int]) -> Q:
    name, kind = one.field.name, one.field.type
    if name in KEYS:
        return _key(one, sources)
    if name == "last_activity":
        return _moment(one)
    if kind == "number":
        return _number(one)
    if kind == "boolean":
        return _flag(one)
    return _text(one)


def _key(one: Condition, sources: Mapping[str, int]) -> Q:
    empty = Q(**{f"{one.field.name}__isnull": True})
    if one.op in ("filled", "empty"):
        return empty if one.op == "empty" else ~empty
    wanted = [sources[v] for v in one.value if v in sources] if one.field.name == "source" else list(one.value)
    among = Q(**{f"{one.field.name}__in": wanted})
    return among if one.op == "one-of" else empty | ~among


def _moment(one: Condition) -> Q:
    if one.op in ("filled", "empty"):
        return Q(last_activity__isnull=one.op == "empty")
    day = date.fromisoformat(one.value)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if one.op == "from":
        return Q(last_activity__gte=start)
    if day == date.max:
        return Q(last_activity__isnull=False)
    return Q(last_activity__lt=start + timedelta(days=1))


def _number(one: Condition) -> Q:
    own = one.field.name != "lead_score"
    held: Expression = _Own(one.field.name, "number") if own else ExpressionWrapper(F("lead_score"), FloatField())
    value = Value(float(one.value or 0), FloatField())
    empty = Q(IsNull(held, True))
    ways: dict[str, Callable[[], Q]] = {
        "empty": lambda: empty,
        "filled": lambda: Q(IsNull(held, False)),
        "is": lambda: Q(Exact(held, value)),
        "is-not": lambda: empty | ~Q(Exact(held, value)),
        "least": lambda: Q(GreaterThanOrEqual(held, value)),
        "most": lambda: Q(LessThanOrEqual(held, value)),
    }
    return ways[one.op]()


def _flag(one: Condition) -> Q:
    held = _Own(one.field.name, "boolean")
    if one.op in ("filled", "empty"):
        return Q(IsNull(held, one.op == "empty"))
    return Q(Exact(held, Value(one.op == "yes", BooleanField())))


def _text(one: Condition) -> Q:
    """Texts, dates and choices: "" is empty, and a day is the beginning of its text."""
    name = one.field.name
    held: Any = F(name) if name in COLUMNS else Coalesce(_Own(name, "string"), Value(""), output_field=TextField())
    if one.field.type in ("date", "datetime"):
        return _day(one, held)
    if one.field.type == "choice":
        return _choice(one, held)
    return _words(one, _Lower(held))


def _words(one: Condition, held: Any) -> Q:
    wanted = lowered(one.value or "")
    needle, size = Value(wanted, TextField()), len(wanted)
    same, where = Q(Exact(held, needle)), StrIndex(held, needle)
    ways: dict[str, Callable[[], Q]] = {
        "empty": lambda: Q(Exact(held, Value(""))),
        "filled": lambda: ~Q(Exact(held, Value(""))),
        "is": lambda: same,
        "is-not": lambda: ~same,
        "contains": lambda: Q(GreaterThanOrEqual(where, Value(1))),
        "lacks": lambda: Q(Exact(where, Value(0))),
        "starts": lambda: Q(Exact(where, Value(1))),
        "ends": lambda: Q(Exact(Right(held, size), needle)),
    }
    return ways[one.op]()


def _choice(one: Condition, held: Any) -> Q:
    if one.op in ("filled", "empty"):
        return _words(one, held)
    found = Q()
    for value in one.value:
        found |= Q(Exact(held, Value(value, TextField())))
    return found if one.op == "one-of" else ~found


def _day(one: Condition, held: Any) -> Q:
    known = Q(GreaterThanOrEqual(Length(held), Value(DAY)))
    if one.op in ("filled", "empty"):
        return known if one.op == "filled" else ~known
    day = Left(held, DAY)
    compare = GreaterThanOrEqual if one.op == "from" else LessThanOrEqual
    return known & Q(compare(day, Value(one.value, TextField())))
