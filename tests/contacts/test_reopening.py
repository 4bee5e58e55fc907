"""Leaving Unsubscribed: only the person can, by agreeing anew on a form, with all of the evidence and later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from contacts.api.waiting import keep
from contacts.domain import consent, rules
from contacts.domain.consent import WITHDRAWN
from contacts.domain.origins import origin_of
from contacts.models import ConsentRecord, Contact, Source
from contacts.queries import policy_for
from contacts.services import merging
from contacts.services.addresses import add_address
from contacts.services.consent import Said, append, opt_in_of
from contacts.services.consent.unsubscribing import unsubscribe_address, unsubscribe_contact
from contacts.services.people import Invalid, edit_contact
from contacts.services.sources import run_waiting
from tests.factories import AT, MAP, SALES, arrive, map_source, record

ANN, WORK = "ann@acme-tooling.example", "lee@harbor.example"
WORDS = "Yes, send me product news. I can stop it at any time."
LATER = AT + timedelta(days=9)


def yes(address: str = ANN, **given: str) -> dict[str, str]:
    """An agreement anew, after everything else."""
    return {"email": address, "opt_in": "yes", "opt_in_at": "2026-03-10 10:00", "opt_in_text": WORDS, **given}


def ann(address: str = ANN) -> Contact:
    return Contact.objects.get(addresses__key=address)


def opt_in(address: str = ANN) -> bool | None:
    contact = ann(address)
    return opt_in_of([contact.pk])[contact.pk]


@pytest.fixture
def people(users: dict[str, User]) -> dict[str, User]:
    return users


def test_the_stage_goes_back_to_what_it_was_and_the_history_says_why(people: dict[str, User]) -> None:
    arrive({"email": ANN, "lifecycle_stage": "SQL"}, source=SALES)
    unsubscribe_contact(ann().pk, user=people["sales"], note="by phone", at=AT)
    assert (ann().lifecycle_stage_id, opt_in()) == ("unsubscribed", False)
    (plan,) = arrive(yes(), at=LATER)
    contact = ann()
    assert (contact.lifecycle_stage_id, opt_in()) == ("sql", True)
    assert origin_of(contact.origins, "lifecycle_stage").rule == rules.AGREED_ANEW
    assert contact.history.first().arrival_id == plan.incoming.arrival_id
    assert "agreed anew" in contact.history.first().history_change_reason


def test_somebody_who_was_never_anything_else_becomes_a_new_lead(people: dict[str, User]) -> None:
    arrive({"email": ANN, "opt_in": "no"})
    arrive(yes(), at=LATER)
    assert (ann().lifecycle_stage_id, opt_in()) == ("new-lead", True)


def test_a_no_and_a_newer_yes_in_one_delivery_are_decided_one_after_the_other(people: dict[str, User]) -> None:
    arrive({"email": ANN, "lifecycle_stage": "SQL"}, source=SALES)
    arrive({"email": ANN, "opt_in": "no", "opt_in_at": "2026-03-09"}, yes(), at=LATER)
    assert (ann().lifecycle_stage_id, opt_in()) == ("sql", True)


@pytest.mark.parametrize(
    "how",
    [
        {"record": yes(opt_in_text="")},
        {"record": yes(opt_in_at="")},
        {"record": yes(opt_in_at="2026-02-01")},
        {"record": yes(), "source": MAP},
        {"record": yes(), "source": SALES},
        {"record": yes(), "door": "file"},
        {"record": yes(), "door": "form"},
        {"record": {"email": ANN, "lifecycle_stage": "MQL"}, "source": MAP},
    ],
)
def test_nothing_less_opens_it(people: dict[str, User], how: dict[str, Any]) -> None:
    map_source()
    arrive({"email": ANN, "opt_in": "no", "opt_in_at": "2026-03-02"})
    record = how.pop("record")
    arrive(record, at=LATER, **how)
    assert (ann().lifecycle_stage_id, opt_in()) == ("unsubscribed", False)


@pytest.mark.parametrize("act", sorted(consent.FINAL))
def test_who_complained_or_was_forgotten_is_never_asked_again(people: dict[str, User], act: str) -> None:
    append([Said(ANN, act, consent.SYNC, consent.ALL)], AT)
    arrive(yes(), at=LATER)
    assert (ann().lifecycle_stage_id, opt_in()) == ("unsubscribed", False)


def test_what_stands_at_another_address_of_the_person_keeps_all_of_them_closed(people: dict[str, User]) -> None:
    arrive({"email": ANN}, {"email": WORK, "opt_in": "no"})
    merging.merge(ann().pk, [ann(WORK).pk], user=people["reviewer"], at=AT)
    arrive(yes(), at=LATER)
    assert (ann().lifecycle_stage_id, opt_in()) == ("unsubscribed", False)
    arrive(yes(WORK), at=LATER)
    assert (ann().lifecycle_stage_id, opt_in()) == ("new-lead", True)


def test_an_address_whose_person_said_no_makes_whoever_gets_it_unsubscribed(people: dict[str, User]) -> None:
    append([Said(WORK, WITHDRAWN, consent.LINK, consent.ALL)], AT)
    arrive({"email": ANN})
    add_address(ann().pk, WORK, user=people["sales"], at=LATER)
    assert (ann().lifecycle_stage_id, opt_in()) == ("unsubscribed", False)
    assert Contact.history.filter(id=ann().pk).first().actor == "what they said before"


def test_an_old_no_of_the_person_that_comes_late_does_not_close_it_again(people: dict[str, User]) -> None:
    arrive(yes(), at=LATER)
    unsubscribe_address(
        ANN, method=consent.LINK, actor="the link in a mail", at=LATER + timedelta(days=1), occurred_at=AT
    )
    assert (ann().lifecycle_stage_id, opt_in()) == ("new-lead", True)


def test_a_no_of_a_source_that_nobody_registered_counts_at_once_and_once(people: dict[str, User]) -> None:
    arrive({"email": ANN, "lifecycle_stage": "SQL"}, source=SALES)
    unknown = Source(slug="who-knows", name="who-knows")
    keep(
        [record(email=ANN, opt_in="no"), record(email=WORK, opt_in="no"), record(email="c@d.example", opt_in="yes")],
        policy_for(unknown), checked=False, reason="waits",
    )  # fmt: skip
    assert (ann().lifecycle_stage_id, opt_in()) == ("unsubscribed", False)
    assert ConsentRecord.objects.count() == 2
    source = Source.objects.create(
        slug="who-knows", name="Who knows", kind=Source.Kind.FORM, entry_stage_id="new-lead", region="US"
    )
    run_waiting(source.pk, at=LATER)
    assert ConsentRecord.objects.count() == 3
    assert ann(WORK).lifecycle_stage_id == "unsubscribed"


def test_an_edit_never_leads_out_of_it(people: dict[str, User]) -> None:
    arrive({"email": ANN, "opt_in": "no"})
    with pytest.raises(Invalid, match="only the person"):
        edit_contact(ann().pk, {"lifecycle_stage": "New Lead"}, user=people["sales"], version=ann().version, at=LATER)
    assert ann().lifecycle_stage_id == "unsubscribed"


def test_who_said_no_while_two_were_one_stays_unsubscribed_when_they_are_parted(people: dict[str, User]) -> None:
    arrive({"email": ANN}, {"email": WORK, "opt_in": "no"})
    done = merging.merge(ann().pk, [ann(WORK).pk], user=people["reviewer"], at=AT)[0]
    unsubscribe_address(ANN, method=consent.LINK, actor="the link in a mail", at=AT)
    merging.unmerge(done.pk, user=people["reviewer"], at=LATER)
    assert ann().pk != ann(WORK).pk
    assert (ann().lifecycle_stage_id, ann(WORK).lifecycle_stage_id) == ("unsubscribed", "unsubscribed")
