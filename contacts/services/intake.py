"""Every door ends here: records in, one outcome each, all written or nothing.

The same call serves one record and two thousand: translate, look up, decide in order, write.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import TypeVar

from django.db import IntegrityError, OperationalError, transaction

from contacts.domain import rules
from contacts.domain.changes import Incoming, Plan, Policy, Received
from contacts.domain.identity import full_person_key
from contacts.domain.matching import decide
from contacts.domain.origins import Writer
from contacts.domain.translate import translate
from contacts.domain.world import World
from contacts.queries import arrival_ids, load_world
from contacts.services import write
from contacts.services.locks import lock_keys

#: How often a batch is tried again when another process got in between (PostgreSQL only).
TRIES = 5
T = TypeVar("T")


def take(
    records: Sequence[Received],
    policy: Policy,
    entrance: write.Entrance,
    *,
    before_commit: Callable[[list[Plan]], None] | None = None,
) -> list[Plan]:
    """Decide and store a batch of records, in order, in one transaction.

    ``before_commit`` gets the plans inside the transaction, for what must stand or fall with them, such as
    the progress of an import.
    """

    def attempt() -> list[Plan]:
        batch = [translate(record, policy) for record in records]  # before the transaction: it needs no lock
        with transaction.atomic():
            lock_keys(lock_names(batch))
            for incoming, ident in zip(batch, arrival_ids(len(batch)), strict=True):
                _sign(incoming, ident, policy, entrance)
            plans = decide_all(batch, load_world(batch, policy), policy)
            write.apply(plans, entrance)
            if before_commit is not None:
                before_commit(plans)
        return plans

    return until_undisturbed(attempt)


def refuse(
    record: Received, reason: str, entrance: write.Entrance, *, before_commit: Callable[[list[Plan]], None]
) -> None:
    """Log one record as rejected without looking at it: the last resort for one that nothing could store."""

    def attempt() -> None:
        incoming = Incoming(replace(record, delivery_key=None), {}, [], rejected=rules.UNSTORABLE, reason=reason)
        with transaction.atomic():
            incoming.arrival_id = next(arrival_ids(1))
            plan = Plan(incoming, "rejected", rules.UNSTORABLE, reason, [])
            write.apply([plan], entrance)
            before_commit([plan])

    until_undisturbed(attempt)


def take_again(records: Sequence[tuple[int, Received]], policy: Policy, entrance: write.Entrance) -> list[Plan]:
    """Decide arrivals that are stored already and waited for their source; each comes with its id."""

    def attempt() -> list[Plan]:
        batch = [translate(record, policy) for _, record in records]
        with transaction.atomic():
            lock_keys(lock_names(batch))
            for incoming, (ident, _) in zip(batch, records, strict=True):
                _sign(incoming, ident, policy, entrance)
            plans = decide_all(batch, load_world(batch, policy), policy)
            write.apply(plans, entrance, replay=True)
        return plans

    return until_undisturbed(attempt)


def decide_all(batch: Sequence[Incoming], world: World, policy: Policy) -> list[Plan]:
    """The plans of a batch, each record seeing what the earlier ones did. Writes nothing."""
    plans = []
    for incoming in batch:
        plan = decide(incoming, world, policy)
        world.learn(plan)
        plans.append(plan)
    return plans


def sign_for_show(batch: Sequence[Incoming], policy: Policy, entrance: write.Entrance) -> None:
    """Give a batch that will not be stored numbers of its own, so that it can be decided."""
    for incoming, ident in zip(batch, count(1)):
        _sign(incoming, ident, policy, entrance)


def in_transaction(attempt: Callable[[], T]) -> T:
    """Run in one transaction, and again when another process was quicker."""

    def whole() -> T:
        with transaction.atomic():
            return attempt()

    return until_undisturbed(whole)


def until_undisturbed(attempt: Callable[[], T]) -> T:
    """Run what opens its own transaction; again when the database says that another process got in between."""
    for left in range(TRIES - 1, -1, -1):
        try:
            return attempt()
        except (IntegrityError, OperationalError):
            if not left:
                raise
    raise AssertionError("unreachable")


def _sign(incoming: Incoming, ident: int, policy: Policy, entrance: write.Entrance) -> None:
    incoming.arrival_id = ident
    kind, name = ("person", entrance.actor) if entrance.door == "form" else ("source", policy.source.name)
    incoming.writer = Writer(kind, name, entrance.at.isoformat(timespec="seconds"), ident)


def lock_names(batch: Sequence[Incoming]) -> list[str]:
    """What records are locked by: whoever could be the same person shares a name with them."""
    names = []
    for i in batch:
        names += [i.address.key] if i.address else []
        # By name alone: the domain of one of two namesakes may be known only through its company.
        key = full_person_key(i.values.get("first_name", ""), i.values.get("last_name", ""), "*")
        names += [key] if key else []
        names += [i.phone] if i.phone else []
        names += [f"company:{i.company}"] if i.company else []
        names += [f"delivery:{i.received.delivery_key}"] if i.received.delivery_key else []
    return names
