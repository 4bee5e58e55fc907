"""Cleaning, and what counts as nothing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.blanks import trim
from contacts.domain.identity import clean, is_blank
from tests.patience import comes_to_an_end


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Ann", "Ann"),
        ("  Ann  Lee ", "Ann Lee"),
        ("Ann\r\n Lee\t", "Ann Lee"),
        ("\xa0Ann\u200b\ufeff", "Ann"),
        ("\u200b \u200bAnn", "Ann"),
        ("A\x00nn\x07", "Ann"),
        ("Jose\u0301", "José"),
        ("Ann\u2028Lee", "Ann Lee"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("", ""),
        ("\x00", ""),
        ("A\ud800nn", "Ann"),
        ("\u3000李\u3000小龙", "李 小龙"),
    ],
)
def test_a_value_is_cleaned_as_a_person_would_retype_it(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        "--",
        "—",
        ".",
        "?",
        "n/a",
        "N/A",
        "#N/A",
        "N.A.",
        "(blank)",
        "<null>",
        "(not set)",
        "\u200b",
        "\x00",
        "#REF!",
        "...",
        "***",
        " n/a\xa0",
        "[NULL]",
        "\\N",
    ],
)
@pytest.mark.parametrize("field", ["email", "first_name", "last_name", "company", "phone", "favourite_colour"])
def test_stand_ins_are_blank_in_every_field(text: str, field: str) -> None:
    assert is_blank(text, field)


@pytest.mark.parametrize("word", ["none", "Null", "NIL", "unknown", "undefined", "not available"])
def test_words_for_nothing_are_blank_where_they_can_be_no_value(word: str) -> None:
    for field in (
        "email",
        "company",
        "phone",
        "job_title",
        "country",
        "company_domain",
        "website",
        "lead_score",
    ):
        assert is_blank(word, field)
    for field in ("first_name", "last_name", "name", "favourite_colour"):
        assert not is_blank(word, field)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Na", "last_name"),
        ("NA", "country"),
        ("Nan", "first_name"),
        ("0", "lead_score"),
        ("false", "opt_in"),
        ("no", "opt_in"),
        ("X", "last_name"),
        ("李", "first_name"),
        ("N. Able", "company"),
        ("C++", "job_title"),
    ],
)
def test_a_real_value_is_not_blank(text: str, field: str) -> None:
    assert not is_blank(text, field)


def test_na_is_blank_as_a_phone_or_a_company() -> None:
    assert is_blank("NA", "phone")
    assert is_blank("na", "company")


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert trim(cleaned) == cleaned
    assert "\x00" not in cleaned


@given(st.text(max_size=30), st.sampled_from(["email", "last_name", "country", "custom"]))
def test_a_value_is_as_blank_cleaned_as_it_was_before(text: str, field: str) -> None:
    assert is_blank(text, field) == is_blank(clean(text), field)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10**6,
        "\u0315\u0300" * 500_000,
        "e\u0301" * 500_000,
        "a \n" * 333_333,
        "\u200b" * 10**6,
        "-" * 10**6,
        "\x00" * 10**6,
        "李" * 10**6,
    ],
)
def test_a_million_characters_come_to_an_end(text: str) -> None:
    for work in (clean, trim, lambda t: is_blank(t, "company")):
        with comes_to_an_end():
            work(text)
