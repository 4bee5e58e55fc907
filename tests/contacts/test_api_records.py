"""A record that came as keys and values: its fields, what is not known, and what is kept."""

from __future__ import annotations

import time

import pytest

from contacts.domain.changes import CustomType
from contacts.services.records import received_from_dict

CUSTOM = {"product_interest": CustomType("product_interest", "Product interest", "text")}


def values(**raw: object) -> dict[str, str]:
    return received_from_dict(raw, CUSTOM).values


def test_a_single_value_wrapped_in_a_list_is_the_value():
    assert values(email=["a@acme.example"], phone=["(415) 555-0171"]) == {
        "email": "a@acme.example",
        "phone": "(415) 555-0171",
    }


def test_a_longer_list_is_joined_and_its_blanks_left_out():
    assert values(company=["Acme", None, " ", "Tooling"]) == {"company": "Acme, Tooling"}


@pytest.mark.parametrize(
    ("sent", "text"),
    [(42, "42"), (4155550171.0, "4155550171"), (0.5, "0.5"), (True, "true"), (False, "false"), (0, "0")],
)
def test_numbers_and_truth_values_become_text(sent, text):
    assert values(lead_score=sent) == {"lead_score": text}


@pytest.mark.parametrize("blank", [None, "", "  ", [], [""], [None]])
def test_a_blank_is_as_good_as_an_absent_key(blank):
    received = received_from_dict({"email": "a@acme.example", "phone": blank}, {})
    assert received.values == {"email": "a@acme.example"}
    assert received.unknown == ()


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("email", "email"),
        ("Email Address", "email"),
        ("phone_number", "phone"),
        ("consent", "opt_in"),
        ("consent_text", "opt_in_text"),
        ("submitted_at", "occurred_at"),
        ("Vorname", "first_name"),
        ("domain", "domain"),
        ("website", "website"),
        ("Full Name", "name"),
        ("Product interest", "product_interest"),
        ("product_interest", "product_interest"),
    ],
)
def test_keys_are_matched_to_fields_by_the_names_that_people_use(key, field):
    received = received_from_dict({key: "x"}, CUSTOM)
    assert received.values == {field: "x"}
    assert received.columns == {field: key}


@pytest.mark.parametrize("key", ["emial", "kontakt", "Status", "bounced", "utm_source", "x1", "id__gt", ""])
def test_a_likeness_is_no_name(key):
    received = received_from_dict({key: "a@acme.example"}, CUSTOM)
    assert received.values == {}
    assert received.unknown == (key,)


def test_our_own_name_goes_before_a_synonym_which_is_kept_and_named():
    received = received_from_dict({"Phone Number": "1", "phone": "2"}, {})
    assert received.values == {"phone": "2"}
    assert received.unknown == ("Phone Number",)


def test_a_blank_field_leaves_its_place_to_a_synonym():
    assert values(phone="", phone_number="2") == {"phone": "2"}


def test_nested_objects_are_kept_and_never_a_value():
    received = received_from_dict({"email": {"value": "a@acme.example"}, "company": [["Acme"]]}, {})
    assert received.values == {}
    assert received.raw == {"email": {"value": "a@acme.example"}, "company": [["Acme"]]}
    assert received.unknown == ("email", "company")


def test_what_no_database_can_hold_is_taken_out_of_the_raw_record_too():
    received = received_from_dict({"ema\0il": "a\0@acme.example", "x": [{"\ud800y": "\udfffz"}]}, {})
    assert received.raw == {"email": "a@acme.example", "x": [{"y": "z"}]}
    assert received.values == {"email": "a@acme.example"}


def test_keys_that_become_one_keep_both_values():
    assert received_from_dict({"x": "1", "x\0": "2"}, {}).raw == {"x": ["1", "2"]}


def test_a_record_with_100_000_keys_costs_no_more_than_reading_it():
    wide = {f"Email Address {n}": "x" for n in range(100_000)} | {"email": "a@acme.example"}
    started = time.process_time()
    received = received_from_dict(wide, CUSTOM)
    assert time.process_time() - started < 2
    assert len(received.unknown) + len(received.values) == 100_001
