"""The list of what was left: a file beside the uploads, one line a thing, which grows while the work goes on.

It can be as long as the import, too long for the batch's row. Only the bytes that the row counts are certain:
what a killed process wrote behind them is overwritten by the next one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from contacts.models import Contact, ImportBatch
from contacts.services import story
from contacts.services.undo import state
from contacts.services.undo.plan import Left
from contacts.services.uploads import folder

COLUMNS = ["contact", "name", "what", "why"]
ENDING = ".left"
#: Lines whose contacts are looked up together.
TOGETHER = 2_000


def path_of(batch_id: int) -> Path:
    """Where the list of a batch is."""
    return folder() / f"{batch_id}{ENDING}"


def append(batch_id: int, certain: int, left: Sequence[Left]) -> int:
    """Add lines behind the first ``certain`` bytes, for good; how many bytes are certain then."""
    if not left:
        return certain
    handle = os.open(path_of(batch_id), os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b") as file:
        file.truncate(certain)
        file.seek(certain)
        file.writelines(json.dumps([s.contact, s.field, s.reason]).encode() + b"\n" for s in left)
        file.flush()
        os.fsync(file.fileno())
        return file.tell()


def rows(batch: ImportBatch) -> Iterator[list[str]]:
    """A header, then a row for each thing that was left: contact, its name now, what, and why.

    Raises ``OSError`` where the list is gone.
    """
    yield COLUMNS
    certain, names = state.of(batch).listed, story.load_names()
    if not certain:
        return
    with path_of(batch.pk).open("rb") as file:
        while file.tell() < certain and (lines := list(islice(iter(file.readline, b""), TOGETHER))):
            told = [json.loads(line) for line in lines]
            found = Contact.objects.only("first_name", "last_name", "email", "phone")
            called = {c.pk: str(c) for c in found.filter(pk__in={contact for contact, *_ in told})}
            for contact, field, why in told:
                yield [str(contact), called.get(contact, ""), names.label(field) if field else "the contact", why]
