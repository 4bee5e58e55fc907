"""C7: on a full disk a person reads a sentence, and nothing of the file is left behind."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from contacts.models import ImportBatch
from contacts.services import uploads
from tests import factories
from tests.flows.hub import Hub, finished

FULL = "disk is full: nothing of the file was kept"
ROOM = 200_000  # bytes on the disk that fills up
#: Takes more than that.
BODY = b"email,first name\n" + b"".join(b"person-%d@quay.example,Ann\n" % n for n in range(20_000))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk with hardly any room."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a small disk (root)")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.fixture
def ops(users, client: Client) -> Client:
    client.force_login(users["ops"])
    return client


def upload(client: Client, name: str = "list.csv", body: bytes = BODY):
    data = {"source": factories.FORM, "file": SimpleUploadedFile(name, body)}
    return client.post(reverse("hub:import_new"), data)


def files(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file()]


class TestAtTheDoor:
    def test_no_room_for_uploads(self, ops, disk, settings):
        settings.UPLOAD_ROOT = disk
        answer = upload(ops)
        assert answer.status_code == 507
        assert FULL in answer.content.decode()
        assert files(disk) == []
        assert not ImportBatch.objects.exists()

    def test_no_room_while_it_comes_in(self, ops, disk, settings):
        settings.FILE_UPLOAD_TEMP_DIR = str(disk)
        answer = upload(ops)
        assert answer.status_code == 507
        assert FULL in answer.content.decode()
        assert files(disk) == []

    def test_a_smaller_file_is_taken_afterwards(self, ops, disk, settings):
        settings.UPLOAD_ROOT = disk
        upload(ops)
        assert upload(ops, body=BODY[:1000]).status_code == 302
        assert uploads.path_of(ImportBatch.objects.get()).read_bytes() == BODY[:1000]

    def test_no_room_to_unpack_a_workbook(self, ops, disk, settings):
        from openpyxl import Workbook

        book, path = Workbook(), disk.parent / "list.xlsx"
        for row in [["E-mail", "Notes"], *([f"p{n}@quay.example", "so " * 400] for n in range(500))]:
            book.active.append(row)
        book.save(path)
        assert path.stat().st_size < ROOM / 2
        settings.UPLOAD_ROOT = disk
        answer = upload(ops, "list.xlsx", path.read_bytes())
        assert FULL in answer.content.decode()
        assert files(disk) == []

    def test_the_command_says_it_in_one_line(self, users, disk, settings):
        settings.UPLOAD_ROOT = disk
        path = disk.parent / "list.csv"
        path.write_bytes(BODY)
        with pytest.raises(CommandError, match=FULL) as raised:
            call_command("intake", str(path), "--source", factories.FORM)
        assert raised.value.returncode == 2
        assert files(disk) == []


LIMITED = """
import resource, sys
from contextlib import suppress
from django.core.management import call_command
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
from contacts.services import uploads
try:
    with uploads.room_or_sentence(), open(sys.argv[1], "rb") as content:
        uploads.store_file(content, "list.csv")
except uploads.NoRoom as error:
    print(error)
print([path.name for path in uploads.folder().iterdir()])
"""


def test_a_file_larger_than_the_system_allows_leaves_nothing(hub: Hub, tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_bytes(BODY)
    said, left = finished(hub.start(LIMITED, path, ROOM)).splitlines()
    assert FULL in said
    assert left == "[]"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite can be told how large it may become")
def test_no_room_in_the_database_keeps_no_file_either(transactional_db, ops, settings, tmp_path):
    settings.UPLOAD_ROOT = tmp_path / "uploads"
    wide = ",".join(f"column {n} {'x' * 900}" for n in range(400)).encode() + b"\n" + b"a" + b"," * 399 + b"\n"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0] + 5}")
        try:
            answer = upload(ops, body=b"email," + wide)
        finally:
            cursor.execute(f"PRAGMA max_page_count = {2**30}")
    assert answer.status_code == 507
    assert FULL in answer.content.decode()
    assert os.listdir(uploads.folder()) == []
