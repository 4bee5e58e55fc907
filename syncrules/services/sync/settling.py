"""What came of letters: links, rows of the outbox, errors and counts, in one transaction.

A link is read again first: a pull may have stored what the MAP showed meanwhile. Only the fields that were sent are
settled.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from contacts.models import Address, Contact
from contacts.services import bulk
from contacts.services.intake import in_transaction
from contacts.services.merged import living_ids
from syncrules.connectors.base import Why, Written
from syncrules.connectors.trouble import Trouble
from syncrules.domain.cases import OPT_IN
from syncrules.domain.records import agreed_now
from syncrules.models import Link, Push
from syncrules.services import links
from syncrules.services.links import NewLink
from syncrules.services.pilot import noting
from syncrules.services.sync import counting, errors, inbox, opt_outs, outbox
from syncrules.services.sync.counting import Counts
from syncrules.services.sync.deciding import Context, Todo, decide_here
from syncrules.services.sync.errors import Cause, Fault
from syncrules.services.sync.letters import Answer, Letter, Parcel, Sort
from syncrules.services.sync.outbox import Leased
from syncrules.services.sync.posting import blamed
from syncrules.services.sync.refusing import fault, is_verdict, untold

L = TypeVar("L", Link, NewLink)
#: How long a thing waits that may come right by itself, doubled with each try; then a person has to look.
AGAIN = timedelta(seconds=2)
#: Tries of one thing, apart from troubles of whole calls, which count against the connection.
TRIES = 3
#: Refusals that are only final when they last: another record may be about to give the address up, or was merged.
MAY_PASS = frozenset({Why.UNKNOWN, Why.TAKEN, Why.MISSING, Why.LATER})
#: Which rows of the outbox ask for what; all other sorts are about a contact's record.
KINDS = {Sort.OPT_OUT: Push.Kind.OPT_OUT, Sort.DELETE: Push.Kind.DELETE, Sort.ERASE: Push.Kind.ERASE}


@dataclass
class Outcome:
    """What one transaction stores."""

    done: list[Leased] = field(default_factory=list)
    parked: list[Leased] = field(default_factory=list)
    free: list[Leased] = field(default_factory=list)
    again: dict[int, list[Leased]] = field(default_factory=lambda: defaultdict(list))
    back: dict[bool, list[Leased]] = field(default_factory=lambda: defaultdict(list))
    faults: list[Fault] = field(default_factory=list)
    looks: set[str] = field(default_factory=set)
    counts: Counts = field(default_factory=Counts)


def settle(context: Context, parcel: Parcel) -> Trouble | None:
    """Store what came of a parcel; what befell whole calls, if anything did."""
    if parcel.sort is Sort.MAKE:
        _draft_links(context, parcel)  # before the transaction: others want to write too
    counts: Counts = in_transaction(lambda: _settle(context, parcel))
    context.counts += counts
    troubles = [a.written.trouble for a in parcel.answers if a.written and a.written.trouble]
    passing = [t for t in troubles if t is not None and not is_verdict(t)]
    return passing[0] if passing else None


def _settle(context: Context, parcel: Parcel) -> Counts:
    outcome = Outcome(counts=Counts(calls=parcel.calls))
    good = [a for a in parcel.answers if a.written is not None and a.written.done]
    noting.note(context, good)
    SETTLE[parcel.sort](context, good, outcome)
    _found(context, [a for a in parcel.answers if a.found is not None], outcome)
    for answer in parcel.answers:
        if answer.written is not None and not answer.written.done:
            _bad(answer.letter, answer.written, outcome)
    for answer in good:
        _lost(answer, outcome)
    _store(context, outcome, parcel.sort)
    return outcome.counts


def _store(context: Context, outcome: Outcome, sort: Sort) -> None:
    connection, at = context.connection.pk, context.at
    kind = KINDS.get(sort, Push.Kind.RECORD)
    through = {row.subject for row in [*outcome.done, *outcome.parked]}
    errors.solve(connection, through, at, kind=kind, but=outcome.faults)
    errors.record(connection, outcome.faults, at)
    lost = outbox.acknowledge(outcome.done, at)
    outbox.park(outcome.parked)
    outbox.give_back(outcome.free, at)
    for look, rows in outcome.back.items():
        outbox.give_back(rows, at, look=look)
    for tries, rows in outcome.again.items():
        wait = AGAIN * 2**tries * (0.5 + random.random() / 2)  # noqa: S311
        outbox.give_back(rows, at + wait, look=True, tried=True)
    # Another worker has these by now: what stands in the MAP is whatever came last.
    outcome.looks |= _records_of(context, lost)
    inbox.enqueue(connection, outcome.looks, at)
    outcome.counts.errors += len(outcome.faults)
    counting.note(connection, outcome.counts, at)


def _records_of(context: Context, rows: Iterable[Leased]) -> set[str]:
    contacts = [int(row.subject) for row in rows if row.kind == Push.Kind.RECORD]
    if not contacts:
        return set()
    mine = Link.objects.filter(connection=context.connection, contact__in=contacts, state=Link.State.LINKED)
    return set(mine.values_list("record_id", flat=True))


# --- what went through ---


def _changed(context: Context, good: Sequence[Answer], outcome: Outcome) -> None:
    """Both sides agree on what was sent, as the MAP holds it now."""
    fresh = _fresh(a.letter.link for a in good)
    there = [(a, fresh[a.letter.link.pk]) for a in good if a.letter.link.pk in fresh]
    # What the MAP showed of it since our write was there is newer than what our write says.
    outcome.looks |= {a.written.id for a, link in there if links.is_older(a.written.changed_at, link.stamp)}
    links.store([_agreed(context, link, a) for a, link in there])
    outcome.counts.pushed += sum(bool(a.stored) for a in good)


def _agreed(context: Context, link: L, answer: Answer) -> L:
    letter, written = answer.letter, answer.written
    link.agreed = link.agreed | agreed_now(context.terms, letter.judged, answer.stored)
    link.seen = {name: text for name, text in {**link.seen, **answer.stored}.items() if text}
    link.agreed_at, link.version = context.at, max(link.version, letter.version)
    link.stamp = written.changed_at or link.stamp
    return link


def _fresh(wanted: Iterable[Link | None]) -> dict[int, Link]:
    """The links as they are now, locked."""
    ids = [link.pk for link in wanted if link is not None]
    return {link.pk: link for link in Link.objects.select_for_update().filter(pk__in=bulk.among(ids)).order_by("pk")}


def _made(context: Context, good: Sequence[Answer], outcome: Outcome) -> None:
    """A link for each record. Whose contact was merged meanwhile belongs to the one that is left."""
    homes = _homes(good)
    known = links.of_records(context.connection, [a.written.id for a in good])
    new = {}
    for answer in good:
        record, home = answer.written.id, homes.get(answer.letter.contact)
        if home is None:
            if answer.written.new:
                outbox.delete_records(context.connection.pk, [record], context.at)
        elif record in known or record in new:
            outcome.looks.add(record)
            outcome.faults += _other_has_it(answer.letter, record, known.get(record), home)
        else:
            new[record] = answer.link
            new[record].contact_id = home
            outcome.looks |= set() if answer.written.new else {record}
    links.insert(new.values())
    outcome.counts.pushed += len(new)


def _draft_links(context: Context, parcel: Parcel) -> None:
    """The links of records that were made, as they are to be stored.

    They have seen what was sent, and nothing else that the MAP shows: that is news, and judged when it is pulled.
    """
    for answer in parcel.answers:
        if answer.written is not None and answer.written.done:
            link = NewLink(context.connection.pk, answer.letter.contact, answer.written.id)
            answer.link = _agreed(context, link, answer)


def _homes(good: Iterable[Answer]) -> dict[int, int]:
    """The contact that each letter is about today; none for one that is no more."""
    ids = {a.letter.contact for a in good if a.letter.contact is not None}
    there = set(Contact.objects.filter(pk__in=bulk.among(ids)).values_list("pk", flat=True))
    return {ident: ident for ident in there} | (living_ids(ids - there) if ids - there else {})


def _other_has_it(letter: Letter, record: str, link: Link | None, home: int) -> list[Fault]:
    """The record with this address belongs to another contact: the two links are never crossed."""
    if link is not None and link.contact_id == home:
        return []
    text = f"The MAP’s record {record} has the address {letter.email}, and belongs to another contact."
    return [Fault(letter.row.subject, Cause.TAKEN, text, contact=letter.contact, record=record)]


def _found(context: Context, found: Sequence[Answer], outcome: Outcome) -> None:
    """Records that were there already: linked and judged as pulled ones are; what they owe is sent next."""
    if not found:
        return
    known = links.of_records(context.connection, [a.found.id for a in found])
    homes, todo, new = _homes(found), [], {}
    for answer in found:
        record, home = answer.found, homes.get(answer.letter.contact)
        if record.id in known or record.id in new:
            faults = _other_has_it(answer.letter, record.id, known.get(record.id), home or 0)
            outcome.faults += faults
            (outcome.parked if faults else outcome.free).append(answer.letter.row)
            continue
        outcome.free.append(answer.letter.row)
        if home is not None:
            new[record.id] = Link(connection=context.connection, contact_id=home, record_id=record.id)
            todo.append((new[record.id], links.shown_of(record)))
    Link.objects.bulk_create(new.values())
    outcome.counts += decide_here(context, [Todo(link, shown, pulled=True) for link, shown in todo]).counts


def _merged(context: Context, good: Sequence[Answer], outcome: Outcome) -> None:
    """The other records became part of the one that stays, which may have a new id; all their ids lead to it."""
    fresh = _fresh([link for a in good for link in (a.letter.link, *a.letter.others)])
    gone = []
    for answer in good:
        link, record = fresh.get(answer.letter.link.pk), answer.written.id
        if link is None:
            continue
        others = [fresh[o.pk] for o in answer.letter.others if o.pk in fresh]
        if link.record_id != record:
            others.append(Link(connection=context.connection, contact_id=link.contact_id, record_id=link.record_id))
            link.record_id = record
        for other in others:
            other.state, other.into, other.left_at = Link.State.MERGED, record, context.at
        gone += others
        link.agreed = link.seen = {}  # whatever else the record shows by now may be the others': it is news
        _agreed(context, link, answer).save()
        outcome.looks.add(record)
    Link.objects.bulk_create([link for link in gone if link.pk is None])
    Link.objects.bulk_update([link for link in gone if link.pk is not None], ["state", "into", "left_at"])
    outcome.counts.pushed += len(good)


def _deleted(context: Context, good: Sequence[Answer], outcome: Outcome) -> None:
    mine = Link.objects.filter(connection=context.connection, record_id__in=[a.letter.row.subject for a in good])
    mine.update(state=Link.State.GONE, left_at=context.at)
    outcome.counts.pushed += len(good)


def _opted(context: Context, good: Sequence[Answer], outcome: Outcome) -> None:
    """The records of these addresses show it from now on, so that nobody is told a second time."""
    addresses = {a.letter.row.subject for a in good}
    opt_outs.acknowledged(context.connection.pk, addresses, context.at)
    links.store(_out(context, addresses))
    outcome.counts.pushed += len(good)


def _out(context: Context, addresses: Collection[str]) -> list[Link]:
    rows = {row.hub: row for row in context.terms.rows}
    if OPT_IN not in rows or "email" not in rows:
        return []
    state, email = rows[OPT_IN].map, rows["email"].map
    out = context.terms.by_row[rows[OPT_IN].key].write(False)
    theirs = Address.objects.filter(key__in=addresses).values("contact")
    mine = Link.objects.filter(connection=context.connection, state=Link.State.LINKED, contact__in=theirs)
    found = [link for link in mine.select_for_update() if link.seen.get(email, "").lower() in addresses]
    for link in found if isinstance(out, str) else ():
        link.seen = {**link.seen, state: out}
    return found


SETTLE: dict[Sort, Callable[[Context, Sequence[Answer], Outcome], None]] = {
    Sort.CHANGE: _changed,
    Sort.MAKE: _made,
    Sort.MERGE: _merged,
    Sort.OPT_OUT: _opted,
    Sort.DELETE: _deleted,
    Sort.ERASE: _deleted,
}


# --- what did not ---


def _lost(answer: Answer, outcome: Outcome) -> None:
    """It went through, but for values that the MAP has no words for or does not take: these wait for a person."""
    letter = answer.letter
    faults = [untold(letter, one) for one in letter.lost]
    faults += [fault(letter, written, name) for name, written in answer.refused.items()]
    taken = any(f.subject == letter.row.subject for f in outcome.faults)
    outcome.faults += faults
    (outcome.parked if faults or taken else outcome.done).append(letter.row)


def _bad(letter: Letter, written: Written, outcome: Outcome) -> None:
    """A whole call that failed costs the row nothing; what may pass is tried again; the rest waits for a person."""
    row = letter.row
    if written.trouble is not None and not is_verdict(written.trouble):
        outcome.back[written.why is Why.UNKNOWN].append(row)
        return
    if written.why is Why.MISSING and letter.link is not None:
        outcome.looks |= {link.record_id for link in (letter.link, *letter.others)}
    if written.why in MAY_PASS and row.tries < TRIES:
        outcome.again[row.tries].append(row)
        return
    outcome.parked.append(row)
    named = blamed(written.error, letter.texts)
    outcome.faults.append(fault(letter, written, named[0] if named else ""))
