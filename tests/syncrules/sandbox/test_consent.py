"""Subscriptions belong to the address, and contacts show them."""

from .conftest import CONTACTS, Running

STATUSES = "/communication-preferences/v4/statuses"
SUBSCRIBE = {"subscriptionId": 1, "statusState": "SUBSCRIBED", "channel": "EMAIL"}
PROOF = {"legalBasis": "CONSENT_WITH_NOTICE", "legalBasisExplanation": "Asked again at the fair, in writing"}


def _states(sandbox: Running, address: str) -> list[str]:
    answer = sandbox.http.get(f"{STATUSES}/{address}", params={"channel": "EMAIL"}).json()
    assert answer["status"] == "COMPLETE"
    return [entry["status"] for entry in answer["results"]]


def _shown(sandbox: Running, contact: str) -> tuple[str | None, str | None]:
    asked = {"properties": "hs_email_optout,hs_email_optout_1"}
    properties = sandbox.http.get(f"{CONTACTS}/{contact}", params=asked).json()["properties"]
    return properties["hs_email_optout"], properties["hs_email_optout_1"]


def test_unsubscribing_shows_on_the_contact_and_moves_its_stamp(sandbox: Running) -> None:
    ann = sandbox.create(email="ann@acme.example")
    before = sandbox.http.get(f"{CONTACTS}/{ann}").json()["updatedAt"]
    assert sandbox.http.get(f"{STATUSES}/ann@acme.example/unsubscribe-all").json()["results"] == []
    gone = sandbox.http.post(f"{STATUSES}/Ann%40acme.example/unsubscribe-all", params={"channel": "EMAIL"})
    assert gone.json()["results"][0]["wideStatusType"] == "PORTAL_WIDE"
    assert _states(sandbox, "ann@acme.example") == ["UNSUBSCRIBED", "UNSUBSCRIBED"]
    assert _shown(sandbox, ann) == ("true", "true")
    assert sandbox.http.get(f"{CONTACTS}/{ann}").json()["updatedAt"] > before


def test_the_opt_out_is_there_before_the_contact_and_outlives_it(sandbox: Running) -> None:
    sandbox.http.post(f"{STATUSES}/ann@acme.example/unsubscribe-all")
    ann = sandbox.create(email="ann@acme.example")
    assert _shown(sandbox, ann) == ("true", "true")
    sandbox.http.delete(f"{CONTACTS}/{ann}")
    assert _shown(sandbox, sandbox.create(email="ann@acme.example")) == ("true", "true")


def test_who_opted_out_is_subscribed_again_only_with_a_reason(sandbox: Running) -> None:
    ann = sandbox.create(email="ann@acme.example")
    sandbox.http.post(f"{STATUSES}/ann@acme.example/unsubscribe-all")
    assert sandbox.http.post(f"{STATUSES}/ann@acme.example", json=SUBSCRIBE).status_code == 400
    assert _states(sandbox, "ann@acme.example") == ["UNSUBSCRIBED", "UNSUBSCRIBED"]
    assert sandbox.http.post(f"{STATUSES}/ann@acme.example", json=SUBSCRIBE | PROOF).status_code == 200
    assert _states(sandbox, "ann@acme.example") == ["SUBSCRIBED", "UNSUBSCRIBED"]
    assert _shown(sandbox, ann) == (None, None)


def test_nonsense_is_refused(sandbox: Running) -> None:
    for change in ({"subscriptionId": 9}, {"statusState": "YES"}, {"channel": "SMS"}, {"legalBasis": "FUN"}):
        answer = sandbox.http.post(f"{STATUSES}/ann@acme.example", json=SUBSCRIBE | change)
        assert answer.status_code == 400
    assert sandbox.http.get(f"{STATUSES}/ann").status_code == 400
    assert _states(sandbox, "ann@acme.example") == ["NOT_SPECIFIED", "NOT_SPECIFIED"]


def test_the_account_lists_its_subscription_types(sandbox: Running) -> None:
    types = sandbox.http.get("/communication-preferences/v4/definitions").json()["results"]
    assert [t["id"] for t in types] == ["1", "2"]


def test_a_batch_reads_writes_and_unsubscribes_many_addresses(sandbox: Running) -> None:
    batch, both = "/communication-preferences/v4/statuses/batch", {"inputs": ["Ann@acme.example", "bob@acme.example"]}
    ann = sandbox.create(email="ann@acme.example")
    out = sandbox.http.post(
        f"{batch}/unsubscribe-all", params={"channel": "EMAIL"}, json={"inputs": both["inputs"][:1]}
    )
    assert out.json()["results"][0]["subscriberIdString"] == "ann@acme.example"
    assert _shown(sandbox, ann) == ("true", "true")
    wide = sandbox.http.post(f"{batch}/unsubscribe-all/read", params={"channel": "EMAIL"}, json=both).json()["results"]
    assert [[w["wideStatusType"] for w in row["wideStatuses"]] for row in wide] == [["PORTAL_WIDE"], []]
    single = sandbox.http.post(f"{batch}/read", params={"channel": "EMAIL"}, json=both).json()["results"]
    assert [{s["status"] for s in row["statuses"]} for row in single] == [{"UNSUBSCRIBED"}, {"NOT_SPECIFIED"}]
    inputs = [SUBSCRIBE | PROOF | {"subscriberIdString": "ann@acme.example", "subscriptionId": n} for n in (1, 2)]
    assert sandbox.http.post(f"{batch}/write", json={"inputs": inputs}).status_code == 200
    assert _states(sandbox, "ann@acme.example") == ["SUBSCRIBED", "SUBSCRIBED"]


def test_a_batch_with_one_bad_address_changes_nothing(sandbox: Running) -> None:
    batch = "/communication-preferences/v4/statuses/batch"
    for body in ({"inputs": ["ann@acme.example", "ann"]}, {"inputs": []}, {"inputs": [1]}, {}):
        assert sandbox.http.post(f"{batch}/unsubscribe-all", json=body).status_code == 400
    bad = [SUBSCRIBE | {"subscriberIdString": "ann@acme.example"}, SUBSCRIBE | {"subscriberIdString": "x"}]
    assert sandbox.http.post(f"{batch}/write", json={"inputs": bad}).status_code == 400
    assert _states(sandbox, "ann@acme.example") == ["NOT_SPECIFIED", "NOT_SPECIFIED"]
