"""The check: for each problem a worksheet that has just that problem, and one that almost has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncrules.domain.proof import CODES, STOPS, apply_fix, check
from syncrules.domain.worksheet import Direction, FieldType, Option, Problem, Row, Rule, StageName, Worksheet
from tests.syncrules.domain.building import HUB, MAP, NAMES, SEEDED, found, instead, row, stops, worksheet

Made = Callable[[], tuple[Worksheet, tuple[Worksheet, ...]]]


def one(*rows: Row, **more: object) -> Made:
    """A worksheet of these rows behind the seeded ones, and no other connection."""
    return lambda: (worksheet(*rows, **more), ())


def cell(number: int, **cells: object) -> Made:
    """The seeded worksheet with other cells in one row."""
    return lambda: (instead(worksheet(), number, **cells), ())


def only(theirs: Row) -> Worksheet:
    """What is in force in another connection: this row."""
    return Worksheet("other", "Marketo", (theirs,), HUB, MAP)


def beside(mine: Row, theirs: Row) -> Made:
    """Two connections, each with a row of its own; the seeded rows in ours."""
    return lambda: (worksheet(mine), (only(theirs),))


def without(hub: str) -> Made:
    """The seeded worksheet without the row of a hub field."""
    sheet = worksheet()
    return lambda: (replace(sheet, rows=tuple(r for r in sheet.rows if r.hub != hub)), ())


def names(*gone: str, **more: str) -> Made:
    """The seeded worksheet with other names for stages."""
    kept = tuple(n for n in NAMES if n.map_value not in gone and n.stage not in gone)
    return lambda: (replace(worksheet(), stage_names=kept + tuple(StageName(s, v, True) for s, v in more.items())), ())


TITLE = ("job_title", "jobtitle")
FILL, FRESH = row(*TITLE, "both", "fill"), row(*TITLE, "both", "fresh")
MADE_ON = MAP | {"createdate": replace(MAP["createdate"], type="date")}
COLOURS = {"choices": FieldType("choices", "Choices", "choice", (Option("Laser", "Laser"), Option("Gas", "Gas")))}

#: Code, row, a worksheet that has just this problem, and one that almost has it.
CASES: list[tuple[str, int | None, Made, Made]] = [
    ("hub-field-unknown", 7, one(row("shoe_size", "jobtitle", "to-map", "hub")), one(row(*TITLE, "to-map", "hub"))),
    ("hub-field-unknown", 7, one(row("", "jobtitle", "to-map", "hub")), one(row("vip", "vip_c", "to-map", "hub"))),
    ("map-field-unknown", 7, one(row("job_title", "shoe", "to-map", "hub")), one(row(*TITLE, "to-map", "hub"))),
    ("field-twice", 8, one(row(*TITLE, "to-map", "hub"), row("job_title", "mobilephone", "to-map", "hub", 8)),
     one(row(*TITLE, "to-map", "hub"), row("company", "mobilephone", "to-map", "hub", 8))),
    ("field-twice", 8, one(row(*TITLE, "to-map", "hub"), row("company", "jobtitle", "to-map", "hub", 8)),
     one(row(*TITLE, "to-map", "hub"), row("company", "company", "to-map", "hub", 8))),
    ("direction-missing", 7, one(row(*TITLE, "", "fill")), one(row(*TITLE, "to-map", "fill"))),
    ("direction-unknown", 7, one(row(*TITLE, "sideways", "fill")), one(row(*TITLE, "to-hub", "fill"))),
    ("rule-missing", 7, one(row(*TITLE, "to-map", "")), one(row(*TITLE, "to-map", "hub"))),
    ("rule-unknown", 7, one(row(*TITLE, "to-hub", "MAP wins")), one(row(*TITLE, "to-hub", "fresh"))),
    ("two-way-unsettled", 7, one(row(*TITLE, "both", "Latest wins")), one(FRESH)),
    ("two-way-unsettled", 7, one(row(*TITLE, "both", "")), one(row(*TITLE, "both", "never"))),
    ("rule-not-for-field", 7, one(row(*TITLE, "both", "stage")), one(FILL)),
    ("rule-not-for-field", 7, one(row(*TITLE, "both", "unsubscribe")), one(FRESH)),
    ("rule-not-for-field", 4, cell(4, rule="fresh"), cell(4, rule="hub", direction="to-map")),
    ("rule-not-for-field", 6, cell(6, rule="never"), cell(6, rule="unsubscribe")),
    ("rule-not-for-field", 5, cell(5, rule="fill"), cell(5, rule="hub")),
    ("direction-against-rule", 7, one(row(*TITLE, "to-map", "once")), one(row(*TITLE, "both", "once"))),
    ("direction-against-rule", 7, one(row(*TITLE, "to-map", "fresh")), one(row(*TITLE, "to-hub", "fresh"))),
    ("direction-against-rule", 7, one(row(*TITLE, "to-hub", "hub")), one(row(*TITLE, "to-map", "hub"))),
    ("direction-against-rule", 6, cell(6, direction="to-hub"), cell(6, direction="both")),
    ("direction-against-rule", 3, cell(3, direction="to-map"), cell(3, direction="to-hub")),
    ("map-field-read-only", 7, one(row("renewal", "createdate", "both", "never"),
                                   map_fields=MADE_ON),
     one(row("renewal", "createdate", "to-hub", "fill"), map_fields=MADE_ON)),
    ("type-loses-data", 7, one(row("renewal", "met_at", "to-hub", "fill")),
     one(row("renewal", "met_at", "to-map", "hub"))),
    ("type-loses-data", 7, one(row("seats", "jobtitle", "to-hub", "fresh")),
     one(row("seats", "jobtitle", "to-map", "hub"))),
    ("type-loses-data", 7, one(row("job_title", "seats_c", "to-map", "hub")),
     one(row("seats", "seats_c", "to-map", "hub"))),
    ("type-loses-data", 7, one(row("vip", "seats_c", "both", "never")), one(row("vip", "vip_c", "both", "never"))),
    ("type-loses-data", 7, one(row("interest", "jobtitle", "to-hub", "fresh")),
     one(row("interest", "interest_c", "to-hub", "fresh"))),
    ("option-unmapped", 3, cell(3, value_map=worksheet().rows[2].value_map[1:]), cell(3, map="hs_analytics_source")),
    ("option-unmapped", 4, names("evangelist"), cell(4, value_map=(("evangelist", "customer"),))),
    ("option-unmapped", 7, one(row("interest", "choices", "to-map", "hub"), map_fields=MAP | COLOURS),
     one(row("interest", "choices", "to-map", "hub", value_map=(("Gas", "Milling"),)), map_fields=MAP | COLOURS)),
    ("stage-unmapped", 4, names("referred"), cell(4, map="lifecyclestage")),
    ("stage-unmapped", 4, names("referred", referred="gone"), names("referred", referred="lead")),
    ("value-map-wrong", 3, cell(3, value_map=(*worksheet().rows[2].value_map, ("BILLBOARD", ""))),
     cell(3, value_map=(*worksheet().rows[2].value_map, ("Referrals", "partner-referral")))),
    ("value-map-wrong", 7, one(row("interest", "interest_c", "both", "never", value_map=(("Laser", "Plasma"),))),
     one(row("interest", "interest_c", "both", "never", value_map=(("Laser", "Laser"),)))),
    ("value-map-wrong", 7, one(row(*TITLE, "both", "never", value_map=(("CTO", "Chief"), ("cto", "Boss")))),
     one(row(*TITLE, "both", "never", value_map=(("CTO", "Chief"), ("CEO", "Boss"))))),
    ("identity-overwritable", 1, cell(1, rule="fresh"), cell(1, rule="hub", direction="to-map")),
    ("identity-overwritable", 1, cell(1, rule="fill"), cell(1, rule="never")),
    ("identity-overwritable", 7, one(row("last_name", "lastname", "to-hub", "fresh")),
     one(row("last_name", "lastname", "to-hub", "fill"))),
    ("identity-overwritable", 7, one(row("phone", "phone", "both", "fill", blank_counts=True)),
     one(row(*TITLE, "both", "fill", blank_counts=True))),
    ("two-writers", 7, beside(row(*TITLE, "to-hub", "fresh"), row(*TITLE, "to-hub", "fill")),
     beside(row(*TITLE, "to-hub", "fresh"), row(*TITLE, "to-map", "hub"))),
    ("two-writers", 7, beside(row(*TITLE, "to-hub", "fill"), row(*TITLE, "both", "fresh")),
     beside(row(*TITLE, "to-map", "fill"), row(*TITLE, "both", "fresh"))),
    ("two-writers", 4, lambda: (worksheet(), (only(SEEDED[3]),)),
     lambda: (worksheet(), (only(SEEDED[3]._replace(direction="to-map")),))),
    ("write-cycle", 7, beside(FRESH, FRESH), beside(FRESH, row(*TITLE, "to-map", "hub"))),
    ("email-unmapped", None, without("email"), one()),
    ("consent-unmapped", None, without("opt_in"), one()),
    ("consent-unmapped", None, lambda: (replace(without("opt_in")()[0], left_out_hub=frozenset(HUB)), ()), one()),
    ("hub-field-unmentioned", None, one(left_out_hub=frozenset(HUB) - {"vip"}), one(left_out_hub=frozenset(HUB))),
    ("map-field-unmentioned", None, one(left_out_map=frozenset(MAP) - {"seats_c"}), one(left_out_map=frozenset(MAP))),
]  # fmt: skip
IDS = [f"{code}-{n}" for n, (code, *_) in enumerate(CASES)]


@pytest.mark.parametrize(("code", "at", "planted", "almost"), CASES, ids=IDS)
def test_a_planted_fault_is_found_alone_and_what_is_almost_one_is_not(
    code: str, at: int | None, planted: Made, almost: Made
) -> None:
    sheet, others = planted()
    problems = check(sheet, others)
    assert {(p.code, p.row, p.key) for p in problems} == {(code, at, at)}
    assert all(p.text and (p.column or p.row is None) for p in problems)
    assert found(*_flat(almost)) == []


def _flat(made: Made) -> list[Worksheet]:
    sheet, others = made()
    return [sheet, *others]


def test_every_code_has_a_case_here_and_words_of_its_own() -> None:
    assert {code for code, *_ in CASES} == set(CODES)
    assert all(code.title and code.why for code in CODES.values())


@pytest.mark.parametrize(("code", "at", "planted", "almost"), CASES, ids=IDS)
def test_a_one_click_fix_ends_its_problem_and_makes_no_worse_one(
    code: str, at: int | None, planted: Made, almost: Made
) -> None:
    sheet, others = planted()
    problem = check(sheet, others)[0]
    if problem.fix in ("", "open-values"):
        return
    assert problem.fix_label
    rows, hub, other = apply_fix(sheet.rows, sheet.left_out_hub, sheet.left_out_map, problem)
    fixed = replace(sheet, rows=rows, left_out_hub=hub, left_out_map=other)
    left = check(fixed, others)
    assert problem[:5] not in [p[:5] for p in left]
    assert len([p for p in left if p.level == STOPS]) <= len([p for p in check(sheet, others) if p.level == STOPS])


def test_which_problems_stop_and_which_are_to_look_at() -> None:
    for made in (cell(5, direction="both"), cell(4, direction="to-hub"), one(left_out_map=frozenset())):
        sheet, others = made()
        assert check(sheet, others)
        assert stops(sheet, *others) == []
    both_fill = beside(row(*TITLE, "to-hub", "fill"), row(*TITLE, "to-hub", "fill"))()
    assert [(p.code, p.level, p.fix) for p in check(both_fill[0], both_fill[1])] == [("two-writers", "look", "")]


def test_how_many_contacts_have_an_option_is_said_with_it() -> None:
    sheet, _ = names("evangelist")()
    counted = replace(sheet, used_options={"lifecyclestage": {"evangelist": 12}})
    assert check(counted)[0].text == "Sandbox’s “Evangelist” has no stage here. 12 contacts have it."


def test_stages_on_a_field_that_holds_none_are_one_problem_and_the_right_field_is_one_click_away() -> None:
    sheet = instead(worksheet(left_out_map=frozenset(MAP)), 4, map="hs_lead_status")
    problems = check(sheet)
    assert [p.code for p in problems] == ["option-unmapped", "stage-unmapped"]
    fixed = apply_fix(sheet.rows, sheet.left_out_hub, sheet.left_out_map, problems[0])
    assert fixed.rows == worksheet().rows


def test_the_example_is_two_records() -> None:
    sheet, _ = one(row(*TITLE, "to-map", "once"))()
    assert check(sheet)[0].example == (("Sandbox", "has a value"), ("the hub", "empty, and stays empty"))


def test_problems_come_by_row_and_always_in_the_same_order() -> None:
    sheet = worksheet(row("shoe", "", "sideways", "magic"), row("", "", "", "", 8), left_out_hub=frozenset())
    problems = check(sheet)
    assert problems == check(sheet)
    places = [p.row if p.row is not None else 99 for p in problems]
    assert places == sorted(places)


TEXTS = st.one_of(st.text(max_size=6), st.sampled_from(["email", "→", "both", "fresh", "lifecycle_stage", "'=1+1"]))
GARBAGE = st.builds(
    Row,
    key=st.integers(0, 4),
    number=st.integers(-1, 9),
    name=TEXTS,
    hub=st.one_of(TEXTS, st.sampled_from(sorted(HUB))),
    map=st.one_of(TEXTS, st.sampled_from(sorted(MAP))),
    direction=st.one_of(TEXTS, st.sampled_from(list(Direction))),
    rule=st.one_of(TEXTS, st.sampled_from(list(Rule))),
    value_map=st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(tuple),
    blank_counts=st.booleans(),
    note=TEXTS,
)
SHEETS = st.builds(
    Worksheet,
    connection=st.sampled_from(["sandbox", "other", ""]),
    name=TEXTS,
    rows=st.lists(GARBAGE, max_size=6).map(tuple),
    hub_fields=st.sampled_from([HUB, {}]),
    map_fields=st.sampled_from([MAP, {}]),
    stage_names=st.lists(st.builds(StageName, TEXTS, TEXTS, st.booleans()), max_size=3).map(tuple),
    left_out_hub=st.frozensets(TEXTS, max_size=2),
    left_out_map=st.frozensets(TEXTS, max_size=2),
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(SHEETS, st.lists(SHEETS, max_size=2))
def test_whatever_rows_say_the_check_answers_and_its_fixes_can_be_carried_out(
    sheet: Worksheet, others: list[Worksheet]
) -> None:
    problems: list[Problem] = check(sheet, others)
    for problem in problems:
        assert problem.code in CODES
        apply_fix(sheet.rows, sheet.left_out_hub, sheet.left_out_map, problem)
