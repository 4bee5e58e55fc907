"""What arrivals say about consent: a yes with its evidence, a no at once, and nothing that lifts an unsubscribe."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contacts.domain import consent, rules
from contacts.domain.consent import AGREED, BOUNCED, CLEANED, COMPLAINED, NOTHING, UNPROVEN, WITHDRAWN
from contacts.domain.opt_in import read_opt_in
from contacts.domain.origins import origin_of
from contacts.models import Arrival, ConsentRecord, Contact
from contacts.services.consent import Said, append, of_addresses, of_contact
from contacts.services.consent.checking import verify
from contacts.services.consent.evidence import of_subject
from contacts.services.consent.keys import subject_of
from contacts.services.write import Agreed
from tests.factories import AT, FORM, MAP, arrive, map_source, record

ANN = "ann@acme-tooling.example"
WORDS = "Yes, send me product news. I can stop it at any time."
YES = {"opt_in": "yes", "opt_in_at": "2026-03-01 10:00", "opt_in_text": WORDS}

pytestmark = pytest.mark.django_db


def word(address: str = ANN) -> str:
    return of_addresses([address])[address].word


def stage(address: str = ANN) -> str:
    return Contact.objects.get(addresses__key=address).lifecycle_stage_id


def test_a_yes_on_a_form_is_an_agreement_with_all_of_its_evidence(seeded: None) -> None:
    (plan,) = arrive({"email": ANN, "last_name": "Lee", **YES})
    assert word() == AGREED
    (shown,) = of_subject(subject_of(ANN))
    assert shown.told == {"address": ANN, "words": WORDS, "how": "Website contact form, by API"}
    assert (shown.record.source, shown.record.arrival_id) == (FORM, plan.incoming.arrival_id)
    assert shown.record.occurred_at.isoformat() == "2026-03-01T10:00:00+00:00"
    assert stage() != "unsubscribed"


@pytest.mark.parametrize("without", ["opt_in_at", "opt_in_text"])
def test_a_yes_without_a_part_of_its_proof_is_unproven(seeded: None, without: str) -> None:
    arrive({"email": ANN, **{f: v for f, v in YES.items() if f != without}})
    assert word() == UNPROVEN


def test_the_flag_of_a_map_is_no_evidence(seeded: None) -> None:
    map_source()
    arrive({"email": ANN, "opt_in": "subscribed"}, source=MAP)
    assert word() == UNPROVEN


@pytest.mark.parametrize(
    ("text", "found"),
    [("1", WITHDRAWN), ("yes", WITHDRAWN), ("TRUE", WITHDRAWN), ("Unsubscribed", WITHDRAWN), ("cleaned", CLEANED),
     ("2026-02-11 09:20", WITHDRAWN), ("0", NOTHING), ("No", NOTHING), ("", NOTHING), ("perhaps", NOTHING)],
)  # fmt: skip
def test_an_opt_out_column_says_no_and_never_yes(seeded: None, text: str, found: str) -> None:
    arrive({"email": ANN, "last_name": "Lee", "opt_out": text})
    assert word() == found
    assert (stage() == "unsubscribed") == (found == WITHDRAWN)
    assert ConsentRecord.objects.filter(act="granted").count() == 0


def test_a_no_in_one_column_beats_a_yes_in_the_other(seeded: None) -> None:
    arrive({"email": ANN, **YES, "opt_out": "1"})
    assert (word(), stage()) == (WITHDRAWN, "unsubscribed")
    arrive({"email": "bo@acme-tooling.example", **YES, "opt_out": "0"})
    assert word("bo@acme-tooling.example") == AGREED


def test_an_opt_out_that_cannot_be_read_is_told(seeded: None) -> None:
    (plan,) = arrive({"email": ANN, "opt_out": "perhaps"})
    told = {v.field: v.current for v in plan.verdicts if v.decision == "refused"}
    assert told == {"opt_out": "it is no yes and no no"}


@pytest.mark.parametrize("text", ["", "-", "N/A", "maybe", "non-subscribed"])
def test_a_blank_or_unclear_column_says_nothing(seeded: None, text: str) -> None:
    (plan,) = arrive({"email": ANN, "opt_in": text})
    assert (word(), plan.outcome) == (NOTHING, "created")
    assert ConsentRecord.objects.count() == 0


@pytest.mark.parametrize(
    ("text", "act"),
    [("No", WITHDRAWN), ("unsubscribed", WITHDRAWN), ("Opted-out", WITHDRAWN), ("FALSE", WITHDRAWN), ("0", WITHDRAWN),
     ("cleaned", CLEANED), ("Hard bounce", BOUNCED), ("Spam complaint", COMPLAINED)],
)  # fmt: skip
def test_a_no_stops_at_once_and_each_kind_of_no_is_kept_apart(seeded: None, text: str, act: str) -> None:
    assert read_opt_in(text) == act
    arrive({"email": ANN, **YES}, {"email": ANN, "opt_in": text})
    assert word() == act
    assert (stage() == "unsubscribed") == (act in consent.PERSONAL)


def test_a_no_is_written_over_any_stage_with_its_reason(seeded: None) -> None:
    arrive({"email": ANN, "lifecycle_stage": "SQL"}, source="outbound-prospecting")
    assert stage() == "sql"
    (plan,) = arrive({"email": ANN, "opt_in": "no"}, at=AT + timedelta(days=1))
    assert stage() == "unsubscribed"
    assert ("lifecycle_stage", "written") in [(v.field, v.decision) for v in plan.verdicts]
    contact = Contact.objects.get(addresses__key=ANN)
    assert contact.history.first().lifecycle_stage_id == "unsubscribed"
    assert origin_of(contact.origins, "lifecycle_stage").rule == rules.SAID_NO


def test_the_stage_unsubscribed_says_no_too(seeded: None) -> None:
    arrive({"email": ANN, **YES}, {"email": ANN, "lifecycle_stage": "Unsubscribed"})
    assert (word(), stage()) == (WITHDRAWN, "unsubscribed")


def test_nobody_but_the_person_takes_a_no_back(seeded: None) -> None:
    map_source()
    later = {**YES, "opt_in_at": "2026-03-05 10:00"}
    arrive({"email": ANN, "opt_in": "no", "opt_in_at": "2026-03-02"}, at=AT)
    arrive({"email": ANN, "opt_in": "yes"}, at=AT + timedelta(days=9))
    arrive({"email": ANN, **later}, source=MAP, at=AT + timedelta(days=9))
    arrive({"email": ANN, **later}, at=AT + timedelta(days=9), door="file")
    arrive({"email": ANN, **YES}, at=AT + timedelta(days=9))  # an old form, sent again
    assert word() == WITHDRAWN
    arrive({"email": ANN, **later}, at=AT + timedelta(days=9))
    assert word() == AGREED


def test_a_person_who_comes_back_is_still_unsubscribed(seeded: None) -> None:
    append([Said(ANN, WITHDRAWN, consent.LINK, consent.ALL)], AT)
    (plan,) = arrive({"email": ANN, "first_name": "Ann", "last_name": "Lee", "company": "Acme"})
    assert (plan.outcome, stage()) == ("created", "unsubscribed")
    assert [s.word for s in of_contact(plan.person.id).values()] == [WITHDRAWN]


def test_an_erased_address_is_taken_as_an_arrival_and_not_mailed(seeded: None) -> None:
    append([Said(ANN, consent.ERASED, consent.STAFF, consent.ALL)], AT)
    (plan,) = arrive({"email": ANN, **YES, "opt_in_at": "2026-03-02 09:00"}, at=AT + timedelta(days=9))
    assert (plan.outcome, stage()) == ("created", "unsubscribed")
    assert of_contact(plan.person.id)[ANN].word == consent.ERASED


def test_a_held_record_says_no_at_once(seeded: None) -> None:
    arrive({"email": ANN, "first_name": "Ann", "last_name": "Lee", "company": "Acme"})
    other = {"email": "a.lee@acme-tooling.example", "first_name": "Ann", "last_name": "Lee", "opt_in": "no"}
    (plan,) = arrive(other)
    assert (plan.outcome, word(other["email"])) == ("held", WITHDRAWN)


def test_a_repeated_delivery_says_nothing_new(seeded: None) -> None:
    for _ in range(2):
        arrive(record("key-1", email=ANN, opt_in="no"))
    assert ConsentRecord.objects.count() == 1
    assert Arrival.objects.count() == 2


@pytest.mark.parametrize("everybody", [True, False])
def test_what_the_people_on_a_file_agreed_to_is_evidence_for_their_rows(seeded: None, everybody: bool) -> None:
    agreed = Agreed(WORDS, AT - timedelta(days=3), "Badge scan at the fair", everybody)
    rows: list[dict[str, Any]] = [{"email": f"p{n}@acme-tooling.example"} for n in range(3)]
    rows[0]["opt_in"], rows[1]["opt_in"] = "yes", "no"
    arrive(*rows, door="file", agreed=agreed)
    words = [word(row["email"]) for row in rows]
    assert words == [AGREED, WITHDRAWN, AGREED if everybody else NOTHING]
    assert of_subject(subject_of("p0@acme-tooling.example"))[0].told["how"].startswith("Badge scan at the fair")


def test_many_arrivals_are_one_chain_in_their_order(seeded: None) -> None:
    arrive(*({"email": f"p{n}@acme-tooling.example", **YES} for n in range(300)))
    found = verify()
    assert (found.records, found.whole) == (300, True)
    numbers = list(ConsentRecord.objects.order_by("pk").values_list("arrival_id", flat=True))
    assert numbers == sorted(numbers)
