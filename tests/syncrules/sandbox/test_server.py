"""The server itself: token, limits, sizes, page, log, and being stopped."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from syncrules.sandbox.app import token_from
from syncrules.sandbox.limits import Limits
from syncrules.sandbox.storage import Row, Store

from .conftest import CONTACTS, TOKEN, Running


def test_only_the_token_opens_the_api(sandbox: Running) -> None:
    for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
        for path in (CONTACTS, "/_sandbox/requests", "/nowhere"):
            answer = httpx.get(sandbox.server.url + path, headers=header)
            assert answer.status_code == 401
            assert answer.json()["category"] == "INVALID_AUTHENTICATION"


def test_the_default_token_is_for_loopback_only() -> None:
    assert token_from({}, "127.0.0.1") == "sandbox-token"
    assert token_from({"SANDBOX_TOKEN": "t"}, "0.0.0.0") == "t"
    with pytest.raises(ValueError, match="SANDBOX_TOKEN"):
        token_from({}, "0.0.0.0")


def test_limits_are_counted_shown_and_kept(start: Callable[..., Running]) -> None:
    sandbox = start(limits=Limits(4, searches=1))
    shown = sandbox.http.get(CONTACTS).headers
    assert shown["X-HubSpot-RateLimit-Max"] == "4"
    assert shown["X-HubSpot-RateLimit-Remaining"] == "3"
    assert shown["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    found = sandbox.http.post(f"{CONTACTS}/search", json={})
    assert not [name for name in found.headers if name.startswith("x-hubspot-ratelimit")]
    policies = []
    for method, path in [("POST", "/search"), ("GET", ""), ("GET", ""), ("GET", "")]:
        answer = sandbox.http.request(method, CONTACTS + path, json={} if path else None)
        policies.append(answer.json().get("policyName") if answer.status_code == 429 else answer.status_code)
        assert "Retry-After" not in answer.headers
    assert policies == ["SECONDLY", 200, 200, "TEN_SECONDLY_ROLLING"]


def test_a_body_over_five_megabytes_is_refused_and_the_server_lives(sandbox: Running) -> None:
    too_big = b'{"properties": {"firstname": "' + b"x" * (5 * 1024 * 1024) + b'"}}'
    refused = sandbox.http.post(CONTACTS, content=too_big, headers={"Content-Type": "application/json"})
    assert refused.status_code == 413
    chunked = sandbox.http.post(CONTACTS, content=iter([b"{}"]))
    assert chunked.status_code == 411
    assert sandbox.http.get(CONTACTS).json() == {"results": []}


@pytest.mark.parametrize(
    "raw",
    [b"{", b"[]", b'"x"', b"[" * 100_000, b'{"properties": {"firstname": "\\ud800"}}', b"\xff", b'{"a":NaN}'],
)
def test_a_body_that_is_no_json_object_is_a_clear_400(sandbox: Running, raw: bytes) -> None:
    answer = sandbox.http.post(CONTACTS, content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert sandbox.http.get("/_sandbox/requests").status_code == 200


def test_wrong_method_type_and_path_are_told_apart(sandbox: Running) -> None:
    assert sandbox.http.put(CONTACTS, json={}).status_code == 405
    assert sandbox.http.post(CONTACTS, data={"email": "a@b.example"}).status_code == 415
    assert sandbox.http.get("/crm/v3/objects/companies").status_code == 404
    assert sandbox.http.get(f"{CONTACTS}/{'9' * 40}").status_code == 404
    assert sandbox.http.get(CONTACTS, params={"limit": "9" * 5000}).status_code == 400


def test_the_page_says_what_it_is(sandbox: Running) -> None:
    sandbox.create(email="ann@acme.example")
    page = httpx.get(sandbox.server.url)
    assert page.status_code == 200
    assert "Sandbox MAP" in page.text
    assert '<th scope="row">Contacts</th><td>1</td>' in page.text
    assert TOKEN not in page.text


def test_the_log_has_the_writes_and_reset_forgets_all(sandbox: Running) -> None:
    ann = sandbox.create(email="ann@acme.example")
    sandbox.search()
    sandbox.http.patch(f"{CONTACTS}/{ann}", json={"properties": {"emial": "x"}})
    log = sandbox.http.get("/_sandbox/requests").json()
    assert (log["requests"], log["writes"]) == (3, 2)
    assert [(w["method"], w["status"], w["applied"]) for w in log["results"]] == [
        ("POST", 201, True),
        ("PATCH", 400, False),
    ]
    assert log["results"][0]["body"] == {"properties": {"email": "ann@acme.example"}}
    assert len(sandbox.http.get("/_sandbox/requests", params={"since": 1}).json()["results"]) == 1
    assert sandbox.http.post("/_sandbox/reset").status_code == 204
    assert sandbox.received() == []
    assert sandbox.search()["total"] == 0
    assert sandbox.create(email="ann@acme.example") != ann


def test_eight_callers_at_once_make_one_contact(sandbox: Running) -> None:
    statuses: list[int] = []

    def call() -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        for _ in range(5):
            body = {"properties": {"email": "ann@acme.example"}}
            statuses.append(httpx.post(sandbox.server.url + CONTACTS, json=body, headers=headers).status_code)

    callers = [threading.Thread(target=call) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert (statuses.count(201), statuses.count(409)) == (1, 39)


def _insert_then_break(store: Store) -> None:
    store.insert(Row(0, 1, 1))
    store.execute("INSERT INTO merged (lost_id) VALUES (1)")


def test_storage_keeps_whole_transactions_only(tmp_path: Path) -> None:
    store = Store(tmp_path / "deep" / "map.sqlite3")
    with store.transaction():
        kept = store.insert(Row(0, 1, 1))
    with pytest.raises(sqlite3.IntegrityError), store.transaction():
        _insert_then_break(store)
    store.close()
    again = Store(tmp_path / "deep" / "map.sqlite3")
    assert [row.id for row in again.select("1", [])] == [kept]
    again.close()


COMMAND = """
import sys
from django.conf import settings
settings.configure(VAR=sys.argv[1])
from syncrules.management.commands.sandbox_map import Command
Command().run_from_argv(["manage.py", "sandbox_map", *sys.argv[2:]])
"""


@contextmanager
def _command(folder: Path, *options: str, **environment: str) -> Iterator[subprocess.Popen]:
    """The real command in a process of its own; it needs no database and none of the project's settings."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(folder), *options],
        cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("SANDBOX_")} | environment,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_at_once(tmp_path: Path, stop: signal.Signals) -> None:
    with _command(tmp_path, "--port", "0", "--faults", "hang:1:60s") as process:
        assert process.stdout
        url = process.stdout.readline().split()[3]
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as caller:
            caller.sendall(b"GET " + CONTACTS.encode() + b" HTTP/1.1\r\nAuthorization: Bearer sandbox-token\r\n\r\n")
            process.send_signal(stop)
            assert process.wait(5) == 0
        assert process.stderr
        assert process.stderr.read() == ""
    assert (tmp_path / "sandbox_map.sqlite3").exists()


@pytest.mark.parametrize(
    ("options", "environment", "word"),
    [
        (["--faults", "429:2"], {}, "share"),
        (["--port", "http"], {}, "--port"),
        ([], {"SANDBOX_PORT": "99999"}, "SANDBOX_PORT"),
        (["--port", "0", "--host", "0.0.0.0"], {}, "SANDBOX_TOKEN"),
        (["--port", "0", "--store", "/proc/nowhere/map.sqlite3"], {}, "storage"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_two(
    tmp_path: Path, options: list[str], environment: dict[str, str], word: str
) -> None:
    with _command(tmp_path, *options, **environment) as process:
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (2, "")
    assert word in err
    assert err.count("\n") == 1


def test_a_taken_port_is_said_so(tmp_path: Path, sandbox: Running) -> None:
    port = str(sandbox.server.server_port)
    with _command(tmp_path, "--port", port, "--store", ":memory:") as process:
        err = process.communicate(timeout=10)[1]
    assert (process.returncode, port in err) == (2, True)
