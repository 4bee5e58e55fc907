"""Phone numbers: one form for each, the short ways agree with libphonenumber, nothing is guessed."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType, ValidationResult

from contacts.domain.identity import NotAPhone, read_phone
from tests.patience import comes_to_an_end


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("(415) 555-0171", "US", "+14155550171"),
        ("1-415-555-0171", "US", "+14155550171"),
        ("030 901820-11", "DE", "+493090182011"),
        ("(0)30 901820", "DE", "+4930901820"),
        ("06 698 12345", "IT", "+390669812345"),
        ("011 49 30 901820", "US", "+4930901820"),
        ("0049 30 901820", "DE", "+4930901820"),
        ("+353 1 555 0199", "", "+35315550199"),
        ("+353 1 555 0199", "US", "+35315550199"),
        ("+49 (0)30 901820", "", "+4930901820"),
        ("0049 30 901820", "", "+4930901820"),
        ("(+44) 20 7946 0958", "", "+442079460958"),
        ("tel:+1-415-555-2671", "", "+14155552671"),
        ("Tel. +1 415 555 2671", "", "+14155552671"),
        ("+1 415 555 2671 x 12", "", "+14155552671"),
        ("415-555-2671 ext. 5", "US", "+14155552671"),
        ("+49 30 901820;ext=5", "", "+4930901820"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("4155552671.0", "US", "+14155552671"),
        ("4.155552671E9", "US", "+14155552671"),
        ("4,155552671E+09", "US", "+14155552671"),
        ("'+49 30 901820", "", "+4930901820"),
        ('="+4930901820"', "", "+4930901820"),
        ("＋４９ ３０ ９０１８２０", "", "+4930901820"),
        ("٠٣٠ ٩٠١٨٢٠", "DE", "+4930901820"),
        ("\u200b+49\u00a030\u00a0901820\u200e", "", "+4930901820"),
        ("020 7946 0958", "gb", "+442079460958"),
        ("030 901820", "XX", None),
    ],
)
def test_a_number_has_one_form_however_it_is_written(text: str, region: str, number: str | None) -> None:
    if number is None:
        with pytest.raises(NotAPhone, match="no country code"):
            read_phone(text, region)
    else:
        assert read_phone(text, region) == number


@pytest.mark.parametrize(
    ("text", "region", "reason"),
    [
        ("(415) 555-0171", "", "no country code, and neither the record nor its source names a region"),
        ("555-0171", "US", "no area code"),
        ("+1 555 0171", "", "no area code"),
        ("+999 1234567", "", "country code does not exist"),
        ("12", "US", "too few digits"),
        ("+49 1", "", "too few digits"),
        ("+49 123456789012345678", "", "too many digits"),
        ("4.15555E+09", "US", "spreadsheet"),
        ("030 123456 Buero", "DE", "words"),
        ("030 901820 / 030 901821", "DE", "too many digits"),
        ("call me", "US", "no phone number"),
        ("", "US", "no phone number"),
        ("", "", "no phone number"),
        ("030\x00901820", "DE", "control character"),
        ("1" * 300, "US", "too long"),
    ],
)
def test_what_is_no_number_is_refused_with_a_reason(text: str, region: str, reason: str) -> None:
    with pytest.raises(NotAPhone, match=reason):
        read_phone(text, region)


_REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
_TYPES = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.TOLL_FREE, PhoneNumberType.VOIP)
_EXAMPLES = [
    (region, number)
    for region in _REGIONS
    for number in (phonenumbers.example_number_for_type(region, kind) for kind in _TYPES)
    if number is not None
]


def test_every_regions_example_numbers_are_read_in_every_format() -> None:
    for region, number in _EXAMPLES:
        e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        for style in (PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164, PhoneNumberFormat.RFC3966):
            text = phonenumbers.format_number(number, style)
            assert read_phone(text, "") == read_phone(text, region) == e164, (region, text)
        national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        assert read_phone(national, region) == e164, (region, national)
        with pytest.raises(NotAPhone):
            read_phone(national, "")


def _by_the_library(text: str, region: str) -> str:
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return ""
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _by_us(text: str, region: str) -> str:
    try:
        return read_phone(text, region)
    except NotAPhone:
        return ""


_digits = st.text("0123456789", min_size=3, max_size=16)


@given(_digits, st.sampled_from(_REGIONS))
def test_the_short_way_for_national_numbers_agrees_with_the_library(digits: str, region: str) -> None:
    assert _by_us(digits, region) == _by_the_library(digits, region)


@given(_digits, st.sampled_from(["", "US", "DE", "AR", "GG"]))
def test_the_short_way_for_international_numbers_agrees_with_the_library(digits: str, region: str) -> None:
    assert _by_us(f"+{digits}", region) == _by_the_library(f"+{digits}", region)


@given(st.sampled_from(_EXAMPLES), st.text("0123456789", max_size=3), st.integers(0, 3))
def test_numbers_close_to_real_ones_agree_with_the_library(
    example: tuple[str, phonenumbers.PhoneNumber], before: str, cut: int
) -> None:
    region, number = example
    national = phonenumbers.national_significant_number(number)
    for text in (before + national[cut:], f"+{number.country_code}{before}{national[cut:]}"):
        assert _by_us(text, region) == _by_the_library(text, region)


@given(st.text(), st.sampled_from(["", "US", "DE", "nonsense"]))
def test_any_text_is_a_number_or_refused(text: str, region: str) -> None:
    number = _by_us(text, region)
    assert not number or read_phone(number, "") == number


@pytest.mark.parametrize(
    "text", ["1" * 10**6, "+" * 10**6, "1 " * 500_000, "٣" * 10**6, "1x" * 500_000, "1" + "(" * 248]
)
def test_a_million_characters_come_to_an_end(text: str) -> None:
    with comes_to_an_end():
        _by_us(text, "US")
