"""Batches: what is written when a part of them is bad."""

import pytest

from .conftest import CONTACTS, Running


def _upsert(email: str, trace: str | None = None, **properties: str) -> dict:
    item = {"id": email, "idProperty": "email", "properties": properties}
    return item if trace is None else item | {"objectWriteTraceId": trace}


def test_upsert_says_which_contacts_are_new(sandbox: Running) -> None:
    ann = sandbox.create(email="ann@acme.example")
    inputs = [_upsert("Ann@acme.example", firstname="Ann"), _upsert("bob@acme.example", firstname="Bob")]
    answer = sandbox.http.post(f"{CONTACTS}/batch/upsert", json={"inputs": inputs})
    assert answer.status_code == 200
    assert [(r["new"], r["properties"]["firstname"]) for r in answer.json()["results"]] == [
        (False, "Ann"),
        (True, "Bob"),
    ]
    assert answer.json()["results"][0]["id"] == ann
    assert sandbox.search()["total"] == 2


def test_half_a_batch_may_fail_and_says_which_half(sandbox: Running) -> None:
    inputs = [
        _upsert("ann@acme.example", "t1"),
        _upsert("bob@acme.example", "t2", hubspotscore="many"),
        {"id": "999999", "properties": {"firstname": "Nobody"}, "objectWriteTraceId": "t3"},
    ]
    answer = sandbox.http.post(f"{CONTACTS}/batch/upsert", json={"inputs": inputs})
    body = answer.json()
    assert answer.status_code == 207
    assert body["numErrors"] == 2
    assert [r["objectWriteTraceId"] for r in body["results"]] == ["t1"]
    assert [e["context"]["objectWriteTraceId"] for e in body["errors"]] == [["t2"], ["t3"]]
    assert [e["category"] for e in body["errors"]] == ["VALIDATION_ERROR", "OBJECT_NOT_FOUND"]
    assert sandbox.search()["total"] == 1


def test_without_trace_ids_one_bad_input_refuses_all(sandbox: Running) -> None:
    inputs = [_upsert("ann@acme.example"), _upsert("bob@acme.example", hubspotscore="many")]
    assert sandbox.http.post(f"{CONTACTS}/batch/upsert", json={"inputs": inputs}).status_code == 400
    assert sandbox.search()["total"] == 0


def test_create_update_and_read_in_batches(sandbox: Running) -> None:
    inputs = [{"properties": {"email": f"p{n}@acme.example"}} for n in range(3)]
    made = sandbox.http.post(f"{CONTACTS}/batch/create", json={"inputs": inputs})
    assert made.status_code == 201
    assert len({r["updatedAt"] for r in made.json()["results"]}) == 1
    ids = [r["id"] for r in made.json()["results"]]
    changes = [{"id": i, "properties": {"country": "IE"}} for i in (*ids, "999999")]
    changed = sandbox.http.post(f"{CONTACTS}/batch/update", json={"inputs": changes})
    assert (changed.status_code, changed.json()["errors"][0]["context"]["ids"]) == (207, ["999999"])
    asked = {"inputs": [{"id": "p1@acme.example"}], "idProperty": "email", "properties": ["country"]}
    read = sandbox.http.post(f"{CONTACTS}/batch/read", json=asked).json()
    assert [(r["id"], r["properties"]["country"]) for r in read["results"]] == [(ids[1], "IE")]


@pytest.mark.parametrize("call", ["update", "upsert"])
def test_two_inputs_for_one_contact_are_refused(sandbox: Running, call: str) -> None:
    ann = sandbox.create(email="ann@acme.example")
    inputs = [{"id": ann, "properties": {}}, _upsert("ANN@acme.example")]
    refused = sandbox.http.post(f"{CONTACTS}/batch/{call}", json={"inputs": inputs})
    assert refused.status_code == 400
    assert "Duplicate IDs" in refused.json()["message"]


@pytest.mark.parametrize(
    "inputs", [None, [], ["x"], [{"properties": {}}], [_upsert(f"p{n}@acme.example") for n in range(101)]]
)
def test_what_is_no_batch_is_refused(sandbox: Running, inputs: object) -> None:
    answer = sandbox.http.post(f"{CONTACTS}/batch/upsert", json={"inputs": inputs})
    assert answer.status_code == 400
    assert sandbox.search()["total"] == 0


def test_an_input_keyed_by_what_is_not_unique_is_refused(sandbox: Running) -> None:
    item = {"id": "1001", "idProperty": "hs_object_id", "properties": {}}
    answer = sandbox.http.post(f"{CONTACTS}/batch/upsert", json={"inputs": [item]})
    assert (answer.status_code, "non-unique" in answer.json()["message"]) == (400, True)


def test_what_the_sandbox_does_not_keep_is_refused_not_dropped(sandbox: Running) -> None:
    body = {"properties": {"email": "a@acme.example"}, "associations": [{"to": {"id": "1"}}]}
    assert sandbox.http.post(CONTACTS, json=body).status_code == 400
    asked = {"inputs": [{"id": "1"}], "properties": [], "propertiesWithHistory": ["email"]}
    assert sandbox.http.post(f"{CONTACTS}/batch/read", json=asked).status_code == 400
