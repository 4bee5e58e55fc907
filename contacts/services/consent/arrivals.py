"""What arrivals say about consent goes into the ledger, in the transaction of the arrivals and for a batch at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from contacts.domain import consent
from contacts.domain.changes import Incoming, Plan, SourceRow
from contacts.domain.opt_in import OptIn
from contacts.models import Arrival, ConsentRecord, ImportBatch, Source
from contacts.services.consent import keys
from contacts.services.consent.ledger import Said, append

if TYPE_CHECKING:
    from contacts.services.write import Entrance

#: Kinds of sources whose records a person fills in; the others only relay what somebody may have said.
BY_THE_PERSON = (Source.Kind.FORM, Source.Kind.EVENT)


class Agreed(NamedTuple):
    """What whoever brings a file says that the people on it agreed to: the words, when, and how or where.

    ``everybody``: the file has no opt-in column, so the answer is about all of its rows, else about those that say yes.
    """

    words: str
    at: datetime | None
    how: str
    everybody: bool
    purpose: str = ""


@dataclass(frozen=True)
class _Way:
    """How the records of a batch came in, as the ledger remembers it."""

    source: Source
    file: str
    method: str
    entrance: Entrance

    def how(self, row: int | None) -> str:
        if self.entrance.door == Arrival.Door.FILE:
            return f"row {row} of {self.file}"
        return f"{self.source.name}, by API" if self.entrance.door == Arrival.Door.API else "typed into the hub"


def entry_of(incoming: Incoming, entrance: Entrance, source: SourceRow) -> consent.Entry | None:
    """What this record will add to what stands against mail, as the ledger will have it; None for nothing.

    Agreements that can lift nothing are left out: a file has many.
    """
    said = incoming.consent
    if said is None or incoming.address is None:
        return None
    method, proof = consent.method_of(entrance.door, source.by_person), 0
    if said.act == consent.GRANTED:
        if method not in consent.DIRECT:
            return None
        proof = consent.proof_of(
            who=incoming.address.key, occurred_at=said.at, recorded_at=entrance.at, how="by API", words=said.words,
            source=source.slug,
        )  # fmt: skip
    purpose = source.purpose if said.act == consent.GRANTED else consent.ALL
    return consent.Entry(said.act, consent.EMAIL, purpose, method, proof, said.at, entrance.at)


def record_consent(plans: Sequence[Plan], entrance: Entrance, *, replay: bool = False) -> None:
    """Add what these arrivals say to the ledger. A repeated delivery says nothing new.

    With ``replay`` the arrivals were stored before; what the ledger has of them already is not said again.
    """
    agreed = entrance.agreed
    everybody = OptIn(consent.GRANTED) if agreed and agreed.everybody else None
    told = [
        (plan, said)
        for plan in plans
        if (said := plan.incoming.consent or everybody) and plan.incoming.address and not plan.earlier
    ]
    if told and replay:
        known = _recorded([plan for plan, _ in told])
        told = [(plan, said) for plan, said in told if plan.incoming.arrival_id not in known]
    if told:
        way = _way(entrance)
        append([_said(plan, said, agreed, way) for plan, said in told], entrance.at)


def _recorded(plans: Sequence[Plan]) -> set[int]:
    """The arrivals of these whose word is in the ledger."""
    subjects = keys.subjects_of({p.incoming.address.key for p in plans if p.incoming.address})
    found = ConsentRecord.objects.filter(subject__in=list(subjects.values()), arrival_id__isnull=False)
    return set(found.values_list("arrival_id", flat=True))


def _way(entrance: Entrance) -> _Way:
    source = Source.objects.get(pk=entrance.source_id)
    batch = ImportBatch.objects.only("filename").filter(pk=entrance.batch_id).first()
    method = consent.method_of(entrance.door, source.kind in BY_THE_PERSON)
    return _Way(source, batch.filename if batch else "", method, entrance)


def _said(plan: Plan, said: OptIn, agreed: Agreed | None, way: _Way) -> Said:
    incoming, granted = plan.incoming, said.act == consent.GRANTED
    assert incoming.address is not None
    answer = agreed if granted else None
    return Said(
        incoming.address.key,
        said.act,
        way.method,
        purpose=_purpose(answer, way) if granted else consent.ALL,
        occurred_at=said.at or (answer.at if answer else None),
        source=way.source.slug,
        arrival_id=incoming.arrival_id,
        batch_id=way.entrance.batch_id,
        actor=way.entrance.actor,
        shown=incoming.address.shown,
        how=", ".join(filter(None, (answer.how if answer else "", way.how(incoming.received.row)))),
        words=said.words or (answer.words if answer else ""),
    )


def _purpose(answer: Agreed | None, way: _Way) -> str:
    return (answer.purpose if answer else "") or way.source.purpose_id or consent.NEWS
