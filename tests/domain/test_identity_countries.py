"""Countries: any usual writing means one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain import countries
from contacts.domain.identity import Country, read_country

_ROWS = [
    line.split("\t")
    for line in (Path(countries.__file__).parent / "data" / "countries.txt").read_text("utf-8").splitlines()
    if line[0] != "#"
]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("US", "US"),
        ("USA", "US"),
        ("U.S.", "US"),
        ("U.S.A.", "US"),
        ("United States of America", "US"),
        ("us", "US"),
        ("the united states", "US"),
        ("UK", "GB"),
        ("GB", "GB"),
        ("England", "GB"),
        ("Great Britain", "GB"),
        ("Scotland", "GB"),
        ("Deutschland", "DE"),
        ("GERMANY", "DE"),
        ("Allemagne", "DE"),
        ("España", "ES"),
        ("Espana", "ES"),
        ("Frankreich", "FR"),
        ("Österreich", "AT"),
        ("OSTERREICH", "AT"),
        ("Oesterreich", "AT"),
        ("Schweiz", "CH"),
        ("Suisse", "CH"),
        ("Nederland", "NL"),
        ("Holland", "NL"),
        ("The Netherlands", "NL"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("Czech Republic", "CZ"),
        ("Korea, Republic of", "KR"),
        ("Brasil", "BR"),
        ("Russian Federation", "RU"),
        ("Viet Nam", "VN"),
        ("Cote d'Ivoire", "CI"),
        ("Ivory Coast", "CI"),
        ("日本", "JP"),
        ("中国", "CN"),
        ("Россия", "RU"),
        ("مصر", "EG"),
        ("NA", "NA"),
        ("Guinea-Bissau", "GW"),
        ("Niger", "NE"),
        ("Nigeria", "NG"),
        ("UAE", "AE"),
        (" France ", "FR"),
        ("Georgia", "GE"),
        ("Kosovo", "XK"),
    ],
)
def test_a_country_is_known_however_it_is_written(text: str, code: str) -> None:
    country = read_country(text)
    assert country is not None
    assert country.code == code


@pytest.mark.parametrize(
    "country",
    [
        Country("United Kingdom", "GB"),
        Country("South Korea", "KR"),
        Country("Netherlands", "NL"),
        Country("Czechia", "CZ"),
        Country("United States", "US"),
        Country("DR Congo", "CD"),
        Country("Hong Kong", "HK"),
        Country("Türkiye", "TR"),
    ],
)
def test_a_country_has_the_name_that_people_use(country: Country) -> None:
    assert read_country(country.code) == country


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row[0])
def test_every_country_is_known_by_its_codes_and_its_name(row: list[str]) -> None:
    code, alpha_3, name, _ = row
    for writing in (code, code.lower(), alpha_3, name, name.upper()):
        assert read_country(writing) == Country(name, code)


@pytest.mark.parametrize("text", ["", "-", "Mars", "ZZ", "Europe", "Unknown", "x" * 10**6])
def test_what_is_no_country_is_none(text: str) -> None:
    assert read_country(text) is None


@given(st.text())
def test_any_text_is_a_country_or_none(text: str) -> None:
    country = read_country(text)
    assert country is None or read_country(country.name) == country
