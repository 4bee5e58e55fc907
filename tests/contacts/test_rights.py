"""Every page asks for its right, and the page of rights says what the groups really may."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.urls import URLPattern, reverse

from contacts.admin import urls
from contacts.admin.rights import ACTS
from contacts.roles import ELSEWHERE, ROLES
from syncrules.admin import urls as rule_urls
from tests.contacts.deciding import dump, person, seed

pytestmark = pytest.mark.django_db
EXAMPLES = {"IntConverter": 999_999, "SlugConverter": "no-such-thing", "StringConverter": "no-such-thing"}
METHODS = ("get", "post")
FAMILIES = (urls, rule_urls)


@pytest.fixture(autouse=True)
def _hub(db):
    seed()


def pages() -> Iterator[tuple[URLPattern, str]]:
    """Every page of ours with an address that leads to nothing in particular."""
    for family in FAMILIES:
        for pattern in family.urlpatterns:
            kinds = {name: type(c).__name__ for name, c in pattern.pattern.converters.items()}
            wanted = {name: EXAMPLES[kind] for name, kind in kinds.items()}
            yield pattern, reverse(f"{family.app_name}:{pattern.name}", kwargs=wanted)


def test_every_page_says_which_rights_it_asks_for():
    unguarded = [p.name for p, _ in pages() if not hasattr(p.callback, "rights")]
    assert unguarded == []


def test_every_right_that_a_page_asks_for_exists():
    known = {f"{p.content_type.app_label}.{p.codename}" for p in Permission.objects.select_related("content_type")}
    asked = {right for pattern, _ in pages() for right in getattr(pattern.callback, "rights", ())}
    assert asked <= known


@pytest.mark.parametrize("role", [*ROLES, "nobody", "superuser"])
def test_each_role_opens_the_pages_of_its_rights_and_no_other(client, role):
    user = User.objects.filter(username=role).first() or User.objects.create(
        username=role, is_staff=True, is_superuser=role == "superuser"
    )
    client.force_login(user)
    wrong = []
    for pattern, address in pages():
        rights = pattern.callback.rights
        expected = not rights or any(user.has_perm(right) for right in rights)
        for method in METHODS:
            status = getattr(client, method)(address).status_code
            # A page that is open to read may still refuse to write; one that is closed refuses both.
            wrong += [(method, address, status)] if not expected and status != 403 else []
            wrong += [(method, address, status)] if expected and method == "get" and status == 403 else []
            wrong += [(method, address, status)] if status >= 500 else []
    assert wrong == []


@pytest.mark.parametrize("who", ["anonymous", "not staff", "switched off"])
def test_whoever_is_not_staff_is_asked_to_sign_in_and_nothing_changes(client, who):
    if who != "anonymous":
        user = User.objects.create(username="out", is_staff=who != "not staff", is_superuser=True)
        client.force_login(user)
        User.objects.filter(pk=user.pk).update(is_active=who != "switched off")
    before = dump()
    for _, address in pages():
        for method in METHODS:
            answer = getattr(client, method)(address)
            assert answer.status_code == 302, address
            assert answer.url.startswith(reverse("admin:login")), address
    assert dump() == before


def test_a_form_without_its_token_is_refused():
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person("admin"))
    before = dump()
    for pattern, address in pages():
        assert strict.post(address).status_code in (403, 405), pattern.name
    assert dump() == before


class TestTheTable:
    def test_every_right_of_a_role_is_said_in_words(self):
        said = {right for _, acts in ACTS for _, rights in acts for right in rights}
        held = {f"contacts.{code}" for codes in ROLES.values() for code in codes}
        held |= {right for rights in ELSEWHERE.values() for right in rights}
        assert held - said == set()

    def test_it_is_read_from_the_database(self, client):
        client.force_login(person("sales"))
        assert "reviewer may not</span></td>" in self.line(client, "Upload a file")
        Group.objects.get(name="reviewer").permissions.add(Permission.objects.get(codename="upload_file"))
        assert "reviewer may</span></td>" in self.line(client, "Upload a file")

    def test_a_right_without_words_still_shows_under_its_own_name(self, client):
        Group.objects.get(name="sales").permissions.add(Permission.objects.get(codename="delete_contact"))
        client.force_login(person("auditor"))
        assert "sales may</span></td>" in self.line(client, "Can delete contact")

    def test_it_says_which_groups_each_person_is_in(self, client):
        User.objects.create(username="root", is_staff=True, is_superuser=True)
        client.force_login(person("reviewer"))
        page = client.get(reverse("hub:rights")).content.decode()
        assert "Tomasz Zieliński" in page
        assert "superuser: may do everything" in page

    def test_it_costs_the_same_however_many_people_there_are(self, client, django_assert_max_num_queries):
        for n in range(20):
            User.objects.create(username=f"p{n}", is_staff=True).groups.set(Group.objects.all())
        client.force_login(person("reviewer"))
        with django_assert_max_num_queries(16):
            client.get(reverse("hub:rights"))

    @staticmethod
    def line(client, words: str) -> str:
        page = client.get(reverse("hub:rights")).content.decode()
        return page.split(f'<th scope="row">{words}</th>')[1].split("</tr>")[0]


def test_a_refusal_says_who_one_is_and_where_to_look(client):
    client.force_login(person("sales"))
    page = client.get(reverse("hub:reviews"))
    assert page.status_code == 403
    assert "Dana Whitfield" in page.content.decode()
    assert reverse("hub:rights") in page.content.decode()


def test_a_wrong_address_is_a_page_and_no_traceback(client, settings):
    settings.DEBUG = False
    client.force_login(person("sales"))
    page = client.get("/admin/sources/no-such-source/")
    assert page.status_code == 404
    assert "There is nothing here" in page.content.decode()
