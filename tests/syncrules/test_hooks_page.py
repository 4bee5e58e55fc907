"""The page of a connection's webhooks: events, repeats, and bodies that are not believed."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from syncrules.models import Connection
from tests.syncrules import standing as kit
from tests.syncrules.standing import as_, page

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> Any:
    return timezone.now()


@pytest.fixture
def sandbox(now: Any) -> Connection:
    return kit.live(now)


class TestWebhooks:
    def test_events_are_listed_the_newest_first_and_paged(self, sandbox, now):
        for n in range(60):
            kit.hook(sandbox, f"e{n}", now, record_id=f"r{n}x")
        first = page(as_("auditor"), "hooks")
        assert "r59x" in first
        assert "r9x" not in first
        older = first.split("before=")[1].split('"')[0]
        assert "r9x" in page(as_("auditor"), "hooks", before=older)

    def test_another_body_under_the_same_key_is_shown_beside_the_first(self, sandbox, now):
        kit.hook(sandbox, "a", now, body={"v": "first one"}, other_body={"v": "second one"}, times=2)
        kit.hook(sandbox, "b", now, record_id="plain-record")
        shown = page(as_("auditor"), "hooks", only="odd")
        assert "which is not believed" in shown
        assert "first one" in shown
        assert "second one" in shown
        assert "plain-record" not in shown

    def test_the_overview_counts_events_and_repeats(self, sandbox, now):
        kit.hook(sandbox, "a", now, times=3)
        kit.hook(sandbox, "b", now, error="It names no record.")
        shown = page(as_("auditor"))
        assert '<b class="num">2</b> events' in shown
        assert '<span class="num">2</span> came more than once' in shown
        assert "1 to look at" in shown

    def test_none_says_where_they_are_to_be_sent(self, sandbox):
        assert "http://testserver/hooks/sandbox" in page(as_("auditor"), "hooks")

    @pytest.mark.parametrize("before", ["", "x", "-1", "9" * 40, "1" * 18])
    def test_nonsense_in_the_address_is_no_error(self, sandbox, before):
        page(as_("auditor"), "hooks", before=before)
