"""Addresses: what is read, what is refused and why, and that no two mailboxes become one."""

from __future__ import annotations

import string

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.addresses import _PLAIN, _plain_domain
from contacts.domain.identity import Address, NotAnAddress, is_stand_in, read_address
from tests.patience import comes_to_an_end


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("ann@acme.com", "ann@acme.com"),
        ("  Ann.Lee@ACME.com \n", "ann.lee@acme.com"),
        ("\ufeff\u200bann@acme.com\xa0\u200b", "ann@acme.com"),
        ("mailto:Ann@acme.com?subject=Hi", "ann@acme.com"),
        ("MAILTO:ann%2Bnews@acme.com", "ann+news@acme.com"),
        ("<ann@acme.com>", "ann@acme.com"),
        ("< ann@acme.com >", "ann@acme.com"),
        ("Ann Lee <ann@acme.com>", "ann@acme.com"),
        ('"Lee, Ann" <ann@acme.com>', "ann@acme.com"),
        ("ann@acme.com <Ann@acme.com>", "ann@acme.com"),
        ("ann@acme.com.", "ann@acme.com"),
        ("ann@münchen.example", "ann@xn--mnchen-3ya.example"),
        ("ann@MÜNCHEN.example", "ann@xn--mnchen-3ya.example"),
        ("ann@mu\u0308nchen.example", "ann@xn--mnchen-3ya.example"),
        ("ann@XN--MNCHEN-3YA.example", "ann@xn--mnchen-3ya.example"),
        ("ann@acme。jp", "ann@acme.jp"),
        ("JOSÉ@acme.com", "josé@acme.com"),
        ("jose\u0301@acme.com", "josé@acme.com"),
        ("ΟΔΟΣ@acme.gr", "οδοσ@acme.gr"),
        ("οδος@acme.gr", "οδοσ@acme.gr"),
        ("李@例子.中国", "李@xn--fsqu00a.xn--fiqs8s"),
        ("o'neil@acme.com", "o'neil@acme.com"),
        ("a!#$%&*/=?^`{|}~b@acme.com", "a!#$%&*/=?^`{|}~b@acme.com"),
        ("ann@pilot.test", "ann@pilot.test"),
    ],
)
def test_an_address_has_one_key_however_it_is_typed(typed: str, key: str) -> None:
    assert read_address(typed).key == key
    assert read_address(key).key == key


def test_an_address_is_shown_as_typed_with_its_domain_in_ascii() -> None:
    assert read_address(" Ann@München.example ") == Address(
        "Ann@München.example", "ann@xn--mnchen-3ya.example", "xn--mnchen-3ya.example"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("   ", "it is empty"),
        ("ann", "no @ sign"),
        ("ann@lee@acme.com", "two @ signs"),
        ("a@b.com, c@d.com", "two @ signs"),
        ("Ann <a@b.com>, Bob <c@d.com>", "more than one address"),
        ("@acme.com", "nothing before the @ sign"),
        ("ann@", "nothing after the @ sign"),
        ("ann lee@acme.com", "a space in it"),
        ("ann@acme", "period"),
        ("ann..lee@acme.com", "two periods"),
        ("ann@acme..com", "two periods"),
        ("ann@-acme.com", "hyphen"),
        ("ann@localhost", "period"),
        ("ann@printer.local", "special-use"),
        ("ann@[127.0.0.1]", "IP address"),
        ('"ann"@acme.com', "quoting"),
        ("ann\x00lee@acme.com", "invalid characters"),
        ("ann\u200blee@acme.com", "unsafe characters"),
        ("ann@acme.c0m1", "top-level domain"),
        ("\u212aim@acme.com", "kelvin sign"),
        ("ann\u037elee@acme.com", "greek question mark"),
        ("a" * 321 + "@acme.com", "longer than 320"),
        ("a" * 300 + "@acme.com", "too long"),
        ("ann@" + "a" * 64 + ".com", "too many"),
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(NotAnAddress, match=reason):
        read_address(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("straße@acme.com", "strasse@acme.com"),
        ("mıke@acme.com", "mike@acme.com"),
        ("ann+news@acme.com", "ann@acme.com"),
        ("a.nn@gmail.com", "ann@gmail.com"),
        ("josé@acme.com", "jose@acme.com"),
        ("аnn@acme.com", "ann@acme.com"),  # a Cyrillic а
        ("ﬁona@acme.com", "fiona@acme.com"),
        ("ſam@acme.com", "sam@acme.com"),
        ("ann@faß.example", "ann@fass.example"),
        ("ann@mail.acme.com", "ann@acme.com"),
    ],
)
def test_two_mailboxes_that_look_alike_stay_two(one: str, other: str) -> None:
    assert read_address(one).key != read_address(other).key


@pytest.mark.parametrize(
    "key",
    [
        "none@none.com",
        "na@na.com",
        "no@no.com",
        "test@test.com",
        "unknown@unknown.com",
        "x@x.com",
        "noemail@acme.com",
        "no-email@acme.com",
        "no.email@gmail.com",
        "ann@noemail.com",
        "noreply@noemail.com",
        "na@none.co.uk",
        "asdf@asdf.org",
        "none@na.net",
    ],
)
def test_an_address_typed_to_get_past_a_form_is_a_stand_in(key: str) -> None:
    assert is_stand_in(read_address(key).key)


@pytest.mark.parametrize(
    "key",
    [
        "ann@acme.com",
        "test@acme.com",
        "test@test.acme.com",
        "ann@none.com",
        "no@acme.no",
        "none@acme.com",
        "x@x.test",
        "a@a.example",
        "nomura@nomura.com",
        "info@test.com",
        "",
    ],
)
def test_an_address_that_could_be_somebodys_is_no_stand_in(key: str) -> None:
    assert not is_stand_in(key)


_local = st.text(string.ascii_letters + string.digits + ".+-_'%", min_size=1, max_size=70)
_label = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=66)
_top = st.sampled_from(["com", "de", "test", "local", "onion", "arpa", "invalid", "co.uk", "x1", "c", "example"])


@given(_local, st.lists(_label, min_size=1, max_size=4), _top)
def test_where_the_short_way_accepts_the_library_agrees(local: str, labels: list[str], top: str) -> None:
    text = f"{local}@{'.'.join(labels)}.{top}"
    match = _PLAIN.fullmatch(text)
    if not match or not _plain_domain(match[2]) or len(text) > 254:
        return
    result = validate_email(text, check_deliverability=False, test_environment=True)
    assert read_address(text).key == f"{result.local_part.lower()}@{result.ascii_domain}"


@given(_local, st.lists(_label, min_size=1, max_size=4), _top)
def test_what_the_library_refuses_is_refused(local: str, labels: list[str], top: str) -> None:
    text = f"{local}@{'.'.join(labels)}.{top}"
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        with pytest.raises(NotAnAddress):
            read_address(text)


@given(st.text() | st.emails() | st.builds("{}@{}.com".format, st.text(min_size=1), st.text(min_size=1)))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        address = read_address(text)
    except NotAnAddress:
        return
    assert read_address(address.key).key == address.key
    assert read_address(address.shown).key == address.key
    assert address.domain.isascii()
    assert isinstance(is_stand_in(address.key), bool)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10**6,
        "a." * 500_000,
        "@" * 10**6,
        "mailto:" + "%41" * 333_000,
        "<" * 10**6 + ">",
        "é\u0301" * 500_000,
        " " * 10**6 + "a@b.com",
        "a@" + "b-" * 500_000,
        "x <" + "a" * 10**6 + ">",
    ],
)
def test_a_million_characters_come_to_an_end(text: str) -> None:
    with comes_to_an_end():
        try:
            read_address(text)
        except NotAnAddress:
            pass
