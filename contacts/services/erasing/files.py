"""The person out of the stored files: a file with a row of the person is removed, as all of its rows are arrivals."""

from __future__ import annotations

from contacts.models import ImportBatch
from contacts.readers import UnreadableFile, read_rows
from contacts.services.erasing.person import Whole
from contacts.services.uploads import discard_file, layout_of, path_of

Status = ImportBatch.Status
SAID = "The file was removed, because somebody on it asked to be forgotten. Upload it again without them."


def forget(person: Whole, batches: set[int]) -> None:
    """Remove the files of these imports, and each other one that has an address of the person in it.

    An import that was not over says so.
    """
    texts = {text.lower() for pair in person.shown.items() for text in pair}
    for batch in ImportBatch.objects.exclude(stored="").order_by("pk"):
        if batch.pk not in batches and not _holds(batch, texts):
            continue
        discard_file(batch)
        over = {"survey": {}, "dry_run": {}, "stored": ""}
        if batch.status != Status.DONE:
            over |= {"status": Status.FAILED, "problem": SAID}
        ImportBatch.objects.filter(pk=batch.pk).update(**over)


def _holds(batch: ImportBatch, texts: set[str]) -> bool:
    """Whether any cell has one of these texts in it. A file that can't be read any more goes too."""
    try:
        rows = read_rows(path_of(batch), layout_of(batch), skip=0)
        return any(text in cell.lower() for row in rows for cell in (*row.values, *row.extra) for text in texts)
    except (UnreadableFile, OSError):
        return True
