"""Lists: every row once, whichever way one pages; searches find what people type; constant work."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts import lists
from contacts.admin.arrival_list import BY_ROW
from contacts.admin.contact_list import BY_NAME, NEWEST
from contacts.domain.identity import company_key, person_key, read_address, sort_key
from contacts.list_search import search_arrivals, search_contacts
from contacts.models import Address, Arrival, Contact, ImportBatch, Review, Source, Stage
from contacts.roles import ROLES

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 17, 9, 40, tzinfo=UTC)


def make_contact(first: str = "", last: str = "", email: str = "", **values: Any) -> Contact:
    """A contact with the keys that the writer would give it."""
    contact = Contact.objects.create(
        first_name=first,
        last_name=last,
        email=email,
        created_at=NOW,
        updated_at=NOW,
        sort_key=sort_key(first, last),
        person_key=person_key(first, last, values.get("company_domain", "")),
        company_key=company_key(values.get("company", "")),
        **values,
    )
    if email:
        shown, key, _ = read_address(email)
        Address.objects.create(contact=contact, shown=shown, key=key, added_at=NOW, added_by="test")
    return contact


def make_source(slug: str = "form", **values: Any) -> Source:
    stage, _ = Stage.objects.get_or_create(slug="new-lead", defaults={"label": "New Lead", "rank": 10})
    return Source.objects.create(slug=slug, name=values.pop("name", slug.title()), entry_stage=stage, **values)


def make_arrival(**values: Any) -> Arrival:
    return Arrival.objects.create(**{"door": "api", "received_at": NOW, "outcome": "created", "raw": {}} | values)


def client_with(*rights: str, name: str = "somebody") -> Client:
    """Somebody on the staff with exactly these rights of the contacts app."""
    user = User.objects.create_user(name, is_staff=True, first_name="Priya")
    user.user_permissions.set(Permission.objects.filter(codename__in=rights, content_type__app_label="contacts"))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def as_role(role: str) -> Client:
    group = Group.objects.create(name=role)
    group.permissions.set(Permission.objects.filter(codename__in=ROLES[role], content_type__app_label="contacts"))
    client = client_with(name=role)
    User.objects.get(username=role).groups.add(group)
    return client


def every_page(listing: lists.Listing, *, backwards: bool) -> list[list[int]]:
    """The ids of all pages, following the ways on from one end to the other."""
    pages, cursor = [], None
    for _ in range(100):
        shown = lists.page(listing, cursor, backwards=backwards)
        pages.append([row.pk for row in shown.rows])
        onwards = shown.previous if backwards else shown.next
        if onwards is None:
            return pages
        cursor = listing.order.read(onwards)
    raise AssertionError("the pages never end")


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
