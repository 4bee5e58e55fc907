"""Law F1: through every door, in any order, after a withdrawal only a newer, proven agreement of the person reopens."""

from __future__ import annotations

import csv
import io
import os
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from contacts.domain import consent
from contacts.models import Address, Arrival, Contact, ImportBatch, Merge, Review, Source
from contacts.services import bulk_edit, imports, merging, review, synced, undo, uploads
from contacts.services.addresses import add_address, remove_alias
from contacts.services.consent import opt_in_of, reports
from contacts.services.consent.checking import verify
from contacts.services.consent.unsubscribing import unsubscribe_address, unsubscribe_contact
from contacts.services.people import Invalid, edit_contact
from tests import factories

ADDRESSES = [f"{name}@{firm}" for name in ("dana", "d.li", "cy") for firm in ("harbor.example", "gmail.com")]
UNSUBSCRIBED = "unsubscribed"
WORDS = "Yes, send me product news."
#: What is said on the way in, and whether it is a no.
SAYS = {"": False, "no": True, "subscribed": False, "Unsubscribed": True}
#: A night asks for more: CONSENT_SEQUENCES=2000x50.
EXAMPLES, STEPS = map(int, os.environ.get("CONSENT_SEQUENCES", "40x30").split("x"))
RELAYING = (factories.MAP, factories.SALES)
places = st.integers(0, 1000)
addresses = st.sampled_from(ADDRESSES)


class Doors(RuleBasedStateMachine):
    """``closed`` is the model: addresses whose person said no, and did not agree anew since."""

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.at = factories.AT
        self.sales, self.reviewer, self.ops = (User.objects.get(username=n) for n in ("sales", "reviewer", "ops"))
        self.closed: set[str] = set()
        self.files: list[ImportBatch] = []

    def teardown(self) -> None:
        assert verify().whole
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    def later(self) -> datetime:
        self.at += timedelta(minutes=1)
        return self.at

    def pick(self, place: int) -> Contact | None:
        contacts = list(Contact.objects.order_by("pk"))
        return contacts[place % len(contacts)] if contacts else None

    def keys(self, contact: Contact) -> set[str]:
        return set(Address.objects.filter(contact=contact).values_list("key", flat=True))

    # --- doors through which the person, or somebody for them, says no ---

    @rule(address=addresses)
    def clicks_the_link(self, address: str) -> None:
        unsubscribe_address(address, method=consent.LINK, actor="the link", at=self.later())
        self.closed.add(address)

    @rule(address=addresses)
    def a_tool_says_no(self, address: str) -> None:
        old = self.at - timedelta(days=300)
        unsubscribe_address(address, method=consent.SYNC, actor="a tool", at=self.later(), occurred_at=old)
        self.closed.add(address)

    @rule(place=places, how=st.sampled_from(["button", "edit", "many", "map"]))
    def somebody_heard_it(self, place: int, how: str) -> None:
        contact = self.pick(place)
        if contact is None:
            return
        if how == "button":
            unsubscribe_contact(contact.pk, user=self.sales, note="by phone", at=self.later())
        elif how == "edit":
            self.edit(contact, "Unsubscribed")
        elif how == "many":
            self.edit_many([contact.pk], UNSUBSCRIBED)
        elif contact.lifecycle_stage_id != UNSUBSCRIBED:
            self.store(contact, UNSUBSCRIBED)
        self.closed |= self.keys(contact) if how == "button" or contact.lifecycle_stage_id != UNSUBSCRIBED else set()

    # --- the one way back ---

    @rule(address=addresses)
    def the_person_agrees_anew(self, address: str) -> None:
        now = self.later().isoformat()
        yes = {"email": address, "opt_in": "yes", "opt_in_at": now, "opt_in_text": WORDS}
        factories.arrive(yes, at=self.later())
        self.closed.discard(address)
        contact = Contact.objects.filter(addresses__key=address).first()
        if contact is not None and not self.keys(contact) & self.closed:
            assert contact.lifecycle_stage_id != UNSUBSCRIBED, "who agreed anew comes back"

    # --- doors through which nobody comes back ---

    @rule(
        address=addresses, says=st.sampled_from(sorted(SAYS)), source=st.sampled_from([factories.MAP, factories.SALES])
    )
    def a_record(self, address: str, says: str, source: str) -> None:
        given = {"email": address, "last_name": address[:2], "opt_in_text": WORDS, "opt_in_at": self.at.isoformat()}
        factories.arrive({**given, "opt_in": says, "lifecycle_stage": "MQL"}, source=source, at=self.later())
        self.closed |= {address} if SAYS[says] else set()

    @rule(address=addresses, lacks=st.sampled_from(["opt_in_at", "opt_in_text", "new"]))
    def an_old_or_unproven_yes(self, address: str, lacks: str) -> None:
        old = "2026-01-02T09:00:00Z" if lacks == "new" else (self.at + timedelta(minutes=1)).isoformat()
        given = {"email": address, "opt_in": "yes", "opt_in_at": old, "opt_in_text": WORDS}
        given.pop(lacks, "")
        factories.arrive(given, at=self.later())

    @rule(told=st.dictionaries(addresses, st.sampled_from(sorted(SAYS)), min_size=1, max_size=3))
    def a_file(self, told: dict[str, str]) -> None:
        text = io.StringIO()
        rows = [(a, "Dana", "Quist", s) for a, s in told.items()]
        csv.writer(text).writerows([("Email", "First name", "Last name", "Opt-in"), *rows])
        source = Source.objects.get(slug="trade-show-scan")
        batch, _ = uploads.open_batch(io.BytesIO(text.getvalue().encode()), "a.csv", source, at=self.later(), by="Ops")
        if not batch.mapping or batch.status != ImportBatch.Status.MATCHING:
            return
        batch.agreed = {"words": WORDS, "at": self.at.isoformat(), "how": "at the stand"}
        imports.queue(batch)
        assert imports.run(batch.pk, clock=self.later)
        batch.refresh_from_db()
        self.files.append(batch)
        again = Arrival.objects.filter(batch=batch, outcome="repeated").values_list("repeat_of__email_key", flat=True)
        self.closed |= {a for a, s in told.items() if SAYS[s]} - set(again)  # an old row again says nothing new

    @precondition(lambda self: self.files)
    @rule(place=places)
    def take_a_file_back(self, place: int) -> None:
        batch = self.files.pop(place % len(self.files))
        undo.undo_import(batch.pk, actor="Ops", user_id=self.ops.pk, clock=self.later)

    @rule(place=places, stage=st.sampled_from(["SQL", "New Lead"]), many=st.booleans())
    def set_a_stage(self, place: int, stage: str, many: bool) -> None:
        contact = self.pick(place)
        if contact is not None and many:
            self.edit_many([contact.pk], {"SQL": "sql", "New Lead": "new-lead"}[stage])
        elif contact is not None:
            self.edit(contact, stage)

    @rule(place=places)
    def a_map_sets_a_stage(self, place: int) -> None:
        contact = self.pick(place)
        if contact is None or contact.lifecycle_stage_id != UNSUBSCRIBED:
            return
        with pytest.raises(synced.NotAllowed):
            self.store(contact, "mql")

    @rule(first=places, second=places, picked=st.booleans())
    def merge(self, first: int, second: int, picked: bool) -> None:
        kept, lost = self.pick(first), self.pick(second)
        if kept is None or kept == lost:
            return
        picks = {"lifecycle_stage": lost.pk} if picked else {}
        try:
            with transaction.atomic():
                merging.merge(kept.pk, [lost.pk], picks=picks, user=self.reviewer, at=self.later())
        except merging.MergeRefused:
            assert picked, "a merge without a picked stage is never refused for consent"

    @precondition(lambda self: Merge.objects.filter(undone_at=None).exists())
    @rule()
    def unmerge(self) -> None:
        number = Merge.objects.filter(undone_at=None).latest("pk").pk
        places = {p.name: "lost" for p in merging.plan_unmerge(number).unplaced}
        merging.unmerge(number, place=places, user=self.reviewer, at=self.later())

    @precondition(lambda self: Review.objects.filter(status="open", kind="hold").exists())
    @rule(place=places, same=st.booleans())
    def decide(self, place: int, same: bool) -> None:
        cases = list(Review.objects.filter(status="open", kind="hold").order_by("pk"))
        case = cases[place % len(cases)]
        candidates = list(case.candidates.order_by("pk").values_list("contact_id", flat=True))
        try:
            if same and candidates:
                review.decide_same(case.pk, candidates[0], user=self.reviewer, at=self.later())
            else:
                review.decide_different(case.pk, user=self.reviewer, at=self.later())
        except review.Refused:
            pass

    @rule(place=places, address=addresses)
    def give_an_address(self, place: int, address: str) -> None:
        contact = self.pick(place)
        if contact is not None and not Address.objects.filter(key=address).exists():
            add_address(contact.pk, address, user=self.sales, at=self.later())

    @rule(place=places)
    def take_an_alias_away(self, place: int) -> None:
        contact = self.pick(place)
        alias = Address.objects.filter(contact=contact, primary=False).first() if contact else None
        if alias is not None and contact is not None:
            remove_alias(contact.pk, alias.pk, user=self.sales, at=self.later())

    # --- how it is done ---

    def edit(self, contact: Contact, stage: str) -> None:
        try:
            edit_contact(
                contact.pk, {"lifecycle_stage": stage}, user=self.sales, version=contact.version, at=self.later()
            )
        except Invalid:
            assert contact.lifecycle_stage_id != stage

    def edit_many(self, ids: list[int], stage: str) -> None:
        edit = bulk_edit.start(ids, stage=stage, owner=None, reason="", which="", user=self.sales, at=self.later())
        bulk_edit.work(edit.pk, clock=self.later)
        bulk_edit.queue(edit)
        bulk_edit.work(edit.pk, clock=self.later)

    def store(self, contact: Contact, stage: str) -> None:
        by = synced.Connected(
            "Our MAP", "our-map worksheet v1:", frozenset({"lifecycle_stage"}), self.later(), "our-map"
        )
        loaded = synced.locked([contact.pk])
        synced.store([synced.Change(contact.pk, "lifecycle_stage", stage, "unsubscribe@1.1")], loaded, by)

    # --- what holds ---

    @invariant()
    def nobody_who_said_no_would_be_mailed(self) -> None:
        owners: dict[int, set[str]] = {}
        for contact, key in Address.objects.values_list("contact_id", "key"):
            owners.setdefault(contact, set()).add(key)
        stages = dict(Contact.objects.values_list("pk", "lifecycle_stage_id"))
        shown, mailed = opt_in_of(list(stages)), {contact for contact, _ in reports.mailable()}
        for contact, keys in owners.items():
            if keys & self.closed:
                assert stages[contact] == UNSUBSCRIBED, f"{keys & self.closed} said no"
            if stages[contact] == UNSUBSCRIBED:
                assert shown[contact] is False
                assert contact not in mailed


def bounded(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )  # fmt: skip


def test_after_a_no_only_the_person_reopens_whatever_comes_through_whichever_door(users: dict[str, User]) -> None:
    factories.map_source()
    run_state_machine_as_test(Doors, settings=bounded(EXAMPLES, STEPS))
