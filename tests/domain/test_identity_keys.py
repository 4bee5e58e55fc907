"""The match keys of a whole record."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.fields import BY_NAME
from contacts.domain.identity import Address, Keys, match_keys

NOTHING = Keys(None, "", "", "", "", "")


def test_a_full_record_has_every_key() -> None:
    record = {
        "email": "Ann@acme.co.uk",
        "first_name": "Ann",
        "last_name": "O'Neil",
        "company": "Acme, Ltd.",
        "company_domain": "https://www.acme.co.uk/",
        "phone": "020 7946 0958",
        "country": "UK",
    }
    assert match_keys(record, region="US") == Keys(
        Address("Ann@acme.co.uk", "ann@acme.co.uk", "acme.co.uk"),
        "ann|oneil|acme.co.uk",
        "+442079460958",
        "acmeltd",
        "acme.co.uk",
        "website",
    )


def test_a_free_mail_address_tells_no_company() -> None:
    keys = match_keys({"email": "ann@gmail.com", "first_name": "Ann", "last_name": "Lee"})
    assert (keys.domain, keys.person) == ("", "")


def test_the_sources_region_is_used_where_the_record_names_no_country() -> None:
    assert match_keys({"phone": "(415) 555-0171"}, region="US").phone == "+14155550171"
    assert match_keys({"phone": "(415) 555-0171"}).phone == ""


@pytest.mark.parametrize("blank", ["", " ", "N/A", "-", "(blank)", "?", "\x00"])
def test_a_record_of_blanks_has_no_key_so_it_matches_nothing(blank: str) -> None:
    assert match_keys(dict.fromkeys(BY_NAME, blank), region="US") == NOTHING


def test_an_address_typed_to_get_past_a_form_is_no_key() -> None:
    assert match_keys({"email": "none@none.com", "first_name": "Ann", "last_name": "Lee"}) == NOTHING


@given(st.dictionaries(st.sampled_from(sorted(BY_NAME)), st.text()))
def test_any_record_has_keys(values: dict[str, str]) -> None:
    assert isinstance(match_keys(values, "US"), Keys)
