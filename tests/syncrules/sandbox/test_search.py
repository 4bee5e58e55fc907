"""Search: filters, sorts, pages and the limit of 10,000."""

import pytest

from syncrules.sandbox.storage import Row

from .conftest import CONTACTS, Running


@pytest.fixture
def people(sandbox: Running) -> Running:
    """Three contacts: two with a score, one without anything but a name."""
    sandbox.create(email="ann@acme.example", firstname="Ann", hubspotscore="9", lifecyclestage="lead",
                   last_activity="2026-01-05T09:30:00Z")  # fmt: skip
    sandbox.create(email="bob@other.example", firstname="Bob", hubspotscore="10", company="Acme Tooling Ltd")
    sandbox.create(firstname="Ζωή", jobtitle="Head [EU]?")
    return sandbox


def _rule(name: str, operator: str, value: object = None, **more: object) -> dict:
    return {"propertyName": name, "operator": operator} | ({"value": value} if value is not None else {}) | more


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (_rule("email", "EQ", "ANN@acme.example"), ["Ann"]),
        (_rule("firstname", "EQ", "ζωή"), ["Ζωή"]),
        (_rule("firstname", "NEQ", "ann"), ["Bob", "Ζωή"]),
        (_rule("hubspotscore", "GT", "9"), ["Bob"]),
        (_rule("hubspotscore", "GTE", "9"), ["Ann", "Bob"]),
        (_rule("hubspotscore", "LT", 10), ["Ann"]),
        (_rule("hubspotscore", "LTE", "10"), ["Ann", "Bob"]),
        (_rule("hubspotscore", "BETWEEN", "9.5", highValue="11"), ["Bob"]),
        (_rule("email", "HAS_PROPERTY"), ["Ann", "Bob"]),
        (_rule("email", "NOT_HAS_PROPERTY"), ["Ζωή"]),
        (_rule("lifecyclestage", "IN", values=["lead", "customer"]), ["Ann"]),
        (_rule("lifecyclestage", "NOT_IN", values=["lead"]), ["Bob", "Ζωή"]),
        (_rule("company", "CONTAINS_TOKEN", "tooling"), ["Bob"]),
        (_rule("company", "CONTAINS_TOKEN", "tool"), []),
        (_rule("email", "CONTAINS_TOKEN", "*@acme.example"), ["Ann"]),
        (_rule("jobtitle", "CONTAINS_TOKEN", "[eu]?"), ["Ζωή"]),
        (_rule("firstname", "NOT_CONTAINS_TOKEN", "b*"), ["Ann", "Ζωή"]),
        (_rule("last_activity", "GTE", "1767605400000"), ["Ann"]),
        (_rule("last_activity", "GT", "2026-01-05T09:30:00Z"), []),
        (_rule("hs_object_id", "GT", "1001"), ["Bob", "Ζωή"]),
        (_rule("lastmodifieddate", "LT", "2020-01-01"), []),
    ],
)
def test_each_operator_finds_what_it_says(people: Running, rule: dict, found: list[str]) -> None:
    results = people.search(rule, properties=["firstname"])["results"]
    assert [r["properties"]["firstname"] for r in results] == found


def test_groups_are_or_and_filters_are_and(people: Running) -> None:
    ann = [_rule("firstname", "EQ", "Ann"), _rule("hubspotscore", "EQ", "9")]
    nobody = [_rule("firstname", "EQ", "Ann"), _rule("hubspotscore", "EQ", "10")]
    bob = [_rule("firstname", "EQ", "Bob")]
    groups = [{"filters": filters} for filters in (ann, nobody, bob)]
    assert people.search(filterGroups=groups)["total"] == 2


def test_sorts_go_by_value_and_query_looks_everywhere(people: Running) -> None:
    by_score = [{"propertyName": "hubspotscore", "direction": "DESCENDING"}]
    scored = people.search(_rule("hubspotscore", "HAS_PROPERTY"), sorts=by_score, properties=["hubspotscore"])
    assert [r["properties"]["hubspotscore"] for r in scored["results"]] == ["10", "9"]
    assert people.search(sorts=["-hs_object_id"], limit=1)["results"][0]["id"] == "1003"
    assert people.search(query="acme")["total"] == 2
    assert people.search(query="acme bob")["total"] == 1


def test_pages_follow_each_other(people: Running) -> None:
    first = people.search(limit=2)
    assert (first["total"], first["paging"]["next"]["after"]) == (3, "2")
    last = people.search(limit=2, after="2")
    assert "paging" not in last
    assert [r["id"] for r in first["results"] + last["results"]] == ["1001", "1002", "1003"]


def test_nothing_is_found_beyond_ten_thousand(sandbox: Running) -> None:
    store = sandbox.server.sandbox.store
    with store.transaction():
        for _ in range(10_001):
            store.insert(Row(0, 5_000, 5_000))
    assert sandbox.search(limit=200, after="9800")["paging"]["next"]["after"] == "10000"
    body = {"filterGroups": [], "sorts": [], "properties": [], "limit": 1, "after": "10000"}
    assert sandbox.http.post(f"{CONTACTS}/search", json=body).status_code == 400
    beyond = sandbox.search(_rule("hs_object_id", "GT", "11000"), sorts=["hs_object_id"])
    assert [r["id"] for r in beyond["results"]] == ["11001"]


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 0},
        {"after": "x"},
        {"sorts": ["email", "phone"]},
        {"sorts": [{"propertyName": "email", "direction": "UP"}]},
        {"filterGroups": [{"filters": []}]},
        {"filterGroups": [{}]},
        {"filterGroups": [{"filters": [_rule("email", "LIKE", "x")]}]},
        {"filterGroups": [{"filters": [_rule("emial", "EQ", "x")]}]},
        {"filterGroups": [{"filters": [_rule("hubspotscore", "EQ", "x")]}]},
        {"filterGroups": [{"filters": [_rule("email", "EQ")]}]},
        {"filterGroups": [{"filters": [_rule("email", "IN", values=[])]}]},
        {"filterGroups": [{"filters": [_rule("email", "HAS_PROPERTY")] * 7}]},
        {"filterGroups": [{"filters": [_rule("email", "HAS_PROPERTY")]}] * 6},
        {"properties": "email"},
        {"query": 5},
    ],
)
def test_a_search_that_hubspot_refuses_is_refused(people: Running, body: dict) -> None:
    assert people.http.post(f"{CONTACTS}/search", json=body).status_code == 400
