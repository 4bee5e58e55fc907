"""Groups of the hub go to the review queue, as cases like those that the search for likely duplicates opens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from contacts.domain.likeness import Evidence, Pair
from contacts.domain.likeness.cases import group as into_cases
from contacts.services import leases
from contacts.services.duplicates import cases
from contacts.services.duplicates.reading import known_different
from syncrules.domain.grouping import By
from syncrules.models import Audit, AuditGroup

CHUNK = 500
#: How sure two contacts with one address, or one name and company domain, are one person; and the weight in bits.
SCORES = {By.ADDRESS: (99, 20.0), By.NAME: (95, 12.0)}
SAYS = {By.ADDRESS: "both have the same one", By.NAME: "first name, last name and company domain are the same"}
FIELDS = {By.ADDRESS: "E-mail", By.NAME: "Name and company"}


def open_all(audit: Audit, holder: str, clock: Callable[[], datetime]) -> None:
    """Open a case for each group that has none, a chunk in one transaction each; contacts that changed are left."""
    different = known_different()
    while chunk := list(audit.found.filter(state=AuditGroup.State.ASK).order_by("number")[:CHUNK]):
        pairs = [pair for group in chunk for pair in _pairs(group)]
        found = into_cases(range(len(pairs)), [(p.low_id, p.high_id) for p in pairs], different).cases
        at = clock()

        def noted(count: int) -> None:
            leases.renew(audit.pk, holder, clock(), Audit)

        cases.open_cases(pairs, found, at, noted)
        ids = [group.pk for group in chunk]
        leases.renew(audit.pk, holder, clock(), Audit)
        AuditGroup.objects.filter(pk__in=ids).update(
            state=AuditGroup.State.REVIEW, decided_at=at, decided_by_name=audit.carried_by_name
        )


def _pairs(group: AuditGroup) -> Iterator[Pair]:
    """Each contact of a group beside its first one."""
    by = By(group.by)
    score, bits = SCORES[by]
    ids: Sequence[int] = sorted(group.records)
    for other in ids[1:]:
        yield Pair(ids[0], other, score, (Evidence(FIELDS[by], SAYS[by], bits),))
