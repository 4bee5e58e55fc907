"""Incidents: a value that something automatic overwrote without a rule that allows it (the target is none).

Found from the history by SQL of its own. It shares no code with the writer and none with the judges, so that a
fault of theirs can't hide itself: what it knows of rules stands here once more, as conditions on tables.

An automatic row of history is one without a user. It may change a value that was there only

* as a merge or as an import that somebody took back from the command line,
* as a connection, by the row for that field of the version that was in force at that moment: ``fresh`` or
  ``stage`` with a direction into the hub, or ``unsubscribe``; never a stage that sales set or Unsubscribed, and
  never what a person wrote, unless they had released it.

Arrivals never may, with two exceptions that the ledger of consent tells of: a no makes a stage Unsubscribed, and a
newer agreement of the person, on a form and with all of its evidence, takes it away again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection

HISTORY = "contacts_historicalcontact"
STAGE, UNSUBSCRIBED = "lifecycle_stage", "unsubscribed"
#: Field of the hub to its column in the history, {t} the table before it; an owner goes with the user, without a row.
COLUMNS = {
    f: f"{{t}}{f}"
    for f in "email first_name last_name company company_domain phone job_title country lead_score".split()
} | {STAGE: "{t}lifecycle_stage_id", "source": "{t}source_id"}
#: What else is read of each row of the history.
MARKS = ("id", "history_id", "history_date", "history_type", "history_user_id", "history_change_reason", "actor")


class Incident(NamedTuple):
    """One value that was overwritten and should not have been; ``history`` is the row of the history."""

    contact: int
    field: str
    old: str
    new: str
    who: str
    at: datetime
    history: int


def find(since: datetime | None = None, limit: int = 100) -> list[Incident]:
    """The newest incidents, at most ``limit``, of those that happened at or after ``since``."""
    sql, params = _incidents(since)
    columns = "id, field, old, new, actor, history_date, history_id"
    found = _rows(f"{sql} SELECT {columns} FROM incident ORDER BY history_id DESC, field LIMIT %s", [*params, limit])
    return [Incident(*row[:5], _moment(row[5]), row[6]) for row in found]


def count_incidents(since: datetime | None = None) -> int:
    """How many there were at or after ``since``."""
    sql, params = _incidents(since)
    return _rows(f"{sql} SELECT count(*) FROM incident", params)[0][0]


def _rows(sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def _moment(stored: Any) -> datetime:
    moment = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _incidents(since: datetime | None) -> tuple[str, list[Any]]:
    """The beginning of a query that has a table ``incident``, and its parameters."""
    fields = {**COLUMNS, **dict(_custom())}
    places = {f: n for n, f in enumerate(fields)}
    texts = [f"{_text(c)} AS v{places[f]}" for f, c in fields.items()]
    lags = [f"LAG(v{n}) OVER w AS o{n}" for n in places.values()]
    when = "AND history_date >= %s" if since else ""
    changed = " OR ".join(f"(o{n} <> '' AND o{n} <> v{n})" for n in places.values())
    each = " UNION ALL ".join(_of_field(f, fields[f], n) for f, n in places.items())
    sql = f"""
    WITH lived AS (
        SELECT {", ".join(MARKS)}, arrival_id, {", ".join(texts)} FROM {HISTORY} WHERE id IN (
            SELECT id FROM {HISTORY} WHERE history_user_id IS NULL AND history_type = '~' {when})
    ), step AS (SELECT lived.*, {", ".join(lags)} FROM lived WINDOW w AS (PARTITION BY id ORDER BY history_id)
    ), automatic AS (
        SELECT * FROM step WHERE history_user_id IS NULL AND history_type = '~' {when} AND ({changed})
    ), incident AS ({each})"""
    at = [connection.ops.adapt_datetimefield_value(since)] if since else []
    return sql, at * 2


def _custom() -> Iterator[tuple[str, str]]:
    """The fields that ops defined, each with its place in the JSON of a row; slugs are letters, digits and _."""
    for (slug,) in _rows("SELECT slug FROM contacts_customfield ORDER BY slug", []):
        if slug.replace("_", "").isalnum():
            on_postgres = connection.vendor == "postgresql"
            yield slug, f"{{t}}custom ->> '{slug}'" if on_postgres else f"JSON_EXTRACT({{t}}custom, '$.{slug}')"


def _text(column: str, table: str = "") -> str:
    """A value as text, "" for none; the same in every row, so that it can be compared."""
    return f"COALESCE(CAST({column.format(t=table)} AS text), '')"


def _of_field(field: str, column: str, n: int) -> str:
    """Rows that overwrote one field and had no rule for it."""
    return f"""
        SELECT id, '{field}' AS field, a.o{n} AS old, a.v{n} AS new, actor, history_date, history_id FROM automatic a
        WHERE a.o{n} <> '' AND a.o{n} <> a.v{n} AND NOT ({_merged()}) AND NOT ({_undone(n)})
        {f"AND NOT ({_said(n)})" if field == STAGE else ""}
        AND NOT (a.arrival_id IS NULL AND {_row_allows(field, n)} AND NOT ({_of_a_person(field, column, n)}))"""


def _said(n: int) -> str:
    """The ledger has a word that was recorded with the change. Who said no before is Unsubscribed by any arrival."""
    agreed = "g.act = 'granted' AND g.method = 'form' AND g.proof = 31 AND g.arrival_id = a.arrival_id"
    at_once = "SELECT 1 FROM contacts_consentrecord g WHERE g.recorded_at = a.history_date"
    return f"""(a.v{n} = '{UNSUBSCRIBED}' AND (a.arrival_id IS NOT NULL OR EXISTS ({at_once} AND g.act <> 'granted')))
        OR (a.o{n} = '{UNSUBSCRIBED}' AND EXISTS ({at_once} AND {agreed}))"""


def _merged() -> str:
    return """EXISTS (SELECT 1 FROM contacts_merge m WHERE m.kept_id = a.id
        AND (m.merged_at = a.history_date OR m.undone_at = a.history_date))"""


def _undone(n: int) -> str:
    return f"""a.v{n} = '' AND a.history_change_reason LIKE 'import-undone:%%' AND EXISTS (
        SELECT 1 FROM contacts_importbatch b WHERE b.undone_at <= a.history_date
        AND a.history_change_reason LIKE '%%(import ' || b.id || ' taken back)')"""


def _row_allows(field: str, n: int) -> str:
    """The version that the connection names was in force then, and has a row that lets it overwrite the field."""
    into = f"r.hub_field = '{field}' AND r.direction IN ('to-hub', 'both')"
    if field == STAGE:
        owned = f"EXISTS (SELECT 1 FROM contacts_stage s WHERE s.slug = a.o{n} AND s.owner = 'sales')"
        out = f"a.v{n} = '{UNSUBSCRIBED}'"
        rule = f"""({into} AND r.rule = 'stage' AND a.o{n} <> '{UNSUBSCRIBED}' AND ({out} OR NOT {owned}))
            OR (r.rule = 'unsubscribe' AND r.direction IN ('to-hub', 'both') AND {out})"""
    else:
        rule = f"{into} AND r.rule = 'fresh'"
    return f"""EXISTS (SELECT 1 FROM syncrules_worksheetrow r
        JOIN syncrules_worksheetversion v ON v.id = r.version_id JOIN syncrules_connection n ON n.id = v.connection_id
        WHERE a.history_change_reason LIKE n.slug || ' worksheet v' || v.number || ':%%'
        AND v.forced_at <= a.history_date AND (v.retired_at IS NULL OR v.retired_at >= a.history_date)
        AND ({rule}))"""


def _of_a_person(field: str, column: str, n: int) -> str:
    """Whether the value that was overwritten was a person's: the row of history that brought it says so, and none
    since released it. An unsubscribe overrules everybody."""
    before = f"FROM {HISTORY} {{0}} WHERE {{0}}.id = a.id AND {{0}}.history_id < a.history_id"
    other = f"SELECT MAX(y.history_id) {before.format('y')} AND {_text(column, 'y.')} <> a.o{n}"
    brought = f"SELECT MIN(x.history_id) {before.format('x')} AND x.history_id > COALESCE(({other}), 0)"
    typed_in = "" if field == STAGE else "OR arrived.door = 'form'"
    released = f"""SELECT CASE WHEN f.history_change_reason LIKE 'released%%' THEN 1 ELSE 0 END
        {before.format("f")} AND f.history_id > p.history_id AND f.history_change_reason IN
        ('released to the connections: {field}', 'no longer released: {field}') ORDER BY f.history_id DESC LIMIT 1"""
    beyond = f"a.v{n} <> '{UNSUBSCRIBED}' AND" if field == STAGE else ""
    return f"""{beyond} EXISTS (
        SELECT 1 FROM {HISTORY} p LEFT JOIN contacts_arrival arrived ON arrived.id = p.arrival_id
        WHERE p.history_id = ({brought}) AND p.history_user_id IS NOT NULL
        AND ((p.arrival_id IS NULL AND (p.history_change_reason LIKE 'edited%%'
            OR p.history_change_reason LIKE 'a person picked it:%%')) {typed_in})
        AND COALESCE(({released}), 0) = 0)"""
