"""E-mail addresses: what is shown, what is compared, and which are none at all.

Syntax is email-validator's (RFC 5321, 5322, 6531; domains by UTS #46 and IDNA 2008). No look-ups on the net.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from contacts.domain.blanks import trim

#: Longest text worth reading: 64 before the @, 255 after it (RFC 5321 4.5.3.1).
LONGEST_TEXT = 320
_LONGEST_LINK = 2048
_LONGEST_ADDRESS = 254
_LONGEST_LABEL = 63


class Address(NamedTuple):
    """``shown`` as typed, ``key`` as compared and stored unique, ``domain`` in ASCII."""

    shown: str
    key: str
    domain: str


class NotAnAddress(ValueError):
    """The text is no e-mail address; ``str(e)`` is a short reason in words."""


# The plain addresses that nearly all records have: a narrow part of what email-validator takes.
# Two hyphens in a row are left out, so no punycode passes here unchecked.
_PLAIN = re.compile(r"([A-Za-z0-9_+'-]+(?:\.[A-Za-z0-9_+'-]+)*)@((?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+[A-Za-z]{2,63})")
#: Top-level names that nobody can mail to or look up from outside (IANA). ".test" is left usable for pilots.
UNREACHABLE = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES if name != "test")


def read_address(text: str) -> Address:
    """Read one address, bare or as ``mailto:``, ``<a@b>`` or ``Name <a@b>``; raise NotAnAddress.

    The key ignores case and nothing else. It is lower-cased, never case-folded: folding would make one
    mailbox of two (ß and ss, ı and i; CVE-2019-19844). Plus tags are kept: they are different mailboxes.
    """
    text = trim(text)
    match = _PLAIN.fullmatch(text) if len(text) <= _LONGEST_ADDRESS else None
    if match is not None:
        domain = _plain_domain(match[2])
        if domain:
            return Address(text, f"{match[1].lower()}@{domain}", domain)
    return _read_thoroughly(_unwrapped(text))


def is_stand_in(key: str) -> bool:
    """Whether the address was only typed to get past a form (``none@none.com``): nobody's mailbox."""
    local, _, domain = key.rpartition("@")
    name, _, suffix = domain.partition(".")
    if _bare(local) in _NO_MAIL or _bare(name) in _NO_MAIL:
        return True
    return name in _NOTHING and local in _NOTHING and _ONE_SUFFIX.fullmatch(suffix) is not None


_NO_MAIL = frozenset(
    """
    noemail nomail noemailaddress noaddress noemailprovided noemailgiven noemailavailable
    donthaveemail donotemail emailnotprovided emailunknown unknownemail fakeemail
    """.split()
)
_NOTHING = frozenset(
    """
    none na n-a no nil null nobody noone nothing unknown undefined test testtest x xx xxx xxxx a aa
    aaa abc asd asdf asdfasdf qwerty 123 1234 12345 fake dummy nowhere
    """.split()
)
# "none.com", "none.co.uk", but not "test.acme.com". The reserved .test and .example are written on purpose.
_ONE_SUFFIX = re.compile(r"(?!test$|example$)(?:(?:co|com|net|org)\.)?[a-z]{2,}")
_SEPARATORS = str.maketrans("", "", "._-")


def _bare(word: str) -> str:
    return word.translate(_SEPARATORS)


@lru_cache(maxsize=32_768)
def _plain_domain(domain: str) -> str:
    """The plain domain in lower case; "" where email-validator has to say."""
    domain = domain.lower()
    if domain.endswith(UNREACHABLE) or max(map(len, domain.split("."))) > _LONGEST_LABEL:
        return ""
    return domain


def _unwrapped(text: str) -> str:
    """The address out of ``mailto:a@b?subject=x`` (RFC 6068) or ``Name <a@b>`` (RFC 5322)."""
    if text.endswith(">"):
        if text.count("<") > 1:
            raise NotAnAddress("it holds more than one address")
        text = trim(text[text.find("<") + 1 : -1])
    if len(text) <= _LONGEST_LINK and text[:7].lower() == "mailto:":
        text = trim(unquote(text[7:].partition("?")[0]))
    if len(text) > LONGEST_TEXT:
        raise NotAnAddress(f"it is longer than {LONGEST_TEXT} characters")
    return text


def _read_thoroughly(text: str) -> Address:
    shown = unicodedata.normalize("NFC", text)
    for dot in ".。．｡":
        shown = shown.removesuffix(dot)
    _refuse_the_obvious(text)
    try:
        result = validate_email(shown, check_deliverability=False, test_environment=True, allow_smtputf8=True)
    except EmailNotValidError as error:
        raise NotAnAddress(_in_our_words(str(error))) from None
    return Address(shown, f"{_compared(result.local_part)}@{result.ascii_domain}", result.ascii_domain)


def _compared(local: str) -> str:
    # Lower-casing can split a composed letter, and writes a final sigma by its place in the word.
    return unicodedata.normalize("NFC", local.lower()).replace("ς", "σ")


def _refuse_the_obvious(text: str) -> None:
    """Say the common mistakes in plain words, before email-validator says them in its own."""
    local, at, domain = text.partition("@")
    if not text:
        raise NotAnAddress("it is empty")
    if not at:
        raise NotAnAddress("it has no @ sign")
    if "@" in domain:
        raise NotAnAddress("it has two @ signs" if domain.count("@") == 1 else "it has several @ signs")
    if not local or not domain:
        raise NotAnAddress(f"there is nothing {'after' if local else 'before'} the @ sign")
    if any(character.isspace() for character in text):
        raise NotAnAddress("it has a space in it")
    # The Kelvin sign, the Greek question mark and the like become ASCII in normal form C: two mailboxes
    # would be one. Nobody types them, so they are refused rather than guessed.
    for character in local:
        plain = unicodedata.normalize("NFC", character)
        if plain.isascii() and not character.isascii():
            name = unicodedata.name(character).lower()
            raise NotAnAddress(f'it has the character "{name}", which only looks like {plain}')


def _in_our_words(message: str) -> str:
    message = message.replace("An email address", "it").replace("The email address", "it").rstrip(".")
    return message[:1].lower() + message[1:]
