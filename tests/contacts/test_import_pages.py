"""The import wizard: a file goes in step by step, nothing is written before the end, and no row gets lost."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook

from contacts.admin import import_match, import_run
from contacts.models import Arrival, Contact, ImportBatch, Outcome, SavedMatching
from contacts.services import imports
from tests.contacts.deciding import dump, person, seed, send, source

pytestmark = pytest.mark.django_db
SOURCE = "trade-show-scan"
BADGES = """Vorname;Nachname;Firma;E-Mail;Telefon;Land;Notiz
Jürgen;Müßig;Brücke & Söhne GmbH;j.muessig@bruecke-soehne.example;030 901820-11;DE;"möchte Angebot; dringend"
Anaïs;Lefèvre;Kestrel Optics;anais.lefevre@kestrel-optics.example;01 99 00 12 34;FR;
Anaïs;Lefèvre;Kestrel Optics;ANAIS.LEFEVRE@kestrel-optics.example;;FR;noch einmal
;;;kein-email;;DE;"=HYPERLINK(""http://x.example"")"
"""


@pytest.fixture(autouse=True)
def _hub(db, settings, tmp_path):
    settings.UPLOAD_ROOT = tmp_path / "uploads"
    seed()


@pytest.fixture
def ops(client: Client) -> Client:
    client.force_login(person("ops"))
    return client


def signed_in(name: str) -> Client:
    client = Client()
    client.force_login(person(name))
    return client


def upload(client: Client, text: str | bytes = BADGES, name: str = "badges.csv", slug: str = SOURCE) -> Any:
    content = text.encode("cp1252") if isinstance(text, str) else text
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("hub:import_new"), {"source": slug, "file": file})


def newest() -> ImportBatch:
    return ImportBatch.objects.order_by("-pk")[0]


def at(name: str, batch: ImportBatch) -> str:
    return reverse(f"hub:{name}", args=[batch.pk])


def matching(batch: ImportBatch, **changes: str) -> dict[str, str]:
    """The form of the columns as it is shown, with some of them changed, by their name."""
    chosen = batch.mapping | changes
    return {f"f{n}": chosen.get(name, "") for n, name in enumerate(batch.columns)}


def checked(client: Client, *args: Any, **kwargs: Any) -> ImportBatch:
    upload(client, *args, **kwargs)
    batch = newest()
    assert client.post(at("import_match", batch), matching(batch)).url == at("import_check", batch)
    return newest()


def imported(client: Client, *args: Any, **kwargs: Any) -> ImportBatch:
    batch = checked(client, *args, **kwargs)
    assert client.post(at("import", batch)).status_code == 302
    return newest()


def text_of(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode("utf-8-sig")


class TestChoosingAFile:
    def test_a_file_leads_to_its_columns(self, ops):
        assert upload(ops).url == at("import_match", newest())
        batch = newest()
        assert (batch.rows, batch.status, batch.created_by) == (4, "matching", person("ops"))
        page = text_of(ops.get(at("import_match", batch)))
        for words in ("semicolon", "Windows-1252", "Müßig", "Event Lead", "Dry run of 4 rows", "kept as it is"):
            assert words in page

    def test_an_unreadable_file_says_why_keeps_the_source_and_leaves_nothing(self, ops, settings):
        answer = upload(ops, b"PK\x03\x04 no workbook", "list.xlsx")
        page = text_of(answer)
        assert answer.status_code == 400
        assert "was not taken" in page
        assert f'<option value="{SOURCE}" selected>' in page
        assert not ImportBatch.objects.exists()
        assert [p for p in settings.UPLOAD_ROOT.rglob("*") if p.is_file()] == []

    def test_source_and_file_are_asked_for(self, ops):
        assert "Choose the source" in text_of(upload(ops, slug="nobody"))
        assert "Choose a file" in text_of(ops.post(reverse("hub:import_new"), {"source": SOURCE}))

    def test_a_retired_source_takes_no_files(self, ops):
        retired = source(SOURCE)
        retired.status = "retired"
        retired.save()
        assert upload(ops).status_code == 400
        assert not ImportBatch.objects.exists()

    def test_a_file_above_the_cap_gets_a_sentence(self, ops, settings):
        settings.MAX_UPLOAD_BYTES = 300
        answer = upload(ops, BADGES * 3)
        assert answer.status_code == 413
        assert "The file is larger than 300" in text_of(answer)
        assert not ImportBatch.objects.exists()

    def test_the_token_of_the_form_is_asked_for(self):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(person("ops"))
        assert upload(strict).status_code == 403
        assert not ImportBatch.objects.exists()


class TestMatching:
    def test_two_columns_on_one_field_are_refused(self, ops):
        upload(ops)
        batch = newest()
        answer = ops.post(at("import_match", batch), matching(batch, Notiz="email"))
        assert answer.status_code == 400
        page = text_of(answer)
        assert "both go to “email”" in page
        assert page.count("imp-twice") == 2
        assert newest().status == "matching"

    def test_an_unknown_field_is_refused(self, ops):
        upload(ops)
        batch = newest()
        assert ops.post(at("import_match", batch), matching(batch, Notiz="owner_id")).status_code == 400
        assert newest().mapping == batch.mapping

    def test_the_matching_is_saved_only_when_asked_for(self, ops):
        checked(ops)
        assert not SavedMatching.objects.exists()
        upload(ops)
        batch = newest()
        ops.post(at("import_match", batch), matching(batch, Notiz="job_title") | {"remember": "1"})
        assert SavedMatching.objects.get().mapping["Notiz"] == "job_title"
        upload(ops)
        assert newest().mapping["Notiz"] == "job_title"
        assert "used last time" in text_of(ops.get(at("import_match", newest())))

    def test_the_first_rows_follow_the_form_and_store_nothing(self, ops):
        upload(ops)
        batch = newest()
        before = dump()
        page = text_of(ops.post(at("import_preview", batch), matching(batch, Notiz="job_title")))
        assert "möchte Angebot; dringend" in page
        assert "is not an address" in page
        assert dump() == before
        assert newest().mapping == batch.mapping

    def test_the_file_can_be_read_in_another_encoding_and_separator(self, ops):
        upload(ops)
        batch = newest()
        ops.post(at("import_read_again", batch), {"encoding": "ISO-8859-1"})
        assert newest().layout["encoding"] == "ISO-8859-1"
        answer = ops.post(at("import_read_again", batch), {"encoding": "UTF-8"}, follow=True)
        assert "The file stays as it was read" in text_of(answer)
        assert newest().layout["encoding"] == "ISO-8859-1"

    def test_sections_are_tabs(self, ops):
        report = (
            "Attendee Report\nHost Details,\nAttended,User Name,Email\nYes,Dana,dana@hub.example\n"
            "Attendee Details,\nAttended,First Name,Last Name,Email\nYes,Marta,Núñez,marta@north.example\n"
        )
        upload(ops, report.encode(), "zoom.csv")
        batch = newest()
        assert batch.layout["section"] == "Attendee Details"
        assert 'value="Host Details"' in text_of(ops.get(at("import_match", batch)))
        ops.post(at("import_read_again", batch), {"section": "Host Details"})
        assert newest().layout["section"] == "Host Details"
        assert newest().rows == 1

    def test_the_same_file_again_is_told_before_anything_starts(self, ops):
        first = imported(ops)
        upload(ops, name="other-name.csv")
        page = text_of(ops.get(at("import_match", newest())))
        assert at("import", first) in page
        assert "every row would be repeated" in page
        again = checked(ops)
        assert "Every row was delivered before" in text_of(ops.get(at("import_check", again)))
        assert again.dry_run["counts"] == {"repeated": 4}


class TestDryRun:
    def test_it_writes_nothing_but_its_own_row(self, ops):
        before = dump()
        batch = checked(ops)
        assert dump() == before
        assert batch.status == "checked"
        page = text_of(ops.get(at("import_check", batch)))
        assert "What would happen to 4 rows" in page
        assert "Import 4 rows" in page

    def test_columns_can_be_changed_afterwards(self, ops):
        batch = checked(ops)
        assert ops.get(at("import_match", batch)).status_code == 200
        ops.post(at("import_match", batch), matching(batch, Notiz="job_title"))
        assert newest().mapping["Notiz"] == "job_title"

    def test_a_large_file_is_left_to_a_worker_and_its_progress_shown(
        self, ops, monkeypatch, django_capture_on_commit_callbacks
    ):
        sent: list[int] = []
        monkeypatch.setattr("contacts.admin.import_work.look_at_import.delay", sent.append)
        monkeypatch.setattr(import_match, "CHECKED_AT_ONCE", 2)
        with django_capture_on_commit_callbacks(execute=True):
            batch = checked(ops)
        assert sent == [batch.pk]
        page = text_of(ops.get(at("import_check", batch)))
        assert 'role="progressbar"' in page
        assert 'hx-trigger="every 1s"' in page
        imports.check(batch.pk)
        poll = ops.get(at("import_check", batch), HTTP_HX_REQUEST="true")
        assert poll["HX-Redirect"] == at("import_check", batch)

    def test_without_a_broker_the_row_waits_for_the_sweep(self, ops, monkeypatch, django_capture_on_commit_callbacks):
        def broken(batch_id: int) -> None:
            raise ConnectionRefusedError("no broker")

        monkeypatch.setattr("contacts.admin.import_work.look_at_import.delay", broken)
        monkeypatch.setattr(import_match, "CHECKED_AT_ONCE", 2)
        with django_capture_on_commit_callbacks(execute=True):
            assert checked(ops).status == "checking"


def workbook(rows: list[list[Any]]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


AWKWARD = {
    "badges in cp1252": BADGES.encode("cp1252"),
    "people twice, and twice the same row": b"email,first name,last name,company\n"
    + b"a@x-works.example,Ann,Lee,X Works\nA@X-Works.example,Ann,Lee,\na@x-works.example,Ann,Lee,X Works\n"
    + b"b@x-works.example,Ann,Lee,X Works\nb@x-works.example,Ann,Lee,X Works Ltd\n",
    "phones that several share": b"name,phone\nAnn Lee,+12125550101\nBob Ray,+12125550101\nCy Fox,+12125550101\n"
    + b"Di Orr,+12125550101\n",
    "nobody, blanks and stand-ins": b"email,first name,phone\n,,\nn/a,Ann,-\n"
    + b"none@none.com,Bob,\n-,-,12\nc@d.example,,\n",
    "title rows, ragged rows, formulas": b"Our list\n\nEmail;Name;Company\n=1+1;Eve;Acme\n"
    + b"f@acme-x.example;+Fay Orr;=Acme;more;and more\ng@acme-x.example\n",
    "UTF-16 with tabs": "Email\tName\nhé@zed-works.example\tHé Zed\n\tNo One\n".encode("utf-16"),
    "a companys domain known from an earlier row": b"email,first name,last name,company\n"
    + b"kim@lo-works.example,Kim,Lo,Lo Works\n,Kim,Lo,Lo Works\n,Lu,Lo,Lo Works\n,Lu,Lo,Lo Works\n",
}


class TestTheDryRunIsTheResult:
    @pytest.mark.parametrize("name", AWKWARD)
    def test_counts_are_the_same(self, ops, name):
        send(email="j.muessig@bruecke-soehne.example", first_name="Jürgen", last_name="Müßig")
        self.compare(ops, AWKWARD[name], "list.csv")

    def test_of_a_workbook_too(self, ops):
        rows = [
            ["E-mail", "Name", "Phone"],
            ["w@w-works.example", "Wu Wei", 12125550199],
            ["", "", ""],
            ["x", "", None],
        ]
        self.compare(ops, workbook(rows), "list.xlsx")

    @staticmethod
    def compare(client: Client, content: bytes, name: str) -> None:
        batch = imported(client, content, name)
        assert batch.status == "done", batch.problem
        assert batch.counts == batch.dry_run["counts"]
        assert sum(batch.counts.values()) == batch.rows == Arrival.objects.filter(batch=batch).count()
        assert "The same counts as in the dry run" in text_of(client.get(at("import", batch)))


class TestTheResult:
    def test_every_row_is_accounted_for(self, ops):
        batch = imported(ops)
        assert batch.counts == {"created": 2, "unchanged": 1, "rejected": 1}
        page = text_of(ops.get(at("import", batch)))
        assert "4 rows in, every one accounted for" in page
        assert "Download the 1 row not taken" in page
        assert "<b>Notiz</b>" in page
        for outcome in ("created", "unchanged", "rejected"):
            assert f"?batch={batch.pk}&amp;outcome={outcome}" in page
        first = Arrival.objects.get(batch=batch, row=1)
        assert reverse("hub:contact", args=[first.contact_id]) in page

    def test_what_is_held_leads_to_its_case(self, ops):
        send(email="jm@bruecke-soehne.example", first_name="Jürgen", last_name="Müßig", company="Brücke & Söhne GmbH")
        batch = imported(ops)
        held = Arrival.objects.get(batch=batch, outcome=Outcome.HELD)
        page = text_of(ops.get(at("import", batch)))
        assert "Review the 1 held" in page
        assert reverse("hub:review", args=[held.review_id]) in page

    def test_the_rows_not_taken_come_in_their_own_columns_with_the_reason(self, ops):
        batch = imported(ops)
        answer = ops.get(at("import_not_taken", batch))
        rows = list(csv.reader(io.StringIO(text_of(answer))))
        assert rows[0] == [*batch.columns, "Why it was not taken"]
        assert rows[1][3] == "kein-email"
        assert rows[1][6] == '\'=HYPERLINK("http://x.example")'
        assert "is not an address" in rows[1][7]
        assert answer["Content-Disposition"] == 'attachment; filename="badges-not-taken.csv"'

    def test_the_outcomes_have_a_row_for_each_row_and_a_mark_for_excel(self, ops):
        batch = imported(ops)
        answer = ops.get(at("import_outcomes", batch))
        raw = b"".join(answer.streaming_content)
        assert raw.startswith(b"\xef\xbb\xbf")
        rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
        assert [r["row"] for r in rows] == ["1", "2", "3", "4"]
        assert [r["outcome"] for r in rows] == ["created", "created", "unchanged", "rejected"]

    def test_a_file_name_can_not_add_a_header(self, ops):
        batch = imported(ops)
        ImportBatch.objects.update(filename='"a\r\nX-Bad: 1"é.csv')
        answer = ops.get(at("import_outcomes", batch))
        assert "X-Bad" not in answer
        assert "\n" not in answer["Content-Disposition"]

    def test_names_in_a_file_are_text_on_every_page(self, ops):
        hostile = "email,<script>alert(1)</script>\nx@y-works.example,<img src=x onerror=alert(2)>\nno,<b>bold</b>\n"
        upload(ops, hostile.encode(), "<script>alert(3)<!--.csv")
        batch = newest()
        pages = [text_of(ops.get(at("import_match", batch)))]
        ops.post(at("import_match", batch), {"f0": "email", "f1": "first_name"})
        pages.append(text_of(ops.get(at("import_check", batch))))
        ops.post(at("import", batch))
        pages += [text_of(ops.get(at(name, batch))) for name in ("import", "import_undo")]
        pages.append(text_of(ops.get(reverse("hub:imports"))))
        for page in pages:
            assert "<script>alert" not in page
            assert "<img src=x" not in page


class TestAtWork:
    def start_large(self, ops, monkeypatch) -> ImportBatch:
        monkeypatch.setattr("contacts.admin.import_work.look_at_import.delay", lambda batch_id: None)
        monkeypatch.setattr(import_run, "IMPORTED_AT_ONCE", 1)
        return imported(ops)

    def test_a_large_file_is_queued_and_can_be_stopped_and_gone_on_with(self, ops, monkeypatch):
        batch = self.start_large(ops, monkeypatch)
        assert batch.status == "queued"
        assert "waiting for a worker" in text_of(ops.get(at("import", batch)))
        ops.post(at("import_stop", batch))
        page = text_of(ops.get(at("import", batch)))
        assert "Stopped after 0 of 4 rows" in page
        assert "Download the 4 rows left" in page
        rows = list(csv.reader(io.StringIO(text_of(ops.get(at("import_rows_left", batch))))))
        assert len(rows) == 5
        ops.post(at("import_resume", batch))
        assert newest().status == "queued"
        assert imports.run(batch.pk)
        assert newest().status == "done"

    def test_starting_twice_imports_once(self, ops):
        batch = imported(ops)
        assert ops.post(at("import", batch)).url == at("import", batch)
        assert Arrival.objects.filter(batch=batch).count() == 4

    def test_the_page_that_polls_is_told_where_the_result_is(self, ops, monkeypatch):
        batch = self.start_large(ops, monkeypatch)
        poll = ops.get(at("import", batch), HTTP_HX_REQUEST="true")
        assert "<html" not in text_of(poll)
        imports.run(batch.pk)
        assert ops.get(at("import", batch), HTTP_HX_REQUEST="true")["HX-Redirect"] == at("import", batch)

    def test_pace_and_time_left_are_worked_out_from_what_the_page_saw(self, ops, monkeypatch):
        batch = self.start_large(ops, monkeypatch)
        ImportBatch.objects.update(status="running", rows=10_000, done=6_000)
        since = timezone.now().timestamp() - 10
        page = text_of(ops.get(at("import", batch), {"since": since, "seen": 1_000}, HTTP_HX_REQUEST="true"))
        assert "6,000 of 10,000 rows" in page
        assert "rows a second, about 8 s left" in page
        for nonsense in ("x", "1e999", "nan", "-1e400"):
            assert ops.get(at("import", batch), {"since": nonsense, "seen": "x"}).status_code == 200

    def test_a_file_that_breaks_off_says_so(self, ops):
        batch = checked(ops)
        ImportBatch.objects.filter(pk=batch.pk).update(status="failed", problem="Row 3 can't be read.", done=2)
        page = text_of(ops.get(at("import", batch)))
        assert "Row 3 can&#x27;t be read." in page
        assert "The 2 rows before that are in." in page


class TestTakingBack:
    def test_the_list_comes_first_and_the_act_is_posted(self, ops):
        batch = imported(ops)
        before = dump()
        page = text_of(ops.get(at("import_undo", batch)))
        assert "Take the import back: remove 2, empty 0" in page
        assert dump() == before
        answer = ops.post(at("import_undo", batch), follow=True)
        assert "2 contacts removed" in text_of(answer)
        assert "Taken back" in text_of(answer)
        assert not Contact.objects.exists()
        assert "was taken back already" in text_of(ops.post(at("import_undo", batch), follow=True))

    def test_the_corrected_file_can_come_again(self, ops):
        ops.post(at("import_undo", imported(ops)))
        assert imported(ops).counts.get("created") == 2

    def test_marketing_may_not(self):
        marketing = signed_in("marketing")
        batch = imported(marketing)
        assert marketing.post(at("import_undo", batch)).status_code == 403
        assert Contact.objects.count() == 2


PAGES = ("import_match", "import_check", "import")
FILES = ("import_outcomes", "import_not_taken", "import_rows_left")
ACTS = ("import_match", "import_preview", "import_read_again", "import", "import_stop", "import_resume", "import_undo")


class TestWhoMay:
    def test_a_file_belongs_to_who_brought_it(self):
        from tests import factories

        batch = imported(signed_in("marketing"))
        other = Client()
        other.force_login(factories.user("marketing", username="marketing-2"))
        for name in (*PAGES, *FILES):
            assert other.get(at(name, batch)).status_code == 404, name
        before, state = dump(), ImportBatch.objects.values().get()
        for name in ACTS:
            assert other.post(at(name, batch)).status_code in (403, 404), name
        assert (dump(), ImportBatch.objects.values().get()) == (before, state)
        assert "badges.csv" not in text_of(other.get(reverse("hub:imports")))

    def test_ops_may_open_what_others_brought(self, ops):
        batch = imported(signed_in("marketing"))
        for name in ("import", *FILES, "import_undo"):
            assert ops.get(at(name, batch)).status_code == 200, name
        assert "badges.csv" in text_of(ops.get(reverse("hub:imports")))

    def test_an_auditor_reads_the_page_and_gets_no_file(self):
        batch = imported(signed_in("marketing"))
        auditor = signed_in("auditor")
        page = text_of(auditor.get(at("import", batch)))
        assert "every one accounted for" in page
        for name in FILES:
            assert at(name, batch) not in page
            assert auditor.get(at(name, batch)).status_code == 403
        for name in ACTS:
            assert auditor.post(at(name, batch)).status_code in (403, 404), name

    @pytest.mark.parametrize("role", ["sales", "reviewer"])
    def test_others_have_no_imports(self, role):
        batch = imported(signed_in("marketing"))
        client = signed_in(role)
        for name in (*PAGES, *FILES, "import_undo"):
            assert client.get(at(name, batch)).status_code == 403, name
        assert client.get(reverse("hub:imports")).status_code == 403
        assert upload(client).status_code == 403

    def test_looking_changes_nothing(self, ops):
        for batch in (imported(ops), checked(ops)):
            names = (*PAGES, *FILES, *ACTS)
            before, state = dump(), list(ImportBatch.objects.order_by("pk").values())
            for name in names:
                ops.get(at(name, batch))
            ops.get(reverse("hub:import_new"))
            assert (dump(), list(ImportBatch.objects.order_by("pk").values())) == (before, state)
