"""``survey``: one pass over a whole file, before anything is written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from . import limits
from .layout import Layout
from .rows import Row, read_rows
from .shapes import Shape, shape_of

#: What is counted together, column by column in C: at most so many rows, cells and characters.
_BATCH_ROWS, _BATCH_CELLS, _BATCH_CHARS = 2_000, 100_000, 8_000_000
#: Most values kept for the shapes: a file of 2,000 columns is judged by fewer rows.
_SHAPE_CELLS = 200_000


@dataclass(frozen=True)
class Survey:
    """What a whole file holds: rows; per column the non-blank values, up to three distinct first values
    (cut at ``limits.SAMPLE_CHARS``) and the shape of its first values; the hash of the file's bytes."""

    rows: int
    filled: tuple[int, ...]
    samples: tuple[tuple[str, ...], ...]
    shapes: tuple[Shape, ...]
    sha256: str


def survey(path: str | os.PathLike[str], layout: Layout) -> Survey:
    """Reads everything once, which proves that everything can be read. Raises ``UnreadableFile``."""
    width = max(1, len(layout.columns))
    filled, first = [0] * width, [list[str]() for _ in range(width)]
    samples = [dict[str, None]() for _ in range(width)]
    total, early = 0, min(limits.SHAPE_ROWS, _SHAPE_CELLS // width)
    for batch in _batches(read_rows(path, layout), min(_BATCH_ROWS, _BATCH_CELLS // width)):
        for i, column in enumerate(zip(*batch, strict=True)):
            texts = list(filter(None, map(str.strip, column)))
            filled[i] += len(texts)
            if total < early:
                first[i].extend(text[: limits.SAMPLE_CHARS] for text in texts)
            if len(samples[i]) < limits.SAMPLES:
                _sample(samples[i], texts)
        total += len(batch)
    return Survey(
        rows=total,
        filled=tuple(filled),
        samples=tuple(tuple(found) for found in samples),
        shapes=tuple(map(shape_of, first)),
        sha256=_digest(path),
    )


def _batches(rows: Iterator[Row], most: int) -> Iterator[list[list[str]]]:
    """The values of rows in lists, of at most ``most`` rows."""
    batch: list[list[str]] = []
    chars = 0
    for row in rows:
        batch.append(row.values)
        chars += sum(map(len, row.values))
        if len(batch) >= most or chars >= _BATCH_CHARS:
            yield batch
            batch, chars = [], 0
    if batch:
        yield batch


def _sample(found: dict[str, None], texts: Sequence[str]) -> None:
    """Adds new values until there are enough."""
    for text in texts:
        found.setdefault(text[: limits.SAMPLE_CHARS])
        if len(found) == limits.SAMPLES:
            return


def _digest(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of the file's bytes, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
