"""Ops set a connection up and turn it on: bounded settings, nothing that a sync writes, and never half on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from syncrules import seeds
from syncrules.connectors.memory import MemoryMap
from syncrules.connectors.trouble import Unavailable
from syncrules.models import Connection, ConnectionChange, SyncRun
from syncrules.services import calling
from syncrules.services.seed import seed_connections
from tests.syncrules.syncing import World, connect

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(users: Any) -> Iterator[World]:
    made = connect()
    made.people = dict(users)
    calling.register("memory", lambda connection: made.map)
    yield made
    calling.register("memory", _nobody)


def _nobody(connection: Connection) -> Any:
    raise calling.NotConfigured("No memory map.")


def client_of(world: World, role: str) -> Client:
    made = Client()
    made.force_login(world.user(role), "django.contrib.auth.backends.ModelBackend")
    return made


def address(world: World, page: str = "connection_settings") -> str:
    return reverse(f"rules:{page}", args=[world.connection.slug])


def filled(world: World, role: str = "ops", **changes: Any) -> dict[str, Any]:
    """The form as the page gave it, with these changes typed."""
    form = client_of(world, role).get(address(world)).context["form"]
    held = {name: form[name].value() for name in form.fields}
    return {n: v for n, v in held.items() if v is not None} | {"fed_by": [], "reason": "Slower"} | changes


def post(world: World, role: str = "ops", **data: Any) -> Any:
    return client_of(world, role).post(address(world), data)


def stored(world: World) -> Connection:
    return Connection.objects.get(pk=world.connection.pk)


def test_settings_are_stored_and_kept_in_the_history(world: World) -> None:
    assert post(world, **filled(world, calls=50, poll_every=30)).status_code == 302
    assert (stored(world).calls, stored(world).poll_every, stored(world).share) == (50, 30, 95)
    kept = ConnectionChange.objects.get()
    assert (kept.before, kept.after) == ({"calls": 100, "poll_every": 60}, {"calls": 50, "poll_every": 30})
    assert (kept.by, kept.reason) == ("Ops", "Slower")
    assert (
        "Calls in 10 seconds" in client_of(world, "auditor").get(address(world, "connection_changes")).content.decode()
    )


def test_what_a_sync_wrote_meanwhile_stays(world: World) -> None:
    data = filled(world, calls=50)
    Connection.objects.update(cursor="42", trouble="It hangs.", failures=3)
    assert post(world, **data).status_code == 302
    assert (stored(world).cursor, stored(world).trouble, stored(world).failures) == ("42", "It hangs.", 3)


def test_a_second_editor_is_told_and_overwrites_nothing(world: World) -> None:
    data = filled(world, calls=50)
    assert post(world, **filled(world, poll_every=30)).status_code == 302
    late = post(world, role="admin", **data)
    assert late.status_code == 200
    assert "Ops changed these settings" in late.content.decode()
    assert (stored(world).calls, stored(world).poll_every) == (100, 30)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("calls", "0", "Between 1 and 1,000."),
        ("share", "101", "Between 1 and 100."),
        ("poll_every", "1", "Between 10 and 86,400."),
        ("read_timeout", "nan", "Enter a number."),
        ("connect_timeout", "inf", "Enter a number."),
        ("api_version", "../v3", "Write it as v3 or as 2026-09, or leave it empty."),
        ("base_url", "https://169.254.169.254", "is not among the addresses that this connection may call."),
        ("base_url", "http://api.hubapi.com", "may only be called by https."),
        ("base_url", "https://x@api.hubapi.com", "is not among the addresses that this connection may call."),
        ("base_url", "https://api.hubapi.com.evil.example", "is not among the addresses"),
        ("base_url", "file:///etc/passwd", "Enter a valid URL."),
        ("reason", "", "write why this changes."),
    ],
)
def test_a_setting_that_would_do_harm_is_refused_with_why(world: World, field: str, typed: str, said: str) -> None:
    answer = post(world, **filled(world, name="Renamed") | {field: typed})
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert stored(world).name == "Our MAP"
    assert not ConnectionChange.objects.exists()


def test_a_host_that_is_allowed_is_taken(world: World, settings: Any) -> None:
    settings.MAP_HOSTS = ["maps.example"]
    assert post(world, **filled(world, base_url="https://maps.example/api", api_version="2026-09")).status_code == 302
    assert stored(world).base_url == "https://maps.example/api"


def test_the_sandbox_has_no_address_to_set(world: World) -> None:
    Connection.objects.update(kind="sandbox")
    data = filled(world)
    assert not {"base_url", "api_version"} & set(data)
    assert post(world, **data, base_url="https://evil.example").status_code == 302
    assert stored(world).base_url == ""


def test_only_those_who_may_change_a_connection_do(world: World) -> None:
    assert "Ops or an admin can change them." in client_of(world, "auditor").get(address(world)).content.decode()
    assert post(world, role="auditor", **filled(world, calls=7)).status_code == 403
    assert stored(world).calls == 100


def turn_on(world: World, role: str = "ops") -> str:
    """Press the button; what the page that follows says."""
    answer = client_of(world, role).post(address(world, "connection_on"), follow=True)
    return " ".join(str(m) for m in answer.context["messages"]) if answer.context else str(answer.status_code)


@pytest.fixture
def draft(world: World) -> World:
    """The seeded connection with its worksheet in force, not turned on yet."""
    world.connection.delete()  # two connections that write the same fields would be a problem of both
    made = seed_connections(world.now)
    Connection.objects.filter(pk=made.pk).update(kind="memory", state="draft")
    made.refresh_from_db()
    world.connection, world.map = made, MemoryMap(seeds.catalogue())
    return world


def test_what_has_to_stand_is_listed_before_it_is_turned_on(draft: World) -> None:
    page = client_of(draft, "ops").get(address(draft))
    assert page.context["ready"] is True
    assert [check.label for check in page.context["checks"]] == ["Worksheet", "Who takes part", "Address and token"]
    assert "Ask Sandbox and turn it on" in page.content.decode()
    assert "Ask Sandbox and turn it on" not in client_of(draft, "auditor").get(address(draft)).content.decode()


def test_a_connection_goes_live_once(draft: World) -> None:
    assert "The first full sync has begun." in turn_on(draft)
    assert (stored(draft).state, stored(draft).state_by) == ("live", "Ops")
    assert SyncRun.objects.get().started_by_name == "Ops"
    change = ConnectionChange.objects.get()
    assert (change.what, change.before, change.after) == ("state", {"state": "draft"}, {"state": "live"})
    assert "is live already" in turn_on(draft)
    assert SyncRun.objects.count() == 1


def test_it_stays_off_while_something_is_missing(draft: World) -> None:
    draft.connection.versions.update(state="past")
    page = client_of(draft, "ops").get(address(draft))
    assert [c.label for c in page.context["checks"] if not c.good] == ["Worksheet"]
    assert "stays off. None is in force" in turn_on(draft)
    assert stored(draft).state == "draft"


def test_it_stays_off_without_its_token_and_says_what_to_set(draft: World) -> None:
    Connection.objects.update(kind="hubspot")
    said = turn_on(draft)
    assert "MAP_TOKEN_SANDBOX" in said
    assert stored(draft).state == "draft"


def test_it_stays_off_when_the_map_does_not_answer(draft: World) -> None:
    class Away:
        def properties(self) -> Any:
            raise Unavailable("It answers 503.")

    calling.register("memory", lambda connection: Away())  # type: ignore[arg-type, return-value]
    assert "did not answer as it should: It answers 503." in turn_on(draft)
    assert (stored(draft).state, SyncRun.objects.count()) == ("draft", 0)


def test_it_stays_off_where_the_map_has_lost_a_field_of_the_worksheet(draft: World) -> None:
    draft.map = MemoryMap(f for f in seeds.catalogue() if f.name != "firstname")
    assert "the worksheet in force has 1 problem with the fields that it has now" in turn_on(draft)
    assert stored(draft).state == "draft"


def test_only_those_who_may_switch_a_connection_turn_it_on(draft: World) -> None:
    for role in ("auditor", "sales", "marketing", "reviewer"):
        assert client_of(draft, role).post(address(draft, "connection_on")).status_code == 403
    assert stored(draft).state == "draft"


def test_secrets_are_named_and_never_shown(world: World, monkeypatch: Any) -> None:
    monkeypatch.setenv("MAP_TOKEN_OUR_MAP", "pat-very-secret")
    page = client_of(world, "ops").get(address(world)).content.decode()
    assert "MAP_TOKEN_OUR_MAP" in page
    assert "pat-very-secret" not in page
