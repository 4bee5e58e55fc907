"""The small tables in Django's admin: people, groups, fields, stages, tokens, settings."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.urls import reverse
from unfold.admin import ModelAdmin

from contacts.models import Contact, CustomField, HubSettings, Source, SourceToken, Stage
from tests.contacts.deciding import person, seed, send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hub(client):
    seed()
    client.force_login(person("ops"))


def test_our_tables_all_wear_unfold():
    for model in (User, Group, CustomField, Stage, SourceToken, HubSettings, Contact):
        assert isinstance(admin.site._registry[model], ModelAdmin), model


def test_no_table_can_be_edited_in_a_list_where_two_people_would_overwrite_each_other():
    assert [m for m in admin.site._registry.values() if getattr(m, "list_editable", ())] == []


@pytest.mark.parametrize("model", ["customfield", "sourcetoken", "hubsettings"])
@pytest.mark.parametrize("role", ["admin", "ops", "reviewer", "marketing", "sales", "auditor"])
def test_each_table_follows_the_rights_of_the_role(client, model, role):
    user = person(role)
    client.force_login(user)
    may = {act: user.has_perm(f"contacts.{act}_{model}") for act in ("view", "add", "change")}
    opened = client.get(reverse(f"admin:contacts_{model}_changelist"), follow=True).status_code
    assert (opened == 200) == (may["view"] or may["change"])
    added = client.get(reverse(f"admin:contacts_{model}_add")).status_code
    assert (added == 200) == (may["add"] and model != "hubsettings")


class TestTokens:
    def issue(self, client, **more: str):
        data = {"source_slug": "website-contact-form", "label": "Form", **more}
        return client.post(reverse("admin:contacts_sourcetoken_add"), data)

    def test_the_secret_is_shown_once_and_only_its_hash_is_kept(self, client):
        answer = self.issue(client)
        words = " ".join(str(m) for m in get_messages(answer.wsgi_request))
        secret = re.search(r"<code>([\w-]{40,})</code>", words)[1]
        token = SourceToken.objects.get()
        assert token.digest == SourceToken.digest_of(secret)
        assert (token.hint, token.created_by) == (secret[-4:], person("ops"))
        assert secret in client.get(answer.url).content.decode()
        for address in (answer.url, reverse("admin:contacts_sourcetoken_change", args=[token.pk])):
            assert secret not in client.get(address).content.decode()
        assert secret not in str(list(SourceToken.objects.values()))

    def test_a_token_can_be_switched_off_and_its_source_never_changed(self, client):
        self.issue(client)
        token = SourceToken.objects.get()
        digest = token.digest
        client.post(
            reverse("admin:contacts_sourcetoken_change", args=[token.pk]),
            {"source_slug": "trade-show-scan", "label": "New", "may_read": "on", "digest": "0" * 64},
        )
        token.refresh_from_db()
        assert (token.active, token.label) == (False, "New")
        assert (token.source_slug, token.may_read, token.digest) == ("website-contact-form", False, digest)

    def test_a_token_is_for_a_source_in_use(self, client):
        Source.objects.filter(slug="trade-show-scan").update(status="retired")
        self.issue(client, source_slug="trade-show-scan")
        self.issue(client, source_slug="nobody")
        assert not SourceToken.objects.exists()


class TestCustomFields:
    def change(self, client, field: CustomField, **more: str):
        data = {"label": field.label, "type": field.type, "choices": "\n".join(field.choices), "order": "0"}
        return client.post(reverse("admin:contacts_customfield_change", args=[field.pk]), data | more)

    def test_choices_are_written_as_lines(self, client):
        client.post(
            reverse("admin:contacts_customfield_add"),
            {"slug": "interest", "label": "Interest", "type": "choice", "order": "0",
             "choices": " Laser \n\nMilling, 5-axis\nLaser\n"},
        )  # fmt: skip
        field = CustomField.objects.get()
        assert field.choices == ["Laser", "Milling, 5-axis"]
        page = client.get(reverse("admin:contacts_customfield_change", args=[field.pk])).content.decode()
        assert "Laser\nMilling, 5-axis" in page

    def test_a_choice_without_choices_is_refused(self, client):
        client.post(
            reverse("admin:contacts_customfield_add"),
            {"slug": "interest", "label": "Interest", "type": "choice", "order": "0", "choices": " \n"},
        )
        assert not CustomField.objects.exists()

    @pytest.mark.parametrize(
        "slug",
        ["email", "name", "website", "opt_in", "owner", "owner_id", "source", "last_activity", "id", "custom",
         "shared_mailbox", "created_at", "version", "addresses", "lifecycle_stage_id"],
    )  # fmt: skip
    def test_a_name_that_contacts_or_records_use_already_is_refused(self, client, slug):
        data = {"slug": slug, "label": "Mine", "type": "text", "order": "0"}
        page = client.post(reverse("admin:contacts_customfield_add"), data).content.decode()
        assert f"“{slug}” is a field that the hub has already. Choose another name." in page
        assert not CustomField.objects.exists()

    def test_the_type_stays_once_there_are_values(self, client):
        field = CustomField.objects.create(slug="size", label="Size", type="text")
        self.change(client, field, type="number")
        field.refresh_from_db()
        assert field.type == "number"
        send(email="a@firm.com", size="12")
        page = self.change(client, field, type="text").content.decode()
        field.refresh_from_db()
        assert field.type == "number"
        assert "its type stays" in page

    def test_the_slug_stays(self, client):
        field = CustomField.objects.create(slug="size", label="Size")
        self.change(client, field, slug="other", label="How big")
        field.refresh_from_db()
        assert (field.slug, field.label) == ("size", "How big")

    def test_a_change_has_a_row_of_history_with_its_user(self, client):
        field = CustomField.objects.create(slug="size", label="Size")
        self.change(client, field, label="How big")
        assert field.history.latest("history_id").history_user == person("ops")


class TestSettings:
    def test_the_settings_open_straight_away_and_there_is_one_row(self, client):
        HubSettings.objects.all().delete()
        page = client.get(reverse("admin:contacts_hubsettings_changelist"), follow=True)
        assert page.status_code == 200
        data = {"phone_shared_limit": "5", "default_region": "DE", "review_aim_hours": "24"}
        client.post(page.request["PATH_INFO"], data)
        assert HubSettings.load().phone_shared_limit == 5
        assert client.get(reverse("admin:contacts_hubsettings_add")).status_code == 403


class TestPeople:
    @pytest.fixture(autouse=True)
    def _admin(self, client):
        client.force_login(person("admin"))

    def test_nobody_makes_a_superuser_but_a_superuser(self, client):
        user = person("sales")
        client.post(
            reverse("admin:auth_user_change", args=[user.pk]),
            {"username": "sales", "is_active": "on", "is_staff": "on", "is_superuser": "on",
             "user_permissions": "1", "groups": str(Group.objects.get(name="sales").pk),
             "date_joined_0": "2026-01-01", "date_joined_1": "10:00"},
        )  # fmt: skip
        user.refresh_from_db()
        assert not user.is_superuser
        assert not user.user_permissions.exists()

    def test_a_superuser_is_changed_by_superusers_alone(self, client):
        root = User.objects.create(username="root", is_staff=True, is_superuser=True)
        assert client.post(reverse("admin:auth_user_change", args=[root.pk]), {"username": "x"}).status_code == 403
        assert client.get(reverse("admin:auth_user_password_change", args=[root.pk])).status_code == 403
        assert client.post(reverse("admin:auth_user_delete", args=[root.pk]), {"post": "yes"}).status_code == 403
        assert User.objects.filter(username="root").exists()


class TestThePalette:
    def find(self, client, typed: str) -> str:
        return client.get(reverse("admin:search"), {"s": typed, "extended": "1"}).content.decode()

    def test_it_finds_a_contact_by_the_beginning_of_its_name_or_address(self, client):
        send(email="seán@acme.com", first_name="Seán", last_name="O'Brien")
        contact = send(email="x@firm.com", first_name="Ann", last_name="Lee").contact
        link = reverse("admin:contacts_contact_change", args=[contact.pk])
        assert link in self.find(client, "lee")
        assert link in self.find(client, "x@fi")
        assert link not in self.find(client, "obrien")

    def test_what_it_finds_leads_to_our_own_page_and_lists_lead_to_ours(self, client):
        contact = send(email="x@firm.com", first_name="Ann", last_name="Lee").contact
        change = client.get(reverse("admin:contacts_contact_change", args=[contact.pk]))
        assert change.url == reverse("hub:contact", args=[contact.pk])
        assert client.get(reverse("admin:contacts_contact_changelist")).url == reverse("hub:contacts")

    def test_nobody_adds_or_deletes_a_contact_there(self, client):
        contact = send(email="x@firm.com").contact
        User.objects.filter(username="ops").update(is_superuser=True)
        assert client.get(reverse("admin:contacts_contact_add")).status_code == 403
        delete = reverse("admin:contacts_contact_delete", args=[contact.pk])
        assert client.post(delete, {"post": "yes"}).status_code == 403
        assert Contact.objects.exists()
