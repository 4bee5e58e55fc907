"""The search for likely duplicates: what it puts into the review queue, what it leaves, and what it takes back."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from contacts.models import Contact, DuplicateScan, NotSame, Review, ReviewStep
from contacts.services import duplicates, leases, merging
from contacts.services.people import edit_contact
from tests import factories
from tests.factories import AT

pytestmark = pytest.mark.django_db


def hub_with(*people: dict[str, str]) -> list[int]:
    """Contacts as they come in, and their ids."""
    plans = factories.arrive(*people)
    assert all(plan.outcome == "created" for plan in plans)
    return [plan.person.id for plan in plans if plan.person]


def person(first: str, last: str, email: str, **more: str) -> dict[str, str]:
    return {"first_name": first, "last_name": last, "email": email} | more


BOB = (
    person("Robert", "Kowalska", "robert@kestrel-optics.example", company="Kestrel Optics"),
    person("Bob", "Kowalska", "bob@kestrel-optics.example", company="Kestrel Optics Ltd"),
)


def search(at: Any = AT, **how: Any) -> DuplicateScan:
    made = duplicates.start_scan(None, at)
    assert duplicates.run_scan(made.pk, clock=lambda: at, **how)
    made.refresh_from_db()
    return made


def cases() -> list[Review]:
    return list(Review.objects.filter(kind=Review.Kind.PAIR).order_by("pk"))


def ids_of(case: Review) -> list[int]:
    return sorted(case.candidates.values_list("contact_id", flat=True))


@pytest.fixture(autouse=True)
def _rules(seeded: None) -> None:
    """The seeded rules."""


def test_likely_duplicates_wait_in_the_queue_with_their_evidence_in_words() -> None:
    ids = hub_with(*BOB, person("Ann", "Lee", "ann@lee-works.example"))
    made = search()
    assert (made.status, made.pairs, made.cases, made.total, made.done) == ("done", 1, 1, 3, 3)
    [case] = cases()
    assert case.status == Review.Status.OPEN
    assert ids_of(case) == ids[:2]
    assert case.score >= 80
    assert [told["words"] for told in case.evidence] == [
        "First name: Bob is short for Robert.",
        "Last name: both Kowalska.",
        "Company: both at kestrel-optics.example.",
    ]
    assert "Robert Kowalska" in case.reason
    assert "Bob Kowalska" in case.reason
    assert case.opened_at == AT


def test_a_second_search_adds_nothing() -> None:
    hub_with(*BOB)
    search()
    again = search(AT + timedelta(days=1))
    assert (again.pairs, again.cases) == (1, 0)
    assert len(cases()) == 1


def test_two_who_are_known_not_to_be_one_person_are_never_flagged_again() -> None:
    low, high = sorted(hub_with(*BOB))
    NotSame.objects.create(low_id=low, high_id=high, said_by_name="Rea", said_at=AT)
    made = search()
    assert (made.pairs, made.cases, cases()) == (0, 0, [])


def test_a_chain_is_one_case() -> None:
    ids = hub_with(*BOB, person("R.", "Kowalska", "rk@kestrel-optics.example", company="Kestrel Optics"))
    search()
    [case] = cases()
    assert ids_of(case) == ids
    assert all(told["words"].startswith("#") for told in case.evidence)


def test_who_waits_in_a_case_already_is_asked_about_once() -> None:
    ids = hub_with(*BOB)
    search()
    more = hub_with(person("Rob", "Kowalska", "rob@kestrel-optics.example", company="Kestrel Optics"))
    assert search(AT + timedelta(days=1)).cases == 0
    Review.objects.update(status=Review.Status.DIFFERENT)
    NotSame.objects.create(low_id=ids[0], high_id=ids[1], said_by_name="Rea", said_at=AT)
    assert search(AT + timedelta(days=2)).cases == 1
    assert more[0] in ids_of(cases()[-1])
    assert not set(ids) <= set(ids_of(cases()[-1]))


def test_a_case_closes_by_itself_when_its_contacts_are_no_longer_alike(users: dict[str, User]) -> None:
    hub_with(*BOB)
    search()
    contact = Contact.objects.get(first_name="Bob")
    edit_contact(contact.pk, {"first_name": "Agnieszka"}, user=users["ops"], version=contact.version, at=AT)
    later = AT + timedelta(days=1)
    assert search(later).settled == 1
    [case] = cases()
    assert (case.status, case.decided_at, case.decided_by_name) == (Review.Status.SETTLED, later, "CRM Hub")
    assert "no longer alike" in case.note
    assert ReviewStep.objects.get(review=case).act == Review.Status.SETTLED


def test_a_case_that_a_reviewer_has_open_is_not_closed_under_their_hands(users: dict[str, User]) -> None:
    hub_with(*BOB)
    search()
    Contact.objects.filter(first_name="Bob").update(first_name="Agnieszka")
    Review.objects.update(taken_by=users["reviewer"], taken_until=AT + timedelta(minutes=10))
    assert search(AT + timedelta(minutes=5)).settled == 0
    assert search(AT + timedelta(minutes=15)).settled == 1


def test_a_case_stays_while_its_contacts_are_still_alike(users: dict[str, User]) -> None:
    hub_with(*BOB)
    search()
    Contact.objects.filter(first_name="Bob").update(job_title="Analyst", phone="+14155550123")
    assert search(AT + timedelta(days=1)).settled == 0
    assert cases()[0].status == Review.Status.OPEN


def test_held_arrivals_are_left_alone() -> None:
    hub_with(*BOB)
    held = factories.one(**person("Robert", "Kowalska", "other@kestrel-optics.example"))
    assert held.outcome == "held"
    search()
    search(AT + timedelta(days=1))
    assert Review.objects.get(kind=Review.Kind.HOLD).status == Review.Status.OPEN


def test_old_addresses_and_custom_fields_count() -> None:
    factories.custom_field("customer_number", type="number")
    known = {"first_name": "Maria", "last_name": "Lopez", "customer_number": "40771523"}
    hub_with(
        {**known, "email": "maria@bright-foods.example", "company": "Bright Foods"},
        {**known, "email": "m.lopez@acme-tooling.example", "company": "Acme Tooling"},
    )
    search()
    [case] = cases()
    assert "Customer Number: both 40771523." in [told["words"] for told in case.evidence]


def test_with_a_limit_the_surest_come_first() -> None:
    hub_with(*BOB, *(person("Zofia", "Brandt", f"z{n}@other-works.example", phone="+14155550123") for n in (1,)))
    hub_with(person("Zofia", "Brandt", "zb@gmail.com"))
    Contact.objects.filter(last_name="Brandt").update(phone="+14155550123")
    assert search(limit=1).cases == 1
    first = cases()[0].score
    assert search(AT + timedelta(days=1)).cases == 1
    assert first >= cases()[1].score


def test_a_worthy_case_comes_sooner(users: dict[str, User]) -> None:
    hub_with(*BOB)
    Contact.objects.filter(first_name="Bob").update(owner=users["sales"])
    search()
    [case] = cases()
    assert case.due_at < AT
    assert "owns" in case.matters


def test_asking_twice_starts_one_search(users: dict[str, User]) -> None:
    first = duplicates.start_scan(users["ops"], AT)
    assert duplicates.start_scan(users["admin"], AT) == first
    assert (first.status, first.started_by_name) == ("queued", "Ops")


def test_the_schedule_searches_once_a_night() -> None:
    night = AT.replace(hour=2)
    assert duplicates.start_nightly(AT) is None
    made = duplicates.start_nightly(night)
    assert made is not None
    DuplicateScan.objects.update(status="done")
    assert duplicates.start_nightly(night + timedelta(hours=1)) is None
    assert duplicates.start_nightly(night + timedelta(days=1)) is not None


def test_one_process_works_on_a_search_and_another_takes_over_when_it_is_gone() -> None:
    hub_with(*BOB)
    made = duplicates.start_scan(None, AT)
    assert duplicates.unfinished(AT) == [made.pk]
    assert leases.take_lease(made.pk, "elsewhere:1:x", AT, "running", ("queued",), DuplicateScan)
    assert not duplicates.run_scan(made.pk, clock=lambda: AT)
    late = AT + timedelta(minutes=5)
    assert duplicates.unfinished(late) == [made.pk]
    assert duplicates.run_scan(made.pk, clock=lambda: late)
    assert len(cases()) == 1


def test_a_search_that_is_done_is_not_run_again() -> None:
    hub_with(*BOB)
    made = search()
    assert not duplicates.run_scan(made.pk, clock=lambda: AT)
    assert duplicates.unfinished(AT) == []


def test_the_number_of_queries_does_not_grow_with_the_hub() -> None:
    hub_with(*BOB)
    few = queries()
    Review.objects.all().delete()
    hub_with(*(person("Robert", f"Vor{n}mann", f"r{n}@firm{n}-works.example", company=f"Firm {n}") for n in range(60)))
    hub_with(*(person("Bob", f"Vor{n}mann", f"b{n}@firm{n}-works.example", company=f"Firm {n}") for n in range(60)))
    many = queries()
    assert Review.objects.count() == 61
    assert few == many


def queries() -> int:
    """How many statements a search sends, but for those that insert: many rows go in another way than few."""
    sent = list[str]()

    def noted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(noted):
        search()
    return sum("INSERT" not in sql for sql in sent)


def test_the_command_prints_its_counts_as_one_object() -> None:
    hub_with(*BOB)
    out = StringIO()
    call_command("scan_duplicates", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert (told["pairs"], told["cases"]) == (1, 1)
    assert set(told) == {"pairs", "cases", "seconds"}


def test_the_command_says_in_words_what_it_did() -> None:
    hub_with(*BOB)
    out = StringIO()
    call_command("scan_duplicates", stdout=out)
    assert "2 contacts: 1 likely pairs, 1 new cases to review" in out.getvalue()


def test_the_command_opens_no_more_than_it_is_told() -> None:
    hub_with(*BOB)
    call_command("scan_duplicates", "--limit", "0", stdout=StringIO())
    assert cases() == []
    with pytest.raises(CommandError, match="0 or more"):
        call_command("scan_duplicates", "--limit", "-1")


def test_the_command_refuses_while_another_process_searches() -> None:
    made = duplicates.start_scan(None, AT)
    DuplicateScan.objects.filter(pk=made.pk).update(
        status="running", lease_holder="elsewhere:1:x", lease_until=AT + timedelta(days=9999)
    )
    with pytest.raises(CommandError, match="already") as refused:
        call_command("scan_duplicates")
    assert refused.value.returncode == 2


def test_what_a_person_said_of_two_holds_for_the_contact_that_one_of_them_became_part_of() -> None:
    first, second, third = hub_with(*BOB, person("Rob", "Kowalska", "rob@home.example"))
    NotSame.objects.create(low_id=first, high_id=second, said_by_name="Rita", said_at=AT)
    merging.merge(third, [first], user=None, at=AT)
    Contact.objects.filter(pk=third).update(company="Kestrel Optics", company_domain="kestrel-optics.example")
    assert search().cases == 0
    NotSame.objects.all().delete()
    assert search().cases == 1
