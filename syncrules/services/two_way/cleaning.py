"""Everything that a test made goes, on both sides; also what a process left that is no more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from contacts.models import Arrival, Outcome
from contacts.services import trials
from contacts.services.intake import in_transaction
from contacts.services.locks import lock_all
from syncrules.connectors.base import Connector
from syncrules.models import Connection, Hook, Link, Look, MarkedRecord, Pull, Push, SyncError, TwoWayTest

#: A worker that was under way may make one of them anew: so often it is looked again.
LOOKS = 5


class NotClean(Exception):
    """Something of the test is left in the MAP; the text says what."""


def clean(test: TwoWayTest, connector: Connector, at: datetime) -> None:
    """Remove the contacts and the records of a test, until none is left. Raises ``NotClean`` and ``Trouble``."""
    addresses = list(MarkedRecord.objects.filter(test=test).values_list("address", flat=True))
    for _ in range(LOOKS):
        records = {r.id for r in connector.find(addresses).values()} if addresses else set()
        contacts = trials.found(addresses)
        if not records and not contacts:
            break
        records |= _forget(test, contacts.values(), addresses, records, at)
        failed = [w for w in connector.delete(sorted(records)) if not w.done]
        if failed:
            raise NotClean(f"{len(failed)} test records could not be deleted there: {failed[0].error}")
    MarkedRecord.objects.filter(test=test, removed_at=None).update(removed_at=at)
    in_transaction(lambda: _leftovers(test, addresses, at))


def _forget(
    test: TwoWayTest, contacts: Collection[int], addresses: Collection[str], records: Collection[str], at: datetime
) -> set[str]:
    """The hub's side, in one transaction; the records that its contacts were linked to."""

    def act() -> set[str]:
        lock_all()
        came = _came(test, records)
        made = Arrival.objects.filter(pk__in=came, outcome=Outcome.CREATED).values_list("contact", flat=True)
        mine = {*contacts, *(pk for pk in made if pk is not None)}
        links = Link.objects.filter(contact__in=mine)
        theirs = set(links.filter(connection=test.connection).values_list("record_id", flat=True))
        about = {"connection": test.connection, "record_id__in": [*theirs, *records]}
        Pull.objects.filter(contact__in=mine).delete()
        Pull.objects.filter(contact=None, **about).delete()
        for model in (Look, Hook, Link):
            model._default_manager.filter(**about).delete()
        links.delete()
        trials.remove(mine, addresses, came, at)
        _sync_rows(test, mine, [*addresses, *theirs, *records])
        return theirs

    return in_transaction(act)


def _came(test: TwoWayTest, records: Collection[str]) -> set[int]:
    """The arrivals of the test's records, also where they came without their address."""
    linked = Link.objects.filter(connection=test.connection, record_id__in=list(records)).values("contact")
    pulls = Pull.objects.filter(connection=test.connection, record_id__in=list(records), arrival__isnull=False)
    found = [*pulls.filter(contact__in=linked).values_list("arrival", flat=True)]
    return {*found, *pulls.filter(contact=None).values_list("arrival", flat=True)}


def _sync_rows(test: TwoWayTest, contacts: Collection[int], subjects: Collection[str]) -> None:
    everywhere = Connection.objects.values("pk")  # the index begins with the connection
    told = Push.objects.filter(connection__in=everywhere, kind=Push.Kind.RECORD, subject__in=[*map(str, contacts)])
    told.delete()
    mine = {"connection": test.connection, "subject__in": [*map(str, contacts), *subjects]}
    Push.objects.filter(**mine).delete()
    SyncError.objects.filter(**mine).delete()


def _leftovers(test: TwoWayTest, addresses: Collection[str], at: datetime) -> None:
    """Orders and arrivals of addresses that never became contacts."""
    if addresses:
        trials.remove([], addresses, [], at)
        everywhere = Connection.objects.values("pk")
        Push.objects.filter(connection__in=everywhere, kind=Push.Kind.OPT_OUT, subject__in=addresses).delete()
