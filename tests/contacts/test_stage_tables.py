"""Versions of the stage table: two editors at once, putting in force, bringing back; and that every door obeys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from contacts.domain import rules
from contacts.models import Contact, HubSettings, Refusal, Source, Stage, StageTableVersion
from contacts.queries import stage_table
from contacts.services import review, stage_tables, typed
from contacts.services.merging import merge
from contacts.services.people import Invalid, edit_contact
from contacts.services.review.deciding import decide_different, decide_same
from contacts.services.review.undoing import take_back
from contacts.services.seed import seed_rules
from contacts.services.stage_edits import Unreadable
from contacts.services.stage_tables import (
    Changed,
    Refused,
    add_stage,
    bring_back,
    discard_draft,
    draft_of,
    edit_cell,
    names_for,
    put_in_force,
    remove_stage,
    set_closed,
)
from tests.contacts.deciding import NOW, held, person, seed, send, source

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _hub() -> None:
    seed()


def cell(stage: str, column: str, was: str, now: str, who: str = "ops") -> StageTableVersion:
    return edit_cell(stage, column, was, now, person(who), LATER)


def force(reason: str = "agreed with marketing", who: str = "ops") -> StageTableVersion:
    return put_in_force(person(who), reason, LATER, stage_tables.draft().revision)


def stand(stage: str, email: str = "s@acme.example") -> Contact:
    """A contact that stands at a stage; sales put it there."""
    contact = send(email=email, first_name="Sean").contact
    Contact.objects.filter(pk=contact.pk).update(lifecycle_stage=stage)
    contact.refresh_from_db()
    return contact


def edit(contact: Contact, stage: str, who: str) -> Any:
    version = Contact.objects.get(pk=contact.pk).version
    return edit_contact(contact.pk, {"lifecycle_stage": stage}, user=person(who), version=version, at=LATER)


class TestVersions:
    def test_a_new_hub_starts_with_version_1_in_force_and_seeding_again_leaves_it(self):
        seed_rules()
        version = StageTableVersion.objects.get()
        assert (version.number, version.state, version.forced_by) == (1, "in-force", "CRM Hub")
        assert names_for("sandbox")[0] == ("new-lead", "Subscriber", True)
        assert ("", "Evangelist", False) in names_for("sandbox")
        assert names_for("elsewhere") == []

    def test_a_draft_counts_for_nobody_until_it_is_in_force(self):
        cell("mql", "label", "MQL", "Hot Lead")
        assert Stage.objects.get(slug="mql").label == "MQL"
        version = force()
        assert Stage.objects.get(slug="mql").label == "Hot Lead"
        assert (version.number, version.forced_by, version.reason) == (2, "Priya Raman", "agreed with marketing")
        past = StageTableVersion.objects.get(number=1)
        assert (past.state, past.retired_at) == ("past", LATER)

    def test_two_editors_of_different_cells_lose_nothing(self):
        cell("mql", "label", "MQL", "Hot Lead", "ops")
        cell("sql", "rank", "30", "35", "admin")
        version = force()
        stages = {s["slug"]: s for s in version.data["stages"]}
        assert (stages["mql"]["label"], stages["sql"]["rank"]) == ("Hot Lead", 35)

    def test_the_second_editor_of_one_cell_is_told_what_stands_and_by_whom(self):
        cell("mql", "label", "MQL", "Hot Lead", "ops")
        with pytest.raises(Changed) as caught:
            cell("mql", "label", "MQL", "Warm Lead", "admin")
        assert (caught.value.value, caught.value.by, caught.value.at) == ("Hot Lead", "Priya Raman", LATER)
        assert stage_tables.draft().data["stages"][4]["label"] == "Hot Lead"
        cell("mql", "label", "MQL", "Hot Lead", "admin")  # the same edit twice is no conflict

    def test_what_was_not_seen_is_not_put_in_force(self):
        seen = cell("mql", "label", "MQL", "Hot Lead").revision
        cell("sql", "rank", "30", "35", "admin")
        with pytest.raises(Refused, match="changed the draft meanwhile"):
            put_in_force(person("ops"), "why", LATER, seen)

    def test_a_draft_with_a_problem_or_without_a_reason_stays_a_draft(self):
        cell("mql", "owner", "map", "sales")
        with pytest.raises(Refused, match="Only a MAP sets MQL"):
            force()
        cell("mql", "owner", "sales", "map")
        with pytest.raises(Refused, match="Say why"):
            force(" ")
        assert stage_tables.in_force().number == 1

    def test_a_stage_that_a_contact_has_cannot_go_and_an_unused_one_can(self):
        stand("in-pipeline")
        remove_stage("in-pipeline", person("ops"), LATER)
        with pytest.raises(Refused, match="In Pipeline can’t go: 1 contact has it"):
            force()
        discard_draft(person("ops"))
        remove_stage("customer", person("ops"), LATER)
        force()
        assert not Stage.objects.filter(slug="customer").exists()

    def test_any_version_comes_back_by_a_draft(self):
        cell("mql", "label", "MQL", "Hot Lead")
        add_stage("Nurture", person("ops"), LATER)
        force()
        draft = bring_back(1, person("ops"), LATER)
        assert draft.number == 3
        with pytest.raises(Refused, match="There is a draft already"):
            bring_back(1, person("ops"), LATER)
        force("back to what worked")
        assert Stage.objects.get(slug="mql").label == "MQL"
        assert not Stage.objects.filter(slug="nurture").exists()
        assert StageTableVersion.objects.get(number=3).data == StageTableVersion.objects.get(number=1).data

    def test_two_stages_can_swap_their_names(self):
        cell("in-pipeline", "label", "In Pipeline", "In Discovery")
        cell("in-discovery", "label", "In Discovery", "In Pipeline")
        force()
        assert Stage.objects.get(slug="in-pipeline").label == "In Discovery"

    def test_names_of_a_connection_are_edited_as_one_text_with_the_written_one_first(self):
        cell("sql", "in:sandbox", "Sales Accepted Lead / Sales Qualified Lead", "SQL / Sales Accepted Lead")
        force()
        assert [n for n in names_for("sandbox") if n[0] == "sql"] == [
            ("sql", "SQL", True),
            ("sql", "Sales Accepted Lead", False),
        ]

    @pytest.mark.parametrize("who", ["sales", "reviewer", "marketing", "auditor"])
    def test_only_who_has_the_right_drafts_and_puts_in_force(self, who):
        for act in (lambda u: draft_of(u, LATER), discard_draft, lambda u: put_in_force(u, "why", LATER, 1)):
            with pytest.raises(PermissionDenied):
                act(person(who))

    def test_a_text_that_a_cell_cannot_hold_is_refused_in_words(self):
        for stage, column, was, now in (("mql", "rank", "20", "high"), ("mql", "colour", "", "red")):
            with pytest.raises(Unreadable):
                cell(stage, column, was, now)
        with pytest.raises(Unreadable, match="can’t be closed"):
            set_closed("mql", "unsubscribed", False, True, person("ops"), LATER)

    def test_whom_a_draft_concerns_is_told_with_names(self):
        stand("mql")
        cell("mql", "label", "MQL", "Hot Lead")
        [one] = stage_tables.concerned(stage_tables.draft(), stage_tables.contacts_per_stage())
        assert (one.stage, one.why, one.number, [n for _, n in one.names]) == ("MQL", "called Hot Lead", 1, ["Sean"])


class TestDoors:
    """Every door asks the table; what it refuses is logged with the rule."""

    def close(self, start: str, end: str) -> None:
        set_closed(start, end, False, True, person("ops"), LATER)
        force("closed")

    def logged(self) -> list[tuple[str, str, str, str]]:
        rows = Refusal.objects.order_by("pk")
        return [(r.rule, r.stage_from, r.stage_to, r.kind) for r in rows]

    def test_the_table_is_read_in_one_query(self, django_assert_num_queries):
        self.close("mql", "sql")
        with django_assert_num_queries(1):
            assert stage_table().closed == {("mql", "sql")}

    def test_closing_for_new_lead_closes_for_its_peers(self):
        self.close("new-lead", "sql")
        assert stage_table().closed == {(s, "sql") for s in ("new-lead", "event-lead", "referred", "outbound")}

    def test_an_arrival_that_may_not_start_at_its_stage_is_logged_with_its_contact(self):
        contact = send("paid-search-landing-page", email="lea@acme.example").contact
        assert contact.lifecycle_stage_id == "new-lead"
        row = Refusal.objects.get()
        assert (row.contact_id, row.who, row.rule) == (contact.pk, "Paid search landing page", rules.STAGE_MAP)
        assert (row.stage_from, row.stage_to, row.words) == ("new-lead", "mql", "only a MAP may set this stage")

    def test_an_arrival_never_moves_a_contact_and_says_by_which_rule(self):
        contact = stand("in-discovery")
        send("paid-search-landing-page", email="s@acme.example")
        contact.refresh_from_db()
        assert contact.lifecycle_stage_id == "in-discovery"
        assert (rules.STAGE_MAP, "in-discovery", "mql", "source") in self.logged()

    def test_an_arrival_without_a_refusal_logs_nothing_and_costs_no_query(self):
        send(email="a@acme.example")
        assert self.logged() == []

    def test_a_held_arrival_is_logged_once_it_is_known_whom_it_is_about(self):
        case = held(lifecycle_stage="MQL").review
        assert self.logged() == []
        decide_same(case.pk, case.candidates.get().contact_id, user=person("reviewer"), at=LATER)
        assert self.logged() == [(rules.STAGE_MAP, "new-lead", "mql", "source")]

    @pytest.mark.parametrize(
        ("who", "start", "asked", "rule"),
        [
            ("sales", "new-lead", "mql", rules.STAGE_MAP),
            ("ops", "new-lead", "sql", rules.STAGE_SALES),
            ("ops", "mql", "new-lead", rules.STAGE_BACK),
            ("sales", "unsubscribed", "new-lead", rules.STAGE_UNSUBSCRIBED),
            ("admin", "unsubscribed", "customer", rules.STAGE_UNSUBSCRIBED),
            ("sales", "new-lead", "gold", rules.STAGE_UNKNOWN),
        ],
    )
    def test_a_person_s_refused_edit_changes_nothing_and_is_logged(self, who, start, asked, rule):
        contact = stand(start)
        with pytest.raises(Invalid):
            edit(contact, asked, who)
        contact.refresh_from_db()
        assert contact.lifecycle_stage_id == start
        expected = "" if rule == rules.STAGE_UNKNOWN else asked
        assert self.logged() == [(rule, start, expected, "person")]

    @pytest.mark.parametrize("who", ["sales", "ops", "admin"])
    def test_anybody_who_edits_sets_unsubscribed_from_every_stage(self, who):
        contact = stand("customer")
        edit(contact, "unsubscribed", who)
        contact.refresh_from_db()
        assert contact.lifecycle_stage_id == "unsubscribed"

    def test_sales_move_on_and_back(self):
        contact = stand("sql")
        for stage in ("customer", "in-discovery", "new-lead"):
            edit(contact, stage, "sales")
        assert self.logged() == []

    def test_a_closed_move_is_closed_for_sales_too(self):
        self.close("sql", "customer")
        contact = stand("sql")
        with pytest.raises(Invalid, match="ops closed this move"):
            edit(contact, "customer", "sales")

    def test_a_typed_stage_that_may_not_be_is_logged_although_nothing_is_stored(self, client):
        client.force_login(person("ops"))
        data = {"source": str(source().pk), "email": "n@acme.example", "lifecycle_stage": "customer", "token": "t"}
        page = client.post("/admin/contacts/add/", data)
        assert "only sales may set this stage" in page.content.decode()
        assert not Contact.objects.filter(email="n@acme.example").exists()
        row = Refusal.objects.get()
        assert (row.contact_id, row.rule, row.who) == (None, rules.STAGE_SALES, "Priya Raman")

    def test_typed_records_of_sales_may_start_further(self):
        record = typed.typed({"email": "n@acme.example", "lifecycle_stage": "SQL"}, source(), person("sales"), LATER)
        assert typed.faults(record) == {}

    def test_a_contact_that_a_decision_made_goes_again_and_its_refusals_stay_in_the_log(self):
        case = held(lifecycle_stage="MQL").review
        decide_different(case.pk, user=person("reviewer"), at=LATER)
        made = Refusal.objects.get().contact
        take_back(case.pk, user=person("reviewer"), at=LATER)
        assert not Contact.objects.filter(pk=made.pk).exists()
        assert Refusal.objects.get().contact is None

    def test_a_decision_that_unsubscribed_somebody_is_not_taken_back(self):
        case = held(lifecycle_stage="Unsubscribed").review
        contact = case.candidates.get().contact
        picks = {"lifecycle_stage": f"a{case.arrivals.get().pk}"}
        decide_same(case.pk, contact.pk, picks=picks, user=person("reviewer"), at=LATER)
        contact.refresh_from_db()
        assert contact.lifecycle_stage_id == "unsubscribed"
        with pytest.raises(review.Refused, match="became unsubscribed by this decision"):
            take_back(case.pk, user=person("reviewer"), at=LATER)
        contact.refresh_from_db()
        assert contact.lifecycle_stage_id == "unsubscribed"

    def test_refusals_go_over_in_a_merge(self):
        lost = send("paid-search-landing-page", email="lea@acme.example").contact
        kept = send(email="lea.d@acme.example").contact
        merge(kept.pk, [lost.pk], user=person("reviewer"), at=LATER)
        assert Refusal.objects.get().contact_id == kept.pk


def test_the_settings_keep_the_number_of_the_vendors_link():
    assert HubSettings.load().stage_policy_issue == 1
    assert Source.objects.exists()
