"""A draft connection in tests, the buttons of its page, and what stands in its way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.models import Source
from syncrules import seeds
from syncrules.connectors.memory import MemoryMap
from syncrules.models import Connection
from syncrules.services import audit, calling, two_way
from syncrules.services.going_live import gates
from syncrules.services.seed import seed_connections
from tests import factories
from tests.syncrules.syncing import World

State = Connection.State


@contextmanager
def drafted() -> Iterator[World]:
    """A draft connection whose sources are audited, so that only what each test breaks is missing."""
    factories.rules()
    connection = seed_connections(timezone.now())
    Connection.objects.update(kind="memory")
    connection.refresh_from_db()
    made = World(connection, MemoryMap(seeds.catalogue()), timezone.now(), dict(factories.users()))
    Source.objects.update(status=Source.Status.AUDITED, entry_stage="new-lead")
    calling.register("memory", lambda connection: made.map)
    yield made
    calling.register("memory", _nobody)


def _nobody(connection: Connection) -> Any:
    raise calling.NotConfigured("No memory map.")


def client_of(world: World, role: str) -> Client:
    made = Client()
    made.force_login(world.people[role], "django.contrib.auth.backends.ModelBackend")
    return made


def press(world: World, name: str, role: str = "ops", *more: Any, **data: Any) -> str:
    """Press a button of the page; what is said above it then."""
    where = reverse(f"rules:{name}", args=[world.connection.slug, *more])
    answer = client_of(world, role).post(where, data, follow=True)
    world.connection.refresh_from_db()
    if answer.status_code != 200:
        return str(answer.status_code)
    return " ".join(str(m) for m in answer.context["messages"])


def text(world: World, role: str = "ops") -> str:
    return client_of(world, role).get(reverse("rules:go_live", args=[world.connection.slug])).content.decode()


def red(world: World, to: str = State.TESTING) -> set[str]:
    world.connection.refresh_from_db()
    return {gate.slug for gate in gates.red(world.connection, to, timezone.now())}


def be(world: World, state: str) -> None:
    Connection.objects.update(state=state)
    world.connection.refresh_from_db()


def checked(world: World) -> None:
    test = two_way.start(world.connection, "Ops", timezone.now())
    two_way.work(test.pk, world.map, timezone.now, lambda seconds: None)


def audited(world: World) -> None:
    started = audit.start(world.connection, "Ops", timezone.now())
    audit.work(started.pk)
