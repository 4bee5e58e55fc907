"""Files at the door: stored, inspected, surveyed and matched before anything is decided about them."""

from __future__ import annotations

import errno
import hashlib
import shutil
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import OperationalError

from contacts.domain.fields import ALIASES, MAPPABLE
from contacts.models import CustomField, ImportBatch, SavedMatching, Source
from contacts.readers import NO_ROOM, ColumnMatch, Layout, Shape, Survey, discard, inspect, match_columns, survey

#: What the system says when nothing more can be written: the disk, the quota, the largest file it allows.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
DISK_FULL = "53100"  # PostgreSQL's name for it


class NoRoom(Exception):
    """The hub can't keep a file because its disk, or its share of it, is full; the text is for people."""


def folder() -> Path:
    """Where the files of imports are; made where it is missing."""
    where = Path(settings.UPLOAD_ROOT) / "imports"
    where.mkdir(parents=True, exist_ok=True, mode=0o700)
    return where


def store_file(content: BinaryIO, filename: str) -> str:
    """Copy an upload to where no URL leads, under a name of our own. Returns its path below the upload folder.

    What can't be stored whole is not stored at all.
    """
    suffix = Path(filename).suffix.lower()[:10]
    target = folder() / f"{uuid.uuid4().hex}{suffix}"
    try:
        with target.open("wb") as out:
            shutil.copyfileobj(content, out, 1 << 20)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return str(target.relative_to(settings.UPLOAD_ROOT))


@contextmanager
def room_or_sentence() -> Iterator[None]:
    """Turn what system and database say of a full disk into ``NoRoom``; other faults go on as they are."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise NoRoom(NO_ROOM) from error
        raise
    except OperationalError as error:
        cause = error.__cause__
        if getattr(cause, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL or getattr(cause, "sqlstate", "") == DISK_FULL:
            raise NoRoom(NO_ROOM) from error
        raise


def path_of(batch: ImportBatch) -> Path:
    """Where the file of a batch is."""
    return Path(settings.UPLOAD_ROOT) / batch.stored


def open_batch(
    content: BinaryIO,
    filename: str,
    source: Source,
    *,
    at: datetime,
    user: Any = None,
    by: str = "",
    **reading: str | None,
) -> tuple[ImportBatch, Survey]:
    """A batch for a new file, with its columns matched as well as they can be. Nothing is decided yet.

    ``reading`` is what a person set by hand: encoding, delimiter, section, sheet. Raises
    ``UnreadableFile``, or ``NoRoom`` where the disk is full; the file is then not kept.
    """
    with room_or_sentence():
        return _opened(content, filename, source, at=at, user=user, by=by, reading=reading)


def _opened(
    content: BinaryIO,
    filename: str,
    source: Source,
    *,
    at: datetime,
    user: Any,
    by: str,
    reading: dict[str, str | None],
) -> tuple[ImportBatch, Survey]:
    filename = filename.encode("utf-8", "replace").decode()  # a name on disk need not be text
    batch = ImportBatch(source=source, filename=Path(filename).name[:255], created_at=at, created_by=user)
    batch.created_by_name = by or (user.get_full_name() or user.get_username() if user else "")
    batch.stored = store_file(content, filename)
    try:
        found = read_again(batch, **reading)
        batch.mapping = one_name({m.column: m.field for m in matches(batch, found)})
        batch.save()
    except BaseException:
        discard_file(batch)
        raise
    return batch, found


def read_again(batch: ImportBatch, **reading: str | None) -> Survey:
    """Inspect and survey the stored file, perhaps in another encoding, section or sheet. Does not save."""
    layout = inspect(path_of(batch), **reading)
    found = survey(path_of(batch), layout)
    batch.layout, batch.columns = layout.to_dict(), list(layout.columns)
    batch.rows, batch.sha256 = found.rows, found.sha256
    batch.survey = asdict(found)
    return found


def survey_of(batch: ImportBatch) -> Survey:
    """What the survey of the batch's file found."""
    kept = dict(batch.survey)
    return Survey(**kept | {"shapes": tuple(Shape(**shape) for shape in kept["shapes"])})


def one_name(mapping: Mapping[str, str]) -> dict[str, str]:
    """A matching without the columns that are kept, and with one name for each field."""
    return {column: ALIASES.get(field, field) for column, field in mapping.items() if field}


def discard_file(batch: ImportBatch) -> None:
    """Remove the stored file and what the readers put beside it."""
    discard(path_of(batch))
    path_of(batch).unlink(missing_ok=True)


def custom_labels() -> list[tuple[str, str]]:
    """The custom fields a column may be matched to."""
    return list(CustomField.objects.values_list("slug", "label"))


def matches(batch: ImportBatch, found: Survey) -> list[ColumnMatch]:
    """What each column seems to be, by the matching saved for this source if these columns came before."""
    saved = SavedMatching.objects.filter(source=batch.source, fingerprint=fingerprint(batch.columns)).first()
    known = saved.mapping if saved else None
    return match_columns(
        batch.columns, found.samples, found.filled, custom=custom_labels(), saved=known, shapes=found.shapes
    )


def fingerprint(columns: list[str]) -> str:
    """What a set of columns is recognised by, in whatever order they stand."""
    return hashlib.sha256("\x1f".join(sorted(columns)).encode()).hexdigest()


def remember(batch: ImportBatch, at: datetime) -> None:
    """Save this matching for the next file of the source with the same columns."""
    SavedMatching.objects.update_or_create(
        source=batch.source,
        fingerprint=fingerprint(batch.columns),
        defaults={
            "mapping": {c: batch.mapping.get(c, "") for c in batch.columns},
            "saved_by": batch.created_by_name,
            "saved_at": at,
        },
    )


def check_mapping(columns: list[str], mapping: Mapping[str, str]) -> list[str]:
    """What is wrong with a matching, in sentences; empty when it can be used."""
    known = set(MAPPABLE) | {slug for slug, _ in custom_labels()}
    problems = []
    for column, field in mapping.items():
        if column not in columns:
            problems.append(f"The file has no column “{column}”. It has: {', '.join(columns)}.")
        if field and field not in known:
            problems.append(
                f"The hub has no field “{field}” for column “{column}”. It has: {', '.join(sorted(known))}."
            )
    taken: dict[str, str] = {}
    for column, field in mapping.items():
        if field and field in taken:
            problems.append(f"Columns “{taken[field]}” and “{column}” both go to “{field}”: choose one.")
        taken.setdefault(field, column)
    if not any(mapping.values()):
        problems.append(f"No column is matched to a field. The file has: {', '.join(columns)}.")
    return problems


def layout_of(batch: ImportBatch) -> Layout:
    """How the batch's file is read."""
    return Layout.from_dict(batch.layout)
