"""The pages of duplicate audits and of health: what they show, to whom, what they do, and what that costs."""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from contacts.models import Contact
from syncrules.models import Audit, HealthReport, HealthTargets
from syncrules.services import audit, health

from .proving import ANN, anns, audited, carried, mqls, worked
from .syncing import World, live

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(seeded) -> World:
    return live()


@pytest.fixture
def ops(users, client) -> User:
    client.force_login(users["ops"])
    return users["ops"]


def text(client, name: str, *args, **query) -> str:
    answer = client.get(reverse(f"rules:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


class TestAudits:
    def test_the_list_says_where_nothing_was_audited_and_offers_it(self, world: World, ops, client):
        page = text(client, "audits")
        assert "The hub" in page
        assert "Our MAP" in page
        assert page.count("Not audited yet.") == 2
        assert page.count("Audit now") == 2

    def test_a_button_hands_one_to_a_worker(self, world, ops, client):
        answer = client.post(reverse("rules:audit_start", args=["our-map"]), follow=True)
        made = Audit.objects.get()
        assert (made.connection, made.status) == (world.connection, "queued")
        assert "Waiting for a worker" in answer.content.decode()

    def test_the_page_has_the_rate_against_its_target_and_what_becomes_of_each_group(self, world, ops, client):
        anns(world)
        found = audited(world)
        page = text(client, "audit", found.pk)
        assert "Our MAP: 50.0% too many, over the target" in page
        assert "Merge 1 group in Our MAP" in page
        assert ANN in page
        carried(world, found)
        page = text(client, "audit", found.pk)
        assert "Our MAP: 0.0% too many, under the target" in page
        assert "1 merged" in page

    def test_one_group_shows_the_records_side_by_side_what_is_kept_and_each_step(self, world, ops, client):
        one, two = anns(world)
        world.map.unsubscribe(ANN)
        found = audited(world)
        page = text(client, "audit_group", found.pk, 1)
        assert f"#{two} stays" in page
        assert f"#{one} opted out and the master did not: the opt-out is written first." in page
        assert "+14155550100" in page
        carried(world, found)
        assert f"#{one} merged into #{two}." in text(client, "audit_group", found.pk, 1)

    def test_carrying_out_and_stopping_by_button(self, world, ops, client):
        anns(world)
        found = audited(world)
        client.post(reverse("rules:audit_carry", args=[found.pk]))
        found.refresh_from_db()
        assert (found.status, found.carried_by_name) == ("due", "Ops")
        client.post(reverse("rules:audit_stop", args=[found.pk]))
        found.refresh_from_db()
        assert found.status == "stopped"
        assert "Go on: merge 1 group" in text(client, "audit", found.pk)

    def test_a_reviewer_says_who_is_one_person_but_carries_nothing_out(self, world, users, client):
        world.map.create(email="a@acme.example", firstname="Ann", lastname="Lee")
        two = world.map.create(email="b@acme.example", firstname="Ann", lastname="Lee")
        found = audited(world)
        client.force_login(users["reviewer"])
        client.post(reverse("rules:audit_decide", args=[found.pk, 1]), {"master": two})
        group = found.found.get()
        assert (group.state, group.master, group.decided_by_name) == ("open", two, "Reviewer")
        assert client.post(reverse("rules:audit_carry", args=[found.pk])).status_code == 403
        assert "Merge 1 group" not in text(client, "audit", found.pk)

    def test_different_people_are_left_as_they_are(self, world, ops, client):
        world.map.create(email="a@acme.example", firstname="Ann", lastname="Lee")
        world.map.create(email="b@acme.example", firstname="Ann", lastname="Lee")
        found = audited(world)
        client.post(reverse("rules:audit_decide", args=[found.pk, 1]))
        assert found.found.get().state == "left"
        assert "1 are different people" in text(client, "audit", found.pk)

    def test_the_plan_file_takes_the_right_to_export_people(self, world, users, client):
        anns(world)
        where = reverse("rules:audit_plan", args=[audited(world).pk])
        client.force_login(users["marketing"])
        assert client.get(where).status_code == 403
        client.force_login(users["ops"])
        lines = b"".join(client.get(where).streaming_content).decode("utf-8-sig").splitlines()
        assert [row["act"] for row in csv.DictReader(lines)] == ["keep", "merge into #2"]

    def test_who_may_not_see_contacts_sees_no_names(self, world, users, client):
        anns(world)
        found = audited(world)
        blind = User.objects.create(username="blind", is_staff=True)
        blind.user_permissions.add(Permission.objects.get(codename="view_audit"))
        client.force_login(blind)
        for page in (text(client, "audit", found.pk), text(client, "audit_group", found.pk, 1)):
            assert "xn--bcher" not in page
            assert "Ann" not in page

    def test_a_group_of_the_hub_leads_to_the_merge_of_its_contacts_and_into_the_queue(self, world, ops, client):
        for n in (1, 2):
            world.arrive(email=f"p{n}@acme.example", first_name=f"P{n}", last_name="Lee", company="Acme")
        first, second = Contact.objects.order_by("pk")
        Contact.objects.filter(pk=second.pk).update(first_name="P1", person_key=first.person_key, job_title="CTO")
        made = audit.start(None, "Priya", world.later())
        audit.work(made.pk, clock=world.later)
        page = text(client, "audit_group", made.pk, 1)
        assert f"#{second.pk} stays" in page
        assert f"{reverse('hub:merge')}?contact={first.pk}&amp;contact={second.pk}" in page
        assert "Put 1 group into the review queue" in text(client, "audit", made.pk)

    def test_no_connection_can_be_called_as_the_hub_is(self, world, ops, client):
        said = {"name": "Another", "slug": "crm", "kind": "hubspot"}
        answer = client.post(reverse("rules:connection_add"), said)
        assert "is the hub itself" in answer.content.decode()

    def test_groups_come_by_pages_and_by_state(self, world, ops, client):
        for n in range(60):
            world.map.create(email=f"p{n}@xn--bcher-kva.example", firstname=f"P{n}", lastname="Lee")
            world.map.create(email=f"p{n}@bücher.example", firstname=f"P{n}", lastname="Lee")
        found = audited(world)
        first = text(client, "audit", found.pk)
        assert "The next groups" in first
        assert "To the first" in text(client, "audit", found.pk, state="open", **{"from": "51"})
        assert "No group is left here." in text(client, "audit", found.pk, state="failed")

    def test_a_page_costs_the_same_however_many_groups_there_are(
        self, world, ops, client, django_assert_max_num_queries
    ):
        for count in (2, 40):
            for n in range(count):
                world.map.create(email=f"c{count}n{n}@xn--bcher-kva.example", firstname="P", lastname="Lee")
                world.map.create(email=f"c{count}n{n}@bücher.example", firstname="P", lastname="Lee")
            found = audited(world)
            with django_assert_max_num_queries(24):
                text(client, "audit", found.pk)
            with django_assert_max_num_queries(24):
                text(client, "audits")


class TestHealth:
    def test_before_the_first_report_it_says_how_to_get_one(self, world, ops, client):
        assert "Health has not been worked out yet" in text(client, "health")
        client.post(reverse("rules:health_start"))
        report = HealthReport.objects.get()
        assert (report.status, report.started_by_name) == ("queued", "Ops")
        assert "Waiting for a worker" in client.get(reverse("rules:health"), follow=True).content.decode()

    def test_a_report_shows_figures_targets_trails_and_who_was_drawn(self, world, ops, client):
        mqls(world, 25)
        report = worked(world)
        page = text(client, "health")
        assert "Day 1 of 60: all four targets met" in page
        assert "25 of 25" in page
        assert "HubSpot Forms, Website contact form" in page
        assert str(Contact.objects.first()) in page
        assert f"{report.seed}</code>" in page

    def test_names_are_shown_to_those_who_may_see_contacts_alone(self, world, client):
        mqls(world, 3)
        worked(world)
        blind = User.objects.create(username="blind", is_staff=True)
        blind.user_permissions.add(Permission.objects.get(codename="view_healthreport"))
        client.force_login(blind)
        page = text(client, "health")
        assert "P1 Lee" not in page
        assert f"contact {Contact.objects.first().pk}" in page

    def test_each_point_of_a_trend_opens_that_days_report_and_a_table_says_the_same(self, world, ops, client):
        old = worked(world)
        world.now += timedelta(days=1)
        worked(world)
        page = text(client, "health")
        assert f'<a href="{reverse("rules:health_report", args=[old.pk])}" aria-label="2 March: 0%">' in page
        assert "<caption>Duplicate rate, target 3%</caption>" in page
        assert "Day 1 of 60" in text(client, "health_report", old.pk)

    def test_the_samples_can_be_drawn_again_on_a_page(self, world, ops, client):
        mqls(world, 3)
        page = text(client, "health_draw", worked(world).pk)
        assert page.count("the same 3") == 2

    def test_another_seed_is_drawn_by_chance(self, world, ops, client):
        client.post(reverse("rules:health_start"), {"seed": "another"})
        today = int(f"{timezone.now():%Y%m%d}")
        assert HealthReport.objects.get().seed != today

    def test_the_samples_as_a_file_take_the_right_to_export_people(self, world, users, client):
        mqls(world, 2)
        where = reverse("rules:health_samples", args=[worked(world).pk])
        client.force_login(users["auditor"])
        assert client.get(where).status_code == 403
        client.force_login(users["ops"])
        rows = list(csv.DictReader(b"".join(client.get(where).streaming_content).decode("utf-8-sig").splitlines()))
        assert [row["figure"] for row in rows].count("Attribution") == 2

    def test_the_targets_are_changed_by_those_who_may_and_with_their_name(self, world, users, client):
        where = reverse("rules:health_targets")
        client.force_login(users["marketing"])
        assert client.get(where).status_code == 403
        client.force_login(users["ops"])
        said = {
            "duplicates": "2",
            "attribution": "95",
            "stages": "100",
            "incidents": "0",
            "mqls": "20",
            "contacts": "25",
        }
        assert "is no e-mail address" in client.post(where, said | {"mail_to": "nobody"}).content.decode()
        client.post(where, said | {"mail_to": "priya@hub.example"})
        row = HealthTargets.objects.get()
        assert (row.duplicates, row.mail_to, row.changed_by) == (2.0, "priya@hub.example", "Ops")

    def test_mailing_where_mail_is_not_set_up_says_so(self, world, ops, client):
        report = worked(world)
        answer = client.post(reverse("rules:health_mail", args=[report.pk]), follow=True)
        assert "No mail server is set (EMAIL_URL)." in answer.content.decode()

    def test_a_report_that_did_not_work_out_says_why(self, world, ops, client):
        report = health.start("Priya", world.now)
        HealthReport.objects.filter(pk=report.pk).update(status="failed", problem="It stopped: OSError.")
        assert "It stopped: OSError." in text(client, "health_report", report.pk)

    def test_the_pages_cost_the_same_however_many_are_sampled_and_kept(
        self, world, ops, client, django_assert_max_num_queries
    ):
        mqls(world, 25)
        for reports in (1, 20):
            for _ in range(reports):
                worked(world)
                world.now += timedelta(days=1)
            with django_assert_max_num_queries(24):
                text(client, "health")
            with django_assert_max_num_queries(16):
                text(client, "health_reports")
