"""Every request as HubSpot's official client describes it: its paths, the names and the types of what is sent."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from syncrules.connectors.base import New, OptOut
from syncrules.connectors.hubspot import HubSpot

from .answering import Asked, Said, serving
from .benches import hubspot

models = pytest.importorskip("hubspot.crm.contacts.models")
OBJECTS = "/crm/v3/objects/contacts"
#: Which of the official client's models a path takes.
BODIES = {
    f"{OBJECTS}/search": "PublicObjectSearchRequest",
    f"{OBJECTS}/batch/read": "BatchReadInputSimplePublicObjectId",
    f"{OBJECTS}/batch/update": "BatchInputSimplePublicObjectBatchInput",
    f"{OBJECTS}/batch/upsert": "BatchInputSimplePublicObjectBatchInputUpsert",
    f"{OBJECTS}/batch/archive": "BatchInputSimplePublicObjectId",
    f"{OBJECTS}/merge": "PublicMergeInput",
    f"{OBJECTS}/gdpr-delete": "PublicGdprDeleteInput",
}
#: What a GET of a path may ask for.
QUERIES = {
    OBJECTS: {"limit", "after", "properties", "propertiesWithHistory", "associations", "archived"},
    "/crm/v3/properties/contacts": {"archived", "dataSensitivity", "properties"},
}
PLAIN = {"str": str, "int": int, "bool": bool}
FOUND = {"id": "7", "properties": {"email": "ann@acme.example"}, "createdAt": "", "updatedAt": "", "archived": False}


def answered(asked: Asked) -> Said:
    """Something good to each question."""
    path = urlsplit(asked.path).path
    if path.endswith(("archive", "gdpr-delete")):
        return Said(204, b"")
    if path.endswith("merge"):
        return Said(200, json.dumps({**FOUND, "id": "9"}).encode())
    count = len(asked.json["inputs"]) if path.endswith(("update", "upsert")) else 1
    rows = [{**FOUND, "objectWriteTraceId": str(place), "new": True} for place in range(count)]
    return Said(200, json.dumps({"results": rows, "total": 1}).encode())


def wrong(value: Any, kind: str, where: str) -> list[str]:
    """What the official client's types do not allow."""
    if kind.startswith("list["):
        if not isinstance(value, list):
            return [f"{where} is no list"]
        return [line for i, item in enumerate(value) for line in wrong(item, kind[5:-1], f"{where}[{i}]")]
    if kind.startswith("dict("):
        kind = f"dict[{kind[5:-1]}]"
    if kind.startswith("dict["):
        inner = kind[5:-1].split(",")[1].strip()
        return [line for name, item in value.items() for line in wrong(item, inner, f"{where}.{name}")]
    if kind in PLAIN:
        return [] if type(value) is PLAIN[kind] else [f"{where} is {value!r}, no {kind}"]
    return misfits(value, getattr(models, kind), where)


def misfits(body: dict[str, Any], model: Any, where: str) -> list[str]:
    """Names that the model does not know, types that are not its own, and names that it wants and that are absent."""
    names = {theirs: ours for ours, theirs in model.attribute_map.items()}
    found = [f"{where}.{name} is unknown" for name in body.keys() - names.keys()]
    for name in body.keys() & names.keys():
        found += wrong(body[name], model.openapi_types[names[name]], f"{where}.{name}")
    try:
        model(**{names[name]: value for name, value in body.items() if name in names})
    except ValueError as problem:
        found.append(f"{where}: {problem}")
    return found


def everything(connector: HubSpot) -> None:
    """Each call of the protocol that concerns contacts, in all its shapes."""
    connector.properties()
    connector.changes("", 50)
    connector.changes("all;began=1790000000000;after=5", 50)
    connector.changes("since=1790000000000", 1000)
    connector.changes("since=1790000000000;began=1790000001000;after=5", 100)
    connector.deletions("", 100)
    connector.deletions("5", 100)
    connector.read(["7", "8"])
    connector.find(["ann@acme.example"])
    connector.write([("7", {"firstname": "Ann", "hubspotscore": "40"}), ("8", {"lifecyclestage": ""})])
    connector.upsert([New("ann@acme.example", {"firstname": "Ann"}, key="41"), New("", {"firstname": "B"}, key="42")])
    connector.merge("7", "8", {"firstname": "Ann"})
    connector.delete(["7", "8"])
    connector.erase(["7"])


def test_each_request_about_contacts_is_one_that_the_official_client_could_send() -> None:
    with serving(answered) as server:
        everything(hubspot(server.url, key_property="hub_id", properties=("firstname", "lifecyclestage")))
        asked = server.asked
    found, seen = [], set()
    for request in asked:
        url = urlsplit(request.path)
        seen.add(url.path)
        assert request.headers["authorization"].startswith("Bearer ")
        if request.method == "GET":
            found += [f"?{name} of {url.path}" for name in parse_qs(url.query).keys() - QUERIES[url.path]]
            assert request.body == b""
        else:
            assert (request.method, url.query) == ("POST", "")
            assert request.headers["content-type"] == "application/json"
            found += misfits(request.json, getattr(models, BODIES[url.path]), url.path)
    assert found == []
    assert seen == BODIES.keys() | QUERIES.keys()


def test_all_five_parts_of_a_search_are_sent() -> None:
    with serving(answered) as server:
        hubspot(server.url, properties=("firstname",)).changes("since=1790000000000", 50)
        assert server.asked[0].json.keys() == {"filterGroups", "sorts", "properties", "limit", "after"}


def test_subscriptions_go_in_the_batch_forms_with_the_channel_named() -> None:
    base = "/communication-preferences/v4"
    definitions = {"results": [{"id": "71", "isActive": True}, {"id": "72", "isActive": False}]}

    def answer(asked: Asked) -> Said:
        said = definitions if asked.path.endswith("definitions") else {"status": "COMPLETE", "results": []}
        return Said(200, json.dumps(said).encode())

    with serving(answer) as server:
        connector = hubspot(server.url)
        connector.subscriptions(["ann@acme.example"])
        connector.opt_out([OptOut("ann@acme.example"), OptOut("bo@acme.example", out=False, basis="CONSENT_WITH_NOTICE",
                                                              explanation="By a form on 1 May.")])  # fmt: skip
        asked = [(r.method, r.path, r.json if r.body else None) for r in server.asked]
    ann = {"inputs": ["ann@acme.example"]}
    assert asked == [
        ("POST", f"{base}/statuses/batch/unsubscribe-all/read?channel=EMAIL", ann),
        ("POST", f"{base}/statuses/batch/read?channel=EMAIL", ann),
        ("POST", f"{base}/statuses/batch/unsubscribe-all?channel=EMAIL", ann),
        ("GET", f"{base}/definitions", None),
        ("POST", f"{base}/statuses/batch/write", {"inputs": [{
            "channel": "EMAIL", "statusState": "SUBSCRIBED", "subscriberIdString": "bo@acme.example",
            "subscriptionId": 71, "legalBasis": "CONSENT_WITH_NOTICE", "legalBasisExplanation": "By a form on 1 May.",
        }]}),
    ]  # fmt: skip


def heeding(form: type, *, refuses: bool) -> Any:
    """A HubSpot that takes sorts in one form, and refuses the other, or answers in any order."""

    def answer(asked: Asked) -> Said:
        ids = ["3", "7", "11"]
        if not isinstance(asked.json["sorts"][0], form):
            if refuses:
                return Said(400, b'{"category": "VALIDATION_ERROR", "message": "sorts"}')
            ids.reverse()
        rows = [{"id": ident, "properties": {}, "updatedAt": "2026-11-23T08:00:00Z"} for ident in ids]
        return Said(200, json.dumps({"results": rows, "total": 3}).encode())

    return answer


@pytest.mark.parametrize("refuses", [True, False], ids=["refused", "unheeded"])
def test_where_a_sort_by_name_does_not_count_it_is_sent_as_an_object_from_then_on(refuses: bool) -> None:
    with serving(heeding(dict, refuses=refuses)) as server:
        connector = hubspot(server.url, properties=("firstname",))
        for _ in range(2):
            page = connector.changes("since=1790000000000", 50)
            assert [r.id for r in page.records] == ["3", "7", "11"]
        forms = [type(r.json["sorts"][0]) for r in server.asked]
    assert forms == [str, dict, dict]
