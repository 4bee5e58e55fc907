"""Deciding a case: one transaction, one reviewer, and everything the decision means stored at once.

The log stays as it was: a held arrival remains held, with its reason. The decision stands on the case, and
the arrival gets the contact it went to and the verdicts of its fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User

from contacts.models import Contact, Review
from contacts.services.intake import in_transaction
from contacts.services.locks import lock_keys
from contacts.services.review import cases, claims, pairs, telling
from contacts.services.review.basis import news
from contacts.services.review.cases import Offer, close, load, names_of
from contacts.services.review.errors import AlreadyDecided, Changed, Refused, Taken
from contacts.services.review.joining import join
from contacts.services.review.parting import part

Status, Kind = Review.Status, Review.Kind
#: How long "later" is.
LATER = timedelta(days=1)
RIGHT = {
    Kind.MAILBOX: "can only be marked as seen, or put off",
    Kind.HOLD: "waits for a decision about an arrival",
    Kind.PAIR: "is about contacts that look like one",
    Kind.GONE: "can only be marked as seen, or put off",
}


@dataclass
class Opened:
    """A case that nobody else can decide meanwhile: its row, its arrivals, its candidates, all locked."""

    case: Review
    offers: list[Offer]
    candidates: list[Contact]


def decide_same(
    review_id: int,
    contact_id: int,
    *,
    user: User,
    at: datetime,
    picks: Mapping[str, str] | None = None,
    basis: str = "",
) -> Review:
    """One person. The arrivals of a held case fill the gaps of this contact; of a pair, this contact stays.

    ``picks`` is field to the key of another value than the rules would take; it is recorded as the reviewer's.
    ``basis`` is what the reviewer saw; without it the case is decided as it is. Raises ``Refused``.
    """

    def decide(opened: Opened) -> Review:
        case = opened.case
        contact = next((c for c in opened.candidates if c.pk == contact_id), None)
        if contact is None:
            raise Refused(f"Contact #{contact_id} is no candidate of case {case.pk}.")
        if case.kind == Kind.PAIR:
            said = pairs.merge(case, contact, opened.candidates, picks or {}, user, at)
        else:
            said = telling.joined(contact.pk, join(case, opened.offers, contact, dict(picks or {}), user, at))
        return close(case, Status.SAME, user, at, said, contact_id=contact.pk)

    return _decided(review_id, (Kind.HOLD, Kind.PAIR), user, at, basis, decide)


def decide_different(review_id: int, *, user: User, at: datetime, basis: str = "") -> Review:
    """Different people. Of a held case a new contact is made; of a pair nothing changes. Never flagged again."""

    def decide(opened: Opened) -> Review:
        case = opened.case
        if case.kind == Kind.PAIR:
            said = pairs.keep_apart(case, opened.candidates, user, at)
            return close(case, Status.DIFFERENT, user, at, said)
        if not opened.offers:
            return close(case, Status.DIFFERENT, user, at, "different people, nothing waits any more")
        plans = part(case, opened.offers, opened.candidates, user, at)
        first = next((plan.person.id for plan in plans if plan.person), None)
        return close(case, Status.DIFFERENT, user, at, telling.parted(plans), contact_id=first)

    return _decided(review_id, (Kind.HOLD, Kind.PAIR), user, at, basis, decide)


def decide_not_a_lead(review_id: int, *, user: User, at: datetime, note: str, basis: str = "") -> Review:
    """Nothing is written but the case and its reason; the arrivals stay in the log."""
    said = note.strip()
    if not said:
        raise Refused("Say in a few words why this is not a lead.")

    def decide(opened: Opened) -> Review:
        return close(opened.case, Status.NOT_A_LEAD, user, at, f"not a lead ({said})", note=said)

    return _decided(review_id, (Kind.HOLD,), user, at, basis, decide)


def mark_seen(review_id: int, *, user: User, at: datetime, basis: str = "") -> Review:
    """A shared mailbox, or that a MAP deleted a record, was looked at."""

    def decide(opened: Opened) -> Review:
        return close(opened.case, Status.SEEN, user, at, "seen")

    return _decided(review_id, (Kind.MAILBOX, Kind.GONE), user, at, basis, decide)


def put_off(review_id: int, *, user: User, at: datetime) -> Review:
    """Not now: the case is back in its place of the queue after ``LATER``."""

    def decide(opened: Opened) -> Review:
        case, until = opened.case, at + LATER
        said = f"later, back on {until:%-d %B at %H:%M}"
        case.trace = {"said": said, "asleep_until": case.asleep_until and case.asleep_until.isoformat()}
        case.asleep_until = until
        case.taken_by, case.taken_by_name, case.taken_until = None, "", None
        case.save(update_fields=["asleep_until", "trace", *claims.FREE])
        cases.log(case, user, at, "later", said)
        return case

    return _decided(review_id, tuple(Kind), user, at, "", decide)


def _decided(
    review_id: int,
    kinds: tuple[str, ...],
    user: User,
    at: datetime,
    basis: str,
    decide: Callable[[Opened], Review],
) -> Review:
    return in_transaction(lambda: decide(opened_case(review_id, kinds, user, at, basis)))


def opened_case(review_id: int, kinds: tuple[str, ...], user: User, at: datetime, basis: str = "") -> Opened:
    """Lock a case with all that it is about, and check that this reviewer may decide it now."""
    lock_keys(names_of(load([review_id], at), review_id))
    # NO KEY: a record that joins the case only needs its row to stay.
    case = Review.objects.select_for_update(no_key=True).get(pk=review_id)
    if case.status != Status.OPEN:
        raise AlreadyDecided(case)
    if case.kind not in kinds:
        raise Refused(f"Case {case.pk} {RIGHT[Kind(case.kind)]}.")
    if claims.is_taken(case, user, at):
        raise Taken(case)
    known = load([review_id], at, lock=True)
    opened = Opened(case, known.offers.get(review_id, []), known.candidates_of(review_id))
    if basis and (told := news(basis, opened.offers, opened.candidates)):
        raise Changed(told)
    return opened
