"""What a merge would do, shown before it is done."""

from __future__ import annotations

import pytest

from contacts.models import Merge
from contacts.services import merging
from contacts.services.explain import explain_contact
from tests.contacts.deciding import person, seed, send
from tests.contacts.merging import LATER, edit, his_other, hub, merge, sean

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hub() -> None:
    seed()


class TestThePreview:
    def test_what_is_shown_is_what_is_then_done(self):
        kept, lost = sean(), his_other(country="FR", phone="+12125550101")
        shown = merging.preview(kept.pk, [lost.pk], {"country": lost.pk}, user=person("reviewer"))
        merge(kept, lost, country=lost)
        told = explain_contact(kept)["fields"]
        for line in shown.lines:
            if line.field not in ("last_activity", "lifecycle_stage"):
                assert line.result == told[line.field]["value"], line.field

    def test_it_proposes_the_most_complete_and_marks_what_would_be_given_up(self):
        poor, rich = sean(), his_other(phone="+12125550101", country="IE", last_name="Obrien", lead_score="5")
        shown = merging.preview(poor.pk, [rich.pk], user=person("reviewer"))
        assert (merging.propose([poor.pk, rich.pk]), shown.proposed) == (rich.pk, rich.pk)
        assert shown.conflicts == ["First name"]
        picked = merging.preview(poor.pk, [rich.pk], {"first_name": rich.pk}, user=person("reviewer"))
        assert picked.conflicts == []
        assert {line.sign for line in picked.lines if line.field == "first_name"} == {"pick"}

    def test_of_several_it_tells_what_becomes_of_the_one_that_differs(self):
        kept, same = sean(), send(email="s@x.example", first_name="Sean", country="IE", phone="+12125550101").contact
        shown = merging.preview(kept.pk, [same.pk, his_other().pk])
        line = next(line for line in shown.lines if line.field == "first_name")
        assert (line.why, line.conflict) == ("the contact that is kept has it, and keeps it", True)

    def test_it_counts_what_hangs_on_each_and_what_moves(self):
        kept, lost = sean(), his_other()
        held_case = send(email="s.obrien@acme.example", first_name="Sean", last_name="Obrien", company="Acme")
        shown = merging.preview(lost.pk, [kept.pk], user=person("reviewer"))
        assert held_case.outcome == "held"
        assert shown.moves == ["1 arrival", "1 address", "1 open case"]
        assert shown.columns[0].hangs == ["1 arrival", "1 address"]

    def test_it_writes_nothing(self):
        kept, lost = sean(), his_other()
        before = hub()
        merging.preview(kept.pk, [lost.pk], {"job_title": kept.pk})
        assert hub() == before
        assert not Merge.objects.exists()

    def test_it_warns_where_somebody_said_that_they_are_two(self):
        kept, lost = sean(), his_other()
        done = merge(kept, lost)[0]
        merging.unmerge(done.pk, user=person("reviewer"), at=LATER)
        assert "Tomasz Zieliński said on" in merging.preview(kept.pk, [lost.pk]).warnings[0]

    def test_a_stage_that_only_sales_may_pick_is_offered_to_sales_alone(self):
        kept, lost = sean(), his_other()
        edit(lost, lifecycle_stage="SQL")
        for role, offered in (("reviewer", False), ("admin", True)):
            lines = merging.preview(kept.pk, [lost.pk], user=person(role)).lines
            line = next(line for line in lines if line.field == "lifecycle_stage")
            assert (line.result, line.choice) == ("SQL", offered)
