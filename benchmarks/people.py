"""Invented people for the benchmarks: the same number always gives the same person."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

HEADER = ["First Name", "Last Name", "Email", "Phone", "Company", "Job Title", "Country", "Website", "Notes",
          "Campaign", "Registered At", "Lead Score"]  # fmt: skip
FIRST = ("Sean Marta Jürgen Anaïs Olu Wei Priya Jan Robert Lea Ingrid Tomás Chloé Yusuf Hana Mikko Zofia Elif Noah "
         "Amara Piotr Sofia Karim Freya").split()  # fmt: skip
LAST = ("O'Brien Núñez Müßig Lefèvre Adébáyò Zhang Raghunathan Berg Smith Kowalska Eriksen Vidal Moreau Demir Sato "
        "Virtanen Nowak Yilmaz Carter Diallo").split()  # fmt: skip
TITLES = ["VP of Engineering", "Buyer, EMEA", "Head of Operations", "Analyst", "CTO", ""]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def last_name(n: int) -> str:
    """A last name that few share, so that namesakes are as rare as in life."""
    return LAST[n // 24 % 20] + LETTERS[n // 480 % 26] + LETTERS[n // 12480 % 26] + LETTERS[n // 324480 % 26]


def person(n: int, *, full: bool) -> list[str]:
    """Person number ``n`` as a row; without ``full`` with gaps that a later file can fill."""
    firm = n % 20011
    return [
        FIRST[n % 24],
        last_name(n),
        f"p{n}@firm{firm}.example",
        f"+1415{2000000 + n:07d}" if full and n % 2 else "",
        f"Firm {firm}",
        TITLES[n % 6] if full or n % 5 else "",
        ["Germany", "IE", "", "United States"][n % 4] if full else "",
        "",
        f"met at booth {n % 50}",
        "spring",
        "2026-04-01T09:00:00",
        str(n % 100) if full else "",
    ]


def dirty(n: int, known: int) -> list[str]:
    """One row in ten differs: a look-alike under another address, a repeated person, or an unusable row."""
    kind = n % 40
    if kind == 1:  # same name and company domain, another address: held
        row = person(n % known, full=True)
        row[2] = f"other{n}@firm{(n % known) % 20011}.example"
    elif kind == 2:  # not an address: rejected
        row = [*person(n, full=True)]
        row[2] = "nobody@@example"
    elif kind == 3:  # somebody of this file again, in capitals: filled or unchanged
        row = person(n - 1, full=True)
        row[2] = row[2].upper()
    else:
        row = person(n, full=True)
    return row


def arrivals(count: int, known: int) -> Iterator[list[str]]:
    """A file against ``known`` contacts: half of its people are known (with gaps to fill), half are new."""
    return (dirty(known - count // 2 + n, known) for n in range(count))


def write_file(path: Path, rows: Iterator[list[str]]) -> None:
    """A CSV as people upload it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows)
