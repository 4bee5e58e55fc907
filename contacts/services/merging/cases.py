"""Cases in which a contact is a candidate: they go on with the contact that is kept.

A case whose key names the contact that leaves gets the key of the one that stays. Where nothing is left to
decide, because its contacts are one now or another open case asks the same, it is settled, and its log says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contacts.models import Review, ReviewCandidate, ReviewStep
from contacts.services import bulk
from contacts.services.bulk import among
from contacts.services.merging.relations import Coming, Going, Relation

Kind, Status = Review.Kind, Review.Status
SETTLED = "settled"
COLUMNS = "pk", "review_id", "contact_id", "review__kind", "review__status", "review__waiting_key"


def tally(moved: Mapping[str, Any]) -> int:
    """In how many cases that waited the contact was a candidate."""
    return int(moved["open"])


def move(relation: Relation, going: Going) -> dict[str, Any]:
    """Candidates go over; one that is there already is dropped. Keys follow, and what is settled is closed."""
    merge = going.merge
    rows = list(ReviewCandidate.objects.filter(contact__in=(merge.kept_id, merge.lost_id)).values_list(*COLUMNS))
    mine = {row[1] for row in rows if row[2] == merge.kept_id}
    theirs = [row for row in rows if row[2] == merge.lost_id]
    dropped = [row for row in theirs if row[1] in mine]
    moved = [row[0] for row in theirs if row[1] not in mine]
    if dropped:
        ReviewCandidate.objects.filter(pk__in=among([row[0] for row in dropped])).delete()
    if moved:
        ReviewCandidate.objects.filter(pk__in=among(moved)).update(contact=merge.kept_id)
    waiting = {row[1]: row for row in theirs if row[4] == Status.OPEN and row[1] != merge.review_id}
    keys, settled = _follow(waiting, going)
    return {
        "open": sum(row[4] == Status.OPEN for row in theirs),
        "moved": moved,
        "dropped": [list(row[:2]) for row in dropped],
        "keys": keys,
        SETTLED: settled,
    }


def _follow(waiting: Mapping[int, tuple[Any, ...]], going: Going) -> tuple[dict[str, str], dict[str, str]]:
    """New keys for the cases that wait; case to its old key, for those that go on and those that are settled."""
    wanted = _new_keys(waiting, going)
    if not wanted:
        return {}, {}
    taken = _taken(wanted.values())
    go_on: dict[int, str] = {}
    for case, key in sorted(wanted.items()):
        if key and key not in taken:
            go_on[case] = key
            taken.add(key)
    settled = sorted(wanted.keys() - go_on.keys())
    bulk.update(Review, ["waiting_key"], [(key, case) for case, key in go_on.items()])
    _settle(settled, going)
    return {str(c): waiting[c][5] for c in go_on}, {str(c): waiting[c][5] for c in settled}


def _taken(keys: Iterable[str]) -> set[str]:
    """Which of these keys an open case has."""
    return set(Review.objects.filter(status=Status.OPEN, waiting_key__in=keys).values_list("waiting_key", flat=True))


def _new_keys(waiting: Mapping[int, tuple[Any, ...]], going: Going) -> dict[int, str]:
    """Case to the key that it should have now, for those whose key names the contact; "" where nobody is left."""
    kept, lost = going.merge.kept_id, going.merge.lost_id
    keys = {case: f"m:{kept}" for case, row in waiting.items() if row[3] == Kind.MAILBOX and row[5] == f"m:{lost}"}
    return keys | pair_keys([case for case, row in waiting.items() if row[3] == Kind.PAIR])


def pair_keys(ids: Iterable[int]) -> dict[int, str]:
    """The key of each pair case by its candidates as they are now; "" where fewer than two are left."""
    candidates: dict[int, set[int]] = {case: set() for case in ids}
    if candidates:
        found = ReviewCandidate.objects.filter(review__in=candidates)
        for case, contact in found.values_list("review_id", "contact_id"):
            candidates[case].add(contact)
    joined = {case: "-".join(map(str, sorted(found))) for case, found in candidates.items()}
    return {case: f"d:{key}" if "-" in key else "" for case, key in joined.items()}


def _settle(ids: list[int], going: Going) -> None:
    if not ids:
        return
    said = {"decided_at": going.at, "decided_by_name": going.actor[:200], "note": _note(going.merge.pk)}
    Review.objects.filter(pk__in=ids).update(status=Status.SETTLED, taken_by=None, taken_until=None, **said)
    _log(ids, going, SETTLED, said["note"])


def _note(merge_id: int) -> str:
    return f"merge {merge_id} made its contacts one"


def _log(ids: Iterable[int], when: Going | Coming, act: str, detail: str) -> None:
    ReviewStep.objects.bulk_create(
        ReviewStep(review_id=case, at=when.at, actor=when.actor[:200], act=act, detail=detail) for case in ids
    )


def bring_back(relation: Relation, moved: Any, coming: Coming) -> None:
    """Candidates go back, dropped ones return, and cases that wait again have their old keys."""
    merge = coming.merge
    theirs = [*moved["moved"], *_mailboxes_of_the_lost(coming)]
    if theirs:
        back = ReviewCandidate.objects.filter(pk__in=among(theirs), contact=merge.kept_id)
        back.update(contact=merge.lost_id)
    bulk.insert(
        ReviewCandidate,
        ["id", "review_id", "contact_id"],
        [(pk, case, merge.lost_id) for pk, case in moved["dropped"]],
        ignore=True,
    )
    _reopen(moved[SETTLED], coming)
    _give_keys_back({int(case): key for case, key in moved["keys"].items()} | _opened_since(moved["moved"], coming))


def _reopen(settled: Mapping[str, str], coming: Coming) -> None:
    """What the merge settled waits again, but for the question that taking it back has just answered."""
    ours = Review.objects.filter(pk__in=list(map(int, settled)), status=Status.SETTLED, note=_note(coming.merge.pk))
    pairs = pair_keys(ours.filter(kind=Kind.PAIR).values_list("pk", flat=True))
    answered = "-".join(map(str, sorted((coming.merge.kept_id, coming.merge.lost_id))))
    wanted = {
        pk: pairs.get(pk, key)
        for pk, key in ((pk, settled[str(pk)]) for pk in ours.values_list("pk", flat=True))
        if not (coming.apart and pairs.get(pk) == f"d:{answered}")
    }
    taken = _taken(wanted.values())
    free = {pk: key for pk, key in wanted.items() if key and key not in taken}
    bulk.update(Review, ["waiting_key"], [(key, pk) for pk, key in free.items()])
    open_again = {"status": Status.OPEN, "decided_at": None, "decided_by_name": "", "note": ""}
    Review.objects.filter(pk__in=free).update(**open_again)
    _log(free, coming, "opened again", f"merge {coming.merge.pk} was taken back")


def _opened_since(moved: list[int], coming: Coming) -> dict[int, str]:
    """Cases that were closed when the merge took their candidates along and wait now, with their keys to be."""
    waiting = Review.objects.filter(candidates__in=among(moved), status=Status.OPEN, kind=Kind.PAIR)
    asked = {"kind": Kind.MAILBOX, "waiting_key": f"m:{coming.merge.kept_id}"}
    mailboxes = Review.objects.filter(candidates__in=among(moved), status=Status.OPEN, **asked)
    keys = dict.fromkeys(waiting.values_list("pk", flat=True), "")
    return keys | dict.fromkeys(mailboxes.values_list("pk", flat=True), f"m:{coming.merge.lost_id}")


def _give_keys_back(old: Mapping[int, str]) -> None:
    """Open cases are called by the contacts that they are about now."""
    waiting = dict(Review.objects.filter(pk__in=old, status=Status.OPEN).values_list("pk", "kind"))
    keys = {pk: old[pk] for pk, kind in waiting.items() if kind == Kind.MAILBOX}
    keys |= pair_keys(pk for pk, kind in waiting.items() if kind == Kind.PAIR)
    bulk.update(Review, ["waiting_key"], [(key, pk) for pk, key in keys.items() if key])


def of_the_lost_alone(coming: Coming) -> list[int]:
    """Cases since the merge whose arrivals all belong to the contact that comes back."""
    theirs = {a.review_id for a in coming.plan.lost.arrivals if a.review_id}
    return sorted(theirs - {a.review_id for a in coming.plan.kept.arrivals})


def _mailboxes_of_the_lost(coming: Coming) -> list[int]:
    """Candidacies in cases that ask who writes from an address of the contact that comes back."""
    kept, lost = coming.merge.kept_id, coming.merge.lost_id
    asked = Review.objects.filter(pk__in=of_the_lost_alone(coming), kind=Kind.MAILBOX, waiting_key=f"m:{kept}")
    free = not Review.objects.filter(waiting_key=f"m:{lost}", status=Status.OPEN).exists()
    found = list(asked.values_list("pk", flat=True))
    if not found or not free:
        return []
    asked.update(waiting_key=f"m:{lost}")
    return list(ReviewCandidate.objects.filter(review__in=found, contact=kept).values_list("pk", flat=True))
