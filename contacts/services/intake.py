"""Every door ends here: records in, one outcome each, all written or nothing.

The same call serves one record and two thousand: translate, look up, decide in order, write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
from contacts.services.consent.arrivals import entry_of
from contacts.services.locks import LARGE, lock_all, lock_keys

#: How often a batch is tried again when another process got in between (PostgreSQL only).
TRIES = 5
T = TypeVar("T")
Witness = Callable[[list[Plan]], None]


def take(
    records: Sequence[Received], policy: Policy, entrance: write.Entrance, *, before_commit: Witness | None = None
) -> list[Plan]:
    """Decide and store a batch of records, in order, in one transaction.

    ``before_commit`` gets the plans inside the transaction, for what must stand or fall with them, such as
    the progress of an import.
    """

    def translated() -> list[Incoming]:
        return [translate(record, policy) for record in records]

    return take_translated(translated, policy, entrance, before_commit=before_commit)


def take_translated(
    translated: Callable[[], list[Incoming]],
    policy: Policy,
    entrance: write.Entrance,
    *,
    before_commit: Witness | None = None,
) -> list[Plan]:
    """The same for records that are in the hub's terms; ``translated`` gives them afresh for each try."""

    def attempt() -> list[Plan]:
        batch = translated()  # before the transaction: it needs no lock
        with transaction.atomic():
            lock_batch(batch)
            _sign(batch, arrival_ids(len(batch)), policy, entrance)
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
            lock_batch(batch)
            _sign(batch, [ident for ident, _ in records], policy, entrance)
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
    _sign(batch, count(1), policy, entrance)


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


def _sign(batch: Sequence[Incoming], ids: Iterable[int], policy: Policy, entrance: write.Entrance) -> None:
    """Give each record its number, and say who brings it."""
    kind, name = ("person", entrance.actor) if entrance.door == "form" else ("source", policy.source.name)
    at = entrance.at.isoformat(timespec="seconds")
    for incoming, ident in zip(batch, ids, strict=False):
        incoming.arrival_id = ident
        incoming.writer = Writer(kind, name, at, ident)
        incoming.entry = entry_of(incoming, entrance, policy.source)


def lock_batch(batch: Sequence[Incoming]) -> None:
    """Wait until nobody else decides about anybody who could be in this batch."""
    if len(batch) > LARGE:
        lock_all()
    else:
        lock_keys(lock_names(batch))


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
