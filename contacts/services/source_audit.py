"""The lead source audit: what each source declares beside what it really sent, in a fixed number of queries."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Case, Count, Min, OuterRef, Subquery, Value, When

from contacts.domain import audit, rules
from contacts.domain.identity import NotAnAddress, clean, is_blank, read_address
from contacts.domain.lifecycle import StageTable
from contacts.models import Arrival, Outcome, Source
from contacts.queries import source_row, stage_table
from contacts.services.bulk import as_time
from contacts.services.records import received_from_dict
from contacts.services.stored import custom_types

DAYS = 30
#: How many of a source's newest records the fill rates look at, and of an undeclared one's.
LOOKED_AT = 500
SAMPLE = 200
LEVELS = {"bad": 0, "wait": 1, "grey": 2, "": 3}


@dataclass(frozen=True)
class SourceView:
    """A registered source: its row, what it declares, what arrived, and what to mend."""

    source: Source
    declared: audit.Declared
    seen: audit.Seen
    outcomes: list[tuple[str, int]]
    before: int
    findings: list[audit.Finding]
    fresh: bool

    @property
    def level(self) -> str:
        """The worst of its findings that needs somebody: "bad", "wait" or ""."""
        worst = min((f.level for f in self.findings), key=LEVELS.__getitem__, default="")
        return "" if worst == "grey" else worst

    @property
    def trend(self) -> str:
        """Against the days before, in per cent; "" where there is nothing to compare with."""
        if not self.before:
            return ""
        percent = round(100 * (self.seen.records - self.before) / self.before)
        return f"+{percent}%" if percent > 0 else f"−{-percent}%" if percent < 0 else "±0%"

    @property
    def codes(self) -> set[str]:
        return {f.code for f in self.findings}


@dataclass(frozen=True)
class Undeclared:
    """Arrivals that name a source which nobody registered, or which was retired."""

    slug: str
    count: int
    since: datetime
    fields: list[str]
    stages: list[str]
    looked_at: int
    like: str = ""
    hits: int = 0
    addresses: int = 0
    retired: Source | None = None


@dataclass(frozen=True)
class Audit:
    """The whole page."""

    sources: list[SourceView]
    undeclared: list[Undeclared]

    @property
    def records(self) -> int:
        return sum(v.seen.records for v in self.sources)

    @property
    def before(self) -> int:
        return sum(v.before for v in self.sources)

    @property
    def conflicts(self) -> int:
        return sum(v.level == "bad" for v in self.sources)

    @property
    def to_look_at(self) -> int:
        return sum(v.level == "wait" for v in self.sources)

    @property
    def in_use(self) -> list[SourceView]:
        return [v for v in self.sources if not v.source.retired]

    @property
    def audited(self) -> int:
        return sum(v.source.status == Source.Status.AUDITED for v in self.sources)


def conflicts(now: datetime) -> list[audit.Finding]:
    """What is red, for the front page: by declaration alone, so it costs two queries."""
    sources = _in_use()
    red = audit.conflicts([_claim(s) for s in sources], stage_table())
    return [finding for found in red.values() for finding in found]


def audit_sources(now: datetime) -> Audit:
    """Every source and everything undeclared, the worst first."""
    last = Arrival.objects.filter(source=OuterRef("pk")).order_by("-received_at").values("received_at")[:1]
    sources = list(Source.objects.select_related("owner", "entry_stage").annotate(last=Subquery(last)))
    custom = {slug: kind.label for slug, kind in custom_types().items()}
    stages = stage_table()
    claims = {s.slug: _claim(s) for s in sources}
    red = audit.conflicts([claims[s.slug] for s in sources if not s.retired], stages)
    counts, newest = _counts(sources, now), _newest_arrivals(sources, now)
    views = [_view(s, claims[s.slug], red.get(s.slug, []), counts[s.pk], newest[s.pk], custom, now) for s in sources]
    views.sort(key=lambda v: (v.source.retired, LEVELS[v.level], -v.seen.records, v.source.name))
    return Audit(views, _undeclared(sources, stages))


def _in_use() -> list[Source]:
    return [s for s in Source.objects.all() if not s.retired]


def _claim(source: Source) -> audit.Claim:
    row = source_row(source)
    return audit.Claim(row.slug, row.name, row.actor_kind, row.entry_stage, source.owner_id is not None)


def _view(
    source: Source,
    claim: audit.Claim,
    red: list[audit.Finding],
    counts: Counter[tuple[bool, str]],
    newest: list[tuple[bool, list[list[str]]]],
    custom: dict[str, str],
    now: datetime,
) -> SourceView:
    declared = audit.declared_fields(source.data_captured, custom)
    fills = audit.fill_rates(declared, [audit.brought(v, address, custom) for address, v in newest], custom)
    outcomes = [(o.value, counts[True, o.value]) for o in Outcome if counts[True, o.value]]
    seen = audit.Seen(sum(n for _, n in outcomes), source.last, fills, sum(_refused(v) for _, v in newest))
    before = sum(n for (recent, _), n in counts.items() if not recent)
    found = [] if source.retired else audit.findings(claim, seen, source.cadence, now, red)
    fresh = source.last is not None and now - source.last < timedelta(days=1)
    return SourceView(source, declared, seen, outcomes, before, found, fresh)


def _refused(verdicts: list[list[str]]) -> bool:
    return any(v[1] == "refused" and v[2] in (rules.STAGE_MAP, rules.STAGE_SALES) for v in verdicts)


def _counts(sources: Sequence[Source], now: datetime) -> dict[int, Counter[tuple[bool, str]]]:
    """Records by source, within the last days or the same number before, and outcome."""
    since, before = now - timedelta(days=DAYS), now - timedelta(days=2 * DAYS)
    rows = (
        Arrival.objects.filter(source__in=[s.pk for s in sources], received_at__gte=before)
        .annotate(recent=Case(When(received_at__gte=since, then=Value(1)), default=Value(0)))
        .order_by()
        .values_list("source_id", "recent", "outcome")
        .annotate(n=Count("*"))
    )
    found: dict[int, Counter[tuple[bool, str]]] = defaultdict(Counter)
    for source, recent, outcome, n in rows:
        found[source][bool(recent), outcome] += n
    return found


def _newest_arrivals(sources: Sequence[Source], now: datetime) -> dict[int, list[tuple[bool, list[list[str]]]]]:
    """Whether it has an address, and its verdicts, for the newest records of each source."""
    since = as_time(now - timedelta(days=DAYS))
    where = "source_id = %s AND received_at >= %s AND outcome <> 'repeated' ORDER BY received_at DESC"
    rows = _newest("source_id, email_key, verdicts", where, [[s.pk, since] for s in sources], LOOKED_AT)
    found: dict[int, list[tuple[bool, list[list[str]]]]] = defaultdict(list)
    for source, email, verdicts in rows:
        found[source].append((bool(email), json.loads(verdicts)))
    return found


def _newest(columns: str, where: str, params: Sequence[list[Any]], limit: int) -> list[tuple[Any, ...]]:
    """The first rows of each of several conditions, in one query that reads no more than these rows."""
    if not params:
        return []
    part = f"SELECT * FROM (SELECT {columns} FROM contacts_arrival WHERE {where} LIMIT {int(limit)}) AS part"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join([part] * len(params)), [p for each in params for p in each])
        return cursor.fetchall()


def _undeclared(sources: Sequence[Source], stages: StageTable) -> list[Undeclared]:
    groups = list(
        Arrival.objects.filter(outcome="", source=None)
        .order_by()
        .values("source_slug")
        .annotate(count=Count("*"), since=Min("received_at"))
        .order_by("-count")
    )
    where = "outcome = '' AND source_id IS NULL AND source_slug = %s ORDER BY id DESC"
    rows = _newest("source_slug, raw", where, [[g["source_slug"]] for g in groups], SAMPLE)
    custom = custom_types()
    samples: dict[str, list[dict[str, str]]] = defaultdict(list)
    for slug, raw in rows:
        samples[slug].append(_said(json.loads(raw) if isinstance(raw, str) else raw, custom))
    known = _sources_of({a for s in samples.values() for values in s for a in _keys(values)})
    by_slug, names = {s.slug: s for s in sources}, {s.pk: s.name for s in sources}
    labels = audit.COUNTED | {slug: kind.label for slug, kind in custom.items()}
    return [_one(g, samples[g["source_slug"]], known, names, labels, stages, by_slug) for g in groups]


def _said(raw: Any, custom: dict[str, Any]) -> dict[str, str]:
    values = received_from_dict(raw, custom).values if isinstance(raw, dict) else {}
    return {field: text for field, value in values.items() if not is_blank(text := clean(value), field)}


def _keys(values: dict[str, str]) -> list[str]:
    try:
        return [read_address(values["email"]).key] if "email" in values else []
    except NotAnAddress:
        return []


def _sources_of(keys: Iterable[str]) -> dict[str, set[int]]:
    """Which registered sources sent each address before."""
    found: dict[str, set[int]] = defaultdict(set)
    pairs = Arrival.objects.filter(email_key__in=list(keys), source__isnull=False)
    for key, source in pairs.order_by().values_list("email_key", "source_id").distinct():
        found[key].add(source)
    return found


def _one(
    group: dict[str, Any],
    sample: list[dict[str, str]],
    known: dict[str, set[int]],
    names: dict[int, str],
    labels: dict[str, str],
    stages: StageTable,
    by_slug: dict[str, Source],
) -> Undeclared:
    said = Counter("name" if f in ("first_name", "last_name") else f for values in sample for f in values)
    asked = {values["lifecycle_stage"] for values in sample if "lifecycle_stage" in values}
    keys = {key for values in sample for key in _keys(values)}
    hits = Counter(source for key in keys for source in known.get(key, ()))
    like, most = hits.most_common(1)[0] if hits else (0, 0)
    return Undeclared(
        slug=group["source_slug"],
        count=group["count"],
        since=group["since"],
        fields=[labels[f] for f in labels if said[f]],
        stages=sorted(s.label if (s := stages.named(a)) else a for a in asked)[:3],
        looked_at=len(sample),
        like=names.get(like, ""),
        hits=most,
        addresses=len(keys),
        retired=by_slug.get(group["source_slug"]),
    )
