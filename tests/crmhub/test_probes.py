"""/healthz and /readyz say what is so, and which part is not."""

import pytest
from django.db import DatabaseError, connection

from crmhub import environment, heartbeat


@pytest.fixture
def worker():
    """A worker was heard from just now."""
    heartbeat.mark()
    yield
    heartbeat.forget()


def test_healthz_asks_nobody(client):
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "alive"}


@pytest.mark.django_db
def test_readyz_with_all_parts_up(client, worker):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["parts"] == {"database": "up", "broker": "up", "worker": "up"}


@pytest.mark.django_db
def test_readyz_without_a_worker(client):
    heartbeat.forget()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == {"worker": "no worker heard from in the last 15 seconds"}


@pytest.mark.django_db
def test_an_old_mark_is_no_sign_of_life(client, worker, monkeypatch):
    if not environment.current().embedded_broker:
        pytest.skip("with Redis the key expires by itself")
    monkeypatch.setattr(heartbeat, "FRESH_FOR", -1)
    assert "worker" in client.get("/readyz").json()["reasons"]


@pytest.mark.django_db
def test_readyz_without_a_broker(client, worker, monkeypatch):
    monkeypatch.setattr(heartbeat, "broker_problem", lambda: "broker not reachable (OSError)")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert set(answer.json()["reasons"]) == {"broker", "worker"}


@pytest.mark.django_db
def test_readyz_without_a_database_keeps_the_drivers_words_to_itself(client, worker, monkeypatch):
    def away():
        raise DatabaseError("host db.internal, user hub")

    monkeypatch.setattr(connection, "cursor", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == {"database": "database not usable (DatabaseError)"}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_only_read(client, path):
    assert client.post(path).status_code == 405
