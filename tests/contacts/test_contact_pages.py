"""The pages of one contact and of one arrival: what they show, what they let in, and that they stay quick."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from contacts.models import Arrival, Contact, CustomField, Review
from contacts.services.addresses import add_address
from contacts.services.people import edit_contact
from contacts.services.stored import custom_types
from tests.contacts.deciding import NOW, person, seed, send

pytestmark = pytest.mark.django_db
ADDRESS = "sean@acme-tooling.example"
XSS = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg/onload=alert(1)>",
    "{{ 7|add:7 }}<",
    "javascript:alert(1)",
    "</textarea><b>x",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _hub() -> None:
    seed()
    CustomField.objects.create(slug="seats", label="Seats", type="number")


def sign_in(name: str = "sales") -> Client:
    client = Client()
    client.force_login(person(name))
    return client


def sean(**more: str) -> Contact:
    given = {"email": ADDRESS, "first_name": "Sean", "last_name": "Obrien", "job_title": "Engineer"}
    return send(**(given | more)).contact


def url(name: str, *args: Any) -> str:
    return reverse(f"hub:{name}", args=args)


def body(response: Any) -> str:
    """The page without the menu's white space, so that a sentence is one line."""
    return re.sub(r"\s+", " ", response.content.decode())


def form_of(response: Any) -> dict[str, str]:
    """What a browser would send for the page's form as it stands."""
    form = response.context["form"]
    data = {f.html_name: "" if f.value() is None else str(f.value()) for f in form}
    return data | {f"was-{r['input'].html_name}": r["was"] for r in response.context.get("rows", [])}


def state() -> list[Any]:
    return [list(m.objects.order_by("pk").values()) for m in (Contact, Arrival, Review)]


def test_the_page_says_who_wrote_each_value_and_what_was_refused():
    contact = sean()
    refused = send("trade-show-scan", email=ADDRESS, job_title="vp eng")
    edit_contact(contact.pk, {"job_title": "VP"}, user=person("sales"), version=1, at=NOW)
    page = body(sign_in("auditor").get(url("contact", contact.pk) + "?why=job_title"))
    assert "Dana Whitfield wrote it on 17 March 2026 at 09:40." in page
    assert "Before that it was “Engineer”" in page
    assert f'“vp eng”</td><td>Trade show scan, <a href="{url("arrival", refused.pk)}">#{refused.pk}</a>' in page
    assert re.search(r'id="box-job_title" class="con-box">', page)
    assert re.search(r'id="box-email" class="con-box" hidden>', page)
    assert url("contact_edit", contact.pk) not in page
    assert "Take it" not in page


def test_the_timeline_tells_arrivals_and_edits_newest_first_and_leads_to_older_ones():
    contact = sean()
    for n in range(40):
        send(at=NOW + timedelta(hours=n + 1), email=ADDRESS, job_title=f"Title {n}")
    first = sign_in().get(url("contact", contact.pk))
    told = [e["line"].arrival for e in first.context["timeline"]["lines"]]
    older = sign_in().get(f"{url('contact', contact.pk)}?{first.context['timeline']['older']}")
    told += [e["line"].arrival for e in older.context["timeline"]["lines"]]
    assert told == sorted(Arrival.objects.values_list("pk", flat=True), reverse=True)
    assert older.context["timeline"]["older"] == ""


def test_more_history_needs_no_more_queries():
    contact, client, counts = sean(), sign_in(), []
    for turn in range(2):
        client.get(url("contact", contact.pk))
        with CaptureQueriesContext(connection) as queries:
            client.get(url("contact", contact.pk))
        counts.append(len(queries))
        for n in range(6):
            send(email=ADDRESS, job_title=f"Title {turn}{n}")
            version = Contact.objects.get(pk=contact.pk).version
            edit_contact(contact.pk, {"company": f"C{n}"}, user=person("sales"), version=version, at=NOW)
            add_address(contact.pk, f"a{turn}{n}@acme.example", user=person("sales"), at=NOW)
    assert counts[0] == counts[1] <= 30


@pytest.mark.parametrize("name", ["contact", "contact_edit", "contact_history", "arrival"])
@pytest.mark.parametrize("number", [999, 10**30])
def test_a_number_that_nothing_has_is_a_page_with_a_sentence(name, number):
    response = sign_in().get(url(name, number))
    assert response.status_code == 404
    assert f"There is no {'arrival' if name == 'arrival' else 'contact'} #{number}" in body(response)


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("contact", {"admin", "ops", "reviewer", "marketing", "sales", "auditor"}),
        ("contact_edit", {"admin", "ops", "sales"}),
        ("contact_add", {"admin", "ops", "sales"}),
        ("arrival", {"admin", "ops", "reviewer", "marketing", "sales", "auditor"}),
    ],
)
def test_each_page_opens_for_those_who_have_its_right(name, may):
    arrival = send(email=ADDRESS)
    args = {"contact_add": [], "arrival": [arrival.pk]}.get(name, [arrival.contact_id])
    everyone = {"admin", "ops", "reviewer", "marketing", "sales", "auditor"}
    assert {who for who in everyone if sign_in(who).get(url(name, *args)).status_code == 200} == may
    assert Client().get(url(name, *args)).status_code == 302


def test_the_edit_form_saves_only_what_the_person_changed():
    contact, client = sean(), sign_in()
    data = form_of(client.get(url("contact_edit", contact.pk))) | {"job_title": "VP", "custom-seats": "7"}
    assert client.post(url("contact_edit", contact.pk), data).status_code == 302
    contact.refresh_from_db()
    assert (contact.job_title, contact.custom, contact.version) == ("VP", {"seats": 7}, 2)
    assert set(contact.origins["of"]) >= {"job_title", "seats"}
    assert contact.origins["of"]["first_name"][1] == "created"


def test_posting_extra_names_changes_nothing():
    contact, client = sean(), sign_in()
    fields = [f.name for f in Contact._meta.get_fields()] + [f.attname for f in Contact._meta.concrete_fields]
    extra = dict.fromkeys([*fields, "pk", "source__slug", "owner__is_superuser", "_connector", "_negated"], "7")
    before = state()
    named = set(form_of(client.get(url("contact_edit", contact.pk))))
    data = {n: v for n, v in extra.items() if n not in named} | {"version": str(contact.version)}
    client.post(url("contact_edit", contact.pk), data)
    client.post(url("contact_address", contact.pk), data)
    client.post(url("contact_take", contact.pk), data)
    assert state() == before


def test_what_the_rules_refuse_is_said_beside_its_field_and_stays_typed():
    contact, client = sean(), sign_in()
    data = form_of(client.get(url("contact_edit", contact.pk)))
    response = client.post(url("contact_edit", contact.pk), data | {"lifecycle_stage": "mql", "phone": "12"})
    assert "MQL: only a MAP may set this stage." in body(response)
    assert "“12” can’t be used: it has too few digits." in body(response)
    assert 'value="12"' in body(response)


def test_a_second_editor_is_told_who_changed_what_and_loses_nothing():
    contact, client = sean(), sign_in("ops")
    data = form_of(client.get(url("contact_edit", contact.pk))) | {"job_title": "CTO"}
    first = {"job_title": "VP", "company": "Acme"}
    edit_contact(contact.pk, first, user=person("sales"), version=1, at=NOW)
    told = client.post(url("contact_edit", contact.pk), data)
    assert "<b>Dana Whitfield</b>" in body(told)
    assert "Job title “Engineer” → “VP”" in body(told)
    again = form_of(told)
    assert (again["job_title"], again["company"]) == ("CTO", "Acme")
    assert client.post(url("contact_edit", contact.pk), again).status_code == 302
    contact.refresh_from_db()
    assert (contact.job_title, contact.company) == ("CTO", "Acme")
    assert contact.origins["by"][contact.origins["of"]["company"][0]][1] == "Dana Whitfield"


def test_a_refused_value_is_taken_by_a_click_from_the_arrival_itself():
    contact, client = sean(), sign_in()
    arrival = send("trade-show-scan", email=ADDRESS, job_title="vp eng")
    post = {"field": "job_title", "arrival": arrival.pk, "version": 1, "value": "evil"}
    client.post(url("contact_take", contact.pk), post)
    contact.refresh_from_db()
    assert contact.job_title == "vp eng"
    assert contact.origins["of"]["job_title"][1] == "person"
    other = send(email="lea@berg.example").contact
    client.post(url("contact_take", other.pk), post)
    other.refresh_from_db()
    assert other.job_title == ""


def test_an_address_of_somebody_else_leads_to_them():
    contact, other = sean(), send(email="lea@berg.example", first_name="Lea").contact
    response = sign_in().post(url("contact_address", contact.pk), {"act": "add", "text": "lea@berg.example"})
    assert response.status_code == 409
    assert f'href="{url("contact", other.pk)}"' in body(response)


@pytest.mark.parametrize("value", XSS)
def test_hostile_values_are_shown_as_text_on_every_page(value):
    contact = sean(job_title=value, company=value, seats=value, **{value: value})
    send(email=ADDRESS, job_title=value + "2", first_name="Sean")
    edit_contact(contact.pk, {"first_name": value}, user=person("sales"), reason=value, version=1, at=NOW)
    client = sign_in("admin")
    pages = [url(n, contact.pk) for n in ("contact", "contact_edit", "contact_history")]
    pages += [url("arrival", pk) for pk in Arrival.objects.values_list("pk", flat=True)]
    for where in pages:
        page = client.get(where).content.decode()
        assert page.count(value) == 0 or value == escape(value)
        assert "“14”" not in page
        assert 'href="javascript' not in page


def add(client: Client, **typed: str) -> Any:
    opened = client.get(url("contact_add"))
    return client.post(url("contact_add"), form_of(opened) | typed, follow=True)


def test_a_typed_record_becomes_a_contact():
    response = add(sign_in(), email="new@firm.example", first_name="Lea", **{"custom-seats": "4"})
    contact = Contact.objects.get()
    assert response.redirect_chain == [(url("contact", contact.pk), 302)]
    assert "Saved as a new contact." in body(response)
    assert (contact.source.slug, contact.custom) == ("outbound-prospecting", {"seats": 4})


def test_a_known_address_leads_to_its_contact_and_makes_no_second_one():
    contact = sean()
    response = add(sign_in(), email=ADDRESS.upper(), country="ie", job_title="CTO")
    assert response.redirect_chain == [(url("contact", contact.pk), 302)]
    contact.refresh_from_db()
    assert (contact.country, contact.job_title) == ("Ireland", "Engineer")
    assert Contact.objects.count() == 1


def test_a_look_alike_waits_for_a_reviewer():
    sean()
    typed = {"first_name": "Sean", "last_name": "Obrien", "company_domain": "acme-tooling.example"}
    response = add(sign_in("sales"), **typed)
    assert "Held for a reviewer: no contact was made." in body(response)
    assert (Contact.objects.count(), Review.objects.count()) == (1, 1)


def test_a_record_that_could_be_nobody_is_not_taken():
    response = add(sign_in(), first_name="Sean")
    assert "Could be nobody" in body(response)
    assert not Arrival.objects.exists()


def test_a_double_click_is_one_arrival_of_one_contact():
    client = sign_in()
    data = form_of(client.get(url("contact_add"))) | {"email": "new@firm.example"}
    places = [client.post(url("contact_add"), data).url for _ in range(2)]
    assert places == [url("contact", Contact.objects.get().pk)] * 2
    assert list(Arrival.objects.order_by("pk").values_list("outcome", flat=True)) == ["created", "repeated"]


def test_the_match_is_shown_while_typing_and_writes_nothing():
    contact = sean()
    before = state()
    page = body(sign_in().post(url("contact_match"), {"email": ADDRESS, "job_title": "CTO", "country": "ie"}))
    assert f'belongs to <a href="{url("contact", contact.pk)}">Sean Obrien #{contact.pk}</a>' in page
    assert "Saving fills country, keeps job title “Engineer”." in page
    assert "<html" not in page
    assert state() == before


def test_the_forms_know_every_custom_field():
    page = body(sign_in().get(url("contact_add")))
    assert all(f'name="custom-{slug}"' in page for slug in custom_types())
