"""Versions: what is in force only changes by who may, with a reason, and as it was seen; any can be brought back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from syncrules.domain.worksheet import Direction, Rule
from syncrules.models import WorksheetVersion
from syncrules.services import checking, comparing, editing, versions
from syncrules.services.rows import Unusable
from tests.contacts.deciding import person
from tests.syncrules.worksheets import JOB_TITLE, LATER, force, ops, row, said, seed, set_cell

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox():
    return seed()


def states(sandbox):
    return dict(sandbox.versions.values_list("number", "state"))


def test_a_new_hub_has_the_playbooks_worksheet_in_force(sandbox):
    assert states(sandbox) == {1: "in-force"}
    assert [line[2] for line in said(sandbox)][:3] == ["Email", "First Name", "Lead Source"]
    assert checking.stops(versions.in_force(sandbox)) == []


def test_seeding_again_leaves_what_ops_made_of_it(sandbox):
    set_cell(sandbox, "first_name", "rule", Rule.NEVER)
    before = said(sandbox)
    seed()
    assert said(sandbox) == before


def test_putting_in_force_keeps_who_when_and_why_and_what_was(sandbox):
    set_cell(sandbox, "first_name", "rule", Rule.NEVER)
    force(sandbox, "marketing asked for it")
    now, before = versions.in_force(sandbox), sandbox.versions.get(number=1)
    assert (now.number, now.forced_by, now.forced_at, now.reason) == (
        2, "Priya Raman", LATER, "marketing asked for it",
    )  # fmt: skip
    assert (before.state, before.retired_at) == ("past", LATER)
    assert versions.draft_or_none(sandbox) is None


def test_a_draft_with_a_problem_that_stops_is_not_put_in_force(sandbox):
    set_cell(sandbox, "source", "direction", Direction.TO_MAP)
    with pytest.raises(Unusable, match="would never run"):
        force(sandbox)
    assert states(sandbox) == {1: "in-force", 2: "draft"}


def test_a_draft_that_changed_since_it_was_seen_is_not_put_in_force(sandbox):
    set_cell(sandbox, "first_name", "rule", Rule.NEVER)
    seen = versions.draft_or_none(sandbox).revision
    set_cell(sandbox, "first_name", "rule", Rule.HUB, person("admin"))
    with pytest.raises(Unusable, match="Ada Okonkwo changed the draft"):
        versions.put_in_force(sandbox, ops(), "why not", LATER, seen, checking.stops)
    assert states(sandbox)[2] == "draft"


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_nothing_is_put_in_force(sandbox, reason):
    set_cell(sandbox, "first_name", "rule", Rule.NEVER)
    with pytest.raises(Unusable):
        force(sandbox, reason)


@pytest.mark.parametrize("role", ["reviewer", "marketing", "sales", "auditor"])
def test_only_who_has_the_right_puts_in_force_or_puts_away(sandbox, role):
    set_cell(sandbox, "first_name", "rule", Rule.NEVER)
    revision = versions.draft_or_none(sandbox).revision
    with pytest.raises(PermissionDenied):
        versions.put_in_force(sandbox, person(role), "because", LATER, revision, checking.stops)
    with pytest.raises(PermissionDenied):
        versions.discard_draft(sandbox, person(role), LATER, revision)
    assert states(sandbox)[2] == "draft"


def test_a_draft_that_was_put_away_can_be_brought_back(sandbox):
    editing.add_row(sandbox, JOB_TITLE, ops(), LATER)
    before = [line[2:] for line in said(sandbox)]
    versions.discard_draft(sandbox, ops(), LATER, versions.draft_or_none(sandbox).revision)
    assert len(said(sandbox)) == 6
    versions.bring_back(sandbox, 2, ops(), LATER)
    assert [line[2:] for line in said(sandbox)] == before


def test_rolling_back_is_the_past_version_put_in_force_again(sandbox):
    first = said(sandbox)
    set_cell(sandbox, "first_name", "rule", Rule.NEVER)
    force(sandbox)
    versions.bring_back(sandbox, 1, ops(), LATER)
    force(sandbox, "back to what worked", LATER + timedelta(hours=1))
    assert (versions.in_force(sandbox).number, said(sandbox)) == (3, first)


def test_bringing_back_over_a_draft_can_be_taken_back(sandbox):
    editing.add_row(sandbox, JOB_TITLE, ops(), LATER)
    drafted = said(sandbox)
    versions.bring_back(sandbox, 1, ops(), LATER)
    editing.take_back(sandbox, editing.last_edit(versions.newest(sandbox), ops()).pk, ops(), LATER)
    assert said(sandbox) == drafted


def test_a_key_is_never_given_to_another_row(sandbox):
    added = editing.add_row(sandbox, JOB_TITLE, ops(), LATER)
    editing.remove_row(sandbox, added.key, None, ops(), LATER)
    versions.discard_draft(sandbox, ops(), LATER, versions.draft_or_none(sandbox).revision)
    assert editing.add_row(sandbox, JOB_TITLE, ops(), LATER).key > added.key


class TestSideBySide:
    def test_it_names_what_changed_came_and_went(self, sandbox):
        set_cell(sandbox, "first_name", "rule", Rule.NEVER)
        editing.add_row(sandbox, JOB_TITLE, ops(), LATER)
        editing.remove_row(sandbox, row(sandbox, "last_activity").key, None, ops(), LATER)
        editing.leave_out(sandbox, "map", "website", ops(), LATER)
        found = comparing.compare(versions.in_force(sandbox), versions.draft_or_none(sandbox))
        assert [(c.after.hub_field, c.columns) for c in found.of("changed")] == [("first_name", ("rule",))]
        assert [c.after.hub_field for c in found.of("added")] == ["job_title"]
        assert [c.before.hub_field for c in found.of("removed")] == ["last_activity"]
        assert found.left_out == {"map": ([], ["website"])}
        assert found.words == "1 row changed, 1 added, 1 removed, 1 left out or taken in"

    def test_only_the_row_that_was_moved_is_a_moved_one(self, sandbox):
        editing.move_row(sandbox, row(sandbox, "opt_in").key, 1, ops(), LATER)
        found = comparing.compare(versions.in_force(sandbox), versions.draft_or_none(sandbox))
        assert [c.after.hub_field for c in found.of("moved")] == ["opt_in"]

    def test_a_version_and_itself_do_not_differ(self, sandbox):
        first = versions.in_force(sandbox)
        assert not comparing.compare(first, first).differs


def test_there_is_one_draft_and_one_in_force_at_most(sandbox):
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        WorksheetVersion.objects.create(
            connection=sandbox, number=9, state="in-force", made_by="x", made_at=LATER, saved_by="x", saved_at=LATER
        )
