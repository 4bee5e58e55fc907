"""What stands for an address: a withdrawal is undone by nothing but the person, directly, later, with proof."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain import consent
from contacts.domain.consent import (
    AGREED,
    ALL,
    BOUNCED,
    CLEANED,
    COMPLAINED,
    EMAIL,
    ERASED,
    FILE,
    FORM,
    GRANTED,
    LINK,
    NEWS,
    NOTHING,
    PROVED,
    STAFF,
    SYNC,
    UNPROVEN,
    WITHDRAWN,
    Entry,
    Standing,
    said_no,
    standing,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def granted(on: int | None = 1, *, method: str = FORM, proof: int = PROVED, seen: int | None = None) -> Entry:
    recorded = day(seen if seen is not None else on or 0)
    return Entry(GRANTED, EMAIL, NEWS, method, proof, None if on is None else day(on), recorded)


def stopped(on: int | None = 2, act: str = WITHDRAWN, *, purpose: str = ALL, seen: int | None = None) -> Entry:
    recorded = day(seen if seen is not None else on or 0)
    return Entry(act, EMAIL, purpose, SYNC, 0, None if on is None else day(on), recorded)


FILED = granted(3, method=FILE)
FLAG = granted(3, proof=consent.WHO | consent.SOURCE, method=SYNC)


@pytest.mark.parametrize(
    ("entries", "word"),
    [
        ([], NOTHING),
        ([granted()], AGREED),
        ([granted(), granted()], AGREED),
        ([FLAG], UNPROVEN),
        ([FLAG, granted()], AGREED),
        ([FILED], AGREED),
        ([stopped()], WITHDRAWN),
        ([granted(1), stopped(2)], WITHDRAWN),
        ([stopped(1), granted(2)], AGREED),
        ([stopped(1), granted(1)], WITHDRAWN),  # of the same moment: the safer reading
        ([stopped(2), granted(3, proof=PROVED & ~consent.WORDS)], WITHDRAWN),
        ([stopped(2), FILED], WITHDRAWN),
        ([stopped(2), FLAG], WITHDRAWN),
        ([stopped(2), granted(3, method=STAFF)], WITHDRAWN),
        ([stopped(2, seen=9)._replace(method=LINK), granted(3)], AGREED),  # told late, it is still older
        ([stopped(2, seen=9), granted(3)], WITHDRAWN),  # a relayed no counts from when it was heard
        ([stopped(None, seen=9), granted(3)], WITHDRAWN),  # without a time it is as new as its arrival
        ([granted(900, seen=1), stopped(2)], WITHDRAWN),  # a claim about the future is no newer than its arrival
        ([granted(), stopped(2, BOUNCED)], BOUNCED),
        ([granted(), stopped(2, CLEANED)], CLEANED),
        ([stopped(1, BOUNCED), granted(2)], AGREED),
        ([stopped(1, COMPLAINED), granted(2)], COMPLAINED),
        ([stopped(1, ERASED), granted(2)], ERASED),
        ([granted(), stopped(2, purpose="events")], AGREED),
        ([granted(), stopped(2, purpose=NEWS)], WITHDRAWN),
        ([granted()._replace(purpose="events")], NOTHING),
        ([granted()._replace(purpose=ALL)], NOTHING),
        ([granted()._replace(channel="phone"), stopped()._replace(channel="phone")], NOTHING),
        ([granted(), stopped()._replace(channel=ALL)], WITHDRAWN),
    ],
)
def test_what_stands_is_the_same_in_any_order(entries: list[Entry], word: str) -> None:
    for order in permutations(entries):
        assert standing(order).word == word
        assert standing([*order, *order]).word == word
        assert standing(order).mailable == (word == AGREED)


def test_reasons_not_to_mail_are_kept_apart() -> None:
    found = standing([granted(), stopped(2), stopped(2, BOUNCED), stopped(2, COMPLAINED)])
    assert found.stops == (COMPLAINED, WITHDRAWN, BOUNCED)


@pytest.mark.parametrize("gone", consent.PARTS)
def test_an_agreement_without_one_part_of_its_proof_is_unproven(gone: int) -> None:
    texts = {"who": "ann@b.example", "how": "a form", "words": "Yes, send me news.", "source": "website"}
    names = {consent.WHO: "who", consent.HOW: "how", consent.WORDS: "words", consent.SOURCE: "source"}
    texts |= {names[gone]: " "} if gone in names else {}
    when = None if gone == consent.WHEN else day(1)
    proof = consent.proof_of(**texts, occurred_at=when, recorded_at=day(1))
    assert consent.missing(proof) == [consent.PARTS[gone]]
    assert standing([granted(1, proof=proof)]) == Standing(UNPROVEN)


@pytest.mark.parametrize("when", [datetime(1970, 1, 1, tzinfo=UTC), day(2), datetime(2999, 12, 31, tzinfo=UTC)])
def test_a_time_that_cannot_be_true_proves_nothing(when: datetime) -> None:
    proof = consent.proof_of(who="a", how="b", words="c", source="d", occurred_at=when, recorded_at=day(1))
    assert consent.missing(proof) == ["when"]


STATES = {"granted": [granted()], "withdrawn": [stopped()], "none": []}


@pytest.mark.parametrize(("one", "other"), list(product(STATES, STATES)))
def test_in_a_merge_the_strictest_consent_wins(one: str, other: str) -> None:
    alone = {"a": standing(STATES[one]), "b": standing(STATES[other])}
    both = consent.of_person(alone)
    if "withdrawn" in (one, other):
        assert all(WITHDRAWN in s.stops and not s.mailable for s in both.values())
    else:
        assert both == alone  # an alias is not mailed without its own agreement


def test_a_bounce_stops_one_address_and_a_word_of_the_person_stops_all() -> None:
    fine = standing([granted()])
    assert consent.of_person({"a": fine, "b": standing([stopped(2, BOUNCED)])})["a"].mailable
    for act in (WITHDRAWN, COMPLAINED, ERASED):
        assert not consent.of_person({"a": fine, "b": standing([stopped(2, act)])})["a"].mailable


def test_who_said_no_to_everything_is_unsubscribed_until_they_agree_anew_to_anything() -> None:
    assert said_no([granted(1), stopped(2)]) == {WITHDRAWN}
    assert said_no([stopped(1), granted(2)._replace(purpose="events")]) == frozenset()
    assert said_no([stopped(1, COMPLAINED), granted(2)]) == {COMPLAINED}
    for weak in (FLAG, FILED, granted(3, method=STAFF), granted(3, proof=PROVED & ~consent.WORDS), granted(1)):
        assert said_no([stopped(2), weak]) == {WITHDRAWN}
    assert said_no([granted(), stopped(2, purpose="events"), stopped(2, BOUNCED)]) == frozenset()


days = st.integers(0, 6)
entries = st.builds(
    Entry,
    act=st.sampled_from([GRANTED, *consent.STOPS]),
    channel=st.sampled_from([EMAIL, "phone", ALL]),
    purpose=st.sampled_from([NEWS, "events", ALL]),
    method=st.sampled_from([FORM, FILE, SYNC, STAFF]),
    proof=st.sampled_from([PROVED, PROVED, 0, PROVED & ~consent.WORDS]),
    occurred_at=st.none() | days.map(day),
    recorded_at=days.map(day),
)


@given(st.lists(entries, max_size=12), st.randoms())
def test_order_and_repetition_change_nothing(told: list[Entry], chance: object) -> None:
    again = told + told[: len(told) // 2]
    chance.shuffle(again)  # type: ignore[attr-defined]
    assert standing(again) == standing(told)


@given(st.lists(entries, max_size=12), entries)
def test_no_record_lowers_protection_but_a_newer_proven_agreement_of_the_person(told: list[Entry], one: Entry) -> None:
    before, after = standing(told), standing([*told, one])
    lifted = set(before.stops) - set(after.stops)
    if lifted:
        assert one.lifts
        assert one.purpose == NEWS
        assert not lifted & consent.FINAL
        assert all(
            one.when > e.when
            for e in told
            if e.act in lifted and e.purpose in (NEWS, ALL) and e.channel in (EMAIL, ALL)
        )
    if not one.lifts and one.act != GRANTED:
        assert not (after.mailable and not before.mailable)


@given(st.lists(entries, max_size=8), st.lists(entries, max_size=8))
def test_two_people_made_one_are_never_less_protected_than_either(mine: list[Entry], theirs: list[Entry]) -> None:
    alone = {"a": standing(mine), "b": standing(theirs)}
    for name, found in consent.of_person(alone).items():
        assert set(found.stops) >= set(alone[name].stops)
        assert set(found.stops) >= consent.stops_of_person(alone)
