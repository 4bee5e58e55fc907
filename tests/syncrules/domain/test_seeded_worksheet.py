"""The playbook's worksheet, row by row: how it is read, and what each row does with the playbook's own examples."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from syncrules import seeds
from syncrules.domain.judges import NEVER_AGREED, FieldCase, judge
from syncrules.domain.proof import check
from syncrules.domain.sheet import read_lines, to_lines
from syncrules.domain.translating import translators
from syncrules.domain.worksheet import Worksheet
from tests.syncrules.domain.building import DANA, HUB, NAMES, SEEDED, TABLE, worksheet

READ = [
    ("Email", "email", "email", "both", "never"),
    ("First Name", "first_name", "firstname", "to-map", "fill"),
    ("Lead Source", "source", "hs_analytics_source", "to-hub", "once"),
    ("Lifecycle Stage", "lifecycle_stage", "lifecyclestage", "both", "stage"),
    ("Last Activity", "last_activity", "last_activity", "to-map", "hub"),
    ("Opt-in Status", "opt_in", "hs_email_optout", "both", "unsubscribe"),
]


def test_every_cell_of_the_playbook_s_file_is_understood() -> None:
    assert [(r.name, r.hub, r.map, r.direction, r.rule) for r in SEEDED] == READ


def test_the_seeded_worksheet_may_be_put_in_force() -> None:
    """What is left to look at are fields that no row speaks of."""
    sheet = Worksheet("sandbox", "Sandbox", SEEDED, HUB, {f.name: f for f in seeds.catalogue()}, NAMES)
    assert {p.code for p in check(sheet)} <= {"hub-field-unmentioned", "map-field-unmentioned"}


def test_the_playbook_s_file_alone_keeps_the_counterparts_that_the_worksheet_has() -> None:
    sheet = worksheet()
    read = read_lines(seeds.lines(), sheet)
    assert read.rows == sheet.rows
    assert read.missing == ("Value Map", "Blank Is A Value", "Note")
    assert (read.left_out_hub, read.left_out_map) == (sheet.left_out_hub, sheet.left_out_map)


def test_it_goes_out_in_the_playbook_s_words() -> None:
    with (Path(seeds.__file__).parent / "field_mapping.csv").open(encoding="utf-8", newline="") as file:
        given = [line[3:] for line in csv.reader(file)]
    assert [line[3:5] for line in to_lines(worksheet())][: len(given)] == given


#: Row, what the hub holds, what the MAP shows, what was agreed; then what the hub and the MAP hold afterwards.
SAME = object()
EXAMPLES: list[tuple[int, Any, str, Any, Any, Any]] = [
    (1, "dana@acme.com", "d.whitfield@acme.com", "dana@acme.com", SAME, SAME),
    (1, None, "dana@acme.com", NEVER_AGREED, "dana@acme.com", SAME),
    (1, "dana@acme.com", "", NEVER_AGREED, SAME, "dana@acme.com"),
    (1, "Dana@Acme.com", "dana@acme.com", NEVER_AGREED, SAME, SAME),
    (2, None, "Dana", NEVER_AGREED, "Dana", SAME),
    (2, "Dana", "D.", NEVER_AGREED, SAME, "Dana"),
    (2, "Dana", "", NEVER_AGREED, SAME, "Dana"),
    (3, None, "PAID_SEARCH", NEVER_AGREED, "paid-search-landing-page", SAME),
    (3, "trade-show-scan", "PAID_SEARCH", NEVER_AGREED, SAME, SAME),
    (3, None, "OFFLINE", NEVER_AGREED, SAME, SAME),
    (4, "new-lead", "marketingqualifiedlead", NEVER_AGREED, "mql", SAME),
    (4, "event-lead", "lead", NEVER_AGREED, SAME, SAME),
    (4, "sql", "marketingqualifiedlead", "mql", SAME, "86110001"),
    (4, "in-discovery", "marketingqualifiedlead", "in-discovery", SAME, "86110002"),
    (4, "customer", "evangelist", "customer", SAME, SAME),
    (4, "in-pipeline", "86110004", "in-pipeline", "unsubscribed", SAME),
    (4, "referred", "", NEVER_AGREED, SAME, "lead"),
    (5, "2026-03-02T09:30:00.000Z", "2026-04-01T00:00:00.000Z", NEVER_AGREED, SAME, "2026-03-02T09:30:00.000Z"),
    (5, None, "2026-04-01T00:00:00.000Z", NEVER_AGREED, SAME, SAME),
    (6, None, "true", NEVER_AGREED, "unsubscribed", SAME),
    (6, None, "false", NEVER_AGREED, SAME, SAME),
    (6, False, "false", False, SAME, "true"),
]


@pytest.mark.parametrize(("number", "hub", "shown", "agreed", "then_hub", "then_map"), EXAMPLES)
def test_each_row_does_what_the_playbook_says(
    number: int, hub: Any, shown: str, agreed: Any, then_hub: Any, then_map: Any
) -> None:
    sheet = worksheet()
    said = sheet.rows[number - 1]
    reader = translators(sheet)[said.key]
    judged = judge(FieldCase(said, hub, reader.read(shown, hub), agreed), TABLE)
    wrote_hub = judged.hub is not None and judged.hub.decision == "written"
    assert (judged.hub_value if wrote_hub else SAME) == then_hub
    assert (reader.write(judged.map_value) if judged.map else SAME) == then_map


@pytest.mark.parametrize("number", range(1, 6))
def test_on_no_row_does_a_map_change_what_a_person_wrote(number: int) -> None:
    said = SEEDED[number - 1]
    judged = judge(FieldCase(said, "VP of Engineering", "vp eng", protected=True, origin=DANA), TABLE)
    assert judged.hub is not None
    assert judged.hub.decision == "refused"
    assert judged.map_value in (None, "VP of Engineering")
