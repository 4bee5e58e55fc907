"""Search: what people type finds whom they mean."""

from __future__ import annotations

import pytest

from contacts import lists
from contacts.admin.contact_list import BY_NAME, NEWEST
from contacts.domain.identity import sort_key
from contacts.list_search import search_arrivals, search_contacts
from contacts.models import Arrival, Contact
from tests.contacts.listing import client_with, make_arrival, make_contact

pytestmark = pytest.mark.django_db


def found(typed: str) -> set[str]:
    result = lists.find(Contact.objects.all(), search_contacts(typed).ways, lists.ANY, BY_NAME)
    return {str(Contact.objects.get(pk=place.id)) for place in result.places}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Sean O'Brien", {"Sean O'Brien"}),
        ("O'Brien Sean", {"Sean O'Brien"}),
        ("O'Brien, Sean", {"Sean O'Brien"}),
        ("obrien", {"Sean O'Brien", "Maeve O'Brien"}),
        ("  OBRIEN ", {"Sean O'Brien", "Maeve O'Brien"}),
        ("se ob", {"Sean O'Brien"}),
        ("seán", {"Sean O'Brien"}),
        ("sean.ob", {"Sean O'Brien"}),
        ("SEAN.OBRIEN@acme.ie", {"Sean O'Brien"}),
        ("Sean <sean.obrien@acme.ie>", {"Sean O'Brien"}),
        ("info@", {"info@globex.example"}),
        ("@", set()),
        ("@acme.ie", set()),
        ("!!!", set()),
        ("+353 1 555", {"Maeve O'Brien"}),
        ("00353 1 555", {"Maeve O'Brien"}),
        ("+9", {"+999123456"}),
        ("globex", {"info@globex.example"}),
        ("Globex Corp", {"info@globex.example"}),
        ("van der berg", {"Jan van der Berg"}),
        ("jan van", {"Jan van der Berg"}),
        ("jan van der berg", {"Jan van der Berg"}),
        ("brien", set()),
        ("nobody", set()),
        ("100%", set()),
        ("ob_", {"Sean O'Brien", "Maeve O'Brien"}),
        ("\x00obrien\x00", {"Sean O'Brien", "Maeve O'Brien"}),
        ("王", {"王 伟"}),
    ],
)
def test_search_finds_contacts_as_people_type_them(typed, expected):
    make_contact("Sean", "O'Brien", "Sean.OBrien@acme.ie", company="Acme", company_domain="acme.ie")
    make_contact("Maeve", "O'Brien", phone="+35315550101")
    make_contact("Jan", "van der Berg")
    make_contact("王", "伟")
    make_contact(email="info@globex.example", company="Globex Corp.")
    make_contact(phone="+999123456")
    assert found(typed) == expected


def test_a_number_leads_to_its_contact():
    contact = make_contact("Sean", "O'Brien")
    make_contact("Maeve", "O'Brien")
    assert found(f"#{contact.pk}") == found(str(contact.pk)) == {"Sean O'Brien"}


@pytest.mark.parametrize("typed", ["#" + "9" * 30, "9" * 30, "a" * 100_000, "%", "\ud800", "<script>", "' OR 1=1 --"])
def test_nothing_that_is_typed_breaks_a_search(typed):
    page = client_with("view_contact", "view_arrival")
    safe = typed.encode("utf-8", "surrogatepass").decode("latin-1")
    assert page.get("/admin/contacts/", {"q": safe}).status_code == 200
    assert page.get("/admin/arrivals/", {"q": safe}).status_code == 200


@pytest.mark.parametrize(
    ("typed", "finds"),
    [("sean.obrien@", True), ("OBrien", True), ("Sean O'Brien", True), ("O'Brien Sean", True),
     ("se ob", True), ("@acme", False), ("maeve obrien", False)],
)  # fmt: skip
def test_search_finds_arrivals_by_address_and_name(typed, finds):
    arrival = make_arrival(who="Sean O'Brien", who_key=sort_key("Sean", "O'Brien"), email_key="sean.obrien@acme.ie")
    make_arrival(who="Ana Ruiz", who_key=sort_key("Ana", "Ruiz"))
    result = lists.find(Arrival.objects.all(), search_arrivals(typed).ways, lists.ANY, NEWEST)
    assert [place.id for place in result.places] == ([arrival.pk] if finds else [])


def test_a_search_that_finds_too_much_says_so(monkeypatch):
    monkeypatch.setattr(lists, "MOST_FOUND", 3)
    for number in range(5):
        make_contact(f"S{number}", "Smith")
    result = lists.find(Contact.objects.all(), search_contacts("smith").ways, lists.ANY, BY_NAME)
    assert not result.complete
    assert len(result.places) == 3
