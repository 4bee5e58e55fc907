"""Contacts one by one: as HubSpot creates, finds, changes, archives and merges them."""

import pytest

from .conftest import CONTACTS, Running


def test_a_contact_is_created_read_changed_and_archived(sandbox: Running) -> None:
    ann = sandbox.create(email=" Ann@Acme.Example ", firstname="Ann")
    before = sandbox.http.get(f"{CONTACTS}/{ann}").json()
    assert before["properties"]["email"] == "ann@acme.example"
    assert before["archived"] is False
    changed = sandbox.http.patch(f"{CONTACTS}/{ann}", json={"properties": {"hubspotscore": 42}}).json()
    assert changed["properties"]["hubspotscore"] == "42"
    assert changed["updatedAt"] >= before["updatedAt"]
    assert changed["properties"]["lastmodifieddate"] == changed["updatedAt"]
    assert sandbox.http.delete(f"{CONTACTS}/{ann}").status_code == 204
    assert sandbox.http.delete(f"{CONTACTS}/{ann}").status_code == 204
    assert sandbox.http.get(f"{CONTACTS}/{ann}").status_code == 404
    assert sandbox.http.get(f"{CONTACTS}/{ann}", params={"archived": "true"}).json()["archived"] is True
    assert sandbox.create(email="ann@acme.example") != ann


def test_the_dated_path_is_the_same_account(sandbox: Running) -> None:
    ann = sandbox.create(email="ann@acme.example")
    found = sandbox.http.get(f"/crm/objects/2026-09/contacts/{ann}")
    assert found.json() == sandbox.http.get(f"{CONTACTS}/{ann}").json()
    assert sandbox.http.get("/crm/objects/1999-01/contacts").status_code == 404
    assert sandbox.http.get("/crm/properties/2026-09/contacts").status_code == 200


def test_a_contact_is_found_by_address_and_only_asked_properties_are_shown(sandbox: Running) -> None:
    ann = sandbox.create(email="o'ann+x@acme.example", phone="+353 1 555 0100")
    found = sandbox.http.get(
        f"{CONTACTS}/o'ann%2Bx%40acme.example", params={"idProperty": "email", "properties": "phone,country"}
    ).json()
    assert found["id"] == ann
    assert found["properties"]["phone"] == "+353 1 555 0100"
    assert found["properties"]["country"] is None
    assert "email" not in found["properties"]
    refused = sandbox.http.get(f"{CONTACTS}/Ann", params={"idProperty": "firstname"})
    assert refused.status_code == 400


def test_a_taken_address_is_a_conflict_that_names_the_contact(sandbox: Running) -> None:
    ann = sandbox.create(email="ann@acme.example")
    bob = sandbox.create(email="bob@acme.example")
    again = sandbox.http.post(CONTACTS, json={"properties": {"email": "ANN@acme.example"}})
    assert again.status_code == 409
    assert again.json()["message"] == f"Contact already exists. Existing ID: {ann}"
    assert again.json()["category"] == "CONFLICT"
    moved = sandbox.http.patch(f"{CONTACTS}/{bob}", json={"properties": {"email": "ann@acme.example"}})
    assert moved.status_code == 409


def test_an_address_that_was_given_up_is_free_for_another(sandbox: Running) -> None:
    ann = sandbox.create(email="ann@acme.example")
    renamed = sandbox.http.patch(f"{CONTACTS}/{ann}", json={"properties": {"email": "ann@new.example"}})
    assert renamed.json()["properties"]["hs_email_domain"] == "new.example"
    assert sandbox.create(email="ann@acme.example") != ann


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"emial": "a@b.example"}, "PROPERTY_DOESNT_EXIST"),
        ({"email": "nobody"}, "INVALID_EMAIL"),
        ({"hubspotscore": "many"}, "INVALID_NUMBER"),
        ({"hubspotscore": "nan"}, "INVALID_NUMBER"),
        ({"hubspotscore": "1_000"}, "INVALID_NUMBER"),
        ({"lifecyclestage": "MQL"}, "INVALID_OPTION"),
        ({"last_activity": "yesterday"}, "INVALID_DATETIME"),
        ({"lastmodifieddate": "2020-01-01"}, "READ_ONLY_VALUE"),
        ({"hs_email_optout": "true"}, "READ_ONLY_VALUE"),
        ({"firstname": ["Ann"]}, "INVALID_STRING"),
    ],
)
def test_a_bad_value_is_refused_by_name(sandbox: Running, properties: dict, code: str) -> None:
    refused = sandbox.http.post(CONTACTS, json={"properties": properties})
    assert refused.status_code == 400
    assert refused.json()["category"] == "VALIDATION_ERROR"
    assert [error["code"] for error in refused.json()["errors"]] == [code]
    assert sandbox.search()["total"] == 0


def test_an_empty_value_clears_and_null_does_nothing(sandbox: Running) -> None:
    ann = sandbox.create(email="ann@acme.example", firstname="Ann", lastname="Lee")
    sandbox.http.patch(f"{CONTACTS}/{ann}", json={"properties": {"firstname": "", "lastname": None}})
    properties = sandbox.http.get(f"{CONTACTS}/{ann}").json()["properties"]
    assert (properties["firstname"], properties["lastname"]) == (None, "Lee")


def test_moments_come_back_in_one_spelling(sandbox: Running) -> None:
    for given in ("1767605400000", "2026-01-05T10:30:00+01:00", "2026-01-05T09:30:00Z"):
        contact = sandbox.create(last_activity=given)
        answer = sandbox.http.get(f"{CONTACTS}/{contact}", params={"properties": "last_activity"}).json()
        assert answer["properties"]["last_activity"] == "2026-01-05T09:30:00.000Z"


def test_a_stage_goes_back_only_after_it_was_cleared(sandbox: Running) -> None:
    ann = sandbox.create(lifecyclestage="opportunity")

    def put(stage: str) -> str | None:
        answer = sandbox.http.patch(f"{CONTACTS}/{ann}", json={"properties": {"lifecyclestage": stage}})
        return answer.json()["properties"].get("lifecyclestage")

    assert put("marketingqualifiedlead") == "opportunity"
    assert put("customer") == "customer"
    assert put("") is None
    assert put("subscriber") == "subscriber"


def test_after_a_merge_every_old_id_and_address_leads_to_the_survivor(sandbox: Running) -> None:
    ann = sandbox.create(email="ann@acme.example", lifecyclestage="lead")
    anna = sandbox.create(email="anna@acme.example", firstname="Anna", lifecyclestage="customer")
    third = sandbox.create(email="a.lee@acme.example", phone="1")
    for kept, lost in ((anna, third), (ann, anna)):
        body = {"primaryObjectId": kept, "objectIdToMerge": lost}
        assert sandbox.http.post(f"{CONTACTS}/merge", json=body).status_code == 200
    for old in (ann, anna, third):
        assert sandbox.http.get(f"{CONTACTS}/{old}").json()["id"] == ann
    for address in ("ann@acme.example", "anna@acme.example", "a.lee@acme.example"):
        found = sandbox.http.get(f"{CONTACTS}/{address}", params={"idProperty": "email"})
        assert found.json()["id"] == ann
        assert sandbox.http.post(CONTACTS, json={"properties": {"email": address}}).status_code == 409
    asked = "email,firstname,phone,lifecyclestage,hs_merged_object_ids,hs_additional_emails"
    survivor = sandbox.http.get(f"{CONTACTS}/{ann}", params={"properties": asked}).json()["properties"]
    assert survivor["email"] == "ann@acme.example"
    assert (survivor["firstname"], survivor["phone"]) == ("Anna", "1")
    assert survivor["lifecyclestage"] == "customer"
    assert set(survivor["hs_merged_object_ids"].split(";")) == {anna, third}
    assert set(survivor["hs_additional_emails"].split(";")) == {"anna@acme.example", "a.lee@acme.example"}
    assert sandbox.search()["total"] == 1


def test_a_contact_is_not_merged_with_itself_or_with_nobody(sandbox: Running) -> None:
    ann = sandbox.create(email="ann@acme.example")
    for lost, status in ((ann, 400), ("999999", 404), (None, 400)):
        body = {"primaryObjectId": ann, "objectIdToMerge": lost}
        assert sandbox.http.post(f"{CONTACTS}/merge", json=body).status_code == status


def test_the_list_is_paged_without_gaps_or_doubles(sandbox: Running) -> None:
    made = [sandbox.create(email=f"p{n}@acme.example") for n in range(5)]
    seen, after = [], "0"
    while after:
        page = sandbox.http.get(CONTACTS, params={"limit": 2, "after": after}).json()
        seen += [contact["id"] for contact in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after", "")
    assert seen == made


def test_properties_have_types_and_options(sandbox: Running) -> None:
    listed = {p["name"]: p for p in sandbox.http.get("/crm/v3/properties/contacts").json()["results"]}
    stages = {option["label"]: option["value"] for option in listed["lifecyclestage"]["options"]}
    assert stages["Marketing Qualified Lead"] == "marketingqualifiedlead"
    assert stages["Working"].isdecimal()
    assert listed["hs_email_optout"]["modificationMetadata"]["readOnlyValue"] is True
    assert listed["email"]["hasUniqueValue"] is True
    assert sandbox.http.get("/crm/v3/properties/contacts/phone").json() == listed["phone"]
    assert sandbox.http.get("/crm/v3/properties/contacts/nope").status_code == 404
