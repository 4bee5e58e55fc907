"""The four health figures on the front page, for those who may see them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from syncrules.domain.charts import Point, spark
from syncrules.models import HealthReport
from tests.contacts.deciding import seed
from tests.syncrules.standing import as_

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 17, 4, 0, tzinfo=UTC)
TITLES = ("Duplicate rate", "Attribution", "Stage consistency", "Overwrite incidents")
NAMES = ("duplicate_rate", "attribution", "stage_consistency", "overwrite_incidents")


@pytest.fixture(autouse=True)
def _hub(db: None) -> None:
    seed()


def report(
    days: int, values: tuple[float, ...] = (0.041, 0.95, 1.0, 0), passed: tuple[bool, ...] = (False, True, True, True)
) -> None:
    told = {
        name: {"shown": f"{value:g}", "aim": "under 3%", "passed": met, "note": "", "target": 0.03}
        for name, value, met in zip(NAMES, values, passed, strict=True)
    }
    at = datetime.now(UTC) - timedelta(days=days)
    HealthReport.objects.create(
        status="done", started_by_name="Night", created_at=at, finished_at=at, seed=1, summary=told,
        **dict(zip(NAMES, values, strict=True)),
    )  # fmt: skip


def front(role: str) -> str:
    return " ".join(as_(role).get("/admin/").content.decode().split())


def test_each_figure_stands_beside_its_target_with_its_trend() -> None:
    report(2, (0.05, 0.9, 1.0, 0))
    report(0)
    shown = front("ops")
    assert all(title in shown for title in TITLES)
    assert "✗ not met" in shown
    assert shown.count("front-spark") == 4


def test_before_the_first_report_it_says_when_there_is_one() -> None:
    assert "No report has been worked out yet" in front("ops")
    assert "Work one out now" in front("ops")
    assert "Work one out now" not in front("auditor")


def test_it_costs_the_same_however_many_reports_there_are() -> None:
    client = as_("ops")

    def cost() -> int:
        with CaptureQueriesContext(database) as captured:
            assert client.get("/admin/").status_code == 200
        return len(captured)

    report(1)
    client.get("/admin/")
    few = cost()
    for days in range(2, 40):
        report(days)
    assert cost() == few


def test_a_line_of_one_day_is_no_line_and_the_target_is_in_the_picture() -> None:
    points = [Point(n, AT + timedelta(days=n), value) for n, value in enumerate((0.05, 0.04, 0.02))]
    assert spark(points[:1], 0.03) is None
    drawn = spark(points, 0.03)
    assert drawn is not None
    assert drawn.path.split()[0] == "3.0,3.0"
    assert drawn.end == (117.0, 27.0)
    assert 3 < drawn.target < 27
