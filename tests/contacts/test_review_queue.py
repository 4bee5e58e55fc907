"""The queue: what stands where and why, what a filter leaves, who has a case open, and what a page costs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contacts.models import Review
from contacts.services import review
from contacts.services.review import claims, many, queue
from tests.contacts.deciding import NOW, person, seed, send, source
from tests.contacts.reviewing import LATER, case, known, look_alike, opened, pair, post, seen, signed_in

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _hub(db):
    seed()


def listed(at=LATER, by: str = "reviewer", **filters: str) -> list[str]:
    found = queue.filtered(queue.Filters(**filters), person(by), at)
    return [c.who for c in queue.page(found).cases]


class TestItsOrder:
    def test_what_is_due_first_stands_first_whatever_was_opened_when(self):
        case(who="old", opened_at=NOW - 9 * HOUR)
        case(who="worth more", opened_at=NOW, due_at=NOW - 24 * HOUR)
        case(who="new", opened_at=NOW, due_at=NOW)
        assert listed() == ["worth more", "old", "new"]

    def test_pages_follow_each_other_both_ways_and_miss_none_also_where_all_are_due_at_once(self):
        made = [case(who=f"n{n:03}").pk for n in range(queue.PAGE * 2 + 5)]
        found = queue.filtered(queue.Filters(), person("reviewer"), LATER)
        first = queue.page(found)
        second = queue.page(found, after=queue.spot_of(first.cases[-1].pk))
        third = queue.page(found, after=queue.spot_of(second.cases[-1].pk))
        assert [c.pk for p in (first, second, third) for c in p.cases] == made
        assert [(p.before, p.after) for p in (first, second, third)] == [(False, True), (True, True), (True, False)]
        back = queue.page(found, before=queue.spot_of(third.cases[0].pk))
        assert [c.pk for c in back.cases] == [c.pk for c in second.cases]

    def test_a_page_goes_on_from_where_a_decided_case_stood(self):
        made = [case(who=f"n{n}", opened_at=NOW + n * HOUR) for n in range(3)]
        Review.objects.filter(pk=made[1].pk).update(status="same")
        found = queue.filtered(queue.Filters(), person("reviewer"), LATER)
        assert [c.who for c in queue.page(found, after=queue.spot_of(made[1].pk)).cases] == ["n2"]

    def test_the_row_says_why_it_stands_where_it_does(self):
        case(who="one", due_at=NOW - 24 * HOUR, matters="24 h sooner: a customer")
        case(who="two")
        page = signed_in().get(reverse("hub:reviews")).content.decode()
        assert "24 h sooner: a customer" in page
        assert "by its age alone" in page

    def test_who_waits_longer_than_the_aim_is_called_late(self):
        case(opened_at=timezone.now() - timedelta(hours=50))
        assert "late (the aim is 48 h)" in signed_in().get(reverse("hub:reviews")).content.decode()


class TestItsFilters:
    def test_by_source_kind_score_and_age(self):
        case(who="scan", source=source("trade-show-scan"), score=95, opened_at=LATER - timedelta(days=8))
        case(who="form", source=source(), score=80, opened_at=LATER - timedelta(hours=49))
        case(who="mailbox", kind="mailbox", opened_at=LATER - HOUR)
        assert listed(source="trade-show-scan") == ["scan"]
        assert listed(kind="mailbox") == ["mailbox"]
        assert (listed(score="95"), listed(score="80"), listed(score="none")) == (["scan"], ["form"], ["mailbox"])
        assert (listed(age="week"), listed(age="late"), listed(age="new")) == (["scan"], ["scan", "form"], ["mailbox"])
        assert listed(source="website-contact-form", score="80") == ["form"]

    def test_by_who_has_it(self):
        mine, theirs, _ = case(who="mine"), case(who="theirs"), case(who="free")
        over = case(who="over")
        claims.take(mine.pk, person("reviewer"), LATER)
        claims.take(theirs.pk, person("ops"), LATER)
        Review.objects.filter(pk=over.pk).update(taken_by=person("admin"), taken_until=LATER - HOUR)
        assert (listed(who="me"), listed(who="others")) == (["mine"], ["theirs"])
        assert listed(who="nobody") == ["free", "over"]

    @pytest.mark.parametrize(
        "nonsense", [{"score": "7"}, {"score": "x"}, {"age": "1"}, {"who": "'"}, {"source": "no"}, {"kind": "z"}]
    )
    def test_one_that_makes_no_sense_matches_nothing(self, nonsense):
        case()
        assert listed(**nonsense) == []
        assert "No case waits under these filters" in signed_in().get(reverse("hub:reviews"), nonsense).content.decode()

    def test_they_go_along_from_case_to_case(self):
        known()
        found = look_alike()
        case(who="another", source=source())
        answer = post(signed_in(), found, "later")
        assert answer.url == reverse("hub:review", args=[Review.objects.get(who="another").pk])
        client = signed_in("ops")
        answer = client.post(
            f"{reverse('hub:review_decide', args=[found.pk])}?source=trade-show-scan", {"act": "later"}
        )
        assert answer.url == f"{reverse('hub:reviews')}?source=trade-show-scan"

    def test_an_empty_queue_says_so_and_what_to_do(self):
        page = signed_in().get(reverse("hub:reviews")).content.decode()
        assert "Nothing waits" in page
        assert reverse("hub:review_scans") in page


class TestWhoHasACase:
    def test_opening_one_takes_it_and_others_see_by_whom_and_until_when(self):
        found = case(who="Sean")
        opened(signed_in(), found)
        found.refresh_from_db()
        assert found.taken_by == person("reviewer")
        assert found.taken_until > timezone.now()
        assert "Tomasz Zieliński has it open" in signed_in("ops").get(reverse("hub:reviews")).content.decode()
        page = opened(signed_in("ops"), found).content.decode()
        assert "has this case open until" in page
        assert 'value="different"' not in page
        found.refresh_from_db()
        assert found.taken_by == person("reviewer")

    def test_opening_the_next_gives_the_first_back(self):
        one, two = case(), case()
        client = signed_in()
        opened(client, one)
        opened(client, two)
        assert list(Review.objects.filter(taken_by=person("reviewer"))) == [two]

    def test_it_is_free_again_after_a_while(self):
        found = case()
        assert claims.take(found.pk, person("reviewer"), NOW)
        assert not claims.take(found.pk, person("ops"), NOW + claims.TAKEN_FOR - HOUR / 60)
        assert claims.take(found.pk, person("ops"), NOW + claims.TAKEN_FOR)

    def test_who_only_reads_takes_nothing(self):
        found = case()
        opened(signed_in("auditor"), found)
        found.refresh_from_db()
        assert found.taken_by is None

    def test_the_page_keeps_it_while_something_is_done_there_and_says_when_it_is_lost(self):
        found = case()
        address = reverse("hub:review_keep", args=[found.pk])
        assert "until" in signed_in().post(address).json()
        answer = signed_in("ops").post(address)
        assert (answer.status_code, answer.json()["problem"]) == (409, "Tomasz Zieliński has this case open by now.")

    def test_what_somebody_else_has_open_is_decided_by_nobody_else(self):
        known()
        found = look_alike()
        claims.take(found.pk, person("reviewer"), LATER)
        with pytest.raises(review.Taken, match=r"Tomasz Zieliński has case .* open until 10:50"):
            review.decide_different(found.pk, user=person("ops"), at=LATER)
        assert review.decide_different(found.pk, user=person("ops"), at=LATER + claims.TAKEN_FOR).status == "different"

    def test_the_next_case_is_one_that_nobody_has(self):
        one, two, three = (case(opened_at=NOW + n * HOUR) for n in range(3))
        claims.take(two.pk, person("ops"), LATER)
        found = queue.filtered(queue.Filters(), person("reviewer"), LATER)
        spot = queue.Spot(one.opened_at, one.pk)
        assert queue.following(found, spot, person("reviewer"), LATER) == three.pk
        assert queue.following(found, queue.Spot(three.opened_at, three.pk), person("reviewer"), LATER) == one.pk
        assert queue.preceding(found, queue.Spot(three.opened_at, three.pk)) == two.pk


class TestLater:
    def test_a_case_that_is_put_off_leaves_the_queue_and_comes_back_to_its_place(self):
        first, second = case(who="first"), case(who="second", opened_at=NOW + HOUR)
        review.put_off(first.pk, user=person("reviewer"), at=LATER)
        assert listed() == ["second"]
        assert listed(who="off") == ["first"]
        assert queue.count_waiting(LATER) == 1
        assert listed(at=LATER + timedelta(days=1)) == ["first", "second"]
        assert second.pk

    def test_one_more_record_of_the_same_person_brings_it_back_at_once(self):
        known()
        found = look_alike()
        review.put_off(found.pk, user=person("reviewer"), at=LATER)
        assert look_alike(job_title="CTO") == found
        found.refresh_from_db()
        assert found.asleep_until is None

    def test_it_is_logged_and_can_be_taken_back(self):
        found = case()
        review.put_off(found.pk, user=person("reviewer"), at=LATER)
        assert found.steps.get().detail == "later, back on 18 March at 10:40"
        review.take_back(found.pk, user=person("reviewer"), at=LATER)
        found.refresh_from_db()
        assert found.asleep_until is None


class TestWhatAPageCosts:
    def grow(self, count: int) -> None:
        for n in range(count):
            number = Review.objects.count()
            known(f"Ann L{number}a", f"firm{number}.com")
            look_alike(f"Ann L{number}a", f"firm{number}.com", job_title="Buyer")
            pair(known(f"Bob M{number}a", f"m{number}.com"), known(f"Rob M{number}a", f"m{number}.com"))
            case(taken_by=person("ops"), taken_until=timezone.now() + HOUR, who=f"taken {n}")

    def cost(self, client, address: str, **params: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address, params).status_code == 200
        return len(queries)

    @pytest.mark.parametrize("params", [{}, {"kind": "pair"}, {"source": "trade-show-scan"}, {"who": "others"}])
    def test_the_list_costs_the_same_however_long_it_is(self, params):
        client, address = signed_in(), reverse("hub:reviews")
        self.grow(2)
        few = self.cost(client, address, **params)
        self.grow(12)
        assert self.cost(client, address, **params) == few <= 17

    @pytest.mark.parametrize("kind", ["hold", "pair", "mailbox"])
    def test_a_case_costs_the_same_however_long_the_queue_is_and_how_much_hangs_on_it(self, kind):
        client = signed_in()
        self.grow(2)
        if kind == "mailbox":
            send(email="info@a.com", first_name="Sean", last_name="Li")
            send(email="info@a.com", first_name="Petra", last_name="Novak")
        found = Review.objects.filter(kind=kind, candidates__isnull=False).first()
        address = reverse("hub:review", args=[found.pk])
        few = self.cost(client, address)
        self.grow(6)
        for n in range(5):
            contact = found.candidates.first().contact
            send("webinar-registration", email=contact.email, country="Ireland", job_title=f"T{n}")
        if found.kind == "hold":
            for n in range(4):
                send("partner-referral", email=found.waiting_key[2:], job_title=f"Title {n}")
        assert self.cost(client, address) <= few <= 44  # the last case of all asks once more, for the first

    def test_deciding_and_opening_the_next_costs_the_same_too(self):
        client = signed_in()

        def cost() -> int:
            found = Review.objects.filter(kind="hold", status="open", candidates__isnull=False).first()
            data = {"act": "same", "candidate": found.candidates.get().contact_id, "basis": seen(found).basis}
            with CaptureQueriesContext(connection) as queries:
                client.post(reverse("hub:review_decide", args=[found.pk]), data)
            return len(queries)

        self.grow(2)
        few = cost()
        self.grow(8)
        assert cost() == few

    def test_so_do_the_pages_of_bulk_decisions_and_of_searches(self):
        client = signed_in("ops")

        def cost() -> tuple[int, int]:
            waiting = Review.objects.filter(kind="hold", status="open", candidates__isnull=False)
            ids = list(waiting.order_by("pk").values_list("pk", flat=True))
            bulk = many.start("same", ids, which="all", user=person("ops"), at=LATER, only_safe=False)
            many.work(bulk.pk)
            many.queue(bulk)
            many.work(bulk.pk)
            return tuple(
                self.cost(client, address)
                for address in (reverse("hub:review_bulk_show", args=[bulk.pk]), reverse("hub:review_scans"))
            )

        self.grow(2)
        few = cost()
        self.grow(10)
        assert cost() == few
