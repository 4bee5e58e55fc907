"""Stage and owner of many contacts at once: the table is asked for each, and what was refused is said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from contacts.domain import rules
from contacts.domain.origins import origin_of
from contacts.models import BulkEdit, Contact, Refusal
from contacts.services import bulk_edit
from contacts.services.people import Invalid
from tests.contacts.deciding import NOW, person, seed, send

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _hub() -> None:
    seed()


def hub(*stages: str) -> list[int]:
    """A contact at each of these stages."""
    ids = []
    for n, stage in enumerate(stages):
        contact = send(email=f"c{n}@acme.example", first_name=f"C{n}").contact
        Contact.objects.filter(pk=contact.pk).update(lifecycle_stage=stage)
        ids.append(contact.pk)
    return ids


def ask(ids: list[int], who: str = "sales", stage: str = "sql", owner: str | None = None) -> BulkEdit:
    edit = bulk_edit.start(ids, stage=stage, owner=owner, reason="", which="chosen", user=person(who), at=LATER)
    bulk_edit.work(edit.pk, clock=lambda: LATER)
    edit.refresh_from_db()
    return edit


def do(edit: BulkEdit) -> BulkEdit:
    bulk_edit.queue(edit)
    bulk_edit.work(edit.pk, clock=lambda: LATER)
    edit.refresh_from_db()
    return edit


def stages(ids: list[int]) -> list[str]:
    found = dict(Contact.objects.values_list("pk", "lifecycle_stage_id"))
    return [found[pk] for pk in ids]


def test_what_is_shown_first_is_what_is_then_done():
    ids = hub("new-lead", "mql", "sql", "unsubscribed")
    edit = ask(ids)
    assert (edit.found["would"], edit.found["same"], edit.found["refused"]) == (2, 1, 1)
    assert stages(ids) == ["new-lead", "mql", "sql", "unsubscribed"]
    assert not Refusal.objects.exists()
    do(edit)
    assert stages(ids) == ["sql", "sql", "sql", "unsubscribed"]
    assert (edit.written, list(edit.refused.values())) == (2, [1])
    assert Refusal.objects.get().rule == rules.STAGE_UNSUBSCRIBED


def test_each_contact_says_in_its_history_who_did_it_with_how_many():
    [pk, _] = ids = hub("new-lead", "mql")
    do(ask(ids))
    contact = Contact.objects.get(pk=pk)
    row = contact.history.order_by("-history_id").first()
    assert (row.actor, row.lifecycle_stage_id) == ("Dana Whitfield", "sql")
    assert row.history_change_reason == "edited with 2: stage from New Lead to SQL."
    origin = origin_of(contact.origins, "lifecycle_stage")
    assert (origin.writer.kind, origin.writer.name, origin.rule) == ("person", "Dana Whitfield", "person")
    assert contact.version == 2


@pytest.mark.parametrize("stage", ["mql", "sql"])
def test_without_the_right_for_it_nobody_sets_what_belongs_to_sales_or_a_map(stage):
    ids = hub("new-lead", "event-lead")
    edit = do(ask(ids, "ops", stage))
    assert stages(ids) == ["new-lead", "event-lead"]
    assert edit.written == 0
    assert {r.rule for r in Refusal.objects.all()} == {rules.STAGE_MAP if stage == "mql" else rules.STAGE_SALES}


def test_an_owner_is_written_where_the_stage_is_refused():
    [pk] = hub("unsubscribed")
    do(ask([pk], owner=str(person("sales").pk)))
    contact = Contact.objects.get(pk=pk)
    assert (contact.owner, contact.lifecycle_stage_id) == (person("sales"), "unsubscribed")


def test_pressing_twice_and_a_worker_that_comes_late_write_once():
    ids = hub("new-lead")
    edit = do(ask(ids))
    do(edit)
    assert Contact.objects.get(pk=ids[0]).version == 2
    assert (edit.written, edit.status) == (1, "done")


def test_a_contact_that_is_gone_is_left_with_the_reason():
    ids = hub("new-lead")
    edit = do(ask([*ids, 999_999]))
    assert edit.left == [[999_999, "", bulk_edit.GONE]]


def test_nothing_to_set_nobody_chosen_too_many_and_no_right_are_said():
    ids = hub("new-lead")
    for wrong in ({"stage": ""}, {"stage": "gold"}, {"owner": "999999"}):
        with pytest.raises(Invalid):
            ask(ids, **wrong)
    with pytest.raises(Invalid):
        ask([])
    with pytest.raises(Invalid):
        ask(list(range(bulk_edit.MOST + 1)))
    with pytest.raises(PermissionDenied):
        ask(ids, "reviewer")


def test_it_costs_the_same_for_ten_as_for_a_hundred(django_assert_max_num_queries):
    ids = hub(*["new-lead"] * 100)
    edit = ask(ids)
    bulk_edit.queue(edit)
    with django_assert_max_num_queries(30):
        assert bulk_edit.work(edit.pk, clock=lambda: LATER)


def test_all_that_match_the_list_are_edited_by_its_page(client):
    ids = hub("new-lead", "mql", "mql")
    client.force_login(person("sales"))
    data = {"act": "look", "filters": "stage=mql", "stage": "sql", "owner": ""}
    shown = client.post(reverse("hub:contact_bulk"), data, follow=True)
    assert "2 would be written" in shown.content.decode()
    edit = BulkEdit.objects.get()
    done = client.post(reverse("hub:contact_bulk_run", args=[edit.pk]), follow=True).content.decode()
    assert "2 of 2 contacts written" in done
    assert stages(ids) == ["new-lead", "sql", "sql"]


def test_the_page_asks_first_and_nobody_runs_another_person_s_edit(client):
    ids = hub("new-lead")
    client.force_login(person("ops"))
    assert "Edit 1 contact" in client.post(reverse("hub:contact_bulk"), {"contact": ids}).content.decode()
    edit = ask(ids, "sales")
    client.post(reverse("hub:contact_bulk_run", args=[edit.pk]))
    assert stages(ids) == ["new-lead"]


def test_the_address_alone_leads_to_the_list_where_contacts_are_chosen(client):
    client.force_login(person("sales"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("hub:contact_bulk")).headers["Location"] == reverse("hub:contacts")
