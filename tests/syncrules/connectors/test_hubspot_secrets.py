"""Where it may call, and what it never says."""

from __future__ import annotations

import logging
import traceback

import pytest

from syncrules.connectors.base import New
from syncrules.connectors.hubspot import HubSpot, Settings
from syncrules.connectors.trouble import NotAllowed, Trouble

from .answering import Asked, Said, always, serving
from .benches import SECRET, TOKEN, hubspot


@pytest.mark.parametrize(
    "url",
    ["https://evil.example", "http://api.hubapi.com", "https://api.hubapi.com.evil.example", "file:///etc/passwd",
     "https://api.hubapi.com@evil.example", "https://user:pass@api.hubapi.com", "http://169.254.169.254/latest",
     "http://127.0.0.1:8000", "http://[::1]", "http://2130706433", "http://localhost:1", "ftp://api.hubapi.com", "",
     "https://api.hubapi.com?x=1", "https://evil.example/api.hubapi.com"],
)  # fmt: skip
def test_only_listed_hosts_are_called_and_only_by_https(url: str) -> None:
    with pytest.raises(NotAllowed):
        HubSpot(Settings(TOKEN, url))


def test_hubspots_own_hosts_are_listed() -> None:
    HubSpot(Settings(TOKEN)).close()
    HubSpot(Settings(TOKEN, "https://api-eu1.hubapi.com/")).close()


def test_a_redirect_is_not_followed() -> None:
    with serving(always(200, {"results": []})) as elsewhere:
        for status in (301, 302, 303, 307, 308):
            with serving(always(status, b"", Location=elsewhere.url + "/crm")) as server, pytest.raises(Trouble):
                hubspot(server.url, tries=1).properties()
        assert elsewhere.asked == []


def test_no_proxy_of_the_environment_gets_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(always(200, {"results": []})) as proxy, serving(always(200, {"results": []})) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert hubspot(server.url).properties() == ()
        assert proxy.asked == []
        assert server.asked[0].headers["authorization"] == f"Bearer {TOKEN}"


def _echo(request: Asked) -> Said:
    """A server that says back what it was told, token and all."""
    return Said(400, b'{"message": "bad: ' + request.headers["authorization"].encode() + b'"}')


def test_the_token_is_in_no_message_trace_log_or_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    with serving(_echo) as server:
        connector = hubspot(server.url, tries=1)
        for url in (server.url, "http://127.0.0.1:9"):
            try:
                hubspot(url, tries=1).properties()
            except Trouble as trouble:
                told += traceback.format_exception(trouble)
                told.append(repr(trouble.__dict__) + repr(trouble.__context__))
        told += [repr(w) for w in connector.upsert([New("a@b.example", {})])]
    told += [repr(connector), str(vars(connector)), repr(Settings(TOKEN, webhook_secret=SECRET)), caplog.text]
    assert told
    for marker in (TOKEN, SECRET):
        assert marker not in "".join(told)


def test_addresses_of_people_are_in_no_url() -> None:
    with serving(always(200, {"results": []})) as server:
        connector = hubspot(server.url, properties=("email",))
        connector.find(["ann@acme.example"])
        connector.subscriptions(["ann@acme.example"])
        connector.upsert([New("ann@acme.example", {})])
        assert not [request.path for request in server.asked if "acme" in request.path]


def test_the_versions_of_the_api_are_settings() -> None:
    with serving(always(200, {"results": []})) as server:
        connector = hubspot(server.url, version="2026-09", preferences_version="2026-03")
        connector.properties()
        connector.find(["a@b.example"])
        connector.subscriptions(["a@b.example"])
        assert [request.path.partition("?")[0] for request in server.asked[:3]] == [
            "/crm/properties/2026-09/contacts",
            "/crm/properties/2026-09/contacts",
            "/crm/objects/2026-09/contacts/batch/read",
        ]
        assert server.asked[3].path.startswith("/communication-preferences/2026-03/statuses/batch/unsubscribe-all/read")
