"""What holds for the search whatever the contacts are."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.domain.identity import fold
from contacts.domain.likeness import Profile
from contacts.domain.likeness.cases import MOST_IN_CASE, group
from tests.domain.likenesses import contact, crowd, search

FIRST = st.sampled_from(["Bob", "Robert", "Maria", "Marta", "J.", "Jan", "Ingrid", "Eriksen", "Jean Luc", "Jean", ""])
LAST = st.sampled_from(["Smith", "Smyth", "Eriksen", "Ingrid", "Garcia Lopez", "Garcia", "Smith Jr.", "O’Brien", ""])
COMPANY = st.sampled_from(
    [("Acme", "acme.example"), ("Acme Tooling, Inc.", ""), ("ACME", ""), ("Bolt", "bolt.example"), ("", "")]
)
PHONE = st.sampled_from(["", "+14155550101", "+14155550102", "+4930555123"])
ADDRESS = st.sampled_from(["", "bob@acme.example", "bob+x@acme.example", "bsmith@mail.example", "info@bolt.example"])
BORN = st.sampled_from(["", "1980-04-01", "1980-01-04", "1991-11-23"])


@st.composite
def anybody(draw: st.DrawFn) -> Profile:
    company, domain = draw(COMPANY)
    address, born = draw(ADDRESS), draw(BORN)
    return Profile(
        0,
        draw(FIRST),
        draw(LAST),
        company,
        domain,
        draw(PHONE),
        (address,) if address else (),
        {"born": born} if born else {},
    )


PEOPLE = st.lists(anybody(), min_size=2, max_size=12)
CROWD = crowd()[:40]


def numbered(people: list[Profile]) -> list[Profile]:
    return [one._replace(id=n) for n, one in enumerate(people, 1)]


def scores(people: list[Profile], **how: object) -> dict[tuple[int, int], int]:
    return {pair[:2]: pair.score for pair in search(people, threshold=1, **how)}


@settings(max_examples=40, deadline=None)
@given(PEOPLE, st.randoms(use_true_random=False))
def test_the_order_of_the_contacts_changes_nothing(people: list[Profile], random: object) -> None:
    whole = [*numbered(people), *CROWD]
    mixed = list(whole)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert scores(mixed) == scores(whole)


@settings(max_examples=40, deadline=None)
@given(PEOPLE, st.randoms(use_true_random=False))
def test_ids_change_nothing(people: list[Profile], random: object) -> None:
    ids = list(range(50_000, 50_000 + len(people)))
    random.shuffle(ids)  # type: ignore[attr-defined]
    told = scores([*numbered(people), *CROWD])
    renamed = scores([*(one._replace(id=n) for n, one in zip(ids, people, strict=True)), *CROWD])
    there = dict(enumerate(ids, 1)) | {one.id: one.id for one in CROWD}
    assert renamed == {tuple(sorted((there[a], there[b]))): score for (a, b), score in told.items()}


@settings(max_examples=40, deadline=None)
@given(PEOPLE)
def test_the_same_name_at_the_same_domain_is_always_found(people: list[Profile]) -> None:
    """Unless something tells two people clearly: another generation, another date of birth."""
    plain = [one._replace(further={}) for one in numbered(people)]
    found = set(search([*plain, *CROWD]).ids())
    for one, two in combinations(plain, 2):
        names = [(fold(p.first_name), fold(p.last_name)) for p in (one, two)]
        if names[0] == names[1] and all(names[0]) and one.domain == two.domain != "":
            assert (one.id, two.id) in found


@settings(max_examples=40, deadline=None)
@given(PEOPLE)
def test_the_same_phone_is_always_found_where_names_allow_it(people: list[Profile]) -> None:
    plain = [one._replace(further={}) for one in numbered(people)]
    found = set(search([*plain, *CROWD], phone_limit=20).ids())
    for one, two in combinations(plain, 2):
        names = [(fold(p.first_name), fold(p.last_name)) for p in (one, two)]
        if one.phone == two.phone != "" and names[0] == names[1]:
            assert (one.id, two.id) in found


@settings(max_examples=30, deadline=None)
@given(PEOPLE)
def test_a_pair_comes_once_and_the_lower_id_first(people: list[Profile]) -> None:
    pairs = list(search([*numbered(people), *CROWD], threshold=1).ids())
    assert len(pairs) == len(set(pairs))
    assert all(low < high for low, high in pairs)


def test_two_processes_find_what_one_finds() -> None:
    people = [*numbered([twin for n in range(200) for twin in pair(n)]), *CROWD]
    one, two = (list(search(people, threshold=1, processes=n)) for n in (1, 2))
    assert one == two
    assert len(one) > 200


def pair(n: int) -> tuple[Profile, Profile]:
    known = {"company": f"Firm {n % 40}", "domain": f"firm{n % 40}.example"}
    return contact(0, "Robert", f"Vor{n % 90}mann", **known), contact(0, "Bob", f"Vor{n % 90}man", **known)


def test_many_with_one_name_at_one_company_are_a_chain_of_cases() -> None:
    people = [contact(n, "Ann", "Lee", company="Acme", domain="acme.example") for n in range(1, 202)]
    likely = search(people)
    cases = likely.cases(range(len(likely))).cases
    assert sorted(ident for case in cases for ident in case.ids) == sorted(set(range(1, 202)) & touched(cases))
    assert len(touched(cases)) >= 200
    assert all(2 <= len(case.ids) <= MOST_IN_CASE for case in cases)


def touched(cases: list[object]) -> set[int]:
    return {ident for case in cases for ident in case.ids}  # type: ignore[attr-defined]


PAIRS = st.lists(
    st.tuples(st.integers(1, 12), st.integers(13, 24)).map(lambda two: (two[0], two[1])), max_size=40, unique=True
)


@given(
    PAIRS, st.sets(st.tuples(st.integers(1, 24), st.integers(1, 24)).filter(lambda two: two[0] < two[1]), max_size=20)
)
def test_cases_are_small_share_nobody_and_join_nobody_who_is_known_to_differ(
    pairs: list[tuple[int, int]], different: set[tuple[int, int]]
) -> None:
    likely = [two for two in pairs if two not in different]
    cases = group(range(len(likely)), likely, different).cases
    members = [ident for case in cases for ident in case.ids]
    assert len(members) == len(set(members))
    for case in cases:
        assert 2 <= len(case.ids) <= MOST_IN_CASE
        assert len(case.links) == len(case.ids) - 1
        assert {ident for place in case.links for ident in likely[place]} == set(case.ids)
        assert not any(two in different for two in combinations(case.ids, 2))


def test_a_chain_is_one_case() -> None:
    assert [case.ids for case in group(range(2), [(1, 2), (2, 3)], set()).cases] == [(1, 2, 3)]


def test_a_chain_ends_where_two_are_known_to_differ() -> None:
    grouped = group(range(2), [(1, 2), (2, 3)], {(1, 3)})
    assert [case.ids for case in grouped.cases] == [(1, 2)]
    assert grouped.waiting == 1
