"""The table of moves as the playbook prints it, cell by cell; what is wrong with a table; how two differ."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.domain import rules
from contacts.domain.lifecycle import refuse
from contacts.domain.stage_moves import cell, explain, groups, matrix, numbers, policy
from contacts.domain.stage_table import Contents, Name, Stage, as_data, compare, problems, read
from tests.domain import judges

CONTENTS = Contents(tuple(Stage(*row) for row in judges.STAGES))
TABLE = CONTENTS.table()
COLUMNS = "new-lead event-lead mql sql in-discovery in-pipeline customer disqualified unsubscribed".split()
#: Who may make each move, written out from the playbook's Step 3: M the MAP, S sales, P other staff, - nobody.
#: Only a MAP sets MQL, and it only moves forward, not even sideways; only sales set SQL and beyond, and move back;
#: Unsubscribed from anyone, and nobody leaves it.
ALLOWED = {
    #               New  Event MQL SQL InD InP Cus Dis Unsubscribed
    "new-lead":     "=   SP    M   S   S   S   S   S   MSP",
    "event-lead":   "SP  =     M   S   S   S   S   S   MSP",
    "mql":          "S   S     =   S   S   S   S   S   MSP",
    "sql":          "S   S     -   =   S   S   S   S   MSP",
    "in-discovery": "S   S     -   S   =   S   S   S   MSP",
    "in-pipeline":  "S   S     -   S   S   =   S   S   MSP",
    "customer":     "S   S     -   S   S   S   =   S   MSP",
    "disqualified": "S   S     -   S   S   S   S   =   MSP",
    "unsubscribed": "-   -     -   -   -   -   -   -   =",
}  # fmt: skip
LETTER = {"map": "M", "sales": "S", "person": "P"}
CELLS = [
    (start, end, allowed) for start, row in ALLOWED.items() for end, allowed in zip(COLUMNS, row.split(), strict=True)
]


@pytest.mark.parametrize("actor", ["map", "sales", "person"])
@pytest.mark.parametrize(("start", "end", "allowed"), CELLS)
def test_each_move_is_whose_the_playbook_says(start: str, end: str, allowed: str, actor: str) -> None:
    rule = refuse(TABLE, actor, start, end)
    assert (rule == "") == (allowed == "=" or LETTER[actor] in allowed)
    assert not rule or rule in rules.WORDS


@pytest.mark.parametrize(("start", "end", "allowed"), CELLS)
def test_the_page_shows_what_the_doors_are_told(start: str, end: str, allowed: str) -> None:
    word = {"=": "", "MSP": "anyone", "SP": "staff", "M": "MAP", "S": "sales", "-": "nobody"}[allowed]
    shown = cell(CONTENTS, start, end)
    leaves = (start, end) == ("unsubscribed", "new-lead")
    assert shown.word == ("the person" if leaves else word)
    assert explain(CONTENTS, shown)


@pytest.mark.parametrize(
    ("actor", "may"),
    [
        ("map", {"new-lead", "event-lead", "mql", "unsubscribed"}),
        ("sales", {"new-lead", "event-lead", "sql", "in-discovery", "in-pipeline", "customer", "disqualified",
                   "unsubscribed"}),
        ("person", {"new-lead", "event-lead", "unsubscribed"}),
        ("arrival", {"new-lead", "event-lead", "unsubscribed"}),
    ],
)  # fmt: skip
def test_a_contact_without_a_stage_starts_where_its_actor_may(actor: str, may: set[str]) -> None:
    assert {s for s in COLUMNS if not refuse(TABLE, actor, "", s)} == may


@settings(max_examples=100)
@given(st.sampled_from(["in-discovery", "in-pipeline", "customer", "disqualified", "sql"]), st.data())
def test_ten_thousand_events_of_a_map_never_bring_a_contact_back(start: str, data: st.DataObject) -> None:
    """100 runs of 100 events: from where sales put it, a contact goes nowhere but to Unsubscribed."""
    stage = start
    for asked in data.draw(st.lists(st.sampled_from([*COLUMNS, "no-such-stage"]), min_size=100, max_size=100)):
        stage = stage if refuse(TABLE, "map", stage, asked) else asked
        assert stage in (start, "unsubscribed")


def test_a_closed_move_is_closed_to_everybody_and_nothing_opens_past_the_rules() -> None:
    closed = replace(CONTENTS, closed=frozenset({("sql", "customer"), ("sql", "mql")}))
    assert refuse(closed.table(), "sales", "sql", "customer") == rules.STAGE_CLOSED
    assert refuse(closed.table(), "map", "sql", "mql") == rules.STAGE_MAP_BACK
    assert cell(closed, "sql", "customer").kind == "nobody"
    assert "SQL to Customer" in policy(closed)[-1].words


def test_equals_of_new_lead_share_its_row_until_one_of_them_differs() -> None:
    assert groups(CONTENTS)[0].slugs == ("new-lead", "event-lead", "outbound")
    assert len(matrix(CONTENTS)) == 8
    differs = replace(CONTENTS, closed=frozenset({("event-lead", "sql")}))
    assert groups(differs)[0].slugs == ("new-lead", "outbound")


def test_the_rules_are_numbered_from_one_and_name_the_stages_as_they_are_called_now() -> None:
    found = policy(CONTENTS)
    assert [r.number for r in found] == list(range(1, len(found) + 1))
    assert numbers(found)[rules.STAGE_MAP] == 1
    renamed = changed("mql", label="Hot Lead")
    assert "Hot Lead" in policy(renamed)[0].words


def changed(slug: str, **cells: object) -> Contents:
    stages = tuple(replace(s, **cells) if s.slug == slug else s for s in CONTENTS.stages)
    return replace(CONTENTS, stages=stages)


def without(*slugs: str) -> Contents:
    return replace(CONTENTS, stages=tuple(s for s in CONTENTS.stages if s.slug not in slugs))


def named(*names: Name) -> Contents:
    return replace(CONTENTS, names={"sandbox": names})


ALMOST = [
    ("stage-must-stay", without("unsubscribed"), without("disqualified")),
    ("stage-must-stay", without("new-lead"), without("event-lead")),
    ("no-start", Contents((Stage("mql", "MQL", 10, "map"),)), Contents((Stage("cold", "Cold", 10, "anyone"),))),
    ("label-twice", changed("mql", label="new  lead"), changed("mql", label="New Leads")),
    ("label-missing", changed("mql", label=" "), changed("mql", label="?")),
    ("rank-start", changed("new-lead", rank=15), changed("new-lead", rank=5)),
    ("rank-order", changed("mql", rank=30), changed("mql", rank=29)),
    ("rank-wrong", changed("customer", rank=40_000), changed("customer", rank=32_767)),
    ("owner-map", changed("mql", owner="sales"), changed("mql", owner="map")),
    ("owner-map", changed("mql", owner="anyone"), changed("outbound", owner="map")),
    ("owner-sales", changed("customer", owner="map"), changed("customer", rank=20)),
    ("owner-sales", changed("outbound", rank=35), changed("outbound", rank=29)),
    ("owner-free", changed("unsubscribed", owner="sales"), changed("unsubscribed", rank=10)),
    ("owner-unknown", changed("mql", owner="ops"), changed("mql", owner="map")),
    ("text-too-long", changed("mql", description="x" * 201), changed("mql", description="x" * 200)),
    ("name-twice", changed("mql", also_called=("Customer",)), changed("mql", also_called=("Customers",))),
    ("value-twice", named(Name("mql", "Hot"), Name("sql", "hot ")), named(Name("mql", "Hot"), Name("mql", "Warm"))),
    ("value-twice", named(Name("mql", "Lead"), Name("new-lead", "Lead")),
     named(Name("new-lead", "Lead", True), Name("outbound", "Lead", True))),
    ("written-twice", named(Name("mql", "A", True), Name("mql", "B", True)),
     named(Name("mql", "A", True), Name("mql", "B"))),
    ("name-lost", named(Name("gone", "A")), named(Name("", "A"))),
    ("move-lost", replace(CONTENTS, closed=frozenset({("gone", "sql")})),
     replace(CONTENTS, closed=frozenset({("mql", "sql")}))),
    ("unsubscribe-closed", replace(CONTENTS, closed=frozenset({("mql", "unsubscribed")})),
     replace(CONTENTS, closed=frozenset({("unsubscribed", "new-lead")}))),
]  # fmt: skip


@pytest.mark.parametrize(("code", "wrong", "right"), ALMOST)
def test_a_table_with_a_problem_says_so_and_one_that_almost_has_it_does_not(
    code: str, wrong: Contents, right: Contents
) -> None:
    assert code in {p.code for p in problems(wrong)}
    assert code not in {p.code for p in problems(right)}


def test_the_playbook_s_table_has_no_problem() -> None:
    assert problems(CONTENTS, CONTENTS, {"mql": "5 contacts have"}) == []


def test_a_stage_that_somebody_has_cannot_go() -> None:
    [problem] = problems(without("customer"), CONTENTS, {"customer": "5 contacts have"})
    assert problem.code == "stage-in-use"
    assert "5 contacts have it" in problem.text
    assert problems(without("customer"), CONTENTS, {}) == []


def test_a_table_comes_back_from_its_data_as_it_was() -> None:
    full = replace(
        changed("mql", also_called=("A", "B")),
        closed=frozenset({("mql", "sql")}),
        names={"x": (Name("mql", "M", True),)},
    )
    data = as_data(full)
    assert as_data(read(data)) == data
    assert compare(full, read(data)) == []


def test_every_difference_of_two_tables_is_named() -> None:
    other = replace(
        changed("mql", label="Hot", rank=25), closed=frozenset({("mql", "sql")}), names={"x": (Name("mql", "M", True),)}
    )
    other = replace(other, stages=tuple(s for s in other.stages if s.slug != "outbound"))
    found = {(d.stage, d.what, d.before, d.after) for d in compare(CONTENTS, other)}
    assert found == {
        ("Hot", "name", "MQL", "Hot"),
        ("Hot", "rank", "20", "25"),
        ("Outbound", "stage", "rank 10, set by anyone", ""),
        ("Hot to SQL", "move", "open", "closed"),
        ("Hot", "in x", "", "M"),
    }
