"""People write: what they may, what the rules say against it, and that arrivals leave it alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from contacts.domain.origins import origin_of
from contacts.models import Address, Arrival, Contact, CustomField, Review
from contacts.services import typed
from contacts.services.addresses import add_address, make_primary, remove_alias
from contacts.services.people import Conflict, Invalid, edit_contact
from tests.contacts.deciding import NOW, person, seed, send, source

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=2)


@pytest.fixture(autouse=True)
def _hub() -> None:
    seed()
    CustomField.objects.create(slug="seats", label="Seats", type="number")
    CustomField.objects.create(slug="vip", label="VIP", type="boolean")


def sean(**more: str) -> Contact:
    given = {"email": "sean@acme-tooling.example", "first_name": "Sean", "last_name": "O’Brien"}
    return send(**(given | {"company": "Acme", "job_title": "Engineer"} | more)).contact


def edit(contact: Contact, who: str = "sales", reason: str = "", **changes: str) -> Any:
    version = Contact.objects.values_list("version", flat=True).get(pk=contact.pk)
    done = edit_contact(contact.pk, changes, user=person(who), reason=reason, version=version, at=LATER)
    contact.refresh_from_db()
    return done


def refused(contact: Contact, who: str = "sales", **changes: str) -> dict[str, str]:
    """What was said against an edit, which then has changed nothing."""
    before = state(contact)
    with pytest.raises(Invalid) as caught:
        edit(contact, who, **changes)
    assert state(contact) == before
    return caught.value.errors


def state(contact: Contact) -> Any:
    row = Contact.objects.filter(pk=contact.pk).values().get()
    return row, Contact.history.filter(id=contact.pk).count(), list(Address.objects.order_by("pk").values())


def newest(contact: Contact) -> Any:
    return Contact.history.filter(id=contact.pk).order_by("-history_id").first()


def test_what_a_person_wrote_carries_the_person_and_a_row_of_history():
    contact = sean()
    edit(contact, reason="said so on the phone", job_title="VP of Engineering")
    origin = origin_of(contact.origins, "job_title")
    assert contact.job_title == "VP of Engineering"
    assert (origin.writer.kind, origin.writer.name, origin.rule) == ("person", "Dana Whitfield", "person")
    row = newest(contact)
    assert (row.actor, row.job_title, row.arrival_id) == ("Dana Whitfield", "VP of Engineering", None)
    assert row.history_change_reason == "edited: Job title. said so on the phone"


def test_no_arrival_overwrites_what_a_person_wrote():
    contact = sean()
    edit(contact, job_title="VP of Engineering")
    assert send("trade-show-scan", email=contact.email, job_title="vp eng").outcome == "unchanged"
    contact.refresh_from_db()
    assert contact.job_title == "VP of Engineering"


@pytest.mark.parametrize("field", ["job_title", "seats"])
def test_what_a_person_blanked_stays_blank_on_the_next_arrival(field):
    contact = sean(seats="12")
    edit(contact, **{field: " "})
    assert send("trade-show-scan", email=contact.email, **{field: "7"}).outcome == "unchanged"
    contact.refresh_from_db()
    assert getattr(contact, field, contact.custom.get(field)) in ("", None)


def test_an_edit_that_changes_nothing_writes_nothing():
    contact = sean(country="ie")
    before = state(contact)
    same = {"first_name": " Sean ", "country": "IE", "phone": "", "lifecycle_stage": "New Lead"}
    assert edit(contact, **same).fields == ()
    assert state(contact) == before


def test_values_are_read_as_those_of_arrivals_are():
    contact = sean(country="Ireland")
    edit(contact, phone="01 555 0199", company_domain="https://www.acme.example/x", seats="1 200", vip="no")
    assert (contact.phone, contact.company_domain) == ("+35315550199", "acme.example")
    assert contact.custom == {"seats": 1200, "vip": False}


def test_each_fault_is_said_beside_its_field_and_nothing_is_stored():
    errors = refused(sean(), phone="12", lead_score="many", company_domain="gmail.com", seats="x", job_title="x" * 301)
    assert errors["phone"] == "“12” can’t be used: it has too few digits."
    assert errors["company_domain"] == "“gmail.com” can’t be used: many firms share it."
    assert set(errors) == {"phone", "lead_score", "company_domain", "seats", "job_title"}


def test_a_field_that_nobody_writes_here_is_refused():
    for name in ("email", "version", "origins", "person_key", "shared_mailbox", "addresses__key"):
        assert set(refused(sean(), **{name: "9"})) == {name}


def test_the_keys_follow_the_name_so_that_arrivals_find_the_new_one():
    contact = sean()
    edit(contact, first_name="John", last_name="Brien")
    arrival = send(first_name="John", last_name="Brien", company_domain="acme-tooling.example")
    assert (arrival.outcome, arrival.review.candidates.get().contact_id) == ("held", contact.pk)


def test_a_second_editor_is_told_and_overwrites_nothing():
    contact = sean()
    edit(contact, job_title="VP")
    with pytest.raises(Conflict):
        edit_contact(contact.pk, {"job_title": "CTO"}, user=person("ops"), version=1, at=LATER)
    contact.refresh_from_db()
    assert contact.job_title == "VP"


def test_only_who_may_change_contacts_writes():
    contact = sean()
    for name in ("marketing", "reviewer", "auditor"):
        with pytest.raises(PermissionDenied):
            edit(contact, name, job_title="x")


def test_an_edit_leaves_nobody_behind():
    contact = send(first_name="Sean", company="Acme").contact
    assert refused(contact, company="", first_name="")[""].startswith("This would leave nobody")


@pytest.mark.parametrize(
    ("who", "stage", "said"),
    [
        ("sales", "mql", "only a MAP may set this stage"),
        ("admin", "mql", "only a MAP may set this stage"),
        ("ops", "sql", "only sales may set this stage"),
        ("ops", "customer", "only sales may set this stage"),
        ("sales", "Nonsense", "the hub has no such stage"),
        ("sales", "", "a contact always has one"),
    ],
)
def test_a_stage_keeps_its_owner_whoever_asks(who, stage, said):
    assert said in refused(sean(), who, lifecycle_stage=stage)["lifecycle_stage"]


def test_sales_moves_a_stage_on_and_back_and_history_says_back():
    contact = sean()
    edit(contact, lifecycle_stage="in-pipeline")
    done = edit(contact, lifecycle_stage="SQL")
    assert contact.lifecycle_stage_id == "sql"
    assert done.notes == ["Stage moved back from In Pipeline to SQL."]
    assert "Stage moved back from In Pipeline to SQL." in newest(contact).history_change_reason


def test_without_the_right_for_sales_stages_nobody_moves_one_back():
    contact = sean()
    edit(contact, lifecycle_stage="customer")
    assert "Only sales" in refused(contact, "ops", lifecycle_stage="new-lead")["lifecycle_stage"]
    edit(contact, "ops", lifecycle_stage="unsubscribed")
    assert contact.lifecycle_stage_id == "unsubscribed"


def test_a_lead_source_changes_only_for_a_reason():
    contact, other = sean(), str(source("trade-show-scan").pk)
    assert set(refused(contact, source=other)) == {"reason"}
    assert set(refused(contact, source="", reason="none")) == {"source"}
    edit(contact, reason="met at the fair first", source=other)
    assert contact.source.slug == "trade-show-scan"
    assert "met at the fair first" in newest(contact).history_change_reason


def test_an_owner_is_somebody_on_the_staff():
    contact = sean()
    assert set(refused(contact, owner="999")) == {"owner"}
    edit(contact, owner=str(person("sales").pk))
    assert contact.owner == person("sales")


def test_an_added_address_leads_arrivals_here():
    contact = sean()
    add_address(contact.pk, " Sean@Other.example", user=person("sales"), reason="new firm", at=LATER)
    assert send(email="sean@other.example", country="Ireland").contact_id == contact.pk
    assert newest(contact).actor == "Website contact form"
    said = Contact.history.filter(id=contact.pk, arrival_id=None).get()
    assert said.history_change_reason == "address added: Sean@Other.example. new firm"


def test_an_address_of_somebody_else_is_refused_and_says_whose():
    contact, other = sean(), send(email="lea@berg.example", first_name="Lea", last_name="Berg").contact
    before = state(contact)
    with pytest.raises(Invalid) as caught:
        add_address(contact.pk, "LEA@berg.example", user=person("sales"), at=LATER)
    assert caught.value.contact == other
    assert f"belongs to Lea Berg, contact #{other.pk}" in str(caught.value)
    assert state(contact) == before


@pytest.mark.parametrize("text", ["", "no at sign", "none@none.com"])
def test_what_is_no_address_is_not_added(text):
    contact = sean()
    with pytest.raises(Invalid):
        add_address(contact.pk, text, user=person("sales"), at=LATER)
    assert contact.addresses.count() == 1


def test_another_address_becomes_primary_and_the_old_one_stays_as_alias():
    contact = sean()
    add_address(contact.pk, "sean@other.example", user=person("sales"), at=LATER)
    alias = contact.addresses.get(primary=False)
    make_primary(contact.pk, alias.pk, user=person("sales"), at=LATER)
    contact.refresh_from_db()
    assert contact.email == "sean@other.example"
    assert origin_of(contact.origins, "email").writer.name == "Dana Whitfield"
    assert list(contact.addresses.order_by("pk").values_list("primary", flat=True)) == [False, True]


def test_an_alias_can_go_and_the_primary_address_stays():
    contact = sean()
    add_address(contact.pk, "sean@other.example", user=person("sales"), at=LATER)
    first, alias = contact.addresses.order_by("pk")
    with pytest.raises(Invalid):
        remove_alias(contact.pk, first.pk, user=person("sales"), at=LATER)
    remove_alias(contact.pk, alias.pk, user=person("sales"), at=LATER)
    assert list(contact.addresses.all()) == [first]
    assert newest(contact).history_change_reason == "address removed: sean@other.example."


def test_an_address_of_another_contact_cant_be_taken_away_here():
    contact, other = sean(), send(email="lea@berg.example").contact
    with pytest.raises(Invalid):
        remove_alias(contact.pk, other.addresses.get().pk, user=person("sales"), at=LATER)
    assert other.addresses.count() == 1


def type_in(who: str = "sales", slug: str = "outbound-prospecting", token: str = "", **values: str) -> Any:
    return typed.typed(values, source(slug), person(who), LATER, token)


def test_looking_for_a_match_writes_nothing():
    contact = sean()
    counts = [m.objects.count() for m in (Contact, Arrival, Review)]
    match = typed.find_matches(type_in(email="SEAN@acme-tooling.example", country="ie", job_title="CTO"))
    assert match.people == [(contact.pk, "Sean O’Brien")]
    assert match.words == "Saving fills country, keeps job title “Engineer”."
    assert [m.objects.count() for m in (Contact, Arrival, Review)] == counts


def test_a_typed_record_is_an_arrival_by_a_person():
    plan = typed.take(type_in(email="new@firm.example", job_title="CTO"))
    arrival = Arrival.objects.get(pk=plan.incoming.arrival_id)
    assert (arrival.outcome, arrival.door, arrival.actor) == ("created", "form", "Dana Whitfield")
    assert arrival.raw == {"email": "new@firm.example", "job_title": "CTO"}
    origin = origin_of(arrival.contact.origins, "job_title")
    assert (origin.writer.kind, origin.writer.name) == ("person", "Dana Whitfield")


def test_a_double_click_makes_one_and_other_words_are_another_record():
    first = typed.take(type_in(token="t", email="new@firm.example"))
    second = typed.take(type_in(token="t", email="new@firm.example"))
    third = typed.take(type_in(token="t", email="new@firm.example", job_title="CTO"))
    assert [p.outcome for p in (first, second, third)] == ["created", "repeated", "filled"]
    assert Contact.objects.count() == 1


def test_a_typed_record_sets_no_stage_that_the_person_may_not_set():
    assert "MAP" in typed.faults(type_in(email="a@firm.example", lifecycle_stage="mql"))["lifecycle_stage"]
    assert typed.faults(type_in(email="a@firm.example", lifecycle_stage="sql")) == {}
    assert "sales" in typed.faults(type_in("ops", email="a@firm.example", lifecycle_stage="sql"))["lifecycle_stage"]
