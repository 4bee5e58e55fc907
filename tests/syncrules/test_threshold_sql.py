"""The count that ops see is the judgement that the sync makes: for every contact, on every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.models import Contact, Source
from contacts.services.people import person_from
from syncrules.domain import threshold as pure
from syncrules.models import Connection, Link
from syncrules.services import threshold
from syncrules.services.hub_fields import hub_fields
from tests import factories
from tests.syncrules.syncing import source

pytestmark = pytest.mark.django_db
TEXTS = ("", "Acme", "ACME Tooling", "acme%", "ÄCME", "äcme", "a_me", "straße", "İstanbul", "日本", "x" * 200, "'\"\\")
STAGES = (None, "new-lead", "mql", "disqualified", "unsubscribed")
NUMBERS = (0, 1, -1, 40, 40.5, 0.1, 10**15, "40", True, None)
DAYS = ("2026-03-01", "2026-03-02", "0001-01-01", "9999-12-31", "soon", "", None)
MOMENTS = (None, datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))


@pytest.fixture
def crowd(seeded: None) -> list[Contact]:
    """Contacts with every odd value that a column or a custom field can hold."""
    factories.custom_field("seats", type="number")
    factories.custom_field("renewal", type="date")
    factories.custom_field("vip", type="boolean")
    factories.custom_field("note", type="text")
    factories.custom_field("tier", type="choice", choices=["Gold", "Silver", "g"])
    sources = [None, *Source.objects.values_list("pk", flat=True)]
    odd: list[dict[str, Any]] = [{}, {"seats": {"a": 1}}]
    odd += [{"seats": v} for v in NUMBERS] + [{"renewal": v} for v in DAYS] + [{"note": v} for v in (*TEXTS, 3)]
    odd += [{"vip": v} for v in (True, False, "true", 1)]
    odd += [{"tier": v} for v in ("Gold", "gold", "g", None, ["Gold"])]
    made = [
        Contact(
            company=TEXTS[n % len(TEXTS)], country=("", "Germany", "germany")[n % 3],
            email=("", f"p{n}@Firm.example")[n % 2],
            lifecycle_stage_id=STAGES[n % len(STAGES)], source_id=sources[n % len(sources)], custom=odd[n % len(odd)],
            lead_score=(None, 0, 39, 40, 41, -5)[n % 6], last_activity=MOMENTS[n % 3], created_at=factories.AT,
            updated_at=factories.AT,
        )
        for n in range(4 * len(odd))
    ]  # fmt: skip
    Contact.objects.bulk_create(made)
    return list(Contact.objects.all())


def condition() -> st.SearchStrategy[dict[str, Any]]:
    """A condition that a person could put together, and some that nobody could."""
    values = st.one_of(
        st.sampled_from([t for t in TEXTS if t]),
        st.sampled_from([0, 1, 40, 40.5, "0.1", -1, 10**15]),
        st.sampled_from(["2026-03-01", "2026-03-02", "0001-01-01", "9999-12-31"]),
        st.lists(st.sampled_from(["mql", "new-lead", "disqualified", "Gold", "g", factories.FORM, factories.PAID])),
        st.text(alphabet="aAäÄme%_'\\ ", min_size=1, max_size=3),
    )
    names = (
        "company country email lead_score lifecycle_stage source last_activity seats renewal vip note tier gone".split()
    )
    ops = "is is-not contains lacks starts ends filled empty least most from until yes no one-of none-of".split()
    return st.builds(
        lambda f, op, v: {"field": f, "op": op, "value": v}, st.sampled_from(names), st.sampled_from(ops), values
    )


def trees() -> st.SearchStrategy[Any]:
    groups = st.recursive(
        condition(), lambda inner: st.builds(lambda kind, parts: {kind: parts}, KINDS, st.lists(inner, max_size=3))
    )
    return st.builds(lambda kind, parts: {kind: parts}, KINDS, st.lists(groups, max_size=4))


KINDS = st.sampled_from(["all", "any"])


def judged_one_by_one(tree: Any, crowd: list[Contact]) -> set[int]:
    """Whom the pure threshold lets pass."""
    made = pure.compile(tree, hub_fields())
    slugs = dict(Source.objects.values_list("pk", "slug"))
    return {c.pk for c in crowd if made.passes(pure.values_of(person_from(c), slugs))}


def found(tree: Any) -> set[int]:
    return set(Contact.objects.filter(threshold.matching(tree)).values_list("pk", flat=True))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trees())
def test_the_database_finds_whom_the_judge_lets_pass(crowd: list[Contact], tree: Any) -> None:
    assert found(tree) == judged_one_by_one(tree, crowd)


def test_each_comparison_of_each_field_finds_whom_the_judge_lets_pass(crowd: list[Contact]) -> None:
    values = {
        "text": "acme", "email": "@firm.example", "number": 40, "date": "2026-03-02", "datetime": "2026-03-01",
        "choice": ["Gold", factories.FORM], "stage": ["mql"],
    }  # fmt: skip
    fields, told = pure.askable(hub_fields()), 0
    for field in fields.values():
        for op in pure.BY_TYPE[field.type]:
            value = values.get(field.type)
            tree = {"all": [{"field": field.name, "op": op, "value": value}]}
            assert found(tree) == judged_one_by_one(tree, crowd), tree
            told += 1
    assert told > len(fields)


def connection(**given: Any) -> Connection:
    return Connection.objects.create(slug="our-map", name="Our MAP", kind="memory", source=source(), state="live",
                                     created_at=factories.AT, **given)  # fmt: skip


def test_the_whole_and_each_part_are_counted_in_one_query(crowd: list[Contact], django_assert_num_queries: Any) -> None:
    made = connection(takes_part={"all": [{"field": "lead_score", "op": "least", "value": 40}]})
    fields = hub_fields()
    tree = {"all": [{"field": "lead_score", "op": "least", "value": 0},
                    {"any": [{"field": "country", "op": "is", "value": "Germany"},
                             {"field": "country", "op": "empty"}]}]}  # fmt: skip
    wanted, now = pure.compile(tree, fields), threshold.compiled(made, threshold.TAKES_PART, fields)
    with django_assert_num_queries(2):  # the sources, and the contacts
        counted = threshold.count(made, threshold.TAKES_PART, wanted, now)
    assert counted.of == len(crowd)
    assert counted.passing == len(found(tree))
    assert counted.parts[(0,)] == len(found({"all": tree["all"][:1]}))
    assert counted.parts[(1,)] == len(found({"all": tree["all"][1:]}))
    assert counted.parts[(1, 1)] == len(found({"all": tree["all"][1]["any"][1:]}))
    before = found(made.takes_part)
    assert (counted.more, counted.fewer) == (len(found(tree) - before), len(before - found(tree)))


def test_a_condition_that_is_not_finished_counts_nobody_and_the_rest_is_counted(crowd: list[Contact]) -> None:
    parts = [{"field": "country", "op": "", "value": ""}, {"field": "lead_score", "op": "least", "value": 0}]
    fields = hub_fields()
    for kind, passing in (("any", len(found({"all": parts[1:]}))), ("all", 0)):
        wanted = pure.compile({kind: parts}, fields)
        counted = threshold.count(connection(), threshold.TAKES_PART, wanted, wanted)
        assert (counted.parts[(0,)], counted.passing) == (0, passing)
        Connection.objects.all().delete()


def test_who_is_a_lead_is_counted_among_those_that_the_map_has(crowd: list[Contact]) -> None:
    made = connection()
    for n, contact in enumerate(crowd[:3]):
        Link.objects.create(connection=made, contact=contact, record_id=str(n), state="gone" if n == 2 else "linked")
    Link.objects.create(connection=made, contact=crowd[0], record_id="again")
    everybody = pure.compile({}, hub_fields())
    assert threshold.count(made, threshold.QUALIFIES, everybody, everybody).passing == 2
    assert threshold.count(made, threshold.TAKES_PART, everybody, everybody).passing == len(crowd)


def test_a_day_is_the_same_whatever_the_time_zone(crowd: list[Contact]) -> None:
    late = Contact.objects.filter(last_activity__isnull=False).first()
    assert late is not None
    Contact.objects.filter(pk=late.pk).update(last_activity=MOMENTS[2] - timedelta(microseconds=1))  # type: ignore[operator]
    assert late.pk in found({"all": [{"field": "last_activity", "op": "until", "value": "2026-03-01"}]})
    assert late.pk not in found({"all": [{"field": "last_activity", "op": "from", "value": "2026-03-02"}]})
