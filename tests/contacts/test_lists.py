"""Lists: every row once, whichever way one pages; searches find what people type; constant work."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts import lists
from contacts.admin.arrival_list import BY_ROW
from contacts.admin.contact_list import BY_NAME, NEWEST
from contacts.models import Arrival, Contact, ImportBatch, Review
from contacts.roles import ROLES
from tests.contacts.listing import NOW, as_role, client_with, every_page, make_arrival, make_contact, make_source

pytestmark = pytest.mark.django_db


@pytest.fixture
def tied() -> list[Contact]:
    """Contacts of whom most share a name or have none, more than a page of each."""
    names = [("", "")] * 70 + [("Sean", "O'Brien")] * 120 + [("Ana", "Ærø"), ("Zoë", "Żak"), ("王", "伟")] * 3
    return [make_contact(first, last) for first, last in names]


@pytest.mark.parametrize("order", [NEWEST, BY_NAME], ids=lambda order: order.name)
@pytest.mark.parametrize("backwards", [False, True])
def test_paging_shows_every_contact_exactly_once_also_among_namesakes(tied, order, backwards):
    pages = every_page(lists.Listing(Contact.objects.all(), order), backwards=backwards)
    seen = [pk for shown in (reversed(pages) if backwards else pages) for pk in shown]
    expected = sorted(tied, key=lambda c: order.of(c), reverse=order.descending)
    assert seen == [contact.pk for contact in expected]


def test_a_page_and_back_is_the_same_page(tied):
    listing = lists.Listing(Contact.objects.all(), BY_NAME)
    first = lists.page(listing)
    second = lists.page(listing, BY_NAME.read(first.next or ""))
    back = lists.page(listing, BY_NAME.read(second.previous or ""), backwards=True)
    assert back.rows == first.rows
    assert back.previous is None


def test_a_page_that_has_looked_far_enough_says_so_and_goes_on_from_there(tied, monkeypatch):
    monkeypatch.setattr(lists, "LOOK_AT", 30)
    tied[0].shared_mailbox = True
    tied[0].save()
    for order in (NEWEST, BY_NAME):
        pages = every_page(lists.Listing(Contact.objects.all(), order, lists.Q(shared_mailbox=True)), backwards=False)
        assert [pk for shown in pages for pk in shown] == [tied[0].pk]
        assert len(pages) >= len(tied) // 30


def test_rows_of_a_file_come_in_the_order_of_the_file():
    batch = ImportBatch.objects.create(source=make_source(), filename="a.csv", created_at=NOW)
    rows = [make_arrival(batch=batch, row=row) for row in range(130, 0, -1)]
    pages = every_page(lists.Listing(Arrival.objects.filter(batch=batch), BY_ROW), backwards=False)
    assert [pk for shown in pages for pk in shown] == [arrival.pk for arrival in reversed(rows)]


@pytest.mark.parametrize("text", ["", "x", "-1", "9" * 40, "1.2.3", "٣"])
def test_an_address_changed_by_hand_is_no_error(text):
    page = client_with("view_contact", "view_arrival")
    for order in ("newest", "name"):
        for name in ("after", "before", "from", "source", "owner", "stage"):
            assert page.get("/admin/contacts/", {name: text, "order": order}).status_code == 200
    for name in ("after", "before", "from", "source", "batch", "contact", "outcome", "door", "undeclared"):
        assert page.get("/admin/arrivals/", {name: text}).status_code == 200


def test_filters_narrow_searches_and_lists():
    source, user = make_source(), User.objects.create_user("owner", is_staff=True)
    mine = make_contact(
        "Sean", "O'Brien", source=source, owner=user, shared_mailbox=True, lifecycle_stage_id="new-lead"
    )
    make_contact("Maeve", "O'Brien")
    page = client_with("view_contact")
    asks = [{"source": source.pk}, {"owner": user.pk}, {"shared": 1}, {"stage": "new-lead"}]
    for asked in [*asks, *({**ask, "q": "obrien"} for ask in asks)]:
        rows = page.get("/admin/contacts/", asked).context["shown"].rows
        assert [row.pk for row in rows] == [mine.pk], asked


def test_arrivals_are_filtered_by_all_that_is_known_of_them():
    source = make_source()
    batch = ImportBatch.objects.create(source=source, filename="a.csv", created_at=NOW)
    contact = make_contact("Sean", "O'Brien")
    one = make_arrival(source=source, batch=batch, row=1, door="file", contact=contact, outcome="filled")
    waits = make_arrival(source_slug="zapier-legacy", outcome="")
    page = client_with("view_arrival")
    for asked in ({"source": source.pk}, {"batch": batch.pk}, {"door": "file"}, {"contact": contact.pk},
                  {"outcome": "filled"}, {"batch": batch.pk, "outcome": "filled"}):  # fmt: skip
        assert [a.pk for a in page.get("/admin/arrivals/", asked).context["shown"].rows] == [one.pk], asked
    for asked in ({"undeclared": "all"}, {"undeclared": "zapier-legacy"}):
        assert [a.pk for a in page.get("/admin/arrivals/", asked).context["shown"].rows] == [waits.pk]


def test_an_arrival_is_one_click_from_its_contact_and_its_case():
    review = Review.objects.create(waiting_key="a:x", rule="phone", opened_at=NOW)
    contact = make_contact("Sean", "O'Brien")
    make_arrival(source=make_source(), contact=contact, review=review)
    page = client_with("view_arrival", "view_review").get("/admin/arrivals/").content.decode()
    assert f"/admin/contacts/{contact.pk}/" in page
    assert f"/admin/review/{review.pk}/" in page


@pytest.mark.parametrize("path", ["/admin/contacts/", "/admin/arrivals/"])
@pytest.mark.parametrize("asked", [{}, {"q": "obrien"}, {"q": "Sean O'Brien"}, {"order": "name"}, {"after": "40"}])
def test_a_list_asks_no_more_of_the_database_as_it_grows(path, asked):
    page = client_with("view_contact", "view_arrival")
    source = make_source()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert page.get(path, asked).status_code == 200
        sql = " ".join(query["sql"] for query in captured).upper()
        assert " OFFSET " not in sql
        assert "DISTINCT" not in sql
        return len(captured)

    for number in range(60):
        contact = make_contact("Sean", f"O'Brien {number}", f"sean{number}@acme.ie")
        make_arrival(source=source, contact=contact, who_key=contact.sort_key)
    few = queries()
    for number in range(200):
        contact = make_contact("Sean", f"O'Brien {number}", f"sean{number}@more.ie")
        make_arrival(source=source, contact=contact, who_key=contact.sort_key)
    assert queries() == few <= 20


def test_totals_are_exact_while_small_and_honest_beyond(tied, monkeypatch):
    page = client_with("view_contact")
    assert page.get("/admin/contacts/").context["total"] == f"{len(tied)} contacts"
    monkeypatch.setattr(lists, "MOST_FOUND", 100)
    assert page.get("/admin/contacts/").context["total"].startswith("about ")
    assert page.get("/admin/contacts/", {"owner": "none"}).context["total"] == "more than 100 matches"


def test_going_to_a_letter_or_a_number_opens_the_list_there(tied):
    page = client_with("view_contact")
    rows = page.get("/admin/contacts/", {"order": "name", "from": "z"}).context["shown"].rows
    assert rows[0].last_name == "Żak"
    third = tied[2].pk
    assert page.get("/admin/contacts/", {"from": f"#{third}"}).context["shown"].rows[0].pk == third


def test_paging_back_beyond_the_beginning_is_the_first_page(tied):
    page = client_with("view_contact")
    rows = page.get("/admin/contacts/", {"before": tied[-1].pk}).context["shown"].rows
    assert rows[0].pk == tied[-1].pk


@pytest.mark.parametrize("path", ["/admin/contacts/", "/admin/arrivals/"])
def test_an_empty_list_says_why_and_what_to_do(path):
    answer = client_with("view_contact", "view_arrival", "upload_file").get(path).content.decode()
    assert "Import a file" in answer
    assert " yet" in answer


@pytest.mark.parametrize("right", ["contact", "arrival"])
def test_a_list_needs_its_own_right(right):
    mine, other = ("contacts", "arrivals") if right == "contact" else ("arrivals", "contacts")
    page = client_with(f"view_{right}")
    assert page.get(f"/admin/{mine}/").status_code == 200
    assert page.get(f"/admin/{other}/").status_code == 403
    assert Client().get(f"/admin/{mine}/").status_code == 302


@pytest.mark.parametrize("role", sorted(ROLES))
def test_every_role_may_look_up_contacts_and_arrivals(role):
    page = as_role(role)
    assert page.get("/admin/contacts/").status_code == page.get("/admin/arrivals/").status_code == 200
