"""``POST .../search``: HubSpot's filters as SQL.

The SQL is made of this module's own words and of property names that are defined; whatever the caller
sends is a bound value.

Up to 5 groups (any of them) of up to 6 filters (all of them), 18 in all; one sort; pages of up to
200; nothing beyond the 10,000th result. Text is compared without case, options exactly, numbers
and moments by value. NEQ, NOT_IN and NOT_CONTAINS_TOKEN also find contacts without the property.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .batches import name_list
from .clock import iso, parse_ms
from .contacts import show
from .errors import ApiError
from .properties import BY_NAME
from .storage import Store

CAP = 10_000
MAX_LIMIT = 200
MAX_GROUPS, MAX_FILTERS, MAX_ALL = 5, 6, 18
#: Properties that are columns of their own.
COLUMNS = {"hs_object_id": "id", "createdate": "created_ms", "lastmodifieddate": "modified_ms"}
COMPARE = {"EQ": "=", "GT": ">", "GTE": ">=", "LT": "<", "LTE": "<="}
#: What the free-text ``query`` looks through.
QUERIED = ("firstname", "lastname", "email", "phone", "company")

Sql = tuple[str, list[Any]]


@dataclass(frozen=True)
class _Field:
    """A property as SQL: where it is, and how values are compared with it."""

    name: str
    type: str
    expression: str

    def operand(self, value: Any) -> Any:
        """A filter's value in the property's own terms."""
        if not isinstance(value, (str, int, float)) or isinstance(value, bool):
            raise ApiError(400, f"The filter on {self.name} needs a value.")
        try:
            if self.name in ("createdate", "lastmodifieddate"):
                return parse_ms(str(value))
            if self.type == "datetime":
                return iso(parse_ms(str(value)))
            if self.type == "number":
                return float(value)
        except (ValueError, OverflowError):
            raise ApiError(400, f"{value!r} is not a {self.type}, as {self.name} is.") from None
        return str(value).casefold() if self.type == "string" else str(value)


def _field(name: Any) -> _Field:
    known = BY_NAME.get(name) if isinstance(name, str) else None
    if known is None:
        raise ApiError(400, f"There was a problem with the request: property {name!r} does not exist")
    plain = COLUMNS.get(known.name) or f"json_extract(properties, '$.{known.name}')"
    if known.name in COLUMNS or known.name == "email":  # indexed as they are; addresses are stored folded
        return _Field(known.name, known.type, plain)
    if known.type == "number":
        return _Field(known.name, known.type, f"CAST({plain} AS REAL)")
    return _Field(known.name, known.type, f"fold({plain})" if known.type == "string" else plain)


def search(store: Store, body: dict[str, Any], indexed: int | None = None) -> dict[str, Any]:
    """One page of results with the total, and where the next page starts.

    What changed after ``indexed`` (milliseconds) is not found yet: the index of HubSpot's search is behind by seconds.
    """
    where, values = _where(body)
    if indexed is not None:
        where, values = f"{where} AND modified_ms <= ?", [*values, indexed]
    limit, after = _paging(body)
    total = store.query(f"SELECT count(*) FROM contacts WHERE {where}", values)[0][0]  # noqa: S608
    rows = store.select(where, [*values, limit, after], f"ORDER BY {_order(body)} LIMIT ? OFFSET ?")
    names = name_list(body, "properties")
    answer: dict[str, Any] = {"total": total, "results": [show(row, names) for row in rows]}
    if after + limit < total:
        answer["paging"] = {"next": {"after": str(after + limit)}}
    return answer


def _paging(body: dict[str, Any]) -> tuple[int, int]:
    limit, after = _whole(body, "limit", 10), _whole(body, "after", 0)
    if not 1 <= limit <= MAX_LIMIT:
        raise ApiError(400, f"limit must be between 1 and {MAX_LIMIT}")
    if after + limit > CAP:
        raise ApiError(400, f"The search can't go beyond the first {CAP} results; narrow its filters.")
    return limit, after


def _whole(body: dict[str, Any], key: str, default: int) -> int:
    value = body.get(key)
    if value is None or value == "":
        return default
    if isinstance(value, bool) or not str(value).isdecimal() or len(str(value)) > 9:
        raise ApiError(400, f"{key} must be a whole number")
    return int(value)


def _order(body: dict[str, Any]) -> str:
    """HubSpot takes one sort, as an object or as a name with an optional minus."""
    sorts = body.get("sorts") or []
    if not isinstance(sorts, list) or len(sorts) > 1:
        raise ApiError(400, "sorts must be a list of at most one sort")
    if not sorts:
        return "id"
    rule = sorts[0]
    if isinstance(rule, str):
        name, direction = rule.lstrip("-"), "DESCENDING" if rule.startswith("-") else "ASCENDING"
    elif isinstance(rule, dict):
        name, direction = rule.get("propertyName"), rule.get("direction", "ASCENDING")
    else:
        raise ApiError(400, "A sort is an object with propertyName and direction")
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ApiError(400, "The direction of a sort is ASCENDING or DESCENDING")
    way = "DESC" if direction == "DESCENDING" else "ASC"
    return f"{_field(name).expression} {way}, id {way}"


def _where(body: dict[str, Any]) -> Sql:
    groups = body.get("filterGroups") or []
    if not isinstance(groups, list) or not all(isinstance(g, dict) for g in groups):
        raise ApiError(400, "filterGroups must be a list of objects")
    parts, values = ["archived_ms IS NULL"], []
    grouped = [_group(group) for group in groups]
    if len(grouped) > MAX_GROUPS or sum(len(group["filters"]) for group in groups) > MAX_ALL:
        raise ApiError(400, f"At most {MAX_GROUPS} filterGroups and {MAX_ALL} filters are supported")
    if grouped:
        parts.append("(" + " OR ".join(sql for sql, _ in grouped) + ")")
        values += [value for _, some in grouped for value in some]
    for sql, some in _query(body.get("query")):
        parts.append(sql)
        values += some
    return " AND ".join(parts), values


def _group(group: dict[str, Any]) -> Sql:
    filters = group.get("filters")
    if not isinstance(filters, list) or not all(isinstance(f, dict) for f in filters):
        raise ApiError(400, "Every filterGroup needs a list of filters")
    if not 1 <= len(filters) <= MAX_FILTERS:
        raise ApiError(400, f"A filterGroup has 1 to {MAX_FILTERS} filters")
    conditions = [_condition(f) for f in filters]
    return "(" + " AND ".join(sql for sql, _ in conditions) + ")", [v for _, some in conditions for v in some]


def _condition(rule: dict[str, Any]) -> Sql:
    field, operator = _field(rule.get("propertyName")), rule.get("operator")
    column = field.expression
    if operator in COMPARE:
        return f"{column} {COMPARE[operator]} ?", [field.operand(rule.get("value"))]
    if operator == "NEQ":
        return f"{column} IS NOT ?", [field.operand(rule.get("value"))]
    if operator == "BETWEEN":
        return f"{column} BETWEEN ? AND ?", [field.operand(rule.get(k)) for k in ("value", "highValue")]
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return f"{column} IS {'NOT ' if operator == 'HAS_PROPERTY' else ''}NULL", []
    if operator in ("IN", "NOT_IN"):
        return _membership(field, rule, operator)
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        found = f"has_token({column}, ?)"
        return (found if operator == "CONTAINS_TOKEN" else f"NOT {found}"), [_token(rule.get("value"))]
    raise ApiError(400, f"There was a problem with the request: {operator!r} is not a filter operator")


def _membership(field: _Field, rule: dict[str, Any], operator: str) -> Sql:
    values = rule.get("values")
    if not isinstance(values, list) or not values or len(values) > 100:
        raise ApiError(400, f"{operator} needs values, a list of 1 to 100")
    sql = f"{field.expression} IN ({', '.join('?' * len(values))})"
    if operator == "NOT_IN":
        sql = f"({field.expression} IS NULL OR NOT {sql})"
    return sql, [field.operand(value) for value in values]


def _token(value: Any) -> str:
    if not isinstance(value, str) or not value.strip("* "):
        raise ApiError(400, "CONTAINS_TOKEN needs a value")
    return value.strip().casefold()


def _query(text: Any) -> list[Sql]:
    """Every word of a free-text query must start a word of one of the usual properties."""
    if text is None or text == "":
        return []
    if not isinstance(text, str) or len(text) > 3000:
        raise ApiError(400, "query must be a text of at most 3000 characters")
    anywhere = " OR ".join(f"has_token(json_extract(properties, '$.{name}'), ?)" for name in QUERIED)
    return [(f"({anywhere})", [word.casefold() + "*"] * len(QUERIED)) for word in text.split()[:20]]
