"""A hub that is older than its ledger: who was Unsubscribed then stays so, whatever becomes of the contact."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from contacts.domain.consent import WITHDRAWN
from contacts.models import Address, Arrival, ConsentRecord, Contact
from contacts.services.consent import of_addresses
from contacts.services.consent.beginning import record_earlier
from contacts.services.consent.checking import verify
from contacts.services.consent.evidence import of_subject
from contacts.services.consent.keys import subject_of
from tests.factories import AT, arrive

ANN = "ann@acme-tooling.example"

pytestmark = pytest.mark.django_db


def test_who_was_unsubscribed_before_the_ledger_is_in_it_after_a_migration_and_once(seeded: None) -> None:
    arrive({"email": ANN}, {"email": "bo@other.example"}, {"first_name": "Cy", "phone": "+12025550101"})
    Contact.objects.exclude(addresses__key="bo@other.example").update(lifecycle_stage="unsubscribed")
    for _ in range(2):
        call_command("migrate", verbosity=0)
    assert ConsentRecord.objects.count() == 1
    assert of_addresses([ANN])[ANN].word == WITHDRAWN
    assert of_subject(subject_of(ANN))[0].told["how"] == "the stage was Unsubscribed before the ledger of consent began"
    assert verify().whole
    Arrival.objects.update(contact=None)
    Address.objects.all().delete()
    Contact.objects.all().delete()
    arrive({"email": ANN})
    assert Contact.objects.get().lifecycle_stage_id == "unsubscribed"


def test_what_the_ledger_knows_already_is_not_said_again(seeded: None) -> None:
    arrive({"email": ANN, "opt_in": "no"})
    assert record_earlier(AT) == 0
