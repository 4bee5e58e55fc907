"""Taking a decision back: everything as it was before it, if nobody and nothing has gone on from there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import connection

from contacts.domain.changes import Person
from contacts.domain.protection import LessProtected, must_keep, protections
from contacts.models import Address, Arrival, Contact, NotSame, Refusal, Review, ReviewCandidate
from contacts.services import bulk, contact_rows, write
from contacts.services.intake import in_transaction
from contacts.services.locks import lock_keys
from contacts.services.merged import living_ids
from contacts.services.merging.cases import pair_keys
from contacts.services.people import person_from
from contacts.services.review import cases, pairs, trace
from contacts.services.review.cases import load, names_of
from contacts.services.review.claims import FREE
from contacts.services.review.errors import Refused
from contacts.services.story import person_name

Status, Kind = Review.Status, Review.Kind
#: Relations of a contact that a decision of ours may have made; any other keeps the contact from being removed.
OURS = {Address, Arrival, Refusal, Review, ReviewCandidate}


def take_back(review_id: int, *, user: User, at: datetime) -> Review:
    """Undo the last decision on a case, and open it again. Raises ``Refused`` with what to do instead."""
    return in_transaction(lambda: _taken_back(review_id, user, at))


def _taken_back(review_id: int, user: User, at: datetime) -> Review:
    lock_keys(names_of(load([review_id], at), review_id))
    case = Review.objects.select_for_update(no_key=True).get(pk=review_id)
    _look_whether_it_can(case)
    said = case.trace.get("said", "")
    if case.status == Status.OPEN:
        return _woken(case, user, at, said)
    if case.trace.get("merges"):
        pairs.unmerge(case, user, at)
    else:
        _put_back(case, user, at)
    NotSame.objects.filter(review=case).delete()
    _close_notices(case, user, at)
    return _reopened(case, user, at, said)


def _look_whether_it_can(case: Review) -> None:
    if case.status == Status.OPEN and case.asleep_until is None:
        raise Refused(f"Case {case.pk} is open: there is nothing to take back.")
    if case.status == Status.SETTLED:
        raise Refused(f"Nobody decided case {case.pk}: {case.note or 'it settled itself'}.")
    if "said" not in case.trace:
        raise Refused(
            f"Case {case.pk} was not decided here, so what it changed is not known. Edit the contact by hand instead."
        )
    _look_for_the_same_question(case)


def _look_for_the_same_question(case: Review) -> None:
    again = Review.objects.filter(waiting_key=case.waiting_key, status=Status.OPEN).exclude(pk=case.pk).first()
    if again is not None:
        raise Refused(f"The same question was opened again since, as case {again.pk}: decide it there.")


def _key_of_today(case: Review) -> str:
    """What the case is called now: its contacts may have been merged with others while it was closed."""
    if case.kind == Kind.PAIR:
        key = pair_keys([case.pk])[case.pk]
        if not key:
            raise Refused(
                f"Fewer than two contacts of case {case.pk} are left. "
                "If they were merged, take that merge back instead."
            )
        return key
    if case.kind == Kind.MAILBOX:
        asked = int(case.waiting_key.removeprefix("m:"))
        return f"m:{living_ids([asked]).get(asked, asked)}"
    return case.waiting_key


def _woken(case: Review, user: User, at: datetime, said: str) -> Review:
    before = case.trace.get("asleep_until")
    case.asleep_until = datetime.fromisoformat(before) if before else None
    case.trace = {}
    case.save(update_fields=["asleep_until", "trace"])
    cases.log(case, user, at, "back", f"taken back: {said}")
    return case


def _reopened(case: Review, user: User, at: datetime, said: str) -> Review:
    case.waiting_key = _key_of_today(case)
    _look_for_the_same_question(case)
    case.status, case.decided_at, case.decided_by, case.decided_by_name = Status.OPEN, None, None, ""
    case.contact, case.note, case.trace = None, "", {}
    columns = ["status", "decided_at", "decided_by", "decided_by_name", "contact", "note", "trace", "waiting_key"]
    case.save(update_fields=[*columns, *FREE])
    cases.log(case, user, at, "back", f"taken back: {said}")
    return case


def _put_back(case: Review, user: User, at: datetime) -> None:
    """Contacts, addresses and arrivals as the trace says that they were."""
    touched = {row["id"]: row for row in case.trace.get("contacts", ())}
    locked = Contact.objects.select_for_update().filter(pk__in=touched).order_by("pk")
    contacts = list(locked.prefetch_related("addresses"))
    _look_for_changes(case, touched, contacts)
    arrivals = case.trace.get("arrivals", ())
    back = [(a["contact"], bulk.as_json(a["verdicts"]), a["id"]) for a in arrivals]
    bulk.update(Arrival, ["contact_id", "verdicts"], back)
    Review.objects.filter(pk=case.pk).update(contact=None)
    Address.objects.filter(key__in=case.trace.get("addresses", ())).delete()
    if case.trace.get("primary"):
        Address.objects.filter(key=case.trace["primary"]).update(primary=True)
    hand = contact_rows.Hand(person_name(user), f"case {case.pk} taken back", user_id=user.pk)
    _remove([c for c in contacts if touched[c.pk]["before"] is None], case, hand, at)
    known = [c for c in contacts if touched[c.pk]["before"] is not None]
    _restore(known, touched, hand, at, addresses=bool(case.trace.get("addresses")))


def _look_for_changes(case: Review, touched: dict[int, dict[str, Any]], contacts: Sequence[Contact]) -> None:
    """Refuse where something came after the decision that would be lost or would hang in the air."""
    gone = touched.keys() - {c.pk for c in contacts}
    if gone:
        pk = min(gone)
        raise Refused(f"Contact #{pk} was merged or removed since. Take that back first, then this.")
    for contact in contacts:
        if trace.state_of(contact) != touched[contact.pk]["state"]:
            raise Refused(
                f"{contact} (#{contact.pk}) was changed since: {_last_change(contact.pk)} Take that back first, or "
                f"correct the contact by hand."
            )
    mine = [a["id"] for a in case.trace.get("arrivals", ())]
    made = [pk for pk, row in touched.items() if row["before"] is None]
    since = Arrival.objects.exclude(pk__in=mine).exclude(repeat_of__in=mine)
    later = since.filter(contact__in=made).first()
    later = later or since.filter(email_key__in=case.trace.get("addresses", ()), contact__in=touched).first()
    if later is not None:
        raise Refused(
            f"Arrival #{later.pk} came to #{later.contact_id} because of this decision. Correct the contact by hand."
        )
    _look_for_relations(case, made)


def _last_change(contact_id: int) -> str:
    row = Contact.history.model.objects.filter(id=contact_id).order_by("-history_id").values(
        "actor", "history_date", "history_change_reason"
    ).first()  # fmt: skip
    if row is None:
        return ""
    return f"{row['actor']}, {row['history_date']:%-d %B %H:%M} ({row['history_change_reason'] or 'changed'})."


def _look_for_relations(case: Review, made: Sequence[int]) -> None:
    """A contact that this decision made goes only if nothing but the decision hangs on it."""
    if not made:
        return
    others = {
        ReviewCandidate: ReviewCandidate.objects.filter(contact__in=made).exclude(review=case).exclude(
            review__in=case.trace.get("notices", ())
        ),
        Review: Review.objects.filter(contact__in=made).exclude(pk=case.pk),
        Address: Address.objects.filter(contact__in=made).exclude(key__in=case.trace.get("addresses", ())),
    }  # fmt: skip
    for relation in Contact._meta.related_objects:
        model = relation.related_model
        if model not in OURS:
            others[model] = model._base_manager.filter(**{f"{relation.field.name}__in": made})
    for model, rows in others.items():
        if rows.exists():
            raise Refused(
                f"The contact that this decision made has {model._meta.verbose_name_plural} by now, so it stays. "
                "Merge it with the other one instead."
            )


def _remove(contacts: Sequence[Contact], case: Review, hand: contact_rows.Hand, at: datetime) -> None:
    ids = [c.pk for c in contacts]
    write.store_history([_history(c, person_from(c), "-", hand, at) for c in contacts])
    for log in (Arrival, Refusal):  # of arrivals those that only repeated one of the case's
        log.objects.filter(contact__in=ids).update(contact=None)
    ReviewCandidate.objects.filter(contact__in=ids).delete()
    # Not delete(): it would load each row, and write a second, nameless row of history for it.
    for model, key in ((Address, "contact__in"), (Contact, "pk__in")):
        model.objects.filter(**{key: ids})._raw_delete(connection.alias)


def _restore(
    contacts: Sequence[Contact],
    touched: dict[int, dict[str, Any]],
    hand: contact_rows.Hand,
    at: datetime,
    *,
    addresses: bool,
) -> None:
    changed, rows = [], []
    for contact in contacts:
        row, now = touched[contact.pk], person_from(contact)
        then = trace.restored(contact.pk, row["before"])
        _look_for_protection(contact, now, then)
        fields = {f for f in {*now.values, *then.values} if now.values.get(f) != then.values.get(f)}
        fields |= {"shared_mailbox"} if now.shared_mailbox != then.shared_mailbox else set()
        if fields or addresses or now.origins != then.origins:
            fields.add("email")  # the version goes up, also where only an address or an origin went
            rows.append(_history(contact, then, "~", hand, at))
        fields |= _activity(contact, row, then)
        changed.append((then, fields))
    write.store_changes(changed, bulk.as_time(at))
    write.store_history(rows)


def _look_for_protection(contact: Contact, now: Person, then: Person) -> None:
    """Refuse to take an unsubscribe away: only the person can, by agreeing anew."""
    try:
        must_keep(protections(now.values), then.values)
    except LessProtected as error:
        why = f"{contact} (#{contact.pk}) became unsubscribed by this decision, so it stands."
        raise Refused(f"{why} {error}") from error


def _activity(contact: Contact, row: dict[str, Any], then: Any) -> set[str]:
    """The last activity goes back unless another arrival moved it since."""
    moved = contact.last_activity.isoformat() if contact.last_activity else None
    if moved != row["last_activity"]:
        then.last_activity = contact.last_activity
    return {"last_activity"} if then.last_activity != contact.last_activity else set()


def _history(contact: Contact, person: Any, kind: str, hand: contact_rows.Hand, at: datetime) -> tuple[Any, ...]:
    made = bulk.as_time(contact.created_at)
    return contact_rows.history_row(person, person.values, made, bulk.as_time(at), kind, hand)


def _close_notices(case: Review, user: User, at: datetime) -> None:
    """A shared mailbox that only this decision told of."""
    for notice in Review.objects.filter(pk__in=case.trace.get("notices", ()), status=Status.OPEN):
        notice.status, notice.decided_at = Status.SETTLED, at
        notice.note = f"the decision on case {case.pk} that opened it was taken back"
        notice.save(update_fields=["status", "decided_at", "note"])
        cases.log(notice, user, at, Status.SETTLED, notice.note)
