"""The order of the review queue: older, worth more and surer comes first, and the row says why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contacts.domain import queue, rules
from contacts.domain.changes import Case, Incoming, Person, Received

NOON = datetime(2026, 3, 17, 12, tzinfo=UTC)


def hold(rule: str, mine: dict, *theirs: dict) -> queue.Place:
    people = [Person(values, {}, id=n) for n, values in enumerate(theirs, 1)]
    incoming = Incoming(Received({}, {}), mine, [])
    return queue.place_of_hold(Case("a:x", "hold", rule, "", "", people), incoming, NOON)


def test_a_case_of_which_nothing_is_known_is_due_when_it_was_opened():
    assert queue.place_of(NOON, [{}], None) == queue.Place(None, NOON, "")


def test_the_older_of_two_equals_comes_first():
    sides = [{"lifecycle_stage": "customer"}]
    assert queue.place_of(NOON, sides, 90).due_at < queue.place_of(NOON + timedelta(minutes=1), sides, 90).due_at


@pytest.mark.parametrize(
    ("sides", "hours", "why"),
    [
        ([{"lifecycle_stage": "new-lead"}, {"lifecycle_stage": "customer"}], 24, "a customer"),
        ([{"lifecycle_stage": "in-discovery"}], 24, "sales works with them"),
        ([{"owner": 7}], 12, "somebody owns the contact"),
        ([{"lead_score": 85}], 12, "lead score 85"),
        ([{"lead_score": 79}], 0, ""),
        ([{"lifecycle_stage": "disqualified"}], 0, ""),
    ],
)
def test_what_is_worth_more_comes_sooner_and_says_so(sides, hours, why):
    place = queue.place_of(NOON, sides, None)
    assert place.due_at == NOON - timedelta(hours=hours)
    assert place.why == (f"{hours} h sooner: {why}" if why else "")


def test_what_is_sure_comes_sooner_too_and_both_add_up():
    place = queue.place_of(NOON, [{"lifecycle_stage": "customer"}], 97)
    assert place.due_at == NOON - timedelta(hours=30)
    assert place.why == "30 h sooner: a customer, very likely one person"


def test_nothing_waits_for_ever_however_much_more_others_are_worth():
    old = queue.place_of(NOON - timedelta(hours=31), [{}], 10)
    assert old.due_at < queue.place_of(NOON, [{"lifecycle_stage": "customer"}], 99).due_at


class TestHowSureAHeldArrivalIs:
    def test_the_same_name_at_the_same_company_is_very_likely_one_person(self):
        place = hold(rules.BY_NAME, {"first_name": "Sean"}, {"first_name": "Sean"})
        assert queue.sureness(place.score) == "very likely"

    @pytest.mark.parametrize(
        ("mine", "theirs", "words"),
        [
            ({"first_name": "Sean", "last_name": "Li"}, {"first_name": "Sean", "last_name": "Li"}, "likely"),
            ({"first_name": "S.", "last_name": "Li"}, {"first_name": "Sean", "last_name": "Li"}, "likely"),
            ({"first_name": "Li", "last_name": "Sean"}, {"first_name": "Sean", "last_name": "Li"}, "likely"),
            ({"first_name": "Siobhan", "last_name": "Li"}, {"first_name": "Sean", "last_name": "Li"}, "unlikely"),
            ({}, {"first_name": "Sean"}, "unlikely"),
        ],
    )
    def test_a_phone_says_little_without_a_name_in_common(self, mine, theirs, words):
        assert queue.sureness(hold(rules.BY_PHONE, mine, theirs).score) == words

    def test_of_a_shared_mailbox_nobody_can_say(self):
        assert hold(rules.MAILBOX, {}, {}).score is None

    def test_the_record_itself_can_be_worth_something(self):
        assert "lead score 90" in hold(rules.BY_NAME, {"lead_score": 90}, {}).why
