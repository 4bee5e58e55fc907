"""Phone numbers in one form: E.164 (ITU), by libphonenumber's metadata.

Any possible number is taken, not only one that is in service: the numbering plans change faster than exports.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, NumberParseException, PhoneMetadata, ValidationResult

from contacts.domain.blanks import trim

_LONGEST_TEXT = 250  # libphonenumber's own limit


class NotAPhone(ValueError):
    """The text is no phone number that could be dialled; ``str(e)`` is a short reason in words."""


NO_COUNTRY = "it has no country code, and neither the record nor its source names a region"
# libphonenumber's two lists of codes are plain numbers that overlap, so each has its table.
_UNREADABLE = {
    NumberParseException.INVALID_COUNTRY_CODE: "its country code does not exist",
    NumberParseException.NOT_A_NUMBER: "it is no phone number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "it has too few digits",
    NumberParseException.TOO_SHORT_NSN: "it has too few digits",
    NumberParseException.TOO_LONG: "it has too many digits",
}
_IMPOSSIBLE = {
    ValidationResult.TOO_SHORT: "it has too few digits",
    ValidationResult.TOO_LONG: "it has too many digits",
    ValidationResult.INVALID_LENGTH: "no number of that country has so many digits",
    ValidationResult.INVALID_COUNTRY_CODE: "its country code does not exist",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "it has no area code",
}

_DECORATION = str.maketrans("", "", " -()./\u00a0\u2010\u2011\u2012\u2013")
_SCIENTIFIC = re.compile(r"(\d)[.,](\d+)[eE]\+?(\d{1,2})", re.ASCII)
_WHOLE_FLOAT = re.compile(r"(\d{5,})[.,]0+", re.ASCII)
# Words after the digits: libphonenumber would read them as the letters of a keypad.
_WORD_AFTER_DIGITS = re.compile(r"\d[^A-Za-z]*([A-Za-z]{3,})")
_EXTENSION_WORDS = frozenset({"ext", "extn", "extension", "int", "xtn", "anexo", "phone"})
_KEYPAD_COUNTRY = 1  # only the North American plan spells numbers as words: 1-800-FLOWERS


def read_phone(text: str, region: str) -> str:
    """The number in E.164, its extension dropped; raise NotAPhone.

    ``region`` (ISO 3166-1 alpha-2) is where a number without a country code is from; "" means nobody knows,
    and then such a number is refused, never guessed. A number without its area code is refused too: it is
    another phone in every town.
    """
    text = trim(text)
    digits = text.translate(_DECORATION) if len(text) < 40 else ""
    if digits[:1] == "+":
        number = _plain_international(digits)
    else:
        number = _plain_national(digits, region) if region and digits.isascii() and digits.isdigit() else ""
    return number or _read_thoroughly(text, region)


@lru_cache(maxsize=16_384)
def _read_thoroughly(text: str, region: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise NotAPhone("it is too long")
    text = _without_spreadsheet_marks(text)
    region = region.upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        region = ""
    if not region:
        text = _international(text)
    _refuse_words(text, region)
    try:
        parsed = phonenumbers.parse(text, region or None)
    except NumberParseException as error:
        raise NotAPhone(_UNREADABLE[error.error_type]) from None
    verdict = phonenumbers.is_possible_number_with_reason(parsed)
    if verdict != ValidationResult.IS_POSSIBLE:
        raise NotAPhone(_IMPOSSIBLE[verdict])
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _without_spreadsheet_marks(text: str) -> str:
    """Undo what Excel does to numbers: an apostrophe before, ".0" behind, 4.155552671E9."""
    text = trim(text.lstrip("'’`\"="))
    whole = _WHOLE_FLOAT.fullmatch(text)
    if whole:
        return whole[1]
    scientific = _SCIENTIFIC.fullmatch(text)
    if not scientific:
        return text
    if len(scientific[2]) != int(scientific[3]):
        # 4.15555E+09 has lost its last digits, and 4.15555267E9 may have: zeros at the end are not written.
        raise NotAPhone("a spreadsheet has cut off its last digits")
    return scientific[1] + scientific[2]


def _international(text: str) -> str:
    """A number that nobody has named a region for: it needs its + or 00 (ITU-T E.123)."""
    start = text.removeprefix("(").lstrip()
    if start.startswith("00"):
        return "+" + start[2:]
    if "+" not in text and "＋" not in text:
        raise NotAPhone(NO_COUNTRY if any(map(str.isdigit, text)) else "it is no phone number")
    return text


def _refuse_words(text: str, region: str) -> None:
    if text.isascii() and not text.isprintable():
        raise NotAPhone("it has a control character in it")
    word = _WORD_AFTER_DIGITS.search(text)
    if word and word[1].lower() not in _EXTENSION_WORDS and _country_code(region) != _KEYPAD_COUNTRY:
        raise NotAPhone("it has words in it")


def _country_code(region: str) -> int:
    return phonenumbers.country_code_for_region(region) if region else 0


class _Plan(NamedTuple):
    """What the short ways need of one region's numbering plan."""

    code: str
    lengths: frozenset[int]  # of a national number, as the code's main region has them
    own_lengths: frozenset[int]  # ... and as this region has them
    prefix: re.Pattern[str] | None  # what may stand before a national number and is not part of it
    abroad: re.Pattern[str] | None  # what is dialled before a country code
    number: re.Pattern[str]
    zero_only: bool  # the prefix is just "0"


@lru_cache(maxsize=1024)
def _plan(region: str, code: int) -> _Plan:
    own = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    main = PhoneMetadata.metadata_for_region_or_calling_code(code, COUNTRY_CODE_TO_REGION_CODE[code][0])
    # Every code of the table has them.
    assert own and main and own.general_desc and main.general_desc  # noqa: PT018
    prefix = own.national_prefix_for_parsing
    return _Plan(
        code=f"+{code}",
        lengths=frozenset(main.general_desc.possible_length),
        own_lengths=frozenset(own.general_desc.possible_length),
        prefix=re.compile(prefix) if prefix else None,
        abroad=re.compile(own.international_prefix) if own.international_prefix else None,
        number=re.compile(own.general_desc.national_number_pattern or r"(?!)"),
        zero_only=prefix == "0" and not own.national_prefix_transform_rule,
    )


def _plain_international(digits: str) -> str:
    """A short way for "+49 30 901820"; "" where libphonenumber has to say."""
    rest = digits[1:]
    if not (rest.isascii() and rest.isdigit()):
        return ""
    for width in (1, 2, 3):
        code = int(rest[:width] or 0)
        if rest[0] != "0" and code in COUNTRY_CODE_TO_REGION_CODE:
            plan = _plan(COUNTRY_CODE_TO_REGION_CODE[code][0], code)
            national = rest[width:]
            plain = len(national) in plan.lengths and not (plan.prefix and plan.prefix.match(national))
            return digits if plain else ""
    return ""


def _plain_national(digits: str, region: str) -> str:
    """A short way for "(415) 555-0171" in the US and "030 901820" in Germany; "" where in doubt."""
    code = phonenumbers.country_code_for_region(region)
    if not code:
        return ""
    plan = _plan(region, code)
    if digits.startswith(plan.code[1:]) or (plan.abroad and plan.abroad.match(digits)):
        return ""
    national = digits
    if plan.prefix and plan.prefix.match(digits):
        national = digits[1:]
        if not plan.zero_only or (plan.number.fullmatch(digits) and not plan.number.fullmatch(national)):
            return ""
    possible = len(national) in plan.lengths and len(national) in plan.own_lengths
    return plan.code + national if possible else ""
