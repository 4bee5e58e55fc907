"""Worksheets are read as people write them; what is not understood stays as it was written."""

from __future__ import annotations

import pytest

from syncrules.domain import reading
from syncrules.domain.worksheet import Direction, FieldType, Rule
from tests.syncrules.domain.building import HUB, MAP


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("Bidirectional", "both"), ("bi-directional", "both"), ("Two-way", "both"), ("both ways", "both"),
        ("hub <-> MAP", "both"), ("CRM ↔ HubSpot", "both"), ("BOTH", "both"),
        ("CRM→MAP", "to-map"), ("crm -> map", "to-map"), ("hub → MAP", "to-map"), ("CRM to HubSpot", "to-map"),
        ("Hub => Sandbox", "to-map"), ("MAP <- CRM", "to-map"), ("to-map", "to-map"), ("Outbound", "to-map"),
        ("MAP→CRM", "to-hub"), ("HubSpot to CRM", "to-hub"), ("Sandbox --> the hub", "to-hub"),
        ("MAP into hub", "to-hub"), ("CRM ← MAP", "to-hub"), ("to-hub", "to-hub"),
        ("CRM <> MAP", "both"), ("From HubSpot to CRM", "to-hub"), ("CRM → MAP only", "to-map"),
        ("MAP → CRM (one-way)", "to-hub"), ("One way: CRM to MAP", "to-map"), ("from CRM", "from CRM"),
        ("sideways", "sideways"), ("", ""), ("CRM→CRM", "CRM→CRM"), ("→", "→"), ("weekly", "weekly"),
    ],
)  # fmt: skip
def test_directions(text: str, direction: str) -> None:
    assert reading.read_direction(text, "Sandbox") == direction


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Never overwrite", "never"), ("never", "never"), ("Don't overwrite", "never"),
        ("MAP fills if empty", "fill"), ("Only if empty", "fill"), ("Set once, no overwrite", "once"),
        ("set once", "once"), ("Always use CRM value", "hub"), ("Always the hub’s value", "hub"),
        ("CRM wins", "hub"), ("MAP keeps fresh until edited", "fresh"), ("MAP keeps fresh", "fresh"),
        ("MAP sets MQL; CRM sets SQL+", "stage"), ("MAP sets MQL; sales SQL+", "stage"),
        ("Unsubscribe propagates immediately", "unsubscribe"), ("Unsubscribe at once", "unsubscribe"),
        ("Fill only if empty", "fill"), ("MAP fills when the field is blank", "fill"), ("CRM always wins", "hub"),
        ("Do not overwrite existing values", "never"), ("Set once, never overwrite", "once"),
        ("MAP keeps it fresh till someone edits it", "fresh"), ("Unsubscribes propagate instantly", "unsubscribe"),
        ("Latest wins", "Latest wins"), ("", ""), ("MAP wins", "MAP wins"), ("MAP always wins", "MAP always wins"),
        ("Always use MAP value", "Always use MAP value"), ("Always overwrite", "Always overwrite"),
        ("Only the value", "Only the value"),
    ],
)  # fmt: skip
def test_rules(text: str, rule: str) -> None:
    assert reading.read_rule(text) == rule


@pytest.mark.parametrize("words", [reading.RULE_TEXTS, reading.RULE_LABELS])
def test_every_rule_is_read_from_the_words_that_the_hub_uses_for_it(words: dict[str, str]) -> None:
    assert set(words) == set(Rule)
    assert all(reading.read_rule(text) == rule == reading.read_rule(rule) for rule, text in words.items())


@pytest.mark.parametrize("words", [reading.DIRECTION_TEXTS, reading.DIRECTION_LABELS])
def test_every_direction_is_read_from_the_words_that_the_hub_uses_for_it(words: dict[str, str]) -> None:
    assert set(words) == set(Direction)
    assert all(reading.read_direction(text) == way == reading.read_direction(way) for way, text in words.items())


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("email", "email"), ("E-Mail", "email"), ("Lead Status", "lifecycle_stage"), ("Lead Source", "source"),
        ("Last Activity Date", "last_activity"), ("Email Opt-in", "opt_in"), ("Opt-in Status", "opt_in"),
        ("JOB TITLE", "job_title"), ("Interest", "interest"), ("seats", "seats"), ("Shoe size", "Shoe size"),
        ("", ""),
    ],
)  # fmt: skip
def test_hub_fields(text: str, field: str) -> None:
    assert reading.read_hub_field(text, HUB) == field


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("firstname", "firstname"), ("First Name", "firstname"), ("Original Source", "hs_analytics_source"),
        ("Unsubscribed", "hs_email_optout"), ("Lifecycle Stage", "lifecyclestage"),
        ("Country/Region", "country"), ("Shoe size", "Shoe size"), ("", ""),
    ],
)  # fmt: skip
def test_map_fields(text: str, field: str) -> None:
    assert reading.read_map_field(text, MAP) == field


def test_a_label_that_two_fields_have_names_neither() -> None:
    fields = {name: FieldType(name, "Title", "text") for name in ("job", "salutation")}
    assert reading.read_map_field("Title", fields) == "Title"
    assert reading.read_map_field("job", fields) == "job"
