"""The same records one at a time, in one batch or in chunks leave the same hub behind; a dry run says the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.domain.changes import Plan, Received
from contacts.domain.translate import translate
from contacts.services.dry_run import plan_chunk, scratch
from contacts.services.intake import take
from tests import factories
from tests.flows.states import state

#: Few values, so that they meet: free mail and firms, aliases of one spelling, a domain known only by a name.
POOL: dict[str, list[str]] = {
    "email": [
        "", "", "dana@harborworks.com", " DANA@Harborworks.com", "d.li@gmail.com", "cy@gmail.com", "em@able-it.com",
        "fay@gmail.com", "not an address", "none@none.com",
    ],
    "first_name": ["", "Dana", "dana", "Cy", "Zoltan"],
    "last_name": ["", "Li", "LI", "Quist"],
    "company": ["", "", "Harborworks", "harbor works", "Able IT"],
    "domain": ["", "", "", "harborworks.com", "able-it.com", "gmail.com"],
    "phone": ["", "", "2025550101", "+1 202 555 0101", "2025550102", "12"],
    "job_title": ["", "", "Buyer", "CTO"],
    "lifecycle_stage": ["", "", "MQL", "Event Lead"],
    "occurred_at": ["", "", "2026-02-01", "2026-03-01"],
}  # fmt: skip
KEYS = [None, None, None, "k1", "k2", "k3"]
fields = st.fixed_dictionaries({f: st.sampled_from(v) for f, v in POOL.items()})
records = st.tuples(st.sampled_from(KEYS), fields)
bounded = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def at_the_door(drawn: Iterable[tuple[str | None, dict[str, str]]]) -> list[Received]:
    return [factories.record(key, **{f: v for f, v in values.items() if v}) for key, values in drawn]


def cut(records: Sequence[Received], sizes: Iterable[int]) -> list[list[Received]]:
    """The records in chunks of these sizes, and then the rest."""
    chunks, at = [], 0
    for size in sizes:
        chunks.append(list(records[at : at + size]))
        at += size
    return [c for c in [*chunks, list(records[at:])] if c]


def left_behind(chunks: Iterable[Sequence[Received]]) -> dict[str, Any]:
    """What the hub is like after these chunks; undone at once."""
    policy, entrance = factories.policy(), factories.entrance()
    with transaction.atomic():
        for chunk in chunks:
            take(chunk, policy, entrance)
        found = state()
        transaction.set_rollback(True)
    return found


def foreseen(chunks: Iterable[Sequence[Received]]) -> list[str]:
    """The outcomes that a dry run shows."""
    policy, entrance = factories.policy(), factories.entrance()
    plans: list[Plan] = []
    with scratch() as so_far:
        for chunk in chunks:
            plans += plan_chunk([translate(r, policy) for r in chunk], policy, entrance, so_far)
    return [plan.outcome for plan in plans]


def check(before: list[Received], records: list[Received], sizes: list[int]) -> dict[str, Any]:
    """The law for one list of records, in a hub that took ``before``."""
    with transaction.atomic():
        if before:
            factories.arrive(*before)
        singly = left_behind([[r] for r in records])
        chunks = cut(records, sizes)
        for other in (left_behind([records]), left_behind(chunks)):
            for part, expected in singly.items():
                assert other[part] == expected, part
        outcomes = [row[1] for row in singly["arrivals"]][len(before) :]
        assert foreseen(chunks) == outcomes
        assert foreseen([records]) == outcomes
        assert foreseen([r] for r in records) == outcomes
        transaction.set_rollback(True)
    return singly


@bounded
@given(
    st.lists(records, max_size=6),
    st.lists(records, min_size=2, max_size=14),
    st.lists(st.integers(1, 5), max_size=4),
)
def test_order_alone_decides_not_how_records_are_bundled(
    seeded: None, before: list[Any], drawn: list[Any], sizes: list[int]
) -> None:
    check(at_the_door(before), at_the_door(drawn), sizes)


DANA = {"email": "dana@harborworks.com", "first_name": "Dana", "last_name": "Li"}
STRANGER = {"first_name": "Dana", "last_name": "Li", "company": "Harborworks"}
CASES: dict[str, tuple[list[dict[str, str]], list[dict[str, str]], list[str]]] = {
    "the same address twice": ([], [DANA, {**DANA, "job_title": "Buyer"}], ["created", "filled"]),
    "a stranger known by the firm's name, and again": (
        [{**DANA, "company": "Harborworks"}],
        [STRANGER, {**STRANGER, "job_title": "Buyer"}],
        ["held", "held"],
    ),
    "the firm's domain is learnt in the chunk, the namesake stands in the one before": (
        [],
        [DANA, {"email": "jo@harborworks.com", "company": "Harborworks"}, STRANGER],
        ["created", "created", "held"],
    ),
    "the firm's domain is learnt in the chunk before, the namesake is in the hub": (
        [DANA],
        [{"email": "jo@harborworks.com", "company": "Harborworks"}, STRANGER],
        ["created", "held"],
    ),
    "a fill brings the firm's name and its domain together": (
        [DANA, {"email": "cy@gmail.com", "company": "Harborworks"}],
        [{"email": "cy@gmail.com", "domain": "harborworks.com"}, STRANGER],
        ["filled", "held"],
    ),
    "two fills bring them together": (
        [DANA, {"email": "cy@gmail.com"}],
        [
            {"email": "cy@gmail.com", "domain": "harborworks.com"},
            {"email": "cy@gmail.com", "company": "Harborworks"},
            STRANGER,
        ],
        ["filled", "filled", "held"],
    ),
    "the firm's name has a second domain from here on": (
        [{**DANA, "company": "Harborworks"}],
        [STRANGER, {"email": "jo@gmail.com", "company": "Harborworks", "domain": "harbor.works"}, STRANGER],
        ["held", "created", "created"],
    ),
    "a shared mailbox, three times": (
        [DANA],
        [{"email": DANA["email"], "first_name": n, "job_title": "Buyer"} for n in ("Zoltan", "Quentin", "Xavier")],
        ["unchanged", "unchanged", "unchanged"],
    ),
    "a mailbox that is new and shared at once": (
        [],
        [DANA, {"email": DANA["email"], "first_name": "Zoltan", "company": "Harborworks"}],
        ["created", "filled"],
    ),
    "a phone shared up to the limit and beyond": (
        [{"email": f"p{n}@gmail.com"} for n in range(4)],
        [
            *({"email": f"p{n}@gmail.com", "phone": "2025550101"} for n in range(3)),
            {"email": "new1@gmail.com", "phone": "2025550101"},
            {"email": "p3@gmail.com", "phone": "2025550101"},
            {"email": "new2@gmail.com", "phone": "2025550101"},
        ],
        ["filled", "filled", "filled", "held", "filled", "created"],
    ),
    "namesakes found later than they were made": (
        [{"email": "cy@gmail.com"}, DANA],
        [
            {"email": "cy@gmail.com", "first_name": "Dana", "last_name": "Li", "domain": "harborworks.com"},
            {"email": "third@gmail.com", "first_name": "Dana", "last_name": "Li", "domain": "harborworks.com"},
        ],
        ["filled", "held"],
    ),
    "an address that waits": (
        [DANA],
        [
            {"email": "d.li@gmail.com", "first_name": "Dana", "last_name": "Li", "domain": "harborworks.com"},
            {"email": "D.LI@gmail.com", "first_name": "Zoltan"},
        ],
        ["held", "held"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_makes_bundles_differ_elsewhere(case: str, seeded: None) -> None:
    before, values, outcomes = CASES[case]
    arriving = [factories.record(**v) for v in values]
    for sizes in ([], [1], [2], [1, 1]):
        found = check([factories.record(**v) for v in before], arriving, sizes)
    assert [row[1] for row in found["arrivals"]][len(before) :] == outcomes


def test_a_repeated_delivery_does_nothing_even_when_it_was_rejected_or_held(seeded: None) -> None:
    arriving = [
        factories.record("k1", **DANA),
        factories.record("k1", **DANA),
        factories.record("k2", email="not an address"),
        factories.record("k2", email="not an address"),
        factories.record("k3", **STRANGER, domain="harborworks.com"),
        factories.record("k3", **STRANGER, domain="harborworks.com"),
    ]
    found = check([], arriving, [1, 2, 1])
    assert [row[1] for row in found["arrivals"]] == ["created", "repeated", "rejected", "repeated", "held", "repeated"]
    assert len(found["history"]) == 1
