"""Is the ledger whole? Every record is computed again from the one before it."""

from __future__ import annotations

from dataclasses import dataclass, field

from contacts.append_only import unguarded
from contacts.models import ConsentLedger
from contacts.services.consent import keys
from contacts.services.consent.ledger import BEGINNING, CHAINED, COLUMNS, link, scan

#: At most this many missing numbers are listed one by one.
LISTED = 1000


@dataclass
class Checked:
    """How many records there are, which are broken (altered, missing or out of their place), and what else is wrong."""

    records: int = 0
    broken: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    head: str = BEGINNING

    @property
    def whole(self) -> bool:
        return not self.broken and not self.problems


def verify() -> Checked:
    """Walk the whole chain. ``head`` is its last hash: noted elsewhere, it shows that nothing was cut off the end."""
    found, ledger = Checked(), ConsentLedger.objects.filter(pk=1).first()
    if ledger is not None and ledger.check_value != keys.check_value():
        found.problems.append("CONSENT_KEY (or SECRET_KEY) is not the key that the ledger began with.")
    if missing := unguarded():
        found.problems.append(f"The database no longer refuses changes of records: {', '.join(missing)} is missing.")
    last = _walk(found)
    _compare(found, last, ledger)
    found.broken = sorted(set(found.broken))
    return found


def _walk(found: Checked) -> int:
    """Judge every record by itself and by the one before it; the number of the last."""
    key, expected = keys.own("chain"), 1
    for row in scan(COLUMNS):
        number, told, previous, digest = row[0], row[: len(CHAINED) + 1], row[-2], row[-1]
        found.records += 1
        found.broken += range(expected, min(number, expected + LISTED))
        follows = number > expected or previous == found.head
        if not follows or link(key, previous, told) != digest:
            found.broken.append(number)
        found.head, expected = digest, number + 1
    return expected - 1


def _compare(found: Checked, last: int, ledger: ConsentLedger | None) -> None:
    """The chain ends where the ledger says that it ends."""
    records, digest = (ledger.records, ledger.hash) if ledger else (0, BEGINNING)
    low, high = sorted((last, records))
    found.broken += range(low + 1, min(high, low + LISTED) + 1)
    if last == records and digest != found.head and last not in found.broken:
        found.problems.append("The ledger's own row does not name the last record's hash.")
