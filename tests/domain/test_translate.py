"""From outside to the hub's terms: nothing raises, nothing is lost in silence, and every key fits its column."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.domain import rules
from contacts.domain.changes import CustomType, Incoming
from contacts.domain.fields import MAPPABLE
from contacts.domain.identity import company_key, full_person_key, person_key, sort_key
from contacts.domain.matching import waiting_key
from tests.domain import judges

CUSTOM = {
    "interest": CustomType("interest", "Interest", "choice", ("Laser", "5-axis")),
    "sites": CustomType("sites", "Sites", "number"),
    "seen_on": CustomType("seen_on", "Seen on", "date"),
    "likes": CustomType("likes", "Likes", "boolean"),
    "note": CustomType("note", "Note", "text"),
}
POLICY = judges.policy(**CUSTOM)
NAMES = [*MAPPABLE, *CUSTOM]
nasty = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="\x00\x01\u200b\ufeff\u0345\u202e@.+-19eE, \n\tßﷺ", max_size=60),
    st.sampled_from(["1e999999999", "sNaN", "9" * 5000, "ß" * 200, "ﷺ" * 200, "\x00", "=1+1", "0001-01-01"]),
)


def read(**values: str) -> Incoming:
    return judges.incoming(POLICY, **values)


def refused(incoming: Incoming) -> dict[str, str]:
    return {v.field: v.rule for v in incoming.verdicts if v.decision == "refused"}


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.dictionaries(st.sampled_from(NAMES), nasty, max_size=6))
def test_nothing_that_comes_raises_or_makes_a_key_wider_than_its_column(values: dict[str, str]) -> None:
    incoming = read(**values)
    first, last = (incoming.values.get(f, "") for f in ("first_name", "last_name"))
    assert len(person_key(first, last, incoming.domain)) <= 700
    assert len(incoming.person) <= 700
    assert len(incoming.company) <= 250
    assert len(waiting_key(incoming)) <= 720
    for value in incoming.values.values():
        assert not isinstance(value, str) or not any(unicodedata.category(c) == "Cc" for c in value)


@pytest.mark.parametrize("letter", ["ß", "ﷺ", "㍿", "ﬃ"])
def test_letters_that_fold_into_many_still_fit_and_still_match(letter: str) -> None:
    """A column of PostgreSQL refuses what is too long for it; one such name would have stopped a whole file."""
    long = letter * 200
    assert len(full_person_key(long, long, "a" * 250 + ".de")) <= 700
    assert full_person_key(long, long, "a.de") == person_key(long, long, "a.de")
    assert len(company_key(long)) <= 250
    assert len(sort_key(long, long)) <= 120


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.dictionaries(st.sampled_from([n for n in NAMES if n != "email"]), nasty, max_size=5))
def test_a_record_with_an_address_loses_no_value_in_silence(values: dict[str, str]) -> None:
    incoming = read(email="dana@harborworks.com", **values)
    blank = {f for f, v in values.items() if not any(c.isalnum() for c in unicodedata.normalize("NFKC", v))}
    told = {v.field for v in incoming.verdicts} | set(incoming.values)
    told |= {"lifecycle_stage"} if incoming.stage else set()
    told |= {"external_id"} if incoming.external_id else set()
    told |= {"occurred_at"} if incoming.occurred_at else set()
    told |= {"company_domain", "domain", "website"} if incoming.domain or "company_domain" in told else set()
    told |= {"name"} if {"first_name", "last_name"} & told else set()
    assert not incoming.rejected
    lost = {f for f in values if f not in blank and f not in told}
    assert lost <= {f for f in values if is_word_for_nothing(values[f])}


def is_word_for_nothing(text: str) -> bool:
    """Short words such as NaN; the table of them has tests of its own."""
    return len(text.strip()) <= 14


def test_values_that_cannot_be_read_are_refused_with_the_rule() -> None:
    incoming = read(
        email="dana@harborworks.com", phone="12", lead_score="12.5", job_title="x" * 301, occurred_at="someday",
        interest="Gold", sites="few", seen_on="never", likes="maybe", note="x" * 1001, domain="gmail.com",
    )  # fmt: skip
    assert refused(incoming) == {
        "phone": rules.UNREADABLE, "lead_score": rules.UNREADABLE, "job_title": rules.TOO_LONG,
        "occurred_at": rules.UNREADABLE, "interest": rules.UNREADABLE, "sites": rules.UNREADABLE,
        "seen_on": rules.UNREADABLE, "likes": rules.UNREADABLE, "note": rules.UNREADABLE,
        "company_domain": rules.UNREADABLE,
    }  # fmt: skip


def test_custom_values_come_out_as_their_type() -> None:
    incoming = read(email="a@b-works.com", interest="LASER", sites="1 200", seen_on="31.12.2025", likes="Ja", note="so")
    kept = {f: incoming.values[f] for f in CUSTOM}
    assert kept == {"interest": "Laser", "sites": 1200, "seen_on": "2025-12-31", "likes": True, "note": "so"}


@pytest.mark.parametrize(
    ("record", "domain", "how"),
    [
        ({"email": "a@harborworks.com"}, "harborworks.com", "address"),
        ({"email": "a@gmail.com"}, "", ""),
        ({"email": "a@mailinator.com"}, "", ""),
        ({"email": "a@co.uk"}, "", ""),
        ({"email": "a@gmail.com", "domain": "HarborWorks.com"}, "harborworks.com", "given"),
        ({"email": "a@gmail.com", "website": "https://www.harborworks.co.uk/x"}, "harborworks.co.uk", "website"),
        ({"email": "a@harborworks.com", "domain": "gmail.com"}, "harborworks.com", "address"),
    ],
)
def test_the_company_s_domain_is_the_given_one_else_the_address_s(
    record: dict[str, str], domain: str, how: str
) -> None:
    incoming = read(**record)
    assert (incoming.domain, incoming.domain_how) == (domain, how)


@pytest.mark.parametrize(
    ("record", "usable"),
    [
        ({"email": "a@b-works.com"}, True),
        ({"phone": "2025550101"}, True),
        ({"first_name": "Dana", "company": "Harborworks"}, True),
        ({"last_name": "Li", "website": "harborworks.com"}, True),
        ({"name": "Dana Li", "company": "Harborworks"}, True),
        ({"first_name": "Dana", "last_name": "Li"}, False),
        ({"company": "Harborworks"}, False),
        ({"first_name": "Dana", "domain": "gmail.com"}, False),
        ({"phone": "12"}, False),
        ({"email": "", "job_title": "Buyer"}, False),
        ({}, False),
        ({"email": "a at b"}, False),
    ],
)
def test_a_record_that_could_be_nobody_is_rejected(record: dict[str, str], usable: bool) -> None:
    incoming = read(**record)
    assert bool(incoming.rejected) is not usable
    assert bool(incoming.reason) is not usable


def test_a_nul_in_every_field_costs_nothing_but_itself() -> None:
    """G5."""
    clean = {"first_name": "Dana", "last_name": "Li", "company": "Harborworks", "job_title": "Buyer", "note": "so"}
    incoming = read(email="dana@harborworks.com", **{f: f"{v[:2]}\x00{v[2:]}\x00" for f, v in clean.items()})
    assert {f: incoming.values[f] for f in clean} == clean
