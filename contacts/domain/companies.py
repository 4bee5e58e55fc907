"""Companies: their name for comparing, and the domain that stands for them.

Which part of a host belongs to one registrant is the Public Suffix List's word (publicsuffix.org), its
private section included: acme.github.io is Acme's. Domains that many share are no company's (data/README.md).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import idna
from disposable_email_domains import blocklist
from publicsuffixlist import PublicSuffixList

from contacts.domain.addresses import UNREACHABLE
from contacts.domain.blanks import trim
from contacts.domain.names import fold

_DATA = Path(__file__).parent / "data"
_LONGEST_LINK = 2048
_LONGEST_HOST = 253
#: Folding can make a text longer (ß, ligatures); the key's column is as wide.
LONGEST_KEY = 250


class Domain(NamedTuple):
    """A company's domain, and how it is known: "given", by a "website", or by an "address"."""

    name: str
    how: str


def company_key(company: str) -> str:
    """The company's name for comparing; "" if there is none."""
    return fold(company)[:LONGEST_KEY]


def registrable(host: str) -> str:
    """The part of a host, link or address that somebody registered: "acme.co.uk"; "" if there is none.

    None have bare public suffixes (co.uk, github.io), IP addresses, local names and junk. A top-level name
    that the list does not know is taken (".example").
    """
    return _registrable(_host(host))


def is_shared_host(domain: str) -> bool:
    """Whether many unrelated people or firms use the domain: free mail, disposable mail, social pages."""
    return _is_shared(domain.lower().strip(".")) if len(domain) <= _LONGEST_HOST else False


def company_domain(given: str, address_domain: str) -> Domain | None:
    """The given domain or website if it tells a company, else the address's, else None."""
    name = _own_domain(_host(given)) if given else ""
    if name:
        is_link = "/" in given or trim(given)[:4].lower() == "www."
        return Domain(name, "website" if is_link else "given")
    name = _own_domain(address_domain) if 0 < len(address_domain) <= _LONGEST_HOST else ""
    return Domain(name, "address") if name else None


_BEFORE_HOST = re.compile(r"(?:(?:[a-z][a-z0-9+.-]*:)?//|mailto:)")
_AFTER_HOST = re.compile(r"[/?#\\]")
_PORT = re.compile(r":\d*$")
_HOST_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_OTHER_DOTS = str.maketrans("。．｡", "...")
# Providers that run one domain a country: yahoo.co.uk, hotmail.fr, gmx.at.
_FAMILIES = frozenset(
    """
    gmail googlemail yahoo ymail rocketmail hotmail windowslive gmx yandex protonmail aol
    """.split()
)


def _host(text: str) -> str:
    """The host of a link, an address or a bare host, in lower case; "" if it is too long for one."""
    text = trim(text)
    if len(text) > _LONGEST_LINK:
        return ""
    text = _BEFORE_HOST.sub("", text.lower(), count=1)
    if not text.isalnum():
        text = _AFTER_HOST.split(text, maxsplit=1)[0].rpartition("@")[2]
        text = _PORT.sub("", text).translate(_OTHER_DOTS).removesuffix(".")
    return text if len(text) <= _LONGEST_HOST else ""


@lru_cache(maxsize=32_768)
def _registrable(host: str) -> str:
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except UnicodeError:  # idna.IDNAError is one
            return ""
    if not _HOST_NAME.fullmatch(host) or host.endswith(UNREACHABLE):
        return ""
    return _suffixes().privatesuffix(host) or ""


@lru_cache(maxsize=32_768)
def _own_domain(host: str) -> str:
    # The whole host is asked, as docs.google.com is shared and google.com is a company's.
    name = _registrable(host)
    return "" if not name or _is_shared(host) or _is_shared(name) else name


@lru_cache(maxsize=32_768)
def _is_shared(domain: str) -> bool:
    """The domain itself or one above it is listed: a.mailinator.com is Mailinator's."""
    labels = domain.split(".")
    above = (".".join(labels[start:]) for start in range(len(labels) - 1))
    return any(name in _shared_domains() for name in above) or (_registrable(domain).partition(".")[0] in _FAMILIES)


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=True, only_icann=False)


@cache
def _shared_domains() -> frozenset[str]:
    """Every listed domain. Public suffixes among them (net.ua) are left out: they are nobody's own."""
    listed = set(blocklist)
    for name in ("free_mail.txt", "shared_hosts.txt"):
        lines = (_DATA / name).read_text("utf-8").splitlines()
        listed.update(line for line in lines if line and not line.startswith("#"))
    return frozenset(name for name in listed if not _suffixes().is_public(name))
