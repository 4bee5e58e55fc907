"""Ops set a connection up and turn it on: bounded settings, nothing that a sync writes, and never half on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from syncrules.models import Connection, ConnectionChange
from syncrules.services import calling
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


def test_secrets_are_named_and_never_shown(world: World, monkeypatch: Any) -> None:
    monkeypatch.setenv("MAP_TOKEN_OUR_MAP", "pat-very-secret")
    page = client_of(world, "ops").get(address(world)).content.decode()
    assert "MAP_TOKEN_OUR_MAP" in page
    assert "pat-very-secret" not in page
