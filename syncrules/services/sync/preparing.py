"""Rows of the outbox become letters: contacts judged as they are now against what the MAP last showed.

What has nothing to say is acknowledged at once. A fixed number of statements for any number of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction

from contacts.domain.changes import Person
from contacts.models import Address, Merge
from contacts.queries import people
from contacts.services import bulk
from syncrules.domain import marks, threshold
from syncrules.domain.records import Judged, Told, judge_record, map_writes
from syncrules.domain.threshold import Threshold
from syncrules.models import Link, Push
from syncrules.services import links
from syncrules.services.sync import errors, joining, outbox
from syncrules.services.sync.deciding import Context, Decided, Todo, decide
from syncrules.services.sync.errors import Cause, Fault
from syncrules.services.sync.letters import Letter, Sort
from syncrules.services.sync.outbox import Leased

#: A contact whose address is being opted out waits so long before the next look.
OPT_OUT_FIRST = timedelta(seconds=5)
#: What nobody outside the connection's segment is told before it is live; going live makes it due.
WHEN_LIVE = timedelta(hours=1)
#: A link that went to another contact just now is looked at again.
SOON = timedelta(seconds=1)
Kind = Push.Kind
NOBODY = Person({}, {}, 0)


@dataclass
class Prepared:
    """Letters to send, and what is settled without the MAP."""

    letters: list[Letter] = field(default_factory=list)
    done: list[Leased] = field(default_factory=list)
    later: list[Leased] = field(default_factory=list)
    blocked: list[Leased] = field(default_factory=list)
    outside: list[Leased] = field(default_factory=list)
    apart: dict[Leased, Link] = field(default_factory=dict)


def prepare(context: Context, rows: Sequence[Leased]) -> list[Letter]:
    """The letters of these rows; rows that need none are acknowledged, and who has to wait is given back."""
    ready = Prepared()
    rows = _inside(context, rows, ready)
    ready.letters += [Letter(r, Sort.OPT_OUT, opt_outs=(r.subject,)) for r in rows if r.kind == Kind.OPT_OUT]
    ready.letters += [Letter(r, Sort.DELETE) for r in rows if r.kind == Kind.DELETE]
    ready.letters += [Letter(r, Sort.ERASE) for r in rows if r.kind == Kind.ERASE]
    of_contacts = {int(row.subject): row for row in rows if row.kind == Kind.RECORD}
    if of_contacts:
        _contacts(context, of_contacts, ready)
    _settle(context, ready)
    return ready.letters


def _inside(context: Context, rows: Sequence[Leased], ready: Prepared) -> Sequence[Leased]:
    """The rows about those whom the connection may write about in its state.

    A contact outside needs no row: going live looks at everybody. An order to stop mail or to delete waits for that.
    """
    scope = context.scope
    if scope.everybody:
        return rows
    subjects = {kind: [row.subject for row in rows if row.kind == kind] for kind in Kind}
    inside: dict[str, set[str]] = {
        Kind.RECORD: set(map(str, scope.contacts(map(int, subjects[Kind.RECORD])))),
        Kind.OPT_OUT: scope.addresses(subjects[Kind.OPT_OUT]),
        Kind.DELETE: scope.linked(subjects[Kind.DELETE]),
        Kind.ERASE: scope.linked(subjects[Kind.ERASE]),
    }
    for row in rows:
        if row.subject not in inside[row.kind]:
            (ready.done if row.kind == Kind.RECORD else ready.outside).append(row)
    return [row for row in rows if row.subject in inside[row.kind]]


def _contacts(context: Context, rows: dict[int, Leased], ready: Prepared) -> None:
    for contact in _waiting_for_opt_out(context, rows):
        ready.blocked.append(rows.pop(contact))
    mine = _links(context, rows)
    if lone := [contact for contact in rows if contact not in mine]:
        if links.adopt(context.connection, lone):
            mine |= _links(context, lone)
        _to_make(context, {c: rows[c] for c in lone if c not in mine}, ready)
    linked = {c: [link for link in all_ if link.state == Link.State.LINKED] for c, all_ in mine.items()}
    _never_again({c: rows[c] for c, there in linked.items() if not there}, mine, ready)
    _linked(context, {c: rows[c] for c, there in linked.items() if there}, linked, ready)


def _links(context: Context, contacts: Iterable[int]) -> dict[int, list[Link]]:
    found = Link.objects.filter(connection=context.connection, contact__in=bulk.among(list(contacts))).order_by("pk")
    by_contact: dict[int, list[Link]] = defaultdict(list)
    for link in found:
        by_contact[link.contact_id].append(link)
    return dict(by_contact)


def _waiting_for_opt_out(context: Context, rows: Iterable[int]) -> set[int]:
    """Contacts with an address that is to be opted out: nothing else is said of them before."""
    open_ = Push.objects.filter(connection=context.connection, kind=Kind.OPT_OUT)
    if not open_.exists():
        return set()
    waiting = Address.objects.filter(contact__in=list(rows), key__in=open_.values("subject"))
    return set(waiting.values_list("contact", flat=True))


# --- contacts with a record ---


def _linked(context: Context, rows: dict[int, Leased], linked: dict[int, list[Link]], ready: Prepared) -> None:
    """Judged as they are now; with several records of one contact, the first stays and the others go into it."""
    several = {contact: there for contact, there in linked.items() if len(there) > 1}
    first = {c: there[0] for c, there in linked.items() if there} | joining.primaries(several)
    todo = [Todo(first[c]) for c in rows]
    decided = {d.todo.link.contact_id: d for d in decide(context, todo).decided}
    for contact, row in rows.items():
        if contact not in decided:
            ready.later.append(row)
            continue
        letter = _letter(context, row, decided[contact])
        if contact in several:
            joining.join(context.terms, letter, [link for link in several[contact] if link.pk != first[contact].pk])
        _or_done(letter, ready)


def _letter(context: Context, row: Leased, decided: Decided) -> Letter:
    link = decided.link
    letter = Letter(
        row, Sort.CHANGE, decided.texts, contact=link.contact_id, version=link.version, link=link,
        judged=decided.judged, lost=decided.lost,
    )  # fmt: skip
    return _with_opt_out(context, letter, [_email_seen(context, link), _email(decided.judged)])


def _or_done(letter: Letter, ready: Prepared) -> None:
    if letter.texts or letter.lost or letter.opt_outs or letter.others:
        ready.letters.append(letter)
    else:
        ready.done.append(letter.row)


# --- contacts without one ---


def _to_make(context: Context, rows: dict[int, Leased], ready: Prepared) -> None:
    """Who takes part and has an address gets a record; the others need none."""
    takes_part = threshold.compile(context.connection.takes_part, context.terms.worksheet.hub_fields)
    there = people(rows)
    for ident, row in rows.items():
        version, person = there.get(ident, (0, NOBODY))
        if not _may_be_made(context, takes_part, person):
            ready.done.append(row)
            continue
        email = str(person.values["email"])
        judged = judge_record(context.terms, person, Told({}, {}, {}))
        texts, lost = map_writes(context.terms, judged)
        letter = Letter(
            row, Sort.MAKE, texts, contact=ident, version=version, email=email, judged=judged, lost=lost
        )  # fmt: skip
        ready.letters.append(_with_opt_out(context, letter, [email]))


def _may_be_made(context: Context, takes_part: Threshold, person: Person) -> bool:
    email = str(person.values.get("email") or "")
    if not email or marks.is_anothers(email, context.connection.slug):
        return False
    return takes_part.everybody or takes_part.passes(threshold.values_of(person, context.terms.sources))


def _never_again(rows: dict[int, Leased], mine: dict[int, list[Link]], ready: Prepared) -> None:
    """The record was deleted or merged there: none is made again. Where the hub took a merge back, somebody must."""
    ready.done += rows.values()
    merged = {c: link for c in rows for link in mine[c] if link.state == Link.State.MERGED}
    if not merged:
        return
    parted = Merge.objects.filter(undone_at__isnull=False)
    known = {i for pair in parted.filter(lost_id__in=merged).values_list("lost_id", "kept_id") for i in pair}
    known |= {i for pair in parted.filter(kept_id__in=merged).values_list("lost_id", "kept_id") for i in pair}
    ready.apart |= {rows[contact]: link for contact, link in merged.items() if contact in known}


# --- what all have in common ---


def _with_opt_out(context: Context, letter: Letter, addresses: Sequence[str]) -> Letter:
    """The MAP's own opt-out property is never written: the address is opted out instead."""
    fields = context.terms.worksheet.map_fields
    own = {name for name in letter.texts if fields[name].role == "optout"}
    if own:
        letter.out = {name: letter.texts[name] for name in own}
        letter.texts = {name: text for name, text in letter.texts.items() if name not in own}
        letter.opt_outs = tuple(dict.fromkeys(a for a in addresses if a))
    return letter


def _email(judged: Iterable[Judged]) -> str:
    """The contact's own address, as it was judged."""
    return next((str(one.case.hub) for one in judged if one.row.hub == "email" and one.case.hub), "")


def _email_seen(context: Context, link: Link) -> str:
    fields = context.terms.worksheet.map_fields
    return next((text for name, text in link.seen.items() if name in fields and fields[name].role == "email"), "")


def _settle(context: Context, ready: Prepared) -> None:
    connection, at = context.connection.pk, context.at
    if not (ready.done or ready.blocked or ready.later or ready.outside):
        return
    with transaction.atomic():
        in_line = [row.subject for row in ready.done if row not in ready.apart]
        errors.solve(connection, in_line, at)
        errors.record(connection, [_apart(row, link) for row, link in ready.apart.items()], at)
        outbox.acknowledge(ready.done, at)
        outbox.give_back(ready.blocked, at + OPT_OUT_FIRST)
        outbox.give_back(ready.later, at + SOON)
        outbox.give_back(ready.outside, at + WHEN_LIVE)


def _apart(row: Leased, link: Link) -> Fault:
    text = (
        "The hub took a merge back, and this MAP can’t: both contacts have one record there. "
        "Make the second record there by hand; the hub then finds it by its address."
    )
    return Fault(row.subject, Cause.MERGED_THERE, text, contact=int(row.subject), record=link.into or link.record_id)
