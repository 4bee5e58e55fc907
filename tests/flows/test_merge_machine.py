"""Random lives of contacts: arrivals, decisions, edits, merges and their undoing, in any order.

After each step: no consent lost, no address on two contacts, arrivals where their address is, every old number
leads home, and a history that tells all of it. A merge that is taken back at once leaves nothing behind.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from contacts.models import Address, Arrival, Contact, Merge, Review
from contacts.services import merging, review
from contacts.services.merged import living_ids
from contacts.services.people import edit_contact
from tests import factories
from tests.contacts.merging import check_sound, hub
from tests.flows.test_audit_trail import COLUMNS, dump, table

UNSUBSCRIBED = "unsubscribed"
ADDRESSES = [f"{name}@{firm}" for name in ("dana", "d.li", "cy") for firm in ("harbor.example", "gmail.com")]
VALUES = {
    "email": ["", *ADDRESSES],
    "first_name": ["", "Dana", "Cy", "Zoltan"],
    "last_name": ["", "Li", "Quist"],
    "company_domain": ["", "harbor.example"],
    "phone": ["", "", "2025550101"],
    "job_title": ["", "Buyer", "CTO"],
    "occurred_at": ["", "2026-02-01", "2026-03-01"],
}
EDITS = {"job_title": ["", "VP", "Welder"], "country": ["", "Norway"], "lifecycle_stage": ["Unsubscribed", "SQL"]}
places = st.integers(0, 1000)


class Lives(RuleBasedStateMachine):
    """``people`` is the model: each living contact with the numbers it was made of; ``out``: who withdrew."""

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.at = factories.AT
        self.sales, self.reviewer = (User.objects.get(username=name) for name in ("sales", "reviewer"))
        self.people: dict[int, set[int]] = {}
        self.merges: dict[int, tuple[int, int, set[int]]] = {}
        self.out: set[int] = set()
        self.rows = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    def later(self) -> Any:
        self.at += timedelta(minutes=1)
        return self.at

    def pick(self, place: int) -> int:
        return sorted(self.people)[place % len(self.people)]

    def meet(self) -> None:
        """New contacts are people of their own."""
        for ident in Contact.objects.exclude(pk__in=self.people).values_list("pk", flat=True):
            self.people[ident] = {ident}

    @rule(values=st.fixed_dictionaries({f: st.sampled_from(v) for f, v in VALUES.items()}))
    def arrive(self, values: dict[str, str]) -> None:
        given = {f: v for f, v in values.items() if v}
        factories.arrive(factories.record(**given), at=self.later())
        self.meet()

    @precondition(lambda self: Review.objects.filter(status="open", kind="hold").exists())
    @rule(place=places, same=st.booleans())
    def decide(self, place: int, same: bool) -> None:
        cases = list(Review.objects.filter(status="open", kind="hold").order_by("pk"))
        case = cases[place % len(cases)]
        candidates = list(case.candidates.order_by("pk").values_list("contact_id", flat=True))
        try:
            if same and candidates:
                who = candidates[place % len(candidates)]
                review.decide_same(case.pk, who, user=self.reviewer, at=self.later())
            else:
                review.decide_different(case.pk, user=self.reviewer, at=self.later())
        except review.Refused:
            pass
        self.meet()

    @precondition(lambda self: self.people)
    @rule(place=places, field=st.sampled_from(sorted(EDITS)), value=places)
    def edit(self, place: int, field: str, value: int) -> None:
        contact = Contact.objects.get(pk=self.pick(place))
        text = EDITS[field][value % len(EDITS[field])]
        if field == "lifecycle_stage" and contact.lifecycle_stage_id == UNSUBSCRIBED:
            return  # sales might take a withdrawal back, which is no merge's doing
        edit_contact(
            contact.pk, {field: text}, user=self.sales, reason="said so", version=contact.version, at=self.later()
        )
        if text == "Unsubscribed":
            self.out |= self.people[contact.pk]

    @precondition(lambda self: len(self.people) > 1)
    @rule(first=places, second=places, field=st.sampled_from(["", "job_title", "first_name", "email"]))
    def merge(self, first: int, second: int, field: str) -> None:
        kept = self.pick(first)
        lost = sorted(self.people.keys() - {kept})[second % (len(self.people) - 1)]
        picks = {field: lost} if field and _has(lost, field) else {}
        done = merging.merge(kept, [lost], picks=picks, user=self.reviewer, at=self.later())[0]
        self.merges[done.pk] = (kept, lost, self.people[lost])
        self.people[kept] = self.people[kept] | self.people.pop(lost)

    @precondition(lambda self: self.merges)
    @rule(place=places, side=st.sampled_from(["kept", "lost"]))
    def unmerge(self, place: int, side: str) -> None:
        number = sorted(self.merges)[place % len(self.merges)]
        kept, lost, parts = self.merges[number]
        on_top = [n for n, (k, gone, _) in self.merges.items() if n > number and kept in (k, gone)]
        if on_top:
            with pytest.raises(merging.MergeRefused, match="Take merge"):
                merging.unmerge(number, user=self.reviewer, at=self.later())
            return
        place_all = {p.name: side for p in merging.plan_unmerge(number).unplaced}
        merging.unmerge(number, place=place_all, user=self.reviewer, at=self.later())
        del self.merges[number]
        self.people[kept] = self.people[kept] - parts
        self.people[lost] = parts

    @precondition(lambda self: len(self.people) > 1)
    @rule(first=places, second=places, field=st.sampled_from(["", "job_title", "first_name", "email"]))
    def merge_and_take_back(self, first: int, second: int, field: str) -> None:
        """Unmerging the last merge is the identity."""
        kept = self.pick(first)
        lost = sorted(self.people.keys() - {kept})[second % (len(self.people) - 1)]
        picks = {field: lost} if field and _has(lost, field) else {}
        before = hub()
        done = merging.merge(kept, [lost], picks=picks, user=self.reviewer, at=self.later())[0]
        merging.unmerge(done.pk, user=self.reviewer, at=self.later())
        assert hub() == before

    @invariant()
    def no_consent_is_lost(self) -> None:
        stages = dict(Contact.objects.values_list("pk", "lifecycle_stage_id"))
        assert stages.keys() == self.people.keys()
        mailed = [i for i, parts in self.people.items() if parts & self.out and stages[i] != UNSUBSCRIBED]
        assert mailed == [], "somebody who withdrew would be mailed"

    @invariant()
    def each_address_has_one_contact_and_its_arrivals_with_it(self) -> None:
        check_sound()
        homes = dict(Address.objects.values_list("key", "contact_id"))
        for key, contact in Arrival.objects.exclude(contact=None).values_list("email_key", "contact_id"):
            assert homes.get(key, contact) == contact

    @invariant()
    def every_old_number_leads_home(self) -> None:
        homes = {old: ident for ident, parts in self.people.items() for old in parts}
        assert living_ids(homes) == homes
        assert Merge.objects.filter(undone_at=None).count() == len(self.merges)

    @invariant()
    def the_history_tells_all_of_it(self) -> None:
        trail = table("contacts_historicalcontact", ["id", "history_type", *COLUMNS], "history_id")
        assert len(trail) >= self.rows
        self.rows = len(trail)
        last = {row["id"]: row for row in trail}
        assert last.keys() >= set().union(*self.people.values(), set())
        for ident, now in dump().items():
            assert {c: last[ident][c] for c in COLUMNS} == {c: now[c] for c in COLUMNS}
        gone = {ident for ident, row in last.items() if row["history_type"] == "-"}
        assert gone == last.keys() - self.people.keys()


def _has(ident: int, field: str) -> bool:
    return bool(getattr(Contact.objects.get(pk=ident), field))


def test_random_lives_lose_no_consent_no_address_and_no_history(users: dict[str, User]) -> None:
    bounded = settings(
        max_examples=20,
        stateful_step_count=18,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    run_state_machine_as_test(Lives, settings=bounded)
