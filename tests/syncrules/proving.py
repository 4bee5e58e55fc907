"""Kit of the tests of audits and health: records that are one person, MQLs, and the work done to its end."""

from __future__ import annotations

from contacts.models import Contact
from syncrules.connectors.base import Why, Written
from syncrules.connectors.memory import MemoryMap
from syncrules.connectors.trouble import Unavailable
from syncrules.models import Audit, AuditStep, HealthReport
from syncrules.services import audit, health

from .syncing import World

#: One address in two spellings that a MAP tells apart.
ANN, SPELT = "ann@xn--bcher-kva.example", "ann@bücher.example"


def anns(world: World, **more: str) -> tuple[str, str]:
    """Two records of one address, the second one more complete."""
    one = world.map.create(email=ANN, firstname="Ann", lastname="Lee", phone="+14155550100")
    two = world.map.create(email=SPELT, firstname="Ann", lastname="Lee", title="CTO", firm="Acme", score="7", **more)
    return one, two


def audited(world: World, **given) -> Audit:
    started = audit.start(world.connection, "Priya", world.later())
    assert audit.work(started.pk, clock=world.later, connect=lambda connection: world.map, **given)
    started.refresh_from_db()
    return started


def carried(world: World, found: Audit, the_map=None) -> Audit:
    audit.go_on(found.pk, "Priya", world.later())
    audit.work(found.pk, clock=world.later, connect=lambda connection: the_map or world.map)
    found.refresh_from_db()
    return found


def steps(found: Audit) -> list[tuple[str, str, bool]]:
    return list(AuditStep.objects.filter(group__audit=found).values_list("act", "record", "done"))


def worked(world: World, the_map=None, **given) -> HealthReport:
    report = health.start("Priya", world.later(), **given)
    assert health.work(report.pk, clock=world.later, connect=lambda connection: the_map or world.map)
    report.refresh_from_db()
    return report


def mqls(world: World, count: int) -> list[str]:
    """People who became MQLs in the MAP after a form had sent them; their record ids."""
    for n in range(count):
        world.arrive(email=f"p{n}@acme.example", first_name=f"P{n}", last_name="Lee")
    ids = [world.map.create(email=f"p{n}@acme.example", firstname=f"P{n}", stage="mql") for n in range(count)]
    world.exchange()
    world.exchange(full=True)
    assert Contact.objects.filter(lifecycle_stage="mql").count() == count
    return ids


class Breaks:
    """A MAP that can't be reached any more after so many merges."""

    def __init__(self, whole: MemoryMap, after: int) -> None:
        self._whole, self._left = whole, after

    def __getattr__(self, name):
        return getattr(self._whole, name)

    def merge(self, primary, other, values):
        if not self._left:
            return Written(primary, "503", Why.LATER, trouble=Unavailable("It answered 503."))
        self._left -= 1
        return self._whole.merge(primary, other, values)
