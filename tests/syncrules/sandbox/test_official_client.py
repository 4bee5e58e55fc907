"""HubSpot's own client as the caller: what it accepts is not our invention."""

from typing import Any

import pytest

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
