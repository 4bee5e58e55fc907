"""Uploads that nobody imports do not stay for ever, and neither does what no import names."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from contacts import tasks
from contacts.models import ImportBatch
from contacts.services import imports, retention, undo, uploads
from tests.contacts.importing import at, checked, imported, newest, text_of, upload
from tests.contacts.undoing import edit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("file_hub")]
#: The period is 30 days.
NOT_YET, OLD = timedelta(days=29), timedelta(days=31)


def aged(batch: ImportBatch, by: timedelta = OLD) -> ImportBatch:
    ImportBatch.objects.filter(pk=batch.pk).update(created_at=timezone.now() - by)
    return ImportBatch.objects.get(pk=batch.pk)


def file(name: str, by: timedelta = OLD, folder: Path | None = None) -> Path:
    """A file that nobody wrote to for so long."""
    path = (folder or uploads.folder()) / name
    path.write_text("somebody@quay.example")
    return untouched(path, by)


def untouched(path: Path, by: timedelta = OLD) -> Path:
    then = (timezone.now() - by).timestamp()
    os.utime(path, (then, then))
    return path


def kept(batch: ImportBatch) -> bool:
    return bool(batch.stored) and uploads.path_of(batch).is_file()


class TestNeverImported:
    @pytest.mark.parametrize("step", ["matching", "checked"])
    def test_its_file_goes_after_thirty_days_and_its_page_says_so(self, ops, step):
        upload(ops)
        batch = newest() if step == "matching" else checked(ops)
        batch, where = aged(batch), uploads.path_of(batch)
        retention.tidy(datetime(2030, 3, 4, 10, 0, tzinfo=UTC))
        assert not where.exists()
        page = text_of(ops.get(at("import_match", batch), follow=True))
        assert "The file is not here any more" in page
        assert "The file was removed on 4 March 2030 at 10:00, because it was not imported within 30 days." in page
        assert "Nothing was written." in page
        assert f"{reverse('hub:import_new')}?source={batch.source.slug}" in page
        assert "file removed" in text_of(ops.get(reverse("hub:imports")))

    def test_it_is_still_there_the_day_before(self, ops):
        upload(ops)
        batch = aged(newest(), NOT_YET)
        tasks.tidy_uploads()
        batch.refresh_from_db()
        assert kept(batch)
        assert ops.get(at("import_match", batch)).status_code == 200

    def test_what_a_workbook_was_read_into_goes_with_it(self, ops):
        upload(ops)
        batch = aged(newest())
        beside = Path(f"{uploads.path_of(batch)}.rows.csv")
        beside.write_text("somebody@quay.example")
        tasks.tidy_uploads()
        assert not beside.exists()

    def test_nothing_can_be_done_with_it_but_to_look_at_it(self, ops):
        batch = aged(checked(ops))
        tasks.tidy_uploads()
        for name in ("import_match", "import_preview", "import_read_again", "import", "import_resume"):
            assert ops.post(at(name, batch)).status_code in (204, 302), name
        batch.refresh_from_db()
        assert (batch.status, batch.done) == ("failed", 0)

    def test_the_same_file_can_be_imported_afterwards(self, ops):
        aged(checked(ops))
        tasks.tidy_uploads()
        assert imported(ops).status == "done"

    def test_however_many_there_are(self, ops, monkeypatch):
        monkeypatch.setattr(retention, "TOGETHER", 2)
        for _ in range(5):
            upload(ops)
        ImportBatch.objects.update(created_at=timezone.now() - OLD)
        tasks.tidy_uploads()
        assert list(uploads.folder().iterdir()) == []
        assert not ImportBatch.objects.exclude(stored="").exists()


class TestStays:
    @pytest.mark.parametrize("status", ["checking", "queued", "running"])
    def test_what_a_worker_has_to_do_with(self, ops, status):
        batch = aged(checked(ops))
        ImportBatch.objects.update(status=status)
        tasks.tidy_uploads()
        batch.refresh_from_db()
        assert kept(batch)

    def test_an_import_that_began_because_its_other_rows_may_still_be_asked_for(self, ops):
        batch = aged(imported(ops))
        ImportBatch.objects.update(status="stopped", done=1)
        untouched(uploads.path_of(batch))
        tasks.tidy_uploads()
        batch.refresh_from_db()
        assert kept(batch)
        assert len(text_of(ops.get(at("import_rows_left", batch))).splitlines()) > 1

    def test_the_list_of_what_was_left(self, ops):
        batch = imported(ops)
        edit("anais.lefevre@kestrel-optics.example", country="Norway")
        undo.undo_import(batch.pk, actor="Olga Ops", user_id=None)
        untouched(uploads.folder() / f"{batch.pk}.left")
        tasks.tidy_uploads()
        assert ops.get(at("import_left", batch)).status_code == 200


class TestLeftBehind:
    @pytest.mark.parametrize("name", ["0a1b.csv", "0a1b.xlsx.rows.csv", "0a1b.xlsx.x7.part", "999999.left"])
    def test_what_no_import_names_goes(self, name):
        old, young = file(name), file(f"young-{name}", NOT_YET)
        tasks.tidy_uploads()
        assert not old.exists()
        assert young.exists()

    def test_so_does_what_was_never_finished_beside_an_upload_that_stays(self, ops):
        upload(ops)
        name = Path(newest().stored).name
        unfinished, spool = file(f"{name}.x7.part"), file(f"{name}.rows.csv")
        tasks.tidy_uploads()
        assert not unfinished.exists()
        assert spool.exists()

    def test_so_does_an_upload_that_broke_off(self):
        broken = file("tmp1.upload.csv", folder=Path(settings.FILE_UPLOAD_TEMP_DIR))
        tasks.tidy_uploads()
        assert not broken.exists()

    def test_an_empty_hub_has_nothing_to_tidy(self):
        tasks.tidy_uploads()
        assert list(uploads.folder().iterdir()) == []


def test_it_runs_by_itself_every_hour():
    entry: dict[str, Any] = settings.CELERY_BEAT_SCHEDULE["tidy-uploads"]
    assert (entry["task"], entry["schedule"]) == (tasks.tidy_uploads.name, 3600)


def test_an_import_whose_file_somebody_deleted_ends_with_a_sentence(ops):
    batch = checked(ops)
    uploads.path_of(batch).unlink()
    imports.queue(batch)
    assert imports.run(batch.pk)
    batch.refresh_from_db()
    assert (batch.status, batch.lease_holder) == ("failed", "")
    assert batch.problem == "The file of this import is not there any more: upload it again."
