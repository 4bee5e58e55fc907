"""Nicknames, sounds, generations, and company names without their legal form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.company_names import core_words
from contacts.domain.identity import fold
from contacts.domain.names import generation_of
from contacts.domain.nicknames import full_forms
from contacts.domain.sounds import sound_of, spoken
from tests.patience import comes_to_an_end

SAME_COMPANY = [
    ("Acme, Inc.", "ACME Incorporated"),
    ("Acme Tooling LLC", "The Acme Tooling Co."),
    ("Brücke & Söhne GmbH & Co. KG", "Brücke und Söhne"),
    ("Northwind Logistics S.A.", "Northwind Logistics SA"),
    ("Sandvik AB", "Sandvik"),
    ("Ost Sp. z o.o.", "OST sp. z o.o."),
    ("ООО Ромашка", "Ромашка ООО"),
    ("Intl. Bolt Mfg. Corp.", "International Bolt Manufacturing"),
    ("PT Maju Jaya", "Maju Jaya"),
]
OTHER_COMPANY = [
    ("Acme Tooling", "Acme Foods"),
    ("Inc", "Co"),
    ("AS Roma", "Roma"),
    ("3M", "3D"),
    ("北京科技", "上海科技"),
]


@pytest.mark.parametrize(("one", "other"), SAME_COMPANY)
def test_a_legal_form_tells_no_companies_apart(one: str, other: str) -> None:
    assert core_words(one) == core_words(other) != ()


@pytest.mark.parametrize(("one", "other"), OTHER_COMPANY)
def test_what_is_no_legal_form_does(one: str, other: str) -> None:
    assert core_words(one) != core_words(other)


@given(st.text(max_size=60))
def test_something_of_a_company_s_name_always_stays(name: str) -> None:
    assert bool(core_words(name)) == bool("".join(map(fold, name.split())))


@pytest.mark.parametrize(
    ("short", "full"),
    [("bob", "robert"), ("peggy", "margaret"), ("bill", "william"), ("paco", "francisco"), ("sasha", "alexander")],
)
def test_a_nickname_may_stand_for_its_full_name(short: str, full: str) -> None:
    assert full in full_forms(short)


def test_a_name_that_no_table_has_stands_for_itself() -> None:
    assert full_forms("thorbjorn") == {"thorbjorn"}


@pytest.mark.parametrize(
    ("one", "other"),
    [("steven", "stephen"), ("jon", "john"), ("sara", "sarah"), ("philip", "filip"), ("meyer", "meier")],
)
def test_names_that_are_spoken_alike(one: str, other: str) -> None:
    assert spoken(one) == spoken(other)


@pytest.mark.parametrize(("one", "other"), [("maria", "mario"), ("jan", "jon"), ("marta", "maria"), ("tim", "tom")])
def test_names_that_are_not(one: str, other: str) -> None:
    assert spoken(one) != spoken(other)


@pytest.mark.parametrize(
    ("last", "name", "generation"),
    [
        ("Smith Jr.", "Smith", "jr"),
        ("Smith, Junior", "Smith", "jr"),
        ("Smith III", "Smith", "iii"),
        ("van der Berg", "van der Berg", ""),
        ("Jr.", "Jr.", ""),
        ("Malcolm V", "Malcolm V", ""),
    ],
)
def test_a_generation_comes_off_a_last_name(last: str, name: str, generation: str) -> None:
    assert generation_of(last) == (name, generation)


def test_endless_text_is_read_in_time() -> None:
    with comes_to_an_end():
        core_words("a & " * 300_000)
        sound_of("sch" * 100_000)
        generation_of("x " * 300_000)
