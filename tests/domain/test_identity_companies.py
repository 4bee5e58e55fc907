"""Companies: which domain tells one, and which are no company's."""

from __future__ import annotations

import json
import re
from pathlib import Path

import publicsuffixlist
import pytest
from disposable_email_domains import blocklist
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain import companies
from contacts.domain.identity import Domain, company_domain, company_key, is_shared_host, registrable
from tests.patience import comes_to_an_end

_DATA = Path(companies.__file__).parent / "data"
_FREE_MAIL = [line for line in (_DATA / "free_mail.txt").read_text("utf-8").splitlines() if line[0] != "#"]
_VECTORS = re.findall(
    r"^checkPublicSuffix\((.+), (.+)\);",
    (Path(publicsuffixlist.__file__).parent / "test_psl.txt").read_text("utf-8"),
    re.MULTILINE,
)


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("acme.com", "acme.com"),
        ("ACME.com.", "acme.com"),
        ("https://www.Acme.co.uk:8080/about?x", "acme.co.uk"),
        ("//acme.com", "acme.com"),
        ("info@acme.com", "acme.com"),
        ("mailto:info@acme.com", "acme.com"),
        ("http://user:word@shop.acme.com/#top", "acme.com"),
        ("acme.com/a@b", "acme.com"),
        ("acme.com?x=1", "acme.com"),
        (" acme.com\u200b", "acme.com"),
        ("acme.com:443", "acme.com"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("XN--MNCHEN-3YA.de", "xn--mnchen-3ya.de"),
        ("食狮。公司.cn", "xn--85x722f.xn--55qx5d.cn"),
        ("pilot.example", "pilot.example"),
        ("pilot.test", "pilot.test"),
        ("acme.github.io", "acme.github.io"),
        ("city.kawasaki.jp", "city.kawasaki.jp"),
        ("co.uk", ""),
        ("github.io", ""),
        ("com", ""),
        ("127.0.0.1", ""),
        ("http://[::1]/", ""),
        ("localhost", ""),
        ("printer.local", ""),
        ("n/a", ""),
        ("-", ""),
        ("", ""),
        ("Acme Inc.", ""),
        ("acme..com", ""),
        ("-acme.com", ""),
        (".com", ""),
    ],
)
def test_the_registrable_part_of_a_host_link_or_address(text: str, domain: str) -> None:
    assert registrable(text) == domain
    assert registrable(domain) == domain


@pytest.mark.parametrize(("host", "expected"), _VECTORS)
def test_the_public_suffix_lists_own_vectors_hold(host: str, expected: str) -> None:
    host, expected = (json.loads(part.replace("'", '"')) or "" for part in (host, expected))
    if expected and not expected.isascii():
        expected = expected.encode("idna").decode("ascii")
    assert registrable(host) == expected


@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "outlook.de",
        "outlook.com.br",
        "hotmail.com",
        "hotmail.fr",
        "hotmail.co.uk",
        "yahoo.com",
        "yahoo.co.uk",
        "yahoo.com.br",
        "yahoo.co.jp",
        "gmx.de",
        "gmx.at",
        "gmx.net",
        "web.de",
        "t-online.de",
        "orange.fr",
        "free.fr",
        "libero.it",
        "qq.com",
        "163.com",
        "proton.me",
        "protonmail.com",
        "pm.me",
        "icloud.com",
        "me.com",
        "mail.ru",
        "yandex.ru",
        "yandex.kz",
        "ya.ru",
        "aol.com",
        "live.com",
        "msn.com",
        "hey.com",
        "tutanota.com",
        "fastmail.com",
        "mailbox.org",
        "mailinator.com",
        "x.mailinator.com",
        "acme.wordpress.com",
        "linkedin.com",
        "facebook.com",
        "instagram.com",
        "x.com",
        "youtube.com",
        "linktr.ee",
        "github.com",
        "docs.google.com",
        "GMAIL.com",
        "gmail.com.",
    ],
)
def test_a_domain_that_many_share_is_no_companys(domain: str) -> None:
    assert is_shared_host(domain)
    assert company_domain("", domain) is None


@pytest.mark.parametrize(
    "domain",
    [
        "acme.com",
        "google.com",
        "microsoft.com",
        "apple.com",
        "salesforce.com",
        "siemens.de",
        "bbc.co.uk",
        "mail-order.com",
        "mygmail-shop.com",
        "yahooligans.example",
        "live.studio",
        "za.com",
        "com",
        "example.com",
        "acme.test",
        "",
    ],
)
def test_a_companys_own_domain_is_not_shared(domain: str) -> None:
    assert not is_shared_host(domain)


def test_no_listed_domain_of_free_or_throw_away_mail_is_a_companys() -> None:
    assert len(_FREE_MAIL) > 14_000
    assert len(blocklist) > 10_000
    assert [name for name in (*_FREE_MAIL, *blocklist) if company_domain("", name) or company_domain(name, "")] == []


@pytest.mark.parametrize(
    ("given_domain", "address_domain", "expected"),
    [
        ("acme.com", "gmail.com", Domain("acme.com", "given")),
        ("acme.com", "other.com", Domain("acme.com", "given")),
        ("https://www.acme.de/kontakt", "", Domain("acme.de", "website")),
        ("www.acme.de", "", Domain("acme.de", "website")),
        ("info@acme.com", "", Domain("acme.com", "given")),
        ("https://linkedin.com/company/acme", "mail.acme.de", Domain("acme.de", "address")),
        ("https://docs.google.com/x", "acme.de", Domain("acme.de", "address")),
        ("n/a", "acme.de", Domain("acme.de", "address")),
        ("", "acme.co.uk", Domain("acme.co.uk", "address")),
        ("gmail.com", "gmail.com", None),
        ("", "", None),
        ("co.uk", "", None),
    ],
)
def test_a_given_domain_goes_before_the_addresss(
    given_domain: str, address_domain: str, expected: Domain | None
) -> None:
    assert company_domain(given_domain, address_domain) == expected


def test_a_companys_name_is_compared_without_case_and_punctuation() -> None:
    assert company_key("Acme, Inc.") == company_key("ACME INC") == "acmeinc"
    assert company_key(" - ") == ""


@given(
    st.text()
    | st.builds("https://{}.{}/{}".format, st.text(), st.text(), st.text())
    | st.text("a.-@/:[]1é。", max_size=20)
)
def test_any_text_has_a_registrable_part_or_none(text: str) -> None:
    name = registrable(text)
    assert registrable(name) == name
    assert name.isascii()
    assert isinstance(is_shared_host(text), bool)
    found = company_domain(text, name)
    assert found is None or found.name == name


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10**6,
        "a." * 500_000,
        "@" * 10**6,
        ":1" * 500_000,
        "é" * 10**6,
        "x" * 2000 + ".com",
        "é." * 120,
        "٠" * 250,
        "xn--" + "a" * 240,
    ],
)
def test_a_million_characters_come_to_an_end(text: str) -> None:
    company_domain("acme.com", "gmail.com")  # the lists are read once
    for work in (registrable, is_shared_host, company_key, lambda t: company_domain(t, t)):
        with comes_to_an_end():
            work(text)
