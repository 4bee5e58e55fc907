"""Rows of a file as records at the door."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from contacts.domain.changes import Received

from .rows import Row


class RowReader:
    """Turns the rows of one file into records; what depends only on the file is worked out once."""

    def __init__(self, columns: Sequence[str], mapping: Mapping[str, str], source_slug: str) -> None:
        self.pairs = [(n, mapping[c]) for n, c in enumerate(columns) if mapping.get(c)]
        self.columns = {field: columns[n] for n, field in self.pairs}
        self.unknown = tuple(c for c in columns if not mapping.get(c))
        self.order = sorted(range(len(columns)), key=lambda n: columns[n])
        read_as = "\x1f".join(f"{columns[n]}={mapping.get(columns[n], '')}" for n in self.order)
        self.prefix = hashlib.blake2b(f"{source_slug}\x1e{read_as}\x1e".encode(), digest_size=16)

    def received(self, row: Row) -> Received:
        """One record. Its delivery key is its content, read this way, from this source: the same row in a
        renamed or shuffled file is the same delivery; the same row under another matching is not."""
        values = row.values
        return Received(
            values={field: values[n] for n, field in self.pairs},
            raw=[*values, *row.extra] if row.extra else values,
            row=row.number,
            delivery_key=self.key(row),
            columns=self.columns,
            unknown=self.unknown,
        )

    def key(self, row: Row) -> str:
        """What two deliveries of the same row have in common."""
        digest = self.prefix.copy()
        values = row.values
        digest.update("\x1f".join([values[n] for n in self.order]).encode("utf-8", "surrogatepass"))
        if row.extra:
            digest.update(("\x1e" + "\x1f".join(row.extra)).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()
