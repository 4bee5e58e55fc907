"""Many cases under one decision, before it is taken: what would happen to each, or why it would be left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User

from contacts.domain import rules
from contacts.domain.fields import LABELS
from contacts.domain.merging import Side, fields_of, in_conflict, most_complete
from contacts.domain.queue import SURENESS, sureness
from contacts.models import BulkDecision, NotSame, Review
from contacts.services.merging import known as merging_known
from contacts.services.people import actor_kind, person_from
from contacts.services.review import claims
from contacts.services.review.basis import basis_of
from contacts.services.review.cases import Known, Offer, load
from contacts.services.review.likeness import listed
from contacts.services.review.outcome import Outcome, outcome_of
from contacts.services.review.telling import joined

Act, Kind, Status = BulkDecision.Act, Review.Kind, Review.Status
#: What says that a value of an arrival is given up for one that is there.
GIVEN_UP = {rules.PRESENT, rules.BLANKED}


class Judged(NamedTuple):
    """One case: what would be done, in words, and to which contact; or why it is left. ``basis``: what was seen."""

    words: str = ""
    left: str = ""
    contact: int | None = None
    basis: str = ""


@dataclass
class Evidence:
    """What some cases are judged on, read in a fixed number of queries."""

    known: Known
    user: User
    at: datetime
    only_safe: bool
    sides: Mapping[int, Side] = field(default_factory=dict)
    apart: set[tuple[int, int]] = field(default_factory=set)


def judge(ids: Sequence[int], act: str, *, only_safe: bool, user: User, at: datetime) -> dict[int, Judged]:
    """Each of these cases under one decision, in their order. Writes nothing."""
    cases = Review.objects.in_bulk(ids)
    evidence = _evidence(list(cases.values()), act, only_safe, user, at)
    judged = {}
    for ident in ids:
        case = cases.get(ident)
        found = Judged(left="it is gone") if case is None else _judged(case, act, evidence)
        judged[ident] = found._replace(basis=_basis(ident, evidence.known))
    return judged


def _basis(case_id: int, known: Known) -> str:
    return basis_of(known.offers.get(case_id, ()), known.candidates_of(case_id)) if case_id in known.candidates else ""


def _evidence(cases: Sequence[Review], act: str, only_safe: bool, user: User, at: datetime) -> Evidence:
    if act not in (Act.SAME, Act.DIFFERENT):
        return Evidence(Known({}, {}, {}), user, at, only_safe)
    evidence = Evidence(load([c.pk for c in cases], at), user, at, only_safe)
    pairs = [c.pk for c in cases if c.kind == Kind.PAIR]
    if pairs and act == Act.SAME:
        contacts = sorted({i for pk in pairs for i in evidence.known.candidates.get(pk, ())})
        evidence.sides = {i: known.side for i, known in merging_known.load(contacts).items()}
        said = NotSame.objects.filter(low_id__in=contacts, high_id__in=contacts)
        evidence.apart = set(said.values_list("low_id", "high_id"))
    return evidence


def _judged(case: Review, act: str, evidence: Evidence) -> Judged:
    if act == Act.BACK:
        return _back(case)
    if case.status != Status.OPEN:
        by = case.decided_by_name or "somebody"
        return Judged(left=f"decided already: {case.get_status_display()}, {by}")
    if claims.is_taken(case, evidence.user, evidence.at):
        return Judged(left=f"{case.taken_by_name} has it open")
    kinds, why = _FITS[Act(act)]
    if case.kind not in kinds:
        return Judged(left=why)
    return _JUDGES[Act(act)](case, evidence)


def _back(case: Review) -> Judged:
    if case.status == Status.OPEN and case.asleep_until is None:
        return Judged(left="open already")
    said = case.trace.get("said")
    return Judged(f"taken back: {said}") if said else Judged(left="what it changed is not known")


def _same(case: Review, evidence: Evidence) -> Judged:
    return _one_person(case, evidence) if case.kind == Kind.PAIR else _joined(case, evidence)


def _joined(case: Review, evidence: Evidence) -> Judged:
    offers, candidates = evidence.known.offers.get(case.pk, []), evidence.known.candidates_of(case.pk)
    if not offers:
        return Judged(left="nothing waits in it any more")
    if len(candidates) != 1:
        return Judged(left="it may be about more than one contact" if candidates else "no candidate is left")
    contact = candidates[0]
    keys = [a.key for a in contact.addresses.all()]
    outcome = outcome_of(offers, person_from(contact), keys, {}, actor_kind(evidence.user))
    conflicts = conflicts_of(offers, outcome)
    if conflicts and evidence.only_safe:
        return Judged(left=f"a value conflicts: {listed(conflicts)}")
    return Judged(joined(contact.pk, outcome), contact=contact.pk)


def conflicts_of(offers: Sequence[Offer], outcome: Outcome) -> list[str]:
    """The fields in which an arrival says something else than the contact, which would be given up.

    A stage counts only where a record names one itself; the entry stage of a source is no statement.
    """
    custom = offers[0].policy.custom if offers else {}
    found = {}
    for offer, one in zip(offers, outcome.judged, strict=True):
        for verdict in one.verdicts:
            stage = verdict.field == "lifecycle_stage"
            given_up = verdict.decision == "kept" and verdict.rule in GIVEN_UP
            refused = stage and verdict.decision == "refused"
            if (given_up or refused) and verdict.field != "email" and (not stage or offer.incoming.stage):
                kind = custom.get(verdict.field)
                found[verdict.field] = kind.label if kind else LABELS.get(verdict.field, verdict.field)
    return list(found.values())


def _one_person(case: Review, evidence: Evidence) -> Judged:
    ids = [c.pk for c in evidence.known.candidates_of(case.pk)]
    sides = [evidence.sides[i] for i in ids if i in evidence.sides]
    if len(sides) < 2:
        return Judged(left="fewer than two contacts are left")
    if not evidence.user.has_perm("contacts.merge_contact"):
        return Judged(left="it needs the right to merge contacts")
    if any((low, high) in evidence.apart for low in ids for high in ids):
        return Judged(left="somebody said that they are different people")
    conflicts = [LABELS.get(name, name) for name in fields_of(sides) if in_conflict(name, sides)]
    if conflicts and evidence.only_safe:
        return Judged(left=f"a value conflicts: {listed(conflicts)}")
    kept = most_complete(sides).person.id
    gone = " and ".join(f"#{i}" for i in ids if i != kept)
    return Judged(f"one person, {gone} merged into #{kept}", contact=kept)


def _different(case: Review, evidence: Evidence) -> Judged:
    if evidence.only_safe and case.score is not None and case.score >= SURENESS[0][0]:
        return Judged(left=f"{sureness(case.score)} one person")
    if case.kind == Kind.PAIR:
        return Judged("different people, both stay")
    keys = {o.incoming.address.key for o in evidence.known.offers.get(case.pk, ()) if o.incoming.address}
    for contact in evidence.known.candidates_of(case.pk):
        if keys.intersection(a.key for a in contact.addresses.all()):
            return Judged(left=f"its address belongs to #{contact.pk} by now")
    return Judged("different people, a new contact")


_HELD = "only a held arrival can be no lead"
_MAILBOX = "a shared mailbox or a deletion in a MAP can only be marked as seen, or put off"
_FITS: dict[Act, tuple[tuple[str, ...], str]] = {
    Act.SAME: ((Kind.HOLD, Kind.PAIR), _MAILBOX),
    Act.DIFFERENT: ((Kind.HOLD, Kind.PAIR), _MAILBOX),
    Act.NOT_A_LEAD: ((Kind.HOLD,), _HELD),
    Act.SEEN: ((Kind.MAILBOX, Kind.GONE), "only a shared mailbox or a deletion in a MAP can be marked as seen"),
    Act.LATER: (tuple(Kind), ""),
}
_JUDGES: dict[Act, Callable[[Review, Evidence], Any]] = {
    Act.SAME: _same,
    Act.DIFFERENT: _different,
    Act.NOT_A_LEAD: lambda case, evidence: Judged("not a lead"),
    Act.SEEN: lambda case, evidence: Judged("seen"),
    Act.LATER: lambda case, evidence: Judged("later"),
}
