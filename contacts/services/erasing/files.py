"""The person out of the stored files: a file with a row of the person is removed, as all of its rows are arrivals."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from contacts.models import ImportBatch
from contacts.readers import UnreadableFile, read_rows
from contacts.services.erasing.mentions import FORGOTTEN
from contacts.services.erasing.person import Whole
from contacts.services.undo import leftovers
from contacts.services.uploads import discard_file, folder, layout_of, path_of

Status = ImportBatch.Status
SAID = "The file was removed, because somebody on it asked to be forgotten. Upload it again without them."


def naming(person: Whole) -> set[int]:
    """The imports in whose stored file an address of the person stands, or which can't be read any more."""
    texts = {text.lower() for pair in person.shown.items() for text in pair}
    return {batch.pk for batch in ImportBatch.objects.exclude(stored="").order_by("pk") if _holds(batch, texts)}


def remove(batches: Iterable[int]) -> None:
    """Remove the files of these imports. One that was not over says so. May be called again after a crash."""
    for batch in ImportBatch.objects.filter(pk__in=list(batches)).exclude(stored="").order_by("pk"):
        discard_file(batch)
        over = {"survey": {}, "dry_run": {}, "stored": ""}
        if batch.status != Status.DONE:
            over |= {"status": Status.FAILED, "problem": SAID}
        ImportBatch.objects.filter(pk=batch.pk).update(**over)


def blank_leftovers(person: Whole) -> None:
    """The person out of the lists of what taking imports back had left; each line keeps its length."""
    texts = [text.lower() for text in person.texts]
    for path in folder().glob(f"*{leftovers.ENDING}"):
        _blank(path, set(person.ids), texts)


def _blank(path: Path, ids: set[int], texts: Iterable[str]) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [_without(line, ids, texts) for line in lines]
    if kept != lines:
        with path.open("r+b") as file:
            file.writelines(kept)


def _without(line: bytes, ids: set[int], texts: Iterable[str]) -> bytes:
    try:
        contact, field, why = json.loads(line)
    except ValueError:  # what a killed process began to write
        return b" " * (len(line) - 1) + b"\n"
    if contact not in ids and not any(text in why.lower() for text in texts):
        return line
    said = FORGOTTEN if len(why) >= len(FORGOTTEN) else ""
    return json.dumps([contact, field, said]).encode().ljust(len(line) - 1) + b"\n"


def _holds(batch: ImportBatch, texts: set[str]) -> bool:
    """Whether any cell has one of these texts in it. A file that can't be read any more goes too."""
    try:
        rows = read_rows(path_of(batch), layout_of(batch), skip=0)
        return any(text in cell.lower() for row in rows for cell in (*row.values, *row.extra) for text in texts)
    except (UnreadableFile, OSError):
        return True
