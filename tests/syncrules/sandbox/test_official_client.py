"""HubSpot's own client as the caller: what it accepts is not our invention."""

import time
from typing import Any

import pytest

from syncrules.connectors.base import New
from syncrules.connectors.hubspot import HubSpot, Settings
from syncrules.sandbox.webhooks import signature

from .conftest import TOKEN, Running

hubspot_contacts = pytest.importorskip("hubspot.crm.contacts")
hubspot_properties = pytest.importorskip("hubspot.crm.properties")


@pytest.fixture
def contacts(sandbox: Running) -> tuple[Any, Any]:
    """The client's contacts API, pointed at the sandbox."""
    configuration = hubspot_contacts.Configuration(host=sandbox.server.url)
    configuration.access_token = TOKEN
    return hubspot_contacts, hubspot_contacts.ApiClient(configuration)


def test_the_official_client_creates_finds_and_merges(contacts: tuple[Any, Any]) -> None:
    models, client = contacts
    basic, search = models.BasicApi(client), models.SearchApi(client)
    made = [
        basic.create(
            models.SimplePublicObjectInputForCreate(properties={"email": f"p{n}@acme.example"}, associations=[])
        )
        for n in range(2)
    ]
    by_address = basic.get_by_id("p0@acme.example", id_property="email", properties=["email"])
    assert (by_address.id, by_address.archived) == (made[0].id, False)
    with pytest.raises(models.ApiException) as taken:
        basic.create(models.SimplePublicObjectInputForCreate(properties={"email": "p0@acme.example"}, associations=[]))
    assert taken.value.status == 409
    rule = models.Filter(property_name="email", operator="CONTAINS_TOKEN", value="*@acme.example")
    asked = models.PublicObjectSearchRequest(
        filter_groups=[models.FilterGroup(filters=[rule])], sorts=[], properties=["email"], limit=1, after="0"
    )
    found = search.do_search(asked)
    assert (found.total, found.paging.next.after) == (2, "1")
    merged = basic.merge(models.PublicMergeInput(primary_object_id=made[0].id, object_id_to_merge=made[1].id))
    assert merged.id == made[0].id
    basic.archive(merged.id)
    assert basic.get_page().results == []


def test_the_official_client_reads_a_multi_status_answer(contacts: tuple[Any, Any]) -> None:
    models, client = contacts
    inputs = [
        models.SimplePublicObjectBatchInputUpsert(
            id=f"p{n}@acme.example",
            id_property="email",
            object_write_trace_id=f"t{n}",
            properties={"hubspotscore": score},
        )
        for n, score in enumerate(["7", "many"])
    ]
    batch = models.BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs)
    answer, status, _ = models.BatchApi(client).upsert_with_http_info(batch)
    assert (status, answer.num_errors) == (207, 1)
    assert answer.results[0].new is True
    assert answer.errors[0].context == {"objectWriteTraceId": ["t1"]}


def test_the_official_client_reads_the_properties(sandbox: Running) -> None:
    configuration = hubspot_properties.Configuration(host=sandbox.server.url)
    configuration.access_token = TOKEN
    client = hubspot_properties.ApiClient(configuration)
    listed = hubspot_properties.CoreApi(client).get_all("contacts").results
    stages = next(p for p in listed if p.name == "lifecyclestage")
    assert stages.options[0].value == "subscriber"


def test_the_official_client_archives_in_batches_and_erases(contacts: tuple[Any, Any], sandbox: Running) -> None:
    models, client = contacts
    made = [sandbox.create(email=f"p{n}@acme.example") for n in range(4)]
    inputs = [models.SimplePublicObjectId(id=record) for record in made[:2]]
    models.BatchApi(client).archive(models.BatchInputSimplePublicObjectId(inputs=inputs))
    basic = models.BasicApi(client)
    assert [found.id for found in basic.get_page(archived=True).results] == made[:2]
    basic.purge(models.PublicGdprDeleteInput(object_id=made[2]))
    basic.purge(models.PublicGdprDeleteInput(object_id="p3@acme.example", id_property="email"))
    assert basic.get_page().results == []
    assert len(basic.get_page(archived=True).results) == 2


def test_the_official_client_reads_and_updates_in_batches_what_the_connector_wrote(
    contacts: tuple[Any, Any], sandbox: Running
) -> None:
    models, client = contacts
    settings = Settings(TOKEN, sandbox.server.url, hosts=frozenset({"127.0.0.1"}))
    connector = HubSpot(settings)
    written = connector.upsert([New(f"p{n}@acme.example", {"firstname": str(n)}) for n in range(3)])
    batch = models.BatchApi(client)
    asked = models.BatchReadInputSimplePublicObjectId(
        inputs=[models.SimplePublicObjectId(id=w.id) for w in written],
        properties=["firstname"],
        properties_with_history=[],
    )
    assert [found.properties["firstname"] for found in batch.read(asked).results] == ["0", "1", "2"]
    change = models.SimplePublicObjectBatchInput(id=written[0].id, properties={"firstname": "Ann"})
    batch.update(models.BatchInputSimplePublicObjectBatchInput(inputs=[change]))
    assert connector.read([written[0].id])[written[0].id].values["firstname"] == "Ann"
    connector.close()


def test_the_official_client_accepts_the_webhooks_signature() -> None:
    official = pytest.importorskip("hubspot.utils.signature").Signature
    body, stamp = b'[{"objectId": 1, "propertyValue": "M\xc3\xbc\xc3\x9fig"}]', int(time.time() * 1000)
    url = "http://127.0.0.1:8000/hooks/sandbox"
    signed = signature("secret", url, body, stamp)
    assert official.is_valid(
        signature=signed, client_secret="secret", request_body=body.decode(), http_uri=url,
        signature_version="v3", timestamp=str(stamp),
    )  # fmt: skip
