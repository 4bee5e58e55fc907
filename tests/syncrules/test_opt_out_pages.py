"""The page of a connection's unsubscribes: which wait, how long each took, and who sees whose they are."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from syncrules.models import Connection, OptOutOrder
from tests.syncrules import standing as kit
from tests.syncrules.standing import as_

pytestmark = pytest.mark.django_db
ADDRESS = "/admin/connections/sandbox/unsubscribes/"


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def sandbox(now: datetime) -> Connection:
    return kit.live(now)


def order(of: Connection, n: int, asked: datetime, took: float | None) -> None:
    done = None if took is None else asked + timedelta(seconds=took)
    OptOutOrder.objects.create(
        connection=of, address=f"p{n}@firm.example", door="website", asked_at=asked, acknowledged_at=done
    )


def shown(role: str) -> str:
    return " ".join(as_(role).get(ADDRESS).content.decode().split())


def test_the_week_is_told_in_figures_and_what_waits_stands_first(sandbox: Connection, now: datetime) -> None:
    for n in range(100):
        order(sandbox, n, now - timedelta(hours=1 + n), 60 if n == 7 else 0.4)
    order(sandbox, 200, now - timedelta(days=8), 500)
    order(sandbox, 201, now - timedelta(minutes=20), None)
    text = shown("ops")
    assert "100 in 7 days: half within 0.4 s, 99% within 60 s, the slowest 60 s" in text
    assert text.index("p201@firm.example") < text.index("p0@firm.example")
    assert "late: not yet" in text


def test_an_order_that_may_still_wait_is_not_called_late(sandbox: Connection, now: datetime) -> None:
    order(sandbox, 1, now - timedelta(minutes=2), None)
    text = shown("ops")
    assert "not yet" in text
    assert "late" not in text.split("<tbody>")[1].split("</tbody>")[0]


def test_where_nobody_unsubscribed_it_says_so(sandbox: Connection) -> None:
    assert "Nobody has unsubscribed" in shown("auditor")


def test_it_is_a_tab_of_the_connection_and_costs_the_same_however_many_there_are(
    sandbox: Connection, now: datetime
) -> None:
    client = as_("ops")
    assert reverse("rules:opt_outs", args=["sandbox"]) == ADDRESS
    assert ADDRESS in client.get("/admin/connections/sandbox/").content.decode()

    def cost() -> int:
        with CaptureQueriesContext(database) as captured:
            assert client.get(ADDRESS).status_code == 200
        return len(captured)

    client.get(ADDRESS)
    few = cost()
    for n in range(150):
        order(sandbox, n, now - timedelta(minutes=n), n if n % 2 else None)
    assert few == cost() <= 20
