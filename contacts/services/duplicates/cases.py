"""Likely duplicates as cases of the review queue: new ones are opened, and what is no longer alike is closed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from contacts.domain import queue, rules
from contacts.domain.likeness import Likely, Pair
from contacts.domain.likeness.cases import Case
from contacts.models import Contact, NotSame, Review, ReviewCandidate, ReviewStep
from contacts.services import bulk
from contacts.services.intake import in_transaction
from contacts.services.merged import lived_as_each

CHUNK = 500
ITSELF = "CRM Hub"
GONE = "no longer alike: what was the same was changed since"
_COLUMNS = [
    "id", "kind", "status", "waiting_key", "rule", "reason", "who", "source_id", "score", "evidence", "opened_at",
    "due_at", "matters", "decided_by_name", "note",
]  # fmt: skip
_VALUES = ("first_name", "last_name", "email", "phone", "source_id", "lifecycle_stage_id", "owner_id", "lead_score")

#: Called inside the transaction that stores a chunk, with how many cases it stores: progress and lease go along.
Noted = Callable[[int], None]


def open_cases(likely: Likely, cases: Sequence[Case], at: datetime, noted: Noted) -> None:
    """Open these cases, a chunk in one transaction. What changed since the contacts were read is left for next time."""
    for start in range(0, len(cases), CHUNK):
        chunk = [(case, [likely[place] for place in case.links]) for case in cases[start : start + CHUNK]]
        in_transaction(lambda chunk=chunk: _store(chunk, at, noted))


def close_cases(ids: Sequence[int], at: datetime, noted: Noted) -> None:
    """Close open cases whose contacts are no longer alike, with a note. A case that somebody has open is left."""
    for start in range(0, len(ids), CHUNK):
        in_transaction(lambda some=ids[start : start + CHUNK]: _close(some, at, noted))


def _close(ids: Sequence[int], at: datetime, noted: Noted) -> None:
    by_likeness = {"kind": Review.Kind.PAIR, "rule": rules.BY_LIKENESS}  # a MAP's merge is asked about all the same
    waiting = Review.objects.filter(pk__in=ids, status=Review.Status.OPEN, **by_likeness)
    free = waiting.exclude(taken_until__gt=at).select_for_update(no_key=True).order_by("pk")
    found = list(free.values_list("pk", flat=True))
    said = {"decided_at": at, "decided_by_name": ITSELF, "note": GONE}
    Review.objects.filter(pk__in=found).update(status=Review.Status.SETTLED, **said)
    ReviewStep.objects.bulk_create(
        ReviewStep(review_id=case, at=at, actor=ITSELF, act=Review.Status.SETTLED, detail=GONE) for case in found
    )
    noted(len(found))


def _store(chunk: list[tuple[Case, list[Pair]]], at: datetime, noted: Noted) -> None:
    ids = sorted({ident for case, _ in chunk for ident in case.ids})
    contacts = _contacts(ids)
    apart = _apart(ids)
    keys = [key_of(case.ids) for case, _ in chunk]
    taken = set(
        Review.objects.filter(status=Review.Status.OPEN, waiting_key__in=keys).values_list("waiting_key", flat=True)
    )
    wanted = [
        (case, links)
        for case, links in chunk
        if all(ident in contacts for ident in case.ids)
        and key_of(case.ids) not in taken
        and not any((low, high) in apart for low in case.ids for high in case.ids)
    ]
    numbers = bulk.reserve_ids([Review], len(wanted))[0]
    stored = list(zip(numbers, wanted, strict=False))
    bulk.insert(Review, _COLUMNS, [_row(number, case, links, contacts, at) for number, (case, links) in stored])
    bulk.insert(
        ReviewCandidate, ["review_id", "contact_id"], [(n, ident) for n, (case, _) in stored for ident in case.ids]
    )
    noted(len(stored))


def _apart(ids: Sequence[int]) -> set[tuple[int, int]]:
    """Pairs among these of which a person said that they are two, whatever they were called then."""
    home = {old: ident for ident, olds in lived_as_each(ids).items() for old in olds}
    said = NotSame.objects.filter(low_id__in=home, high_id__in=home).values_list("low_id", "high_id")
    return {(min(pair), max(pair)) for pair in ((home[low], home[high]) for low, high in said)}


def _contacts(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What a case's place in the queue depends on; nobody merges the contacts away before the case is stored."""
    locked = Contact.objects.filter(pk__in=ids).select_for_update(no_key=True).order_by("pk")
    return {row.pop("pk"): row for row in locked.values("pk", *_VALUES)}


def _row(
    number: int, case: Case, links: Sequence[Pair], contacts: dict[int, dict[str, Any]], at: datetime
) -> tuple[Any, ...]:
    sides = [contacts[ident] for ident in case.ids]
    score = min(link.score for link in links)
    worth = [side | {"lifecycle_stage": side["lifecycle_stage_id"], "owner": side["owner_id"]} for side in sides]
    place = queue.place_of(at, worth, score)
    names = [_name(ident, contacts[ident]) for ident in case.ids]
    return (
        number,
        Review.Kind.PAIR.value,
        Review.Status.OPEN.value,
        key_of(case.ids),
        rules.BY_LIKENESS,
        f"{', '.join(names[:-1])} and {names[-1]} look like one person.",
        names[0].partition(" (#")[0],
        sides[-1]["source_id"],
        score,
        bulk.as_json(list(_told(links))),
        bulk.as_time(at),
        bulk.as_time(place.due_at),
        place.why,
        "",
        "",
    )


def _told(links: Sequence[Pair]) -> Iterable[dict[str, Any]]:
    """Each finding in words: "First name: Bob is short for Robert." With ids where a case has more than one pair."""
    for link in links:
        which = f"#{link.low_id} and #{link.high_id}, " if len(links) > 1 else ""
        for field, text, bits in link.evidence:
            words = f"{which}{field}: {text}."
            yield {"field": field, "words": words[0].upper() + words[1:], "bits": bits}


def key_of(ids: Sequence[int]) -> str:
    """Under which key a case about these contacts waits."""
    return f"d:{'-'.join(map(str, sorted(ids)))}"


def _name(ident: int, values: dict[str, Any]) -> str:
    name = f"{values['first_name']} {values['last_name']}".strip() or values["email"] or values["phone"] or "Somebody"
    return f"{name} (#{ident})"
