"""Values between a MAP's words and the hub's: by type, by the row's map, by the names of stages; never an error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncrules.domain.judges import BLANK, Unread
from syncrules.domain.translating import Translator, moment_text, translators
from syncrules.domain.worksheet import FieldType
from tests.syncrules.domain.building import HUB, MAP, row, worksheet

TEXT = FieldType("anything", "Anything", "text")


def reader(hub: str, other: FieldType | str = TEXT, **more: Any) -> Translator:
    """The translator of a row of these two fields."""
    field = MAP[other] if isinstance(other, str) else other
    return Translator(row(hub, field.name, "both", "fill", **more), HUB[hub], field)


@pytest.mark.parametrize(
    ("hub", "text", "value"),
    [
        ("job_title", "  VP of  Engineering ", "VP of Engineering"),
        ("job_title", "", None), ("job_title", " ", None), ("job_title", "N/A", None), ("job_title", "(blank)", None),
        ("email", "Dana@ACME.com", "Dana@ACME.com"), ("phone", "+1 415 555 0134", "+14155550134"),
        ("company_domain", "https://www.acme.com/about", "acme.com"), ("country", "DE", "Germany"),
        ("country", "Narnia", "Narnia"), ("lead_score", "40", 40), ("lead_score", "40.0", 40), ("lead_score", "0", 0),
        ("seats", "2.5", 2.5), ("vip", "true", True), ("vip", "No", False), ("renewal", "2026-03-02", "2026-03-02"),
        ("renewal", "1772409600000", "2026-03-02"), ("interest", "laser", "Laser"),
        ("last_activity", "2026-03-02T09:30:00.250Z", "2026-03-02T09:30:00.250Z"),
        ("last_activity", "1772443800250", "2026-03-02T09:30:00.250Z"),
        ("source", "Trade show scan", "trade-show-scan"), ("source", "trade-show-scan", "trade-show-scan"),
    ],
)  # fmt: skip
def test_what_a_map_sends_is_read_as_the_hub_reads_it(hub: str, text: str, value: Any) -> None:
    assert reader(hub).read(text) == value


@pytest.mark.parametrize(
    ("hub", "text"),
    [
        ("email", "not an address"), ("phone", "call me"), ("lead_score", "many"), ("lead_score", "1e400"),
        ("lead_score", "sNaN"), ("lead_score", "Infinity"), ("seats", "few"), ("vip", "perhaps"),
        ("renewal", "soon"), ("interest", "Plasma"), ("source", "PAID"), ("company_domain", "gmail.com"),
        ("job_title", "x" * 301), ("last_activity", "999999999999999"), ("lifecycle_stage", "Gold"),
    ],
)  # fmt: skip
def test_what_cant_be_read_says_why(hub: str, text: str) -> None:
    read = reader(hub).read(text)
    assert isinstance(read, Unread)
    assert read.why
    assert len(read.text) <= 120


def test_a_blank_counts_only_where_the_row_says_so() -> None:
    assert reader("job_title").read("") is None
    assert reader("job_title", blank_counts=True).read("") is BLANK
    assert reader("job_title", blank_counts=True).read(None) is BLANK


def test_the_row_s_value_map_goes_before_everything_else() -> None:
    mapped = reader("interest", value_map=(("L", "Laser"), ("Milling", "Laser"), ("none", ""), ("LL", "Laser")))
    assert [mapped.read(text) for text in ("l", "Milling", "LL", "none")] == ["Laser", "Laser", "Laser", None]
    assert mapped.write("Laser") == "L"


def test_one_word_for_several_of_the_hub_s_values_is_read_as_the_one_that_it_has() -> None:
    stages = translators(worksheet())[4]
    assert stages.read("lead") == "new-lead"
    assert stages.read("lead", "event-lead") == "event-lead"
    assert stages.read("lead", "sql", "referred") == "referred"
    assert stages.read("marketingqualifiedlead", "event-lead") == "mql"
    assert stages.read("other") is None
    assert stages.write("outbound") == "lead"


def test_a_stage_is_read_by_the_map_s_label_too() -> None:
    assert translators(worksheet())[4].read("86110001") == "sql"
    assert isinstance(translators(worksheet())[4].read("Gold"), Unread)


def test_an_opt_out_is_the_opposite_of_an_opt_in() -> None:
    turned = translators(worksheet())[6]
    assert [turned.read(text) for text in ("true", "false", "")] == [False, True, None]
    assert [turned.write(value) for value in (False, True, None)] == ["true", "false", ""]
    agreed = reader("opt_in", FieldType("subscribed", "Subscribed", "boolean"))
    assert (agreed.read("true"), agreed.write(False)) == (True, "false")


@pytest.mark.parametrize(
    ("hub", "other", "value", "text"),
    [
        ("seats", "seats_c", 2.5, "2.5"), ("renewal", "renewal_c", "2026-03-02", "2026-03-02"),
        ("renewal", "met_at", "2026-03-02", "2026-03-02T00:00:00.000Z"), ("vip", "vip_c", True, "true"),
        ("interest", "interest_c", "Laser", "Laser"), ("source", "jobtitle", "trade-show-scan", "Trade show scan"),
        ("job_title", "jobtitle", None, ""),
    ],
)  # fmt: skip
def test_what_the_hub_writes_is_what_the_map_takes(hub: str, other: str, value: Any, text: str) -> None:
    assert reader(hub, other).write(value) == text


@pytest.mark.parametrize(
    ("hub", "other", "value"),
    [("job_title", "seats_c", "about 40"), ("job_title", "renewal_c", "soon"), ("vip", "interest_c", True),
     ("job_title", "vip_c", "perhaps"), ("interest", "hs_lead_status", "Laser"), ("job_title", "jobtitle", ["x"])],
)  # fmt: skip
def test_what_the_map_would_not_take_is_not_sent(hub: str, other: str, value: Any) -> None:
    assert isinstance(reader(hub, other).write(value), Unread)


def test_moments_are_one_text_whatever_their_zone() -> None:
    noon = datetime(2026, 3, 2, 12, 0, 0, 999, tzinfo=timezone(timedelta(hours=2)))
    assert moment_text(noon) == moment_text(noon.astimezone(UTC)) == "2026-03-02T10:00:00.000Z"


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(HUB)), st.sampled_from(sorted(MAP)), st.text(max_size=40), st.booleans())
def test_no_text_is_an_error_and_what_was_read_can_be_said_to_the_map(
    hub: str, other: str, text: str, blank: bool
) -> None:
    both = reader(hub, other, blank_counts=blank)
    value = both.read(text)
    if isinstance(value, Unread) or value is BLANK:
        return
    written = both.write(value)
    assert isinstance(written, str | Unread)
    if isinstance(written, str):
        assert both.read(written, value) == value or value is None
