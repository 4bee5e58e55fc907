"""The records of a person with their evidence, unsealed: for the evidence page and the person's own file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from contacts.domain.consent import missing, purpose_words
from contacts.models import ConsentRecord
from contacts.services.consent import keys


@dataclass(frozen=True)
class Evidence:
    """One record, and what was sealed in it; ``told`` is None where the key is gone."""

    record: ConsentRecord
    told: dict[str, Any] | None

    @property
    def purpose(self) -> str:
        return purpose_words(self.record.purpose)

    @property
    def missing(self) -> list[str]:
        """Which parts of an agreement's proof are not there."""
        return missing(self.record.proof) if self.record.act == ConsentRecord.Act.GRANTED else []


def of_subject(subject: str) -> list[Evidence]:
    """Every record of one address, the newest first."""
    return of_subjects([subject])


def of_subjects(subjects: Iterable[str]) -> list[Evidence]:
    """Every record of these addresses, the newest first."""
    return of_records(ConsentRecord.objects.filter(subject__in=list(subjects)).order_by("-pk"))


def of_records(records: Iterable[ConsentRecord]) -> list[Evidence]:
    """These records with what was sealed in them."""
    found = list(records)
    opened = keys.keys_of(r.subject for r in found)
    return [Evidence(r, keys.unseal(opened.get(r.subject), r.subject, bytes(r.sealed))) for r in found]
