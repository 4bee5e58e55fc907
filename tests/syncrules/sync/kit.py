"""Kit of the laws of syncing: a hub and a MAP that misbehaves, what people do on both sides, and rounds of workers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from contacts.models import Contact, Merge
from contacts.services import merging
from contacts.services.addresses import add_address, make_primary
from contacts.services.merging import MergeRefused
from contacts.services.people import Invalid
from syncrules.connectors.memory import MemoryMap, Respell, as_sent
from syncrules.models import Connection, Link, Look, Push
from syncrules.services.sync.counting import Counts
from syncrules.services.sync.rounds import whole_round
from tests import factories
from tests.syncrules.sync.faults import Died, Faulty
from tests.syncrules.syncing import PROPERTIES, ROWS, World, connect

SECRET = "kit-secret-41d0"
#: Longer than any rest after a failure and any lease of a worker that died.
AFTER_ANY_REST = timedelta(minutes=20)


@dataclass
class Both:
    """The hub and its MAP."""

    world: World
    map: MemoryMap
    connector: Faulty
    removed: set[str] = field(default_factory=set)  # addresses of records that somebody deleted in the MAP
    hooks: int = 0  # how many happenings the webhooks told of

    @property
    def connection(self) -> Connection:
        return self.world.connection

    def clock(self) -> datetime:
        """Time goes on by a second with each look at it."""
        self.world.now += timedelta(seconds=1)
        return self.world.now

    def round(self, *, full: bool = False) -> Counts:
        """Everything that workers would do after a while."""
        self.world.now += AFTER_ANY_REST
        self.connection.refresh_from_db()
        return whole_round(self.connection, self.connector, self.clock, full=full)

    def settle(self, rounds: int = 3) -> None:
        """As many rounds as the law allows after the faults are over."""
        self.connector.draw = lambda _: None
        self.connector.refuse = lambda _key, _values: None
        self.map.behind = 0
        for _ in range(rounds):
            self.round()

    def edit_email(self, contact: int, address: str) -> None:
        """A person gives a contact another primary address."""
        user = self.world.user("ops")
        add_address(contact, address, user=user, reason="said so", at=self.world.later())
        made = Contact.objects.get(pk=contact).addresses.get(key=address)
        make_primary(contact, made.pk, user=user, reason="said so", at=self.world.later())

    def merge(self, kept: int, lost: int) -> Merge | None:
        """A reviewer makes two contacts one, unless the hub says no."""
        try:
            return merging.merge(kept, [lost], user=self.world.user("reviewer"), at=self.world.later())[0]
        except MergeRefused:
            return None

    def unmerge(self, merge: int) -> None:
        """A reviewer takes a merge back, unless the hub says no."""
        try:
            merging.unmerge(merge, user=self.world.user("reviewer"), at=self.world.later())
        except (MergeRefused, Invalid):
            pass

    def links(self, state: str = Link.State.LINKED) -> list[Link]:
        return list(Link.objects.filter(connection=self.connection, state=state).order_by("pk"))

    def waiting(self) -> list[Push | Look]:
        """Work that is left and not parked."""
        mine = {"connection": self.connection, "parked": False}
        return [*Push.objects.filter(**mine), *Look.objects.filter(**mine)]


def both(
    *, rows: Iterable[Any] = ROWS, respell: Respell = as_sent, renumbers: bool = False, slug: str = "our-map",
    name: str = "Our MAP",
) -> Both:  # fmt: skip
    """A live connection with a worksheet in force, to an empty MAP."""
    world = connect(slug, name, respell=respell, rows=rows)
    world.map = MemoryMap(PROPERTIES, respell=respell, renumbers=renumbers, secret=SECRET)
    return Both(world, world.map, Faulty(world.map))


def person(number: int, **values: str) -> dict[str, str]:
    """A MAP's record of somebody unlike all others."""
    return {"email": address(number), "firstname": f"First{number}", "lastname": f"Last{number}", **values}


def address(number: int) -> str:
    return f"p{number}@firm{number}.example"


def arrives(both: Both, number: int, **values: str) -> int:
    """The same person reaches the hub by a form; the contact's id."""
    given = {"email": address(number), "first_name": f"First{number}", "last_name": f"Last{number}", **values}
    return both.world.arrive(**given).person.id


def contacts() -> Mapping[int, Contact]:
    return {c.pk: c for c in Contact.objects.all()}


__all__ = ["SECRET", "Both", "Died", "address", "arrives", "both", "contacts", "factories", "person"]
