"""Records that leave a MAP: merged there, deleted there. Contacts stay, ids lead home, and a person is asked."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.models import Contact, Review
from contacts.services import review
from contacts.services.duplicates import cases
from syncrules.models import Link
from syncrules.services.sync import departures, inbox, looking, polling, pulling
from syncrules.services.sync.deciding import Context
from tests.syncrules.sync.kit import Both, address, arrives, both, person
from tests.syncrules.syncing import contact

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]


@pytest.fixture(params=[False, True], ids=["the primary id stays", "a new id"])
def renumbers(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def sides(renumbers: bool) -> Both:
    return both(renumbers=renumbers)


def people(sides: Both, *numbers: int, **values: str) -> list[str]:
    made = [sides.map.create(**person(n, **values)) for n in numbers]
    sides.round()
    return made


def tell(sides: Both, *records: str) -> None:
    """Webhooks told of these records, and a worker looks."""
    inbox.enqueue(sides.connection.pk, records, sides.clock())
    looking.drain(sides.connection, sides.map, sides.clock)


def states() -> dict[str, tuple[str, str]]:
    return {link.record_id: (link.state, link.into) for link in Link.objects.all()}


# --- merged there ---


@pytest.mark.parametrize("by", ["pull", "look at the one", "look at the other"])
def test_two_contacts_whose_records_were_merged_there_become_a_case_and_both_stay(sides, by):
    one, other = people(sides, 1, 2)
    left = sides.map.join(one, other)
    if by == "pull":
        polling.pull(sides.connection, sides.map, sides.clock)
    else:
        tell(sides, one if by == "look at the one" else other)
    case = Review.objects.get(kind="pair")
    assert {c.contact.email for c in case.candidates.all()} == {address(1), address(2)}
    assert "merged theirs there" in case.reason
    assert states()[other] == ("merged", left)
    assert {c.email for c in Contact.objects.all()} == {address(1), address(2)}
    for _ in range(3):
        sides.round()
    assert Review.objects.count() == 1
    assert len(sides.map.everybody()) == 1  # nobody makes the second record again


def test_the_link_goes_on_with_the_record_that_is_left(sides):
    one, other = people(sides, 1, 2)
    left = sides.map.join(one, other)
    sides.round()
    sides.map.edit(left, title="Chief")
    sides.round()
    assert contact(address(1)).job_title == "Chief"
    assert contact(address(2)).job_title == ""


def test_one_person_is_what_a_reviewer_says_and_then_all_is_one(sides):
    one, other = people(sides, 1, 2)
    left = sides.map.join(one, other)
    sides.round()
    kept = contact(address(1))
    review.decide_same(Review.objects.get().pk, kept.pk, user=sides.world.user("reviewer"), at=sides.clock())
    for _ in range(3):
        sides.round()
    assert list(Contact.objects.all()) == [kept]
    assert {link.record_id for link in sides.links()} == {left}
    assert len(sides.map.everybody()) == 1


def test_the_search_for_duplicates_does_not_close_the_question(sides):
    one, other = people(sides, 1, 2)
    sides.map.join(one, other)
    sides.round()
    cases.close_cases([Review.objects.get().pk], sides.clock(), lambda count: None)
    assert Review.objects.get().status == "open"


def test_a_record_that_went_into_one_that_nobody_knows_takes_its_contact_along(sides):
    [one] = people(sides, 1)
    new = sides.map.create(**person(2))
    left = sides.map.join(new, one)
    tell(sides, one)
    assert not Review.objects.exists()
    assert [link.record_id for link in Link.objects.filter(contact=contact(address(1)), state="linked")] == [left]
    assert states()[one] == ("merged", left)
    assert Contact.objects.count() == 1


def test_a_merge_that_the_hub_itself_carried_out_asks_nobody(sides):
    people(sides, 1, 2)
    sides.merge(contact(address(1)).pk, contact(address(2)).pk)
    for _ in range(3):
        sides.round()
    assert not Review.objects.exists()
    assert len(sides.map.everybody()) == 1


def test_many_merges_cost_as_many_statements_as_a_few(sides):
    counts = []
    for n in (2, 12):
        made = people(sides, *range(100 * n, 100 * n + 2 * n))
        for one, other in zip(made[::2], made[1::2], strict=True):
            sides.map.join(one, other)
        sides.connection.refresh_from_db()
        page = sides.map.changes(sides.connection.cursor, 200)
        context = Context(sides.connection, sides.clock())
        with CaptureQueriesContext(database) as queries:
            pulling.records(context, page)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert Review.objects.filter(kind="pair").count() == 14


# --- deleted there ---


@pytest.mark.parametrize("by", ["pull", "webhook"])
def test_a_deletion_there_leaves_the_contact_asks_a_person_and_makes_nothing_again(sides, by):
    [ident] = people(sides, 1)
    sides.map.remove(ident)
    if by == "webhook":
        tell(sides, ident)
    for _ in range(3):
        sides.round()
    found = contact(address(1))
    [case] = Review.objects.all()
    assert (case.kind, case.rule) == ("gone", "deleted-there")
    assert f"(#{found.pk}) was deleted in Our MAP" in case.reason
    assert states()[ident][0] == "gone"
    sides.world.edit(found, job_title="VP")
    for _ in range(3):
        sides.round()
    assert not sides.map.everybody()
    assert Review.objects.count() == 1


def test_a_reviewer_sees_the_question_and_marks_it_as_seen(sides, client):
    [ident] = people(sides, 1)
    sides.map.remove(ident)
    sides.round()
    case = Review.objects.get()
    user = sides.world.user("reviewer")
    client.force_login(user)
    page = client.get(reverse("hub:review", args=[case.pk])).content.decode()
    assert "was deleted in Our MAP" in page
    assert 'value="seen"' in page
    review.mark_seen(case.pk, user=user, at=sides.clock())
    for _ in range(2):
        sides.round()
    assert Review.objects.get().status == "seen"


def test_a_person_can_have_it_made_again(sides):
    [ident] = people(sides, 1)
    sides.map.remove(ident)
    sides.round()
    assert departures.make_again(sides.connection, [contact(address(1)).pk], sides.clock()) == 1
    sides.round()
    [again] = sides.map.everybody().values()
    assert again.values["email"] == address(1)
    assert Review.objects.get().status == "settled"


def test_a_record_that_comes_back_is_linked_again_and_the_question_is_settled(sides):
    [ident] = people(sides, 1)
    sides.map.remove(ident)
    sides.round()
    sides.map.restore(ident)
    sides.map.edit(ident, title="Back")
    sides.round()
    assert states()[ident] == ("linked", "")
    assert contact(address(1)).job_title == "Back"
    assert Review.objects.get().status == "settled"


def test_whom_a_form_brings_again_is_filled_here_and_still_not_made_there(sides):
    [ident] = people(sides, 1)
    sides.map.remove(ident)
    sides.round()
    arrives(sides, 1, job_title="Buyer")
    for _ in range(2):
        sides.round()
    assert contact(address(1)).job_title == "Buyer"
    assert not sides.map.everybody()


def test_one_of_two_records_that_is_deleted_asks_nobody(sides):
    _, other = people(sides, 1, 2)
    Link.objects.filter(record_id=other).update(contact=contact(address(1)))
    sides.map.remove(other)
    tell(sides, other)
    assert states()[other][0] == "gone"
    assert not Review.objects.exists()


def test_a_record_that_went_into_one_that_was_deleted_then_is_missed_too(sides):
    one, other = people(sides, 1, 2)
    left = sides.map.join(one, other)
    sides.map.remove(left)
    for _ in range(2):
        sides.round()
    assert {state for state, _ in states().values()} == {"gone"}
    assert Review.objects.filter(kind="gone").count() == 2


# --- the link is the id ---


def swap(sides: Both, one: str, other: str) -> None:
    sides.map.edit(one, email="between@firm.example")
    sides.map.edit(other, email=address(1))
    sides.map.edit(one, email=address(2))


@pytest.mark.parametrize("by", ["pull", "webhook"])
def test_addresses_that_two_people_swap_there_make_no_contact_and_cross_no_links(sides, by):
    one, other = people(sides, 1, 2, title="Buyer")
    before = dict(Link.objects.values_list("record_id", "contact_id"))
    swap(sides, one, other)
    sides.map.edit(one, title="One")
    sides.map.edit(other, title="Other")
    if by == "webhook":
        tell(sides, other, one)
    for _ in range(3):
        sides.round()
    assert Contact.objects.count() == 2
    assert dict(Link.objects.values_list("record_id", "contact_id")) == before
    assert [Contact.objects.get(pk=before[i]).job_title for i in (one, other)] == ["One", "Other"]


def test_an_address_that_changes_here_makes_no_second_record(sides):
    people(sides, 1)
    found = contact(address(1))
    sides.edit_email(found.pk, "new@firm1.example")
    for _ in range(3):
        sides.round()
    assert Contact.objects.count() == 1
    assert len(sides.map.everybody()) == 1


def test_an_address_that_changes_there_makes_no_second_contact(sides):
    [ident] = people(sides, 1)
    sides.map.edit(ident, email="new@firm1.example", title="Chief")
    for _ in range(3):
        sides.round()
    assert [c.job_title for c in Contact.objects.all()] == ["Chief"]
    assert len(sides.map.everybody()) == 1


def test_a_held_record_is_written_to_no_map_until_somebody_decided(sides):
    first: dict[str, Any] = {"firstname": "Ann", "lastname": "Lee"}
    sides.map.create(email="ann@acme.example", **first)
    sides.round()
    held = sides.map.create(email="ann.lee@acme.example", title="Buyer", **first)
    done = sides.round()
    writes = sides.map.writes
    for _ in range(2):
        sides.round()
    assert (done.held, sides.map.writes) == (1, writes)
    case = Review.objects.get()
    review.decide_different(case.pk, user=sides.world.user("reviewer"), at=sides.clock())
    for _ in range(3):
        sides.round()
    assert Link.objects.get(record_id=held).contact == contact("ann.lee@acme.example")
    assert len(sides.map.everybody()) == 2
