"""Records that left a MAP: merged into another one there, or deleted. Their ids still lead home, and a person is asked.

A contact never goes because a record does, and a record that somebody deleted is made again only when somebody
says so. But for ``make_again`` everything runs in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from contacts.domain import rules
from contacts.models import Review
from contacts.services import asking, bulk
from syncrules.connectors.base import Record
from syncrules.models import Connection, Link
from syncrules.services import links
from syncrules.services.sync import listening, outbox
from syncrules.services.sync.deciding import Context

State = Link.State
MERGED_TEXT = (
    "{names} have one record in %s since somebody merged theirs there. If they are one person, make them one here "
    "too; if not, the second one has no record there any more."
)
GONE_TEXT = (
    "The record of {names} was deleted in %s. The contact stays here and is not made there again by itself. If the "
    "person asked to be forgotten, that has to be done here too."
)


def merged(context: Context, into: Mapping[str, Record]) -> None:
    """Records that became part of others there, by their id: whoever they were of is one with the other, or not.

    A contact whose record went into one that nobody here has goes along with it. Two contacts whose records are one
    now become a case. A fixed number of statements.
    """
    known = links.of_records(context.connection, [*into, *(record.id for record in into.values())])
    leaving = [link for i, record in into.items() if (link := known.get(i)) and link.into != record.id]
    homes = {i: link for i, link in known.items() if i not in into}
    asked, heirs = [], list[Link]()
    for link in sorted(leaving, key=lambda one: _likeness(context, one, into[one.record_id])):
        record = into[link.record_id]
        home = homes.get(record.id)
        if home is None:
            homes[record.id] = heir = _heir(link, record.id)
            heirs.append(heir)
        elif home.contact_id != link.contact_id and link.state == State.LINKED:
            asked.append(_one_or_two(context.connection, home.contact_id, link.contact_id))
    Link.objects.bulk_create(heirs, ignore_conflicts=True)
    left = [(State.MERGED.value, into[one.record_id].id, bulk.as_time(context.at), one.pk) for one in leaving]
    bulk.update(Link, ["state", "into", "left_at"], left)
    asking.ask(asked, context.at)


def _likeness(context: Context, link: Link, record: Record) -> tuple[bool, bool, int]:
    """Whose link goes on with a record that is new here: a living one, with its address, the oldest."""
    fields = [row.map for row in context.terms.rows if row.hub == "email"]
    same = any(link.seen.get(name) == record.values.get(name) for name in fields)
    return link.state != State.LINKED, not same, link.pk


def _heir(link: Link, record_id: str) -> Link:
    return Link(
        connection_id=link.connection_id, contact_id=link.contact_id, record_id=record_id, agreed=link.agreed,
        seen=link.seen, agreed_at=link.agreed_at, version=link.version, stamp=link.stamp,
    )  # fmt: skip


def _one_or_two(connection: Connection, kept: int, other: int) -> asking.Question:
    text = MERGED_TEXT % connection.name.replace("{", "(").replace("}", ")")
    return asking.Question(Review.Kind.PAIR, rules.MERGED_THERE, (min(kept, other), max(kept, other)), text)


def gone(context: Context, record_ids: Iterable[str]) -> int:
    """Records that the MAP does not have any more; how many of them were known. A fixed number of statements."""
    wanted = list(record_ids)
    if not wanted:
        return 0
    connection = context.connection
    mine = Link.objects.filter(connection=connection, state=State.LINKED)
    left = list(mine.filter(record_id__in=wanted).order_by("pk"))
    Link.objects.filter(pk__in=[link.pk for link in left]).update(state=State.GONE, left_at=context.at)
    others = set(mine.filter(contact__in=[one.contact_id for one in left]).values_list("contact_id", flat=True))
    text = GONE_TEXT % connection.name.replace("{", "(").replace("}", ")")
    asking.ask(
        [
            asking.Question(
                Review.Kind.GONE, rules.DELETED_THERE, (one.contact_id,), text, _key(connection, one.record_id)
            )
            for one in left
            if one.contact_id not in others
        ],
        context.at,
    )
    return len(left)


def returned(context: Context, back: Sequence[Link]) -> None:
    """Records that were thought to have left and show themselves again."""
    if not back:
        return
    Link.objects.filter(pk__in=[link.pk for link in back]).update(state=State.LINKED, into="", left_at=None)
    keys = [_key(context.connection, link.record_id) for link in back]
    asking.settle(keys, f"the record is in {context.connection.name} again", context.at)


def make_again(connection: Connection, contacts: Sequence[int], at: datetime) -> int:
    """Somebody wants these contacts in the MAP again after their records were deleted there; how many there were."""
    with transaction.atomic():
        left = Link.objects.filter(connection=connection, contact__in=list(contacts), state=State.GONE)
        found = list(left.select_for_update().values_list("pk", "contact_id", "record_id"))
        Link.objects.filter(pk__in=[pk for pk, _, _ in found]).delete()
        asking.settle([_key(connection, r) for _, _, r in found], "it is made there again", at)
        outbox.enqueue([connection.pk], {contact for _, contact, _ in found}, at)
        listening.wake()
    return len(found)


def _key(connection: Connection, record_id: str) -> str:
    return f"g:{connection.pk}:{record_id}"
