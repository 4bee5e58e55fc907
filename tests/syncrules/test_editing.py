"""Edits of a draft: nothing that another editor wrote is overwritten unseen, and each edit can be taken back."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from syncrules.domain.worksheet import Direction, Rule
from syncrules.models import WorksheetVersion
from syncrules.services import checking, editing, fixes, versions
from syncrules.services.rows import Unusable
from tests.contacts.deciding import person
from tests.syncrules.worksheets import JOB_TITLE, LATER, ops, row, said, seed, set_cell

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox():
    return seed()


def test_the_first_edit_draws_a_draft_and_leaves_what_is_in_force_alone(sandbox):
    set_cell(sandbox, "first_name", "rule", Rule.NEVER)
    assert row(sandbox, "first_name").rule == Rule.NEVER
    in_force = versions.in_force(sandbox)
    assert in_force.rows.get(hub_field="first_name").rule == Rule.FILL
    assert versions.draft_of(sandbox, ops(), LATER).based_on == in_force.number


def test_a_cell_that_somebody_else_changed_meanwhile_is_not_overwritten(sandbox):
    key = row(sandbox, "first_name").key
    set_cell(sandbox, "first_name", "rule", Rule.NEVER, person("admin"))
    with pytest.raises(editing.Changed) as stands:
        editing.edit_cell(sandbox, key, "rule", Rule.FILL, Rule.HUB, ops(), LATER)
    assert (stands.value.value, stands.value.by) == (Rule.NEVER, "Ada Okonkwo")
    assert row(sandbox, "first_name").rule == Rule.NEVER


def test_two_editors_of_different_cells_of_one_row_both_have_their_way(sandbox):
    set_cell(sandbox, "first_name", "rule", Rule.NEVER, person("admin"))
    key = row(sandbox, "first_name").key
    editing.edit_cell(sandbox, key, "note", "", "as agreed in March", ops(), LATER)
    assert (row(sandbox, "first_name").rule, row(sandbox, "first_name").note) == (Rule.NEVER, "as agreed in March")


def test_the_same_edit_twice_is_one_edit(sandbox):
    key = row(sandbox, "first_name").key
    for _ in range(2):
        editing.edit_cell(sandbox, key, "rule", Rule.FILL, Rule.NEVER, ops(), LATER)
    assert versions.newest(sandbox).edits.count() == 1


def test_an_edit_of_a_row_that_is_gone_says_who_removed_it(sandbox):
    key = row(sandbox, "first_name").key
    editing.remove_row(sandbox, key, None, person("admin"), LATER)
    with pytest.raises(editing.Changed) as stands:
        editing.edit_cell(sandbox, key, "rule", Rule.FILL, Rule.HUB, ops(), LATER)
    assert (stands.value.value, stands.value.by) == (None, "Ada Okonkwo")


def test_a_row_is_not_removed_over_somebody_elses_edit(sandbox):
    seen = row(sandbox, "first_name")
    set_cell(sandbox, "first_name", "rule", Rule.NEVER, person("admin"))
    with pytest.raises(editing.Changed):
        editing.remove_row(sandbox, seen.key, {"rule": seen.rule}, ops(), LATER)
    assert row(sandbox, "first_name").rule == Rule.NEVER


def _edits(sandbox):
    first, stage = row(sandbox, "first_name").key, row(sandbox, "lifecycle_stage").key
    return {
        "a cell": lambda: editing.edit_cell(sandbox, first, "rule", Rule.FILL, Rule.NEVER, ops(), LATER),
        "a new row": lambda: editing.add_row(sandbox, JOB_TITLE, ops(), LATER, after=first),
        "a removed row": lambda: editing.remove_row(sandbox, first, None, ops(), LATER),
        "a move": lambda: editing.move_row(sandbox, stage, 1, ops(), LATER),
        "a field left out": lambda: editing.leave_out(sandbox, "map", "website", ops(), LATER),
        "an import": lambda: editing.import_rows(
            sandbox, {"rows": [], "left_out": {"hub": [], "map": []}}, ops(), LATER
        ),
        "a version brought back": lambda: versions.bring_back(sandbox, 1, ops(), LATER),
    }


@pytest.mark.parametrize(
    "name",
    ["a cell", "a new row", "a removed row", "a move", "a field left out", "an import", "a version brought back"],
)
def test_every_kind_of_edit_can_be_taken_back(sandbox, name):
    set_cell(sandbox, "last_activity", "note", "so that it differs from v1")
    before, out = said(sandbox), versions.newest(sandbox).left_out
    _edits(sandbox)[name]()
    after = (said(sandbox), versions.newest(sandbox).left_out)
    assert after != (before, out)
    last = editing.last_edit(versions.newest(sandbox), ops())
    editing.take_back(sandbox, last.pk, ops(), LATER)
    assert (said(sandbox), versions.newest(sandbox).left_out) == (before, out)


def test_what_another_editor_wrote_since_is_not_taken_back(sandbox):
    set_cell(sandbox, "first_name", "rule", Rule.NEVER)
    mine = editing.last_edit(versions.newest(sandbox), ops())
    set_cell(sandbox, "first_name", "rule", Rule.HUB, person("admin"))
    with pytest.raises(editing.Changed):
        editing.take_back(sandbox, mine.pk, ops(), LATER)
    assert row(sandbox, "first_name").rule == Rule.HUB


def test_one_takes_back_ones_own_edits_only_by_ctrl_z(sandbox):
    set_cell(sandbox, "first_name", "rule", Rule.NEVER, person("admin"))
    assert editing.last_edit(versions.newest(sandbox), ops()) is None


def test_a_row_taken_back_from_the_bin_keeps_its_key_and_place(sandbox):
    before = said(sandbox)
    editing.remove_row(sandbox, row(sandbox, "source").key, None, ops(), LATER)
    added = editing.add_row(sandbox, JOB_TITLE, ops(), LATER)
    assert added.key not in {line[0] for line in before}
    edits = versions.newest(sandbox).edits.order_by("-id")
    for edit in edits:
        editing.take_back(sandbox, edit.pk, ops(), LATER)
    assert said(sandbox) == before


@pytest.mark.parametrize("role", ["reviewer", "marketing", "sales", "auditor"])
def test_only_who_has_the_right_edits(sandbox, role):
    with pytest.raises(PermissionDenied):
        set_cell(sandbox, "first_name", "rule", Rule.NEVER, person(role))
    assert not WorksheetVersion.objects.filter(state="draft").exists()


@pytest.mark.parametrize(
    ("column", "value"),
    [("number", 3), ("value_map", "a=b"), ("value_map", [["a"]]), ("blank_counts", "yes"), ("note", "x" * 2_001)],
)
def test_what_a_row_can_not_hold_is_refused_in_words(sandbox, column, value):
    key = row(sandbox, "first_name").key
    with pytest.raises(Unusable):
        editing.edit_cell(sandbox, key, column, "", value, ops(), LATER)


def test_a_fix_in_one_click_solves_its_problem(sandbox):
    set_cell(sandbox, "source", "direction", Direction.TO_MAP)
    problems = _problems(sandbox)
    problem = next(p for p in problems if p.code == "direction-against-rule")
    fixes.apply_fix(sandbox, problem, ops(), LATER)
    assert not checking.stopping(_problems(sandbox))


def test_every_fix_that_the_check_offers_can_be_carried_out(sandbox):
    set_cell(sandbox, "source", "value_map", [])
    set_cell(sandbox, "first_name", "rule", "whatever comes")
    while offered := [p for p in _problems(sandbox) if p.fix not in ("", "open-values")]:
        fixes.apply_fix(sandbox, offered[0], ops(), LATER)
        assert offered[0] not in _problems(sandbox)


def _problems(sandbox):
    where = checking.around(sandbox)
    return checking.check(where, checking.worksheet_of(where, versions.newest(sandbox)))
