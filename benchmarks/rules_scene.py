"""The worksheet's judgement alone: its judges beside reading the records, and the check of large worksheets."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from contacts.domain.changes import CustomType
from contacts.domain.origins import Origin, Writer
from contacts.queries import stage_table
from syncrules import seeds
from syncrules.domain.hub_fields import hub_fields
from syncrules.domain.judges import FieldCase, judge_all
from syncrules.domain.proof import check
from syncrules.domain.translating import Translator, translators
from syncrules.domain.worksheet import FieldType, Row, StageName, Worksheet

RECORDS, ROUNDS = 4_000, 5
ROWS, CONNECTIONS = 200, 5
SOURCES = [(slug, slug) for slug in sorted({slug for _, slug in seeds.SOURCES if slug})]
#: The rest of a full worksheet behind the seeded rows: every rule, both ways, all kinds of values.
REST = (
    ("last_name", "lastname", "both", "never"),
    ("company", "company", "both", "fresh"),
    ("company_domain", "website", "to-hub", "fill"),
    ("phone", "phone", "both", "fill"),
    ("job_title", "jobtitle", "both", "fresh"),
    ("country", "country", "to-map", "hub"),
    ("lead_score", "hubspotscore", "to-hub", "fresh"),
)
DANA = Origin(Writer("person", "Dana Whitfield", "2026-03-03T09:00:00+00:00"), "person")


def run(say: Callable[..., None]) -> None:
    """Print the figures."""
    sheet, stages = full(), stage_table()
    readers = [translators(sheet)[row.key] for row in sheet.rows]
    reading, judging = [], []
    for turn in range(ROUNDS):  # in turn, so that whatever else the machine does meets both; never the same records
        lines = list(_lines(turn))
        begin = time.perf_counter()
        read = [_read(readers, line) for line in lines]
        reading.append(time.perf_counter() - begin)
        cases = [_cases(sheet, values, random.Random(n)) for n, values in enumerate(read)]
        begin = time.perf_counter()
        for case in cases:
            judge_all(case, stages)
        judging.append(time.perf_counter() - begin)
    rows, read_one, judge_one = len(sheet.rows), min(reading) / RECORDS, min(judging) / RECORDS
    say(f"the rules of a worksheet of {rows} rows over {RECORDS:,} records; a fifth of their fields differ")
    say(f"  {rows / judge_one:,.0f} verdicts a second, {judge_one * 1e6:.0f} µs a record")
    say(f"  reading the record: {read_one * 1e6:.0f} µs, so the rules cost {judge_one / read_one:.0%} of it")
    _large(say)


def full() -> Worksheet:
    """A worksheet that speaks of every field."""
    stages = stage_table()
    ours = hub_fields([(s.slug, s.label) for s in stages.rows], SOURCES, [])
    theirs = {f.name: f for f in seeds.catalogue()}
    first = seeds.rows(ours, theirs.values())
    more = tuple(Row(n, n, hub, hub, other, way, rule) for n, (hub, other, way, rule) in enumerate(REST, 7))
    names = tuple(StageName(*name) for name in seeds.STAGE_NAMES)
    return Worksheet("sandbox", "Sandbox", (*first, *more), ours, theirs, names, version=1)


def _lines(turn: int) -> Iterator[str]:
    """Records as a MAP sends them: JSON with every property as text."""
    draw = random.Random(turn)
    stages, sources = [value for _, value, _ in seeds.STAGE_NAMES], [value for value, _ in seeds.SOURCES]
    for n in range(turn * RECORDS, (turn + 1) * RECORDS):
        yield json.dumps(
            {
                "email": f"Person{n}@Firm{n % 900}.example",
                "firstname": draw.choice(["Ana", "Jürgen", "wei", "O'Brien", ""]),
                "lastname": f"Nr {n}",
                "company": f"Firm {n % 900} GmbH",
                "website": f"https://www.firm{n % 900}.example/about",
                "phone": f"+1 415 {n // 10_000 % 700 + 200} {n % 10_000:04}",
                "jobtitle": draw.choice(["VP Engineering", "Buyer, EMEA", "", "Head of Operations"]),
                "country": draw.choice(["Germany", "US", "FR", ""]),
                "hubspotscore": str(n % 100),
                "hs_analytics_source": draw.choice(sources),
                "lifecyclestage": draw.choice(stages),
                "last_activity": f"2026-03-{n % 28 + 1:02}T09:30:00.000Z",
                "hs_email_optout": draw.choice(["false", "false", "true"]),
            }
        )


def _read(readers: list[Translator], line: str) -> list[Any]:
    record = json.loads(line)
    return [reader.read(record.get(reader.row.map)) for reader in readers]


def _cases(sheet: Worksheet, values: list[Any], draw: random.Random) -> list[FieldCase]:
    """A contact beside each record: of five values four are the MAP's, the rest are other ones, a person's or empty."""
    cases = []
    for row, value in zip(sheet.rows, values, strict=True):
        chance = draw.random()
        hub = value if chance < 0.8 else None if chance < 0.85 else "VP of Engineering"
        if row.hub == "lifecycle_stage" and chance > 0.8:
            hub = draw.choice(["new-lead", "mql", "sql", "customer"])
        elif row.hub == "opt_in":
            hub = None
        person = chance > 0.9 and row.hub != "opt_in"
        cases.append(FieldCase(row, hub, value, hub, True, DANA if person else None, person, version=1))
    return cases


def _large(say: Callable[..., None]) -> None:
    """The check of one worksheet of 200 rows beside four more in force."""
    sheets = [_sheet(n) for n in range(CONNECTIONS)]
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        problems = check(sheets[0], sheets[1:])
        times.append(time.perf_counter() - begin)
    found = f"{len(problems):,} problems"
    say(f"the check of {ROWS} rows on {CONNECTIONS} connections, {found}: {min(times) * 1000:.0f} ms")


def _sheet(n: int) -> Worksheet:
    """Rows of which each third may overwrite, so that most fields have two writers."""
    sheet = full()
    custom = [CustomType(f"extra_{i}", f"Extra {i}", "text") for i in range(ROWS)]
    ours = {**sheet.hub_fields, **hub_fields([], [], custom)}
    ours["lifecycle_stage"], ours["source"] = sheet.hub_fields["lifecycle_stage"], sheet.hub_fields["source"]
    extra = {f"extra_{i}": FieldType(f"extra_{i}", f"Extra {i}", "text") for i in range(ROWS)}
    rules = ("fresh", "fill", "never")
    more = tuple(
        Row(key, key, f"Extra {key}", f"extra_{key}", f"extra_{key}", "both", rules[(key + n) % 3])
        for key in range(len(sheet.rows) + 1, ROWS + 1)
    )
    rows = (*sheet.rows, *more)
    return Worksheet(f"map-{n}", f"MAP {n}", rows, ours, {**sheet.map_fields, **extra}, sheet.stage_names)
