"""Names: folded for comparing, in any script, and split only where a split is sure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nameparser import HumanName

from contacts.domain.identity import (
    clean,
    fold,
    full_person_key,
    person_key,
    share_a_name,
    sort_key,
    split_name,
    tokens,
)
from tests.patience import comes_to_an_end


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "MULLER"),
        ("José", "Jose\u0301"),
        ("O'Neil", "O’NEIL"),
        ("Jean-Luc", "jean luc"),
        ("Søren Ærø", "Soren Aero"),
        ("Łukasz Żółć", "lukasz zolc"),
        ("Đặng", "dang"),
        ("Þór", "Thor"),
        ("Straße", "STRASSE"),
        ("Işık", "isik"),
        ("İpek", "ipek"),
        ("ΟΔΥΣΣΕΥΣ", "Οδυσσεύς"),
        ("Ａｎｎ", "Ann"),
        ("van der Berg", "VanDerBerg"),
        ("مُحَمَّد", "محمد"),
        ("שָׁלוֹם", "שלום"),
        ("Ёлкин", "Елкин"),
        ("Ann\u200b", "Ann"),
    ],
)
def test_a_name_typed_differently_folds_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("李小龙", "李小虎"),
        ("がく", "かく"),
        ("हिंदी", "हदी"),
        ("ไทย", "ไท"),
        ("김철수", "김철호"),
        ("Ann", "Anne"),
    ],
)
def test_different_names_stay_different_in_every_script(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize("text", ["", " ", "-", "...", "'’", "\u0301", "\ufe0f", "★"])
def test_what_has_no_letter_folds_to_nothing(text: str) -> None:
    assert fold(text) == ""
    assert tokens(text) == frozenset()
    assert person_key(text, text, "acme.com") == ""


@given(st.text())
def test_folding_twice_changes_nothing_more_and_case_never_matters(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(text.title()) == fold(text.title().lower())
    assert all(word == fold(word) for word in tokens(text))


@given(st.text(st.characters(max_codepoint=127)))
def test_the_short_way_for_ascii_folds_as_the_long_one(text: str) -> None:
    assert fold(text) == fold(text + "\u0301")


def test_tokens_are_the_words_of_a_name() -> None:
    assert tokens("Jean-Luc O'Neil, J.P.") == {"jean", "luc", "oneil", "j", "p"}
    assert tokens("李 小龙") == {"李", "小龙"}


def test_a_person_is_evidence_only_with_both_names_and_a_domain() -> None:
    assert full_person_key("Ann", "Lee", "acme.com") == person_key("ann", "LEE", "acme.com") == "ann|lee|acme.com"
    assert person_key("Ann", "", "") == "ann||"
    for parts in [
        ("", "Lee", "acme.com"),
        ("Ann", "", "acme.com"),
        ("Ann", "Lee", ""),
        ("-", "Lee", "acme.com"),
    ]:
        assert full_person_key(*parts) == ""


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (("Ann", "Lee"), ("Ann", "Kim")),
        (("Ann", "Lee"), ("Bob", "LEE")),
        (("J.", "Smith"), ("Jean", "Duval")),
        (("Rob", "Smith"), ("Robert", "Jones")),
        (("Jan", "van der Berg"), ("Piet", "VanDerBerg")),
        (("Lee", "Ann"), ("Ann", "Kim")),
        (("Anne Marie", "X"), ("Annemarie", "Y")),
        (("李", "小龙"), ("李小龙", "")),
        (("", ""), ("Ann", "Lee")),
        (("-", ""), ("Ann", "Lee")),
        (("", ""), ("", "")),
    ],
)
def test_people_who_may_be_the_same_share_a_name(a: tuple[str, str], b: tuple[str, str]) -> None:
    assert share_a_name(*a, *b)
    assert share_a_name(*b, *a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (("Ann", "Lee"), ("Bob", "Kim")),
        (("Ann", ""), ("", "Kim")),
        (("李", "小龙"), ("王", "伟")),
        (("J.", "S."), ("Ann", "Lee")),
    ],
)
def test_people_with_nothing_in_common_share_no_name(a: tuple[str, str], b: tuple[str, str]) -> None:
    assert not share_a_name(*a, *b)


def test_the_sort_key_starts_with_the_last_name_and_has_a_limit() -> None:
    assert sort_key("Ann", "van der Lee") == "vanderlee ann"
    assert sort_key("Cher", "") == "cher"
    assert len(sort_key("a" * 200, "b" * 200)) == 120


@pytest.mark.parametrize(
    ("full", "first", "last"),
    [
        ("Ann Lee", "Ann", "Lee"),
        ("Lee, Ann", "Ann", "Lee"),
        ("van der Lee", "", "van der Lee"),
        ("Jan van der Lee", "Jan", "van der Lee"),
        ("de la Cruz", "", "de la Cruz"),
        ("Dr. Ann Lee", "Ann", "Lee"),
        ("Prof. Dr. Ann Lee PhD", "Ann", "Lee"),
        ("Mr Smith", "", "Smith"),
        ("John Smith Jr.", "John", "Smith Jr."),
        ("John Smith III", "John", "Smith III"),
        ("Anna Maria Lee", "Anna Maria", "Lee"),
        ("李 小龙", "小龙", "李"),
        ("李小龙", "李小龙", ""),
        ("Cher", "Cher", ""),
        ("  Ann \n Lee ", "Ann", "Lee"),
        ("", "", ""),
        ("Dr.", "Dr.", ""),
        ("محمد علي", "محمد", "علي"),
        ("Ann O'Neil", "Ann", "O'Neil"),
    ],
)
def test_one_column_is_split_into_first_and_last_name(full: str, first: str, last: str) -> None:
    assert split_name(full) == (first, last)


@pytest.mark.parametrize(
    "full",
    [
        "Ann Lee",
        "Robert Smith",
        "Doctor Who",
        "King Charles",
        "Maria Dos",
        "Van Morrison",
        "Sean Connery",
        "Sir Elton",
        "Ben Nevis",
        "Judge Judy",
        "Jean Esq",
    ],
)
def test_the_short_way_splits_as_the_parser_does(full: str) -> None:
    name = HumanName(full)
    assert split_name(full) == (name.first, name.last)


_parts = st.sampled_from(["Dr.", "van", "Ann", "Lee", ",", "Jr", "(", '"', "&", "李"])


@given(st.text() | st.lists(_parts).map(" ".join))
def test_any_text_splits_and_no_name_is_lost(full: str) -> None:
    first, last = split_name(full)
    assert bool(first or last) == bool(clean(full))
    assert isinstance(share_a_name(first, last, full, ""), bool)


_LONG = ["a" * 10**6, "é" * 10**6, "a " * 500_000, "\u0315\u0300" * 500_000, "ﷺ" * 10**6, ", " * 500_000]


@pytest.mark.parametrize("text", _LONG)
def test_a_million_characters_come_to_an_end(text: str) -> None:
    for work in (fold, tokens, split_name, lambda t: sort_key(t, t), lambda t: share_a_name(t, "", "Ann", t)):
        with comes_to_an_end():
            work(text)
