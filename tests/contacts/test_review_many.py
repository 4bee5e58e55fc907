"""One decision for many cases: seen before it is done, only what is safe unless asked otherwise, nothing lost."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts import tasks
from contacts.models import BulkDecision, Contact, Review
from contacts.services import leases, review
from contacts.services.review import claims, many
from tests.contacts.deciding import NOW, dump, person, seed, send
from tests.contacts.reviewing import (
    LATER,
    asked,
    case,
    clock,
    done,
    known,
    look_alike,
    pair,
    some,
    two_alike,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hub(db):
    seed()


class TestItIsSeenFirst:
    def test_nothing_is_decided_before_somebody_said_so(self):
        cases = some()
        before = dump()
        bulk = asked("same", cases)
        assert dump() == before
        assert (bulk.status, bulk.found["would"], bulk.found["left"]) == ("checked", 3, 0)
        contact = cases[0].candidates.get().contact_id
        first = [cases[0].pk, "Ann L0a", f"same person as #{contact}, 1 gap filled, 1 address added"]
        assert bulk.found["first"][0] == first

    def test_what_was_shown_is_what_is_done(self):
        cases = some()
        bulk = done(asked("same", cases))
        assert (bulk.status, bulk.decided, bulk.left) == ("done", 3, [])
        assert Contact.objects.filter(country="Ireland").count() == 3
        said = dict(Review.objects.values_list("pk", "trace__said"))
        assert [said[pk] for pk, _, _ in bulk.found["first"]] == [words for _, _, words in bulk.found["first"]]

    def test_working_it_out_costs_the_same_however_many_there_are(self):
        few, lots = some(2), []
        for n in range(10, 22):
            known(f"Bob M{n}a", f"m{n}.com")
            lots.append(look_alike(f"Bob M{n}a", f"m{n}.com"))
            lots.append(pair(known(f"Eve O{n}a", f"o{n}.com"), known(f"Eva O{n}a", f"o{n}.com")))

        def cost(cases: list[Review]) -> int:
            made = many.start("same", [c.pk for c in cases], which="", user=person("reviewer"), at=LATER)
            with CaptureQueriesContext(connection) as queries:
                many.work(made.pk, clock=clock)
            return len(queries)

        assert cost([*few, pair(known("Eve Pa", "p.com"), known("Eva Pa", "p.com"))]) == cost(lots)


class TestOnlyWhatIsSafe:
    def test_a_case_in_which_a_value_conflicts_is_left_and_says_which(self):
        known(job_title="Buyer")
        conflict, safe = look_alike(job_title="CTO"), some(1)[0]
        bulk = done(asked("same", [conflict, safe]))
        assert bulk.left == [[conflict.pk, "a value conflicts: Job title"]]
        conflict.refresh_from_db()
        assert (conflict.status, bulk.decided) == ("open", 1)

    def test_unless_asked_otherwise_and_then_what_is_there_stays(self):
        contact = known(job_title="Buyer")
        conflict = look_alike(job_title="CTO", country="Ireland")
        done(asked("same", [conflict], only_safe=False))
        contact.refresh_from_db()
        assert (contact.job_title, contact.country) == ("Buyer", "Ireland")

    def test_never_where_it_may_be_about_several(self):
        known()
        found = look_alike()
        found.candidates.create(contact=known("Zoe Moon", "else.com"))
        assert asked("same", [found], only_safe=False).found["reasons"][0][0] == "it may be about more than one contact"

    def test_pairs_are_merged_where_nothing_is_given_up(self):
        robert, bob, conflict = two_alike()
        eva, eve = known("Eva Stone", "stone.com"), known("Eve Stone", "stone.com", country="Norway")
        Contact.objects.filter(pk=eve.pk).update(first_name="Eva")
        bulk = done(asked("same", [conflict, pair(eva, eve)]))
        assert bulk.left == [[conflict.pk, "a value conflicts: First name and Job title"]]
        assert Contact.objects.filter(pk__in=[eva.pk, eve.pk]).count() == 1
        assert {robert, bob} <= set(Contact.objects.all())

    def test_what_is_very_likely_one_person_is_not_parted_by_the_way(self):
        found = some(1)[0]
        Review.objects.update(score=95)
        assert asked("different", [found]).found["reasons"][0][0] == "very likely one person"
        assert done(asked("different", [found], only_safe=False)).decided == 1

    @pytest.mark.parametrize(
        ("act", "kind", "why"),
        [
            ("not_a_lead", "pair", "only a held arrival can be no lead"),
            ("seen", "hold", "only a shared mailbox or a deletion in a MAP can be marked as seen"),
            ("same", "mailbox", "a shared mailbox or a deletion in a MAP can only be marked as seen, or put off"),
        ],
    )
    def test_a_decision_that_does_not_fit_a_case_leaves_it(self, act, kind, why):
        assert asked(act, [case(kind=kind)], note="no").found["reasons"][0][0] == why

    def test_cases_that_somebody_has_open_or_decided_are_left(self):
        taken, gone = some(2)
        claims.take(taken.pk, person("ops"), LATER)
        review.decide_not_a_lead(gone.pk, user=person("ops"), at=LATER, note="x")
        reasons = {why for why, *_ in asked("same", [taken, gone]).found["reasons"]}
        assert reasons == {"Priya Raman has it open", "decided already: not a lead, Priya Raman"}

    def test_two_records_about_one_contact_that_contradict_each_other_are_not_both_taken(self):
        """The first fills the gap; then the second one conflicts, which nobody could see before."""
        contact = known()
        one, two = look_alike(country="Ireland"), look_alike(email="al@firm.com", country="France")
        bulk = asked("same", [one, two])
        assert bulk.found["would"] == 2
        done(bulk)
        contact.refresh_from_db()
        assert (contact.country, bulk.left) == ("Ireland", [[two.pk, "a value conflicts: Country"]])

    def test_what_changed_since_it_was_shown_is_judged_again(self):
        found = some(1)[0]
        bulk = asked("same", [found])
        Contact.objects.update(country="Norway", version=7)
        assert done(bulk).left == [[found.pk, "a value conflicts: Country"]]


class TestTheOtherDecisions:
    def test_no_leads_need_a_reason_that_each_case_keeps(self):
        cases = some(2)
        with pytest.raises(review.Refused, match="why these are no leads"):
            many.start("not_a_lead", [c.pk for c in cases], which="", user=person("ops"), at=LATER)
        done(asked("not_a_lead", cases, note="students"))
        assert set(Review.objects.values_list("status", "note")) == {("not_a_lead", "students")}

    def test_later_and_seen(self):
        cases = some(2)
        done(asked("later", cases))
        assert Review.objects.filter(asleep_until__gt=LATER).count() == 2
        send(email="info@a.com", first_name="Sean", last_name="Li")
        mailbox = send(email="info@a.com", first_name="Petra", last_name="Novak").review
        assert done(asked("seen", [mailbox])).decided == 1

    def test_all_of_it_can_be_taken_back(self):
        cases = some()
        before = [list(Contact.objects.order_by("pk").values("country", "email")), Review.objects.count()]
        bulk = done(asked("same", cases))
        back = many.start_back(bulk, user=person("ops"), at=LATER)
        many.work(back.pk, clock=clock)
        back.refresh_from_db()
        assert (back.found["would"], back.cases) == (3, [c.pk for c in reversed(cases)])
        assert done(back).decided == 3
        assert [list(Contact.objects.order_by("pk").values("country", "email")), Review.objects.count()] == before
        assert Review.objects.filter(status="open").count() == 3


class TestTheWork:
    def test_one_that_is_worked_on_is_left_alone(self):
        bulk = asked("same", some(1))
        many.queue(bulk)
        holder = leases.new_holder()
        assert leases.take_lease(bulk.pk, holder, LATER, "running", ("queued",), BulkDecision)
        assert not many.work(bulk.pk, clock=clock)

    def test_one_that_another_has_taken_over_stores_nothing_more(self):
        bulk = asked("same", some())
        many.queue(bulk)
        times = []

        def taken_over():
            """By the time that the first chunk is decided, this worker counts as dead."""
            times.append(LATER)
            if len(times) == 2:
                BulkDecision.objects.filter(pk=bulk.pk).update(lease_holder="another:1:x")
            return LATER

        assert not many.work(bulk.pk, clock=taken_over)
        bulk.refresh_from_db()
        assert (bulk.done, bulk.decided) == (0, 0)
        assert set(Review.objects.values_list("status", flat=True)) == {"open"}

    def test_a_case_that_fails_costs_only_itself(self):
        cases = some()
        bulk = asked("same", cases)
        many.queue(bulk)
        broken = cases[1].candidates.get().contact
        Contact.objects.filter(pk=broken.pk).update(origins={"of": {"first_name": [7, "created"]}, "by": []})
        many.work(bulk.pk, clock=clock)
        bulk.refresh_from_db()
        assert (bulk.status, bulk.decided, bulk.left) == ("done", 2, [[cases[1].pk, many.UNFORESEEN]])

    def test_who_may_not_decide_any_more_decides_nothing(self):
        bulk = asked("same", some(1))
        User.objects.filter(username="reviewer").update(is_active=False)
        done(bulk)
        assert (bulk.status, bulk.decided) == ("failed", 0)

    def test_the_sweep_finds_it(self, monkeypatch):
        bulk = many.start("same", [c.pk for c in some(1)], which="", user=person("reviewer"), at=NOW)
        found = []
        monkeypatch.setattr(tasks.look_at_bulk, "delay", found.append)
        tasks.sweep()
        assert found == [bulk.pk]
