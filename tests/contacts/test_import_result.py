"""What came of a file: the result, a worker at work, taking it back, and who may do what."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.admin import import_run
from contacts.models import Arrival, Contact, ImportBatch, Outcome
from contacts.services import imports
from tests.contacts.deciding import dump, send
from tests.contacts.importing import at, checked, imported, newest, signed_in, text_of, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("file_hub")]


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
