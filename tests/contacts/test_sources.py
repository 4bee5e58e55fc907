"""The lead source audit: what is declared stands beside what comes, and nothing undeclared is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.domain import audit
from contacts.models import Arrival, Contact, Source
from contacts.services import sources
from contacts.services.source_audit import audit_sources, conflicts
from tests.contacts.deciding import NOW, dump, person, seed, send, source, wait

HEAD = "Source,Record Creator,Data Captured,Sync Method,Frequency,Entry Stage"


class TestWhatIsDeclared:
    def test_the_worksheets_words_are_read_as_fields(self):
        read = audit.declared_fields("Email, name, job title; Product Interest and Shoe size",
                                     {"product_interest": "Product interest"})  # fmt: skip
        assert read.fields == ("email", "name", "job_title", "product_interest")
        assert read.unknown == ("Shoe size",)
        assert audit.declared_fields("Variable", {}).anything

    @pytest.mark.parametrize(
        ("cadence", "hours", "late"),
        [
            ("real-time", 24, False), ("real-time", 25, True), ("hourly", 3, False), ("hourly", 4, True),
            ("daily", 36, False), ("daily", 37, True), ("weekly", 8 * 24, False), ("weekly", 8 * 24 + 1, True),
            ("post-event", 35 * 24, False), ("post-event", 35 * 24 + 1, True), ("ad-hoc", 9999, False),
        ],
    )  # fmt: skip
    def test_a_cadence_is_missed_only_past_its_limit(self, cadence, hours, late):
        assert audit.missed(cadence, NOW - timedelta(hours=hours), NOW) is late

    def test_a_source_that_never_sent_has_missed_nothing(self):
        assert not audit.missed("hourly", None, NOW)

    def test_what_the_hub_worked_out_itself_counts_as_sent_by_nobody(self):
        verdicts = [["lifecycle_stage", "written", "entry-stage"], ["phone", "refused", "unreadable", "12"],
                    ["first_name", "written", "created"], ["occurred_at", "kept", "with-arrival"]]  # fmt: skip
        assert audit.brought(verdicts, True, ()) == {"email", "name"}


@pytest.mark.django_db
class TestTheAudit:
    @pytest.fixture(autouse=True)
    def _hub(self, db):
        seed()

    def view(self, slug: str):
        return next(v for v in audit_sources(NOW).sources if v.source.slug == slug)

    def test_a_declared_field_that_few_bring_is_amber_and_then_red(self):
        for n in range(10):
            more = {"phone": f"+1 212 555 01{n:02}"} if n < 4 else {}
            send("paid-search-landing-page", email=f"a{n}@firm.com", country="Ireland", **more)
        marks = {f.label: (f.percent, f.mark) for f in self.view("paid-search-landing-page").seen.fills}
        assert marks["E-mail"] == (100, "")
        assert marks["Phone"] == (40, "bad")
        assert marks["Country"] == (100, "accent")

    def test_a_source_that_sends_variable_data_declares_whatever_comes(self):
        send("partner-referral", email="a@firm.com", country="Ireland")
        view = self.view("partner-referral")
        assert {f.mark for f in view.seen.fills} == {""}
        assert "undeclared" not in view.codes

    def test_records_are_counted_against_the_thirty_days_before(self):
        for n in range(4):
            send(email=f"a{n}@firm.com", at=NOW - timedelta(days=40))
        for n in range(5):
            send(email=f"b{n}@firm.com", at=NOW - timedelta(days=n))
        view = self.view("website-contact-form")
        assert (view.seen.records, view.before, view.trend) == (5, 4, "+25%")
        assert view.outcomes == [("created", 5)]

    def test_a_source_that_claims_mql_is_red_and_says_how_often_it_was_refused(self):
        send("paid-search-landing-page", email="a@firm.com")
        red = self.view("paid-search-landing-page").findings[0]
        assert red.level == "bad"
        assert red.text == "Claims MQL, which only a MAP may set. Refused once."
        assert red.fix == "Make it New Lead"

    def test_two_sources_that_claim_mql_are_both_red_and_name_each_other(self):
        Source.objects.create(slug="hubspot", name="HubSpot", kind="map", entry_stage_id="mql")
        texts = {f.slug: f.text for f in conflicts(NOW) if f.code == "both"}
        assert texts == {
            "hubspot": "Paid search landing page also claims to set MQL.",
            "paid-search-landing-page": "HubSpot also claims to set MQL.",
        }

    def test_a_map_alone_may_claim_mql(self):
        Source.objects.all().delete()
        Source.objects.create(slug="hubspot", name="HubSpot", kind="map", entry_stage_id="mql")
        assert conflicts(NOW) == []

    def test_a_retired_source_has_no_conflict(self):
        Source.objects.filter(slug="paid-search-landing-page").update(status="retired")
        assert conflicts(NOW) == []

    def test_a_silent_source_and_one_without_an_owner_are_amber(self):
        send(email="a@firm.com", at=NOW - timedelta(days=3))
        found = {f.code: f for f in self.view("website-contact-form").findings}
        assert found["cadence"].text == "Missed its cadence: real time, and silent for 3 days."
        assert found["owner"].fix == "Give it an owner"

    def test_undeclared_arrivals_are_grouped_with_what_they_look_like(self):
        for n in range(3):
            send("paid-search-landing-page", email=f"a{n}@firm.com")
        for n in range(4):
            wait("zapier-legacy", email=f"a{n}@firm.com", phone="+12125550123", lifecycle_stage="MQL",
                 at=NOW - timedelta(hours=n))  # fmt: skip
        (found,) = audit_sources(NOW).undeclared
        assert (found.slug, found.count, found.since) == ("zapier-legacy", 4, NOW - timedelta(hours=3))
        assert (found.fields, found.stages) == (["E-mail", "Phone"], ["MQL"])
        assert (found.like, found.hits, found.addresses) == ("Paid search landing page", 3, 4)

    def test_the_page_costs_the_same_queries_however_many_sources_there_are(self, client):
        client.force_login(person("ops"))
        send(email="a@firm.com")
        wait("one", email="a@firm.com")
        few = self._queries(client)
        for n in range(12):
            Source.objects.create(
                slug=f"s{n}", name=f"S{n}", entry_stage_id="new-lead", owner=person("ops"), data_captured="Email"
            )
            send(f"s{n}", email=f"x{n}@firm.com")
            wait(f"u{n}", email=f"x{n}@firm.com")
        assert self._queries(client) == few

    @staticmethod
    def _queries(client) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(reverse("hub:sources")).status_code == 200
        return len(seen)


@pytest.mark.django_db
class TestRegistering:
    @pytest.fixture(autouse=True)
    def _hub(self, client):
        seed()
        client.force_login(person("ops"))

    def form(self, **more: str) -> dict[str, str]:
        return {"name": "Zapier legacy", "slug": "zapier-legacy", "kind": "form", "cadence": "hourly",
                "entry_stage": "new-lead", "owner": str(person("ops").pk), "status": "open", **more}  # fmt: skip

    def register(self, client, **more: str):
        return client.post(reverse("hub:source_register") + "?slug=zapier-legacy", self.form(**more))

    def test_what_waited_runs_oldest_first_and_each_gets_its_outcome(self, client):
        first = wait("zapier-legacy", email="a@firm.com", job_title="Buyer")
        second = wait("zapier-legacy", email="A@firm.com", job_title="Chief buyer", country="Ireland")
        third = wait("zapier-legacy", email="not an address")
        self.register(client)
        outcomes = [Arrival.objects.get(pk=a.pk).outcome for a in (first, second, third)]
        assert outcomes == ["created", "filled", "rejected"]
        contact = Contact.objects.get()
        assert (contact.job_title, contact.country, contact.source.slug) == ("Buyer", "Ireland", "zapier-legacy")

    def test_what_was_received_stays_as_it_was(self, client):
        arrival = wait("zapier-legacy", email="a@firm.com")
        before = (arrival.raw, arrival.received_at, arrival.delivery_key, arrival.source_slug)
        self.register(client)
        arrival.refresh_from_db()
        assert (arrival.raw, arrival.received_at, arrival.delivery_key) == before[:3]
        assert arrival.source.slug == "zapier-legacy"

    def test_the_name_that_sent_is_the_slug_whatever_the_form_says(self, client):
        wait("zapier-legacy", email="a@firm.com")
        self.register(client, slug="something-else")
        assert Source.objects.filter(slug="zapier-legacy").exists()
        assert not Source.objects.filter(slug="something-else").exists()

    def test_more_than_can_be_waited_for_go_to_a_worker(self, client, monkeypatch):
        asked = []
        monkeypatch.setattr(sources, "AT_ONCE", 1)
        monkeypatch.setattr("contacts.admin.sources._hand_over", asked.append)
        wait("zapier-legacy", email="a@firm.com")
        wait("zapier-legacy", email="b@firm.com")
        self.register(client)
        assert [s.slug for s in asked] == ["zapier-legacy"]
        assert sources.sources_with_waiting() == [asked[0].pk]

    def test_a_run_goes_on_where_it_was_cut_short_and_takes_nothing_twice(self, monkeypatch):
        monkeypatch.setattr(sources, "CHUNK", 2)
        for n in range(5):
            wait("zapier-legacy", email=f"a{n}@firm.com")
        made = Source.objects.create(slug="zapier-legacy", name="Zapier", entry_stage_id="new-lead")
        sources._run_chunk(made, NOW)
        assert sources.run_waiting(made.pk) == {"created": 3}
        assert sources.run_waiting(made.pk) == {}
        assert Contact.objects.count() == 5

    def test_what_had_its_outcome_already_is_not_run(self):
        first = wait("zapier-legacy", email="a@firm.com")
        for outcome in ("repeated", "rejected"):
            Arrival.objects.create(source_slug="zapier-legacy", door="api", received_at=NOW, outcome=outcome,
                                   raw={"email": "b@firm.com"}, repeat_of=first)  # fmt: skip
        made = Source.objects.create(slug="zapier-legacy", name="Zapier", entry_stage_id="new-lead")
        assert sources.run_waiting(made.pk) == {"created": 1}
        assert set(Arrival.objects.values_list("outcome", flat=True)) == {"created", "repeated", "rejected"}

    def test_a_retired_source_is_taken_up_again_and_its_records_run(self, client):
        Source.objects.filter(slug="website-contact-form").update(status="retired")
        wait("website-contact-form", email="a@firm.com")
        assert "Retired, and still sending" in client.get(reverse("hub:sources")).content.decode()
        client.post(reverse("hub:source_run", args=["website-contact-form"]))
        assert source().status == "open"
        assert Contact.objects.get().source == source()

    def test_without_the_right_nothing_is_registered(self, client):
        client.force_login(person("auditor"))
        wait("zapier-legacy", email="a@firm.com")
        before = dump()
        assert self.register(client).status_code == 403
        assert dump() == before


@pytest.mark.django_db
class TestChanging:
    @pytest.fixture(autouse=True)
    def _hub(self, client):
        seed()
        client.force_login(person("ops"))

    def save(self, client, **more: str):
        now = source()
        data = {"name": now.name, "kind": now.kind, "record_creator": now.record_creator, "status": now.status,
                "data_captured": now.data_captured, "sync_method": now.sync_method, "cadence": now.cadence,
                "entry_stage": now.entry_stage_id, "region": now.region, "owner": now.owner_id or "",
                "version": str(sources.version_of(now))}  # fmt: skip
        return client.post(reverse("hub:source", args=[now.slug]), data | more)

    def test_audited_falls_back_to_open_when_a_declared_thing_changes(self, client):
        self.save(client, status="audited")
        assert (source().status, source().audited_on is not None) == ("audited", True)
        self.save(client, owner=str(person("marketing").pk))
        assert source().status == "audited"
        self.save(client, data_captured="Email")
        assert (source().status, source().audited_on) == ("open", None)

    def test_each_change_has_a_row_of_history_with_its_user(self, client):
        self.save(client, record_creator="Webflow")
        row = source().history.latest("history_id")
        assert (row.record_creator, row.history_user) == ("Webflow", person("ops"))
        page = client.get(reverse("hub:source", args=[source().slug])).content.decode()
        assert "Priya Raman" in page
        assert "Webflow" in page

    def test_a_form_that_was_opened_before_somebody_elses_change_saves_nothing(self, client):
        stale = str(sources.version_of(source()))
        self.save(client, record_creator="Webflow")
        page = self.save(client, record_creator="Typeform", version=stale)
        assert "Priya Raman changed this source meanwhile" in page.content.decode()
        assert source().record_creator == "Webflow"

    def test_a_finding_is_mended_in_one_click(self, client):
        client.post(reverse("hub:source_mend", args=["paid-search-landing-page"]), {"act": "first-stage"})
        assert source("paid-search-landing-page").entry_stage_id == "new-lead"
        client.post(
            reverse("hub:source_mend", args=["trade-show-scan"]),
            {"act": "declare", "field": ["phone", "job_title", "is_superuser"]},
        )
        assert source("trade-show-scan").data_captured == "Email, name, company, Phone, Job title"

    @pytest.mark.parametrize("who", ["reviewer", "marketing", "sales", "auditor"])
    def test_readers_change_nothing(self, client, who):
        client.force_login(person(who))
        before = dump()
        assert self.save(client, record_creator="X").status_code == 403
        mend = reverse("hub:source_mend", args=["paid-search-landing-page"])
        assert client.post(mend, {"act": "first-stage"}).status_code == 403
        assert client.post(reverse("hub:sources_import"), {"text": "Source\n"}).status_code == 403
        assert dump() == before

    def test_fields_that_the_form_does_not_show_stay(self, client):
        self.save(client, slug="stolen", audited_on="2020-01-01", pk="1", created_at="2020-01-01")
        assert source().audited_on is None
        assert source().created_at.year != 2020
