"""Who said no, or is forgotten, goes to every MAP at once; and how long each MAP takes to acknowledge it (F2).

What the ledger of consent records is heard in its own transaction, so that no stop is stored without its order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from contacts.domain import consent
from contacts.models import Address
from contacts.services.protecting import Erased, Withdrawn
from syncrules.domain import marks
from syncrules.models import Connection, Link, OptOutOrder, Pull, Push
from syncrules.services.sync import listening, outbox

#: After so long an order that nobody acknowledged is shown to people.
LATE = timedelta(minutes=15)


def withdrawn(told: Sequence[Withdrawn]) -> None:
    """Order each MAP to stop mailing these addresses, before it is told anything else of them.

    The MAP that told the hub of it knows already: its order is written down as acknowledged. A stop of one purpose
    is not passed on: MAPs name their lists each in their own way. Who is forgotten is deleted there (``erased``).
    """
    stops = _with_others([one for one in told if one.purpose == consent.ALL and one.act != consent.ERASED])
    if not stops:
        return
    slugs = dict(Connection.objects.exclude(state=Connection.State.DRAFT).values_list("pk", "slug"))
    for pk, slug in slugs.items():
        mine = [one.address for one in stops if one.source != slug and not marks.is_anothers(one.address, slug)]
        outbox.withdraw(mine, stops[0].at, [pk])
    open_ = set(waiting().filter(address__in=[one.address for one in stops]).values_list("connection_id", "address"))
    OptOutOrder.objects.bulk_create(
        [_order(pk, one, one.source == slug) for pk, slug in slugs.items() for one in stops
         if (pk, one.address) not in open_ and not marks.is_marked(one.address)],
        ignore_conflicts=True,
    )  # fmt: skip
    if slugs:
        listening.wake()


def _with_others(stops: Sequence[Withdrawn]) -> list[Withdrawn]:
    """What a person says holds for all addresses of that person."""
    personal = {one.address: one for one in stops if one.act in consent.PERSONAL}
    pairs = Address.objects.filter(contact__addresses__key__in=personal).values_list("contact__addresses__key", "key")
    said = {one.address for one in stops}
    others = {key: personal[of]._replace(address=key) for of, key in pairs if of in personal and key not in said}
    return [*stops, *others.values()]


def _order(connection: int, told: Withdrawn, known: bool) -> OptOutOrder:
    return OptOutOrder(
        connection_id=connection, address=told.address, door=told.source or told.act, asked_at=told.at,
        acknowledged_at=told.at if known else None,
    )  # fmt: skip


def erased(told: Erased) -> list[str]:
    """Order each MAP that has the person to delete the record for good; the connections that will hear of it.

    That stops its mail as well, and needs no address: none is kept for a MAP that has a record.
    """
    found = _records(told)
    for connection, records in found.items():
        outbox.erase_records(connection, records, told.at)
    OptOutOrder.objects.filter(address__in=told.addresses).delete()
    Push.objects.filter(connection__in=found, kind=Push.Kind.OPT_OUT, subject__in=told.addresses).delete()
    if found:
        listening.wake()
    return list(Connection.objects.filter(pk__in=found).order_by("slug").values_list("slug", flat=True))


def _records(told: Erased) -> dict[int, set[str]]:
    """The person's records by connection: those that are linked, and those that came and wait for a decision."""
    found: dict[int, set[str]] = defaultdict(set)
    linked = Link.objects.filter(contact__in=told.contacts).exclude(state=Link.State.GONE)
    came = Pull.objects.filter(Q(contact__in=told.contacts) | Q(arrival__email_key__in=told.addresses))
    for rows in (linked, came):
        for connection, record in rows.exclude(record_id="").values_list("connection_id", "record_id"):
            found[connection].add(record)
    return dict(found)


def acknowledged(connection: int, addresses: Iterable[str], at: datetime) -> None:
    """The MAP has stopped mailing these addresses."""
    waiting().filter(connection=connection, address__in=list(addresses)).update(acknowledged_at=at)


def waiting() -> QuerySet[OptOutOrder]:
    """The orders that a MAP has not acknowledged."""
    return OptOutOrder.objects.filter(acknowledged_at=None)


def stragglers(at: datetime, longer: timedelta = LATE) -> QuerySet[OptOutOrder]:
    """Orders that have waited for longer than that, the oldest first."""
    return waiting().filter(asked_at__lt=at - longer).select_related("connection").order_by("asked_at")
