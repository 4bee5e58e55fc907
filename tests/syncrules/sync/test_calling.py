"""Which connector speaks with a connection, and where its secrets come from."""

from __future__ import annotations

import logging

import pytest

from crmhub import environment
from syncrules.connectors.hubspot.connector import HubSpot
from syncrules.connectors.trouble import BadSignature, NotAllowed
from syncrules.models import Connection
from syncrules.services import calling, map_secrets
from syncrules.services.calling import NotConfigured
from tests.contacts.deciding import NOW
from tests.syncrules.syncing import force, source

TOKEN = "pat-eu1-secret"
pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Secrets in a folder of their own, and none in the environment."""
    for name in ("MAP_TOKEN_OUR_MAP", "MAP_WEBHOOK_SECRET_OUR_MAP", "SANDBOX_TOKEN", "SANDBOX_WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(map_secrets, "folder", lambda: tmp_path / "secrets")
    return tmp_path / "secrets"


@pytest.fixture
def ours(folder):
    return Connection(
        pk=1, slug="our-map", name="Our MAP", kind="hubspot", source_id=1, created_at=NOW,
        catalogue=[{"name": "email", "type": "email"}, {"name": "made", "own": False}],
    )  # fmt: skip


def put(folder, name, text, mode=0o600):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(mode)


def settings_of(connector):
    return connector._settings


def test_the_token_comes_from_the_environment(ours, monkeypatch):
    monkeypatch.setenv("MAP_TOKEN_OUR_MAP", TOKEN)
    connector = calling.connector_for(ours)
    assert isinstance(connector, HubSpot)
    assert settings_of(connector).token == TOKEN


def test_else_it_comes_from_a_file_that_nobody_else_can_read(ours, folder):
    put(folder, "MAP_TOKEN_OUR_MAP", f"{TOKEN}\n")
    assert settings_of(calling.connector_for(ours)).token == TOKEN
    (folder / "MAP_TOKEN_OUR_MAP").chmod(0o640)
    with pytest.raises(NotConfigured, match="chmod 600"):
        calling.connector_for(ours)


def test_without_one_the_sentence_says_what_to_set(ours, folder):
    with pytest.raises(NotConfigured, match=r"Our MAP is missing: set MAP_TOKEN_OUR_MAP, or put it into .*secrets"):
        calling.connector_for(ours)
    assert "MAP_TOKEN_OUR_MAP" in calling.missing(ours)


@pytest.mark.parametrize("text", ["two words", "über", "x" * 5000, "tab\there"])
def test_what_can_be_no_token_is_refused_and_not_repeated(ours, monkeypatch, text):
    monkeypatch.setenv("MAP_TOKEN_OUR_MAP", text)
    with pytest.raises(NotConfigured) as refused:
        calling.connector_for(ours)
    assert text not in str(refused.value)


def test_the_settings_are_the_connections(ours, monkeypatch):
    monkeypatch.setenv("MAP_TOKEN_OUR_MAP", TOKEN)
    ours.base_url, ours.api_version, ours.calls, ours.searches = "https://api-eu1.hubapi.com", "2026-09", 190, 4
    ours.share, ours.connect_timeout, ours.read_timeout = 50, 2.0, 9.0
    found = settings_of(calling.connector_for(ours))
    assert (found.base_url, found.version, found.ten_seconds, found.searches) == (
        "https://api-eu1.hubapi.com", "2026-09", 190, 4,
    )  # fmt: skip
    assert (found.share, found.connect_timeout, found.read_timeout) == (0.5, 2.0, 9.0)


def test_records_are_read_with_what_people_fill_in_and_what_the_worksheet_maps(ours, monkeypatch, seeded):
    monkeypatch.setenv("MAP_TOKEN_OUR_MAP", TOKEN)
    ours.pk, ours.source = None, source()
    ours.save()
    assert settings_of(calling.connector_for(ours)).properties == ("email",)
    force(ours, [("lead_score", "score", "to-hub", "fresh")], NOW)
    force(ours, [("lead_score", "made", "to-hub", "fresh")], NOW)
    assert settings_of(calling.connector_for(ours)).properties == ("email", "made")


def test_only_listed_hosts_are_called(ours, monkeypatch, settings):
    monkeypatch.setenv("MAP_TOKEN_OUR_MAP", TOKEN)
    ours.base_url = "https://elsewhere.example"
    with pytest.raises(NotAllowed, match=r"elsewhere\.example is not among"):
        calling.connector_for(ours)
    assert "elsewhere.example" in calling.missing(ours)
    settings.MAP_HOSTS = ("elsewhere.example",)
    assert calling.missing(ours) == ""


def test_a_connection_to_the_sandbox_calls_the_sandbox_whatever_its_address_says(ours, folder):
    ours.kind, ours.base_url = "sandbox", "http://127.0.0.1:6379"
    found = settings_of(calling.connector_for(ours))
    assert found.base_url == f"http://127.0.0.1:{environment.current().sandbox_port}"
    assert found.token == "sandbox-token"
    assert len(found.webhook_secret) > 30
    assert found.webhook_secret == (folder / "SANDBOX_WEBHOOK_SECRET").read_text()
    assert (folder / "SANDBOX_WEBHOOK_SECRET").stat().st_mode & 0o077 == 0


def test_the_lines_of_a_connector_are_kept_until_its_settings_change(ours, monkeypatch):
    monkeypatch.setenv("MAP_TOKEN_OUR_MAP", TOKEN)
    first = calling.connector_for(ours)
    assert calling.connector_for(ours) is first
    monkeypatch.setenv("MAP_TOKEN_OUR_MAP", "pat-another")
    assert settings_of(calling.connector_for(ours)).token == "pat-another"


def test_webhooks_are_verified_without_a_token_but_not_without_a_secret(ours, monkeypatch):
    with pytest.raises(NotConfigured, match="MAP_WEBHOOK_SECRET_OUR_MAP"):
        calling.verifier_for(ours)
    monkeypatch.setenv("MAP_WEBHOOK_SECRET_OUR_MAP", "whsec")
    with pytest.raises(BadSignature):
        calling.verifier_for(ours).verify_webhook("POST", "https://hub/hooks/our-map", {}, b"[]", NOW)


def test_a_kind_that_nothing_speaks_with_says_so(ours):
    ours.kind = "fax"
    with pytest.raises(NotConfigured, match="“fax”"):
        calling.connector_for(ours)


def test_no_secret_shows_where_a_connector_is_printed_or_logged(ours, monkeypatch, caplog):
    monkeypatch.setenv("MAP_TOKEN_OUR_MAP", TOKEN)
    monkeypatch.setenv("MAP_WEBHOOK_SECRET_OUR_MAP", "whsec-marker")
    connector = calling.connector_for(ours)
    logging.getLogger("tests").warning("%r %r %s", connector, settings_of(connector), vars(ours))
    assert TOKEN not in caplog.text
    assert "whsec-marker" not in caplog.text
