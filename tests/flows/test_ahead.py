"""Reading ahead changes nothing but the time it takes: the same records, whatever happens to the second process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from contacts.domain.packing import unpack
from contacts.models import HubSettings, ImportBatch, Source
from contacts.readers import UnreadableFile, ahead_child
from contacts.services import ahead, uploads
from tests import factories

pytestmark = pytest.mark.django_db
ROWS = 500


@pytest.fixture
def batch(seeded: None, monkeypatch: pytest.MonkeyPatch) -> ImportBatch:
    """A file of many chunks whose numbers need a region."""
    monkeypatch.setattr(ahead, "CHUNK", 50)
    rows = "".join(f"p{n}@acme.example,Ann{n},030 1234{n:04d}\n" for n in range(ROWS))
    source = Source.objects.get(slug=factories.FORM)
    source.region = ""
    source.save()
    content = BytesIO(f"Email,First name,Phone\n{rows}".encode())
    return uploads.open_batch(content, "many.csv", source, at=timezone.now(), by="a test")[0]


def told(found: Iterator[tuple[list[Any], Any]]) -> list[tuple[int | None, dict[str, Any]]]:
    return [(i.received.row, i.values) for chunk, _ in found for i in map(unpack, chunk)]


def children() -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()]


def test_every_row_comes_once_and_in_order_and_the_process_is_gone_afterwards(batch: ImportBatch) -> None:
    before = children()
    assert [row for row, _ in told(ahead.translated(batch))] == list(range(1, ROWS + 1))
    assert children() == before


def test_it_goes_on_after_the_rows_that_are_done(batch: ImportBatch) -> None:
    assert [row for row, _ in told(ahead.translated(batch, skip=120))] == list(range(121, ROWS + 1))


def test_a_process_that_is_killed_loses_no_row(batch: ImportBatch) -> None:
    before = set(children())
    found = ahead.translated(batch)
    first = told(iter([next(found)]))
    (child,) = set(children()) - before
    os.kill(child, signal.SIGKILL)
    assert [row for row, _ in [*first, *told(found)]] == list(range(1, ROWS + 1))


def test_what_ops_change_meanwhile_holds_from_the_next_rows_on(batch: ImportBatch) -> None:
    found = ahead.translated(batch)
    first = told(iter([next(found)]))
    HubSettings.objects.update_or_create(pk=1, defaults={"default_region": "DE"})
    later = told(found)
    assert not any("phone" in values for _, values in first)
    assert all(values["phone"].startswith("+4930") for _, values in later)
    assert len(first) + len(later) == ROWS


def test_a_file_that_can_not_be_read_any_more_is_told_of_in_its_own_words(batch: ImportBatch) -> None:
    uploads.path_of(batch).unlink()
    with pytest.raises((UnreadableFile, FileNotFoundError)):
        told(ahead.translated(batch))


def test_a_packed_record_is_the_record_again(batch: ImportBatch) -> None:
    job = ahead.job_for(batch, 0)
    reader = ahead_child.RowReader(job.layout.columns, job.mapping, job.policy.source.slug)
    for row in ahead_child.read_rows(job.path, job.layout):
        incoming = ahead_child.translate(reader.received(row), job.policy)
        again = unpack(ahead_child.pack(incoming))
        again.received = incoming.received
        assert again == incoming
