"""Dates and times as exports write them."""

from datetime import UTC, datetime, timedelta

import pytest

from contacts.readers import parse_moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("08/02/2026 10:45:00 AM", datetime(2026, 8, 2, 10, 45, tzinfo=UTC)),
        ("08/05/2026 07:11:00 PM", datetime(2026, 8, 5, 19, 11, tzinfo=UTC)),
        ("08/05/2026 12:00 am", datetime(2026, 8, 5, tzinfo=UTC)),
        ("Mar 22, 2025 19:13:27", datetime(2025, 3, 22, 19, 13, 27, tzinfo=UTC)),
        ("March 22nd, 2025 at 7:13 p.m.", datetime(2025, 3, 22, 19, 13, tzinfo=UTC)),
        ("22 Mar 2025", datetime(2025, 3, 22, tzinfo=UTC)),
        ("12. März 2026 10:14 Uhr", datetime(2026, 3, 12, 10, 14, tzinfo=UTC)),
        ("12.03.2026 10:14", datetime(2026, 3, 12, 10, 14, tzinfo=UTC)),
        ("12.03.26", datetime(2026, 3, 12, tzinfo=UTC)),
        ("2026-04-01T09:00:00Z", datetime(2026, 4, 1, 9, tzinfo=UTC)),
        ("2026-04-01T09:00:00.123+02:00", datetime(2026, 4, 1, 7, tzinfo=UTC)),
        ("2026-04-01 09:00:00 -0530", datetime(2026, 4, 1, 14, 30, tzinfo=UTC)),
        ("2026-02-11 09:20", datetime(2026, 2, 11, 9, 20, tzinfo=UTC)),
        ("2026-02-11", datetime(2026, 2, 11, tzinfo=UTC)),
        ("31/12/2026", datetime(2026, 12, 31, tzinfo=UTC)),
        ("12/31/2026 23:59", datetime(2026, 12, 31, 23, 59, tzinfo=UTC)),
        ("05/05/2026", datetime(2026, 5, 5, tzinfo=UTC)),
        (" 2026/02/11 ", datetime(2026, 2, 11, tzinfo=UTC)),
    ],
)
def test_a_clear_moment_is_read_and_is_aware(text, moment):
    found = parse_moment(text)
    assert found == moment
    assert found.utcoffset() is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "03/04/2026",
        "2026-02-30",
        "13/13/2026",
        "2026-02-11 25:00",
        "08/02/2026 13:00 PM",
        "45123",
        "1700000000000",
        "20260211",
        "0001-01-01",
        "10:14:00",
        "2026-02-11 10:00 CET",
        "Foo 22, 2025",
        "9" * 1_000_000,
        "2026-02-11T10:00+99:00",
    ],
)
def test_what_is_unsure_is_no_moment(text):
    assert parse_moment(text) is None


def test_the_order_of_day_and_month_can_be_told():
    assert parse_moment("03/04/2026", day_first=True) == datetime(2026, 4, 3, tzinfo=UTC)
    assert parse_moment("03/04/2026", day_first=False) == datetime(2026, 3, 4, tzinfo=UTC)
    assert parse_moment("31/04/2026", day_first=True) is None


def test_a_written_zone_is_kept():
    assert parse_moment("2026-04-01T09:00:00-05:30").utcoffset() == -timedelta(hours=5, minutes=30)
