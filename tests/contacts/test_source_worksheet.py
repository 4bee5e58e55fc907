"""The lead source worksheet as CSV: out, and in again after a look at what would change."""

from __future__ import annotations

import csv
import io

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from contacts.models import Source, Stage
from contacts.services.source_worksheet import export_csv, plan_import, read_csv
from tests.contacts.deciding import dump, person, seed, source

HEAD = "Source,Record Creator,Data Captured,Sync Method,Frequency,Entry Stage"


@pytest.mark.django_db
class TestTheWorksheet:
    @pytest.fixture(autouse=True)
    def _hub(self, client):
        seed()
        client.force_login(person("ops"))

    def upload(self, client, text: str | bytes):
        data = text.encode() if isinstance(text, str) else text
        return client.post(reverse("hub:sources_import"), {"file": SimpleUploadedFile("w.csv", data)})

    def apply(self, client, text: str):
        return client.post(reverse("hub:sources_import"), {"text": text, "shown": plan_import(text).fingerprint})

    def test_what_goes_out_comes_in_again_and_changes_nothing(self):
        Source.objects.filter(slug="partner-referral").update(name="=cmd()", owner=person("sales"), status="audited")
        text = export_csv()
        assert "'=cmd()" in text
        plan = plan_import(text)
        assert plan.errors == []
        assert plan.changes == []
        assert next(csv.reader(io.StringIO(text)))[:6] == HEAD.split(",")

    def test_the_seeded_worksheet_is_the_register(self):
        text = f'{HEAD}\nTrade show scan,Badge scan app,"Email, name, company",Manual import,Weekly,Event Lead\n'
        plan = plan_import(text)
        assert plan.changes == []
        assert len(plan.absent) == 5

    def test_what_would_change_is_shown_before_anything_does(self, client):
        before = dump()
        changed = "Trade show scan,Leadcapture,Email,Manual import,Daily,Event Lead"
        text = "\n".join([HEAD, changed, "Spring fair,App,Email,CSV,Weekly,Event Lead"])
        page = self.upload(client, text).content.decode()
        assert "Leadcapture" in page
        assert "1 new, 1 changed" in page
        assert dump() == before
        self.apply(client, text)
        assert (source("trade-show-scan").cadence, source("spring-fair").record_creator) == ("daily", "App")
        assert source("spring-fair").history.get().history_user == person("ops")

    def test_errors_name_row_and_column_and_nothing_is_applied(self, client):
        before = dump()
        rows = ["Spring fair,App,Email,CSV,Fortnightly,Event Lead,", "X,App,Email,CSV,Weekly,Warm,Nobody Here"]
        text = "\n".join([f"{HEAD},Owner", *rows])
        plan = plan_import(text)
        assert [(e.row, e.column) for e in plan.errors] == [(2, "Frequency"), (3, "Entry Stage"), (3, "Owner")]
        assert "“Fortnightly” is none of Real-time, Hourly" in self.upload(client, text).content.decode()
        self.apply(client, text)
        assert dump() == before

    def test_nothing_but_what_was_shown_is_applied(self, client):
        text = f"{HEAD}\nTrade show scan,Leadcapture,Email,Manual import,Daily,Event Lead\n"
        shown = plan_import(text).fingerprint
        Source.objects.filter(slug="trade-show-scan").update(record_creator="Somebody was here")
        answer = client.post(reverse("hub:sources_import"), {"text": text, "shown": shown})
        assert "so nothing was applied" in answer.content.decode()
        assert source("trade-show-scan").cadence == "weekly"

    @pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"PK\x03\x04\x00\x00", b"\xff\xfe\x00S"])
    def test_a_file_that_is_no_worksheet_is_a_sentence(self, client, data):
        answer = self.upload(client, data)
        assert answer.status_code == 200
        assert "note bad" in answer.content.decode()

    def test_semicolons_and_windows_letters_are_read(self):
        text = HEAD.replace(",", ";") + "\nMüller Messe;App;Email;CSV;Weekly;Event Lead\n"
        plan = plan_import(read_csv(text.encode("cp1252")))
        assert plan.rows[0].name == "Müller Messe"

    def test_a_stage_that_does_not_exist_is_named_with_those_that_do(self):
        assert Stage.objects.exists()
        plan = plan_import(f"{HEAD}\nX,App,Email,CSV,Weekly,Warm\n")
        assert "“Warm” is no stage of the hub. It has" in plan.errors[0].text

    def test_an_owner_is_found_by_full_name_or_sign_in(self):
        User.objects.filter(username="sales").update(first_name="Dana", last_name="Whitfield")
        plan = plan_import("Source,Owner\nTrade show scan,dana whitfield\nPartner referral,sales\n")
        assert {row.values["owner_id"] for row in plan.rows} == {person("sales").pk}
