"""The worksheet as a policy to show a vendor: each rule in words, who answers for it, and what it refused lately.

Nothing of a person is in it: refusals are counted, and named by the MAP's own record numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.core import signing
from django.db.models import Count

from contacts.models import Refusal
from syncrules.domain.reading import DIRECTION_LABELS, RULE_LABELS
from syncrules.domain.worksheet import Direction, Rule
from syncrules.models import Connection, WorksheetRow, WorksheetVersion
from syncrules.services import versions
from syncrules.services.checking import Around, around

SALT = "worksheet policy"
WINDOW = timedelta(days=30)
#: So many refusals are named for a rule.
NAMED = 3

SENTENCES: dict[str, str] = {
    Rule.NEVER: "A value that is there is never overwritten, on either side. Only what is empty is filled.",
    Rule.FILL: "The MAP may fill the field where the hub has no value. It never changes one that is there.",
    Rule.ONCE: "The first value stays for good. Later ones are refused.",
    Rule.HUB: "The hub’s value always stands. The MAP receives it, and what it sets itself is put back.",
    Rule.FRESH: "The MAP may keep a value up to date until sales or ops edit it in the hub. Then the hub’s stands.",
    Rule.STAGE: "The MAP may set MQL. Only sales set SQL and what follows, and from there the MAP moves nothing back.",
    Rule.UNSUBSCRIBE: "An unsubscribe on either side counts on both at once. Nothing automatic ever lifts it.",
}


@dataclass
class PolicyRow:
    """One rule of the policy."""

    row: WorksheetRow
    hub: str
    map: str
    direction: str
    rule: str
    sentence: str
    refused: int = 0
    last: list[tuple[datetime, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Policy:
    """The worksheet in force as a vendor may read it."""

    connection: Connection
    version: WorksheetVersion | None
    rows: list[PolicyRow]
    left_out: list[str]

    @property
    def refused(self) -> int:
        return sum(row.refused for row in self.rows)


def policy(connection: Connection, now: datetime) -> Policy:
    """What is in force, with the refusals of the last 30 days; a fixed number of queries."""
    version = versions.in_force(connection)
    where = around(connection)
    stored = list(version.rows.order_by("number")) if version else []
    rows = [_row(row, where) for row in stored]
    _refusals(connection, {r.row.key: r for r in rows}, now)
    out = version.left_out.get("map", []) if version else []
    return Policy(connection, version, rows, [where.map_fields[n].label if n in where.map_fields else n for n in out])


def _row(row: WorksheetRow, where: Around) -> PolicyRow:
    ours, theirs = where.hub_fields.get(row.hub_field), where.map_fields.get(row.map_field)
    sentence = SENTENCES.get(row.rule, "")
    if row.direction == Direction.TO_MAP and row.rule in (Rule.NEVER, Rule.HUB):
        sentence += " The MAP’s own edits never reach the hub."
    return PolicyRow(
        row, ours.label if ours else row.hub_field, theirs.label if theirs else row.map_field,
        DIRECTION_LABELS.get(row.direction, row.direction), RULE_LABELS.get(row.rule, row.rule), sentence,
    )  # fmt: skip


def _refusals(connection: Connection, rows: dict[int, PolicyRow], now: datetime) -> None:
    found = Refusal.objects.filter(connection=connection.slug, row__isnull=False, at__gte=now - WINDOW)
    for key, count in found.order_by().values_list("row").annotate(n=Count("pk")):
        if key in rows:
            rows[key].refused = count
    for key, at, ref in found.order_by("-at").values_list("row", "at", "ref")[:500]:
        if key in rows and len(rows[key].last) < NAMED:
            rows[key].last.append((at, ref))


def token(connection: Connection) -> str:
    """What stands in the vendor's address. It stays until the connection's issue goes up."""
    return signing.Signer(salt=SALT).sign(f"{connection.slug}.{connection.policy_issue}")


def by_token(given: str) -> Connection | None:
    """The connection whose address this is; None for one that was never given out, or was made anew since."""
    try:
        slug, _, issue = signing.Signer(salt=SALT).unsign(given).rpartition(".")
    except signing.BadSignature:
        return None
    return Connection.objects.filter(slug=slug, policy_issue=int(issue)).first()


def renew(connection: Connection) -> None:
    """End the vendor's address that is in use, and make another."""
    Connection.objects.filter(pk=connection.pk).update(policy_issue=connection.policy_issue + 1)
    connection.refresh_from_db(fields=["policy_issue"])
