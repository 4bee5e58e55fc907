"""Two contacts become one: nothing is lost, everything leads to the one that stays, and it is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from importlib import import_module
from itertools import permutations

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from contacts.domain.origins import origin_of
from contacts.models import Arrival, Contact, CustomField
from contacts.roles import ROLES
from contacts.services import listeners, merging
from contacts.services.addresses import add_address
from contacts.services.merging import relations
from tests.contacts.deciding import NOW, person, seed, send
from tests.contacts.merging import (
    LATER,
    addresses,
    check_sound,
    edit,
    fresh,
    his_other,
    history,
    hub,
    merge,
    sean,
)

pytestmark = pytest.mark.django_db
#: Bookkeeping, and the order in which writers stand.
LEFT_OUT = {"version", "updated_at", "origins"}


@pytest.fixture(autouse=True)
def _hub() -> None:
    seed()


class TestNothingIsLost:
    def test_addresses_become_aliases_and_arrivals_go_over(self):
        kept, lost = sean(), his_other()
        merge(kept, lost)
        assert addresses(kept) == [("sean@acme.example", True), ("sob@home.example", False)]
        assert set(Arrival.objects.values_list("contact", flat=True)) == {kept.pk}
        assert not Contact.objects.filter(pk=lost.pk).exists()
        check_sound()

    def test_a_contact_without_an_address_gets_the_others_as_its_primary(self):
        kept, lost = send(first_name="Sean", last_name="Ray", company="Acme", phone="+12125550101").contact, his_other()
        merge(kept, lost)
        assert (kept.email, addresses(kept)) == ("sob@home.example", [("sob@home.example", True)])
        check_sound()

    def test_what_is_filled_keeps_its_own_origin(self):
        kept, lost = sean(), his_other()
        merge(kept, lost)
        origin = origin_of(kept.origins, "job_title")
        assert (kept.job_title, origin.writer.name, origin.rule) == ("VP", "Trade show scan", "created")

    def test_the_keys_follow_so_that_arrivals_find_the_one_that_stayed(self):
        kept = send(email="a@b.example", first_name="Ann").contact
        merge(kept, send(email="a@c.example", last_name="Lee", phone="+12125550101").contact)
        named = send(first_name="ann", last_name="LEE", company_domain=kept.company_domain)
        assert named.review.candidates.get().contact_id == kept.pk
        assert send(phone="+1 212 555 0101").review.candidates.get().contact_id == kept.pk

    def test_both_histories_stay_and_say_what_was_done(self):
        kept, lost = sean(), his_other()
        number = merge(kept, lost)[0].pk
        assert history(kept.pk)[-1] == ("~", f"merged with #{lost.pk} {lost}, merge {number}")
        assert history(lost.pk)[-1] == ("-", f"merged into #{kept.pk} Sean Obrien, merge {number}")

    def test_who_listens_hears_of_both_in_the_same_breath(self, monkeypatch):
        kept, lost = sean(), his_other()
        told = []
        monkeypatch.setattr(listeners, "_ALL", [told.append])
        merge(kept, lost)
        assert [(list(one.contacts), list(one.removed)) for one in told] == [([kept.pk], [lost.pk])]

    def test_a_custom_field_goes_over_as_any_other(self):
        CustomField.objects.create(slug="seats", label="Seats", type="number")
        kept = sean()
        merge(kept, his_other(seats="12"))
        assert kept.custom == {"seats": 12}

    def test_an_unsubscribe_of_either_stays(self):
        for turned in (False, True):
            first, second = send(email=f"a{turned}@x.example").contact, send(email=f"b{turned}@x.example").contact
            edit(second, lifecycle_stage="Unsubscribed")
            kept, lost = (second, first) if turned else (first, second)
            merge(kept, lost)
            assert kept.lifecycle_stage_id == "unsubscribed"


class TestArrivalsAfterwards:
    def test_the_others_address_leads_to_the_one_that_stayed(self):
        kept = sean()
        merge(kept, his_other())
        arrival = send(email="SOB@home.example", phone="+12125550101")
        assert (arrival.outcome, arrival.contact_id, fresh(kept).phone) == ("filled", kept.pk, "+12125550101")
        assert Contact.objects.count() == 1

    def test_a_delivery_that_is_repeated_answers_with_the_one_that_stayed(self):
        from tests import factories

        kept = sean()
        lost = factories.arrive(factories.record("k1", email="x@y.example"))[0].person
        merging.merge(kept.pk, [lost.id], user=None, at=LATER)
        again = factories.arrive(factories.record("k1", email="x@y.example"))[0]
        assert (again.outcome, again.earlier.contact_id) == ("repeated", kept.pk)


class TestSeveralAtOnce:
    def test_each_gets_a_merge_of_its_own_the_most_complete_first(self):
        kept, rich = sean(), his_other(phone="+12125550101")
        poor = send(email="poor@x.example", job_title="Buyer").contact
        done = merge(kept, poor, rich)
        assert [m.lost_id for m in done] == [rich.pk, poor.pk]
        assert (kept.job_title, len(addresses(kept))) == ("VP", 3)

    def test_a_pick_may_name_any_of_them(self):
        kept, rich = sean(), his_other(phone="+12125550101")
        poor = send(email="poor@x.example", job_title="Buyer").contact
        merge(kept, rich, poor, job_title=poor, email=rich)
        assert (kept.job_title, kept.email) == ("Buyer", "sob@home.example")
        origin = origin_of(kept.origins, "job_title")
        assert (origin.writer.name, origin.rule) == ("Tomasz Zieliński", "picked")
        check_sound()


def without(monkeypatch: pytest.MonkeyPatch, label: str) -> None:
    """As if nobody had said how the rows of this foreign key go over."""
    monkeypatch.setattr(relations, "TABLE", {k: r for k, r in relations.TABLE.items() if k != label})


def test_three_become_the_same_in_all_six_orders() -> None:
    """B11: one after the other, each time keeping the one that is proposed."""
    many = {"first_name": "Sean", "last_name": "Obrien", "country": "IE"}
    contacts = [
        send(email="a@x.example", **many, phone="+12125550101", occurred_at="2026-02-01").contact,
        send("trade-show-scan", email="b@x.example", first_name="Shaun", job_title="VP", lead_score="3").contact,
        send(at=LATER, first_name="Sean", last_name="Ray", company="Acme", job_title="CTO").contact,
    ]
    edit(contacts[1], lifecycle_stage="SQL")
    found = {repr(merged_in_order(order)) for order in permutations(contacts)}
    assert len(found) == 1
    assert "'job_title': 'VP'" in found.pop()


def merged_in_order(contacts: Sequence[Contact]) -> list[object]:
    """What stays of these, merged in this order; undone at once."""
    with transaction.atomic():
        done, *rest = (fresh(c) for c in contacts)
        for other in rest:
            kept = fresh(Contact(pk=merging.propose([done.pk, other.pk])))
            merge(kept, other if kept == done else done)
            done = kept
        left = [{f: v for f, v in Contact.objects.values().get().items() if f not in LEFT_OUT}, addresses(done)]
        transaction.set_rollback(True)
    return left


class TestRefusals:
    def refused(self, *args, **given) -> str:
        before = hub()
        with pytest.raises(merging.MergeRefused) as caught:
            merging.merge(*args, **({"user": person("reviewer"), "at": LATER} | given))
        assert hub() == before
        return str(caught.value)

    def test_a_relation_that_nobody_thought_of_stops_it_by_name(self, monkeypatch):
        kept, lost = sean(), his_other()
        without(monkeypatch, "contacts.Arrival.contact")
        assert "contacts.Arrival.contact" in self.refused(kept.pk, [lost.pk])
        with pytest.raises(merging.MergeRefused, match=r"contacts\.Arrival\.contact"):
            merging.preview(kept.pk, [lost.pk])

    def test_it_is_also_said_at_start(self, monkeypatch):
        from contacts.checks import everything_that_hangs_on_contacts_can_be_merged as check

        assert check(None) == []
        without(monkeypatch, "contacts.ReviewCandidate.contact")
        assert [(e.id, "ReviewCandidate" in e.msg) for e in check(None)] == [("contacts.E001", True)]

    def test_the_numbers_must_make_sense(self):
        kept, lost = sean(), his_other()
        assert "itself" in self.refused(kept.pk, [kept.pk])
        assert "second contact" in self.refused(kept.pk, [])
        assert "At most five" in self.refused(kept.pk, [lost.pk, 900, 901, 902, 903])
        assert "no contact #900" in self.refused(kept.pk, [900])

    def test_one_that_was_merged_already_says_where_it_is(self):
        kept, lost, third = sean(), his_other(), send(email="third@x.example").contact
        number = merge(kept, lost)[0].pk
        said = self.refused(third.pk, [lost.pk])
        assert f"#{lost.pk} was merged into #{kept.pk} already, by Tomasz Zieliński (merge {number})" in said

    def test_a_contact_that_changed_while_somebody_looked_is_looked_at_again(self):
        kept, lost = sean(), his_other()
        seen = {kept.pk: kept.version, lost.pk: lost.version}
        edit(lost, job_title="CTO")
        assert "changed while you looked" in self.refused(kept.pk, [lost.pk], versions=seen)

    def test_a_pick_must_be_possible(self):
        kept, lost = sean(), his_other()
        assert "no field “nonsense”" in self.refused(kept.pk, [lost.pk], picks={"nonsense": lost.pk})
        assert "has no Country to pick" in self.refused(kept.pk, [lost.pk], picks={"country": lost.pk})
        assert "none of the contacts" in self.refused(kept.pk, [lost.pk], picks={"country": 900})
        assert "first lead source" in self.refused(kept.pk, [lost.pk], picks={"source": lost.pk})

    @pytest.mark.parametrize("role", ["sales", "marketing", "auditor"])
    def test_it_takes_the_right(self, role):
        kept, lost = sean(), his_other()
        with pytest.raises(PermissionDenied):
            merging.merge(kept.pk, [lost.pk], user=person(role), at=LATER)
        assert Contact.objects.count() == 2


def test_a_merge_costs_the_same_however_much_hangs_on_the_contacts() -> None:
    """Also with 10,000 arrivals: rows go over in one statement, and come back in one."""
    costs = []
    for number in (1, 10_000):
        kept, lost = send(email=f"a{number}@x.example").contact, send(email=f"b{number}@x.example").contact
        source = Arrival.objects.first().source
        Arrival.objects.bulk_create(
            Arrival(source=source, door="api", received_at=NOW, outcome="unchanged", contact=c, raw={})
            for c in (kept, lost)
            for _ in range(number)
        )
        for n in range(1 if number == 1 else 10):
            add_address(lost.pk, f"alias{n}.{number}@x.example", user=person("sales"), at=NOW)
        with CaptureQueriesContext(connection) as going:
            done = merge(kept, lost)[0]
        assert merging.moved(done)["arrivals"] == number + 1
        assert Arrival.objects.filter(contact=kept).count() == 2 * (number + 1)
        with CaptureQueriesContext(connection) as coming:
            merging.unmerge(done.pk, user=person("reviewer"), at=LATER + timedelta(hours=1))
        assert Arrival.objects.filter(contact=lost).count() == number + 1
        costs.append((len(going), len(coming)))
    assert costs[0] == costs[1]


def test_groups_that_exist_already_get_the_rights_that_came_with_merging() -> None:
    migration = import_module("contacts.migrations.0003_rights_to_merge")
    for group in Group.objects.all():
        group.permissions.clear()
    migration.grant(apps, None)
    for name, rights in migration.GRANTED.items():
        assert set(Group.objects.get(name=name).permissions.values_list("codename", flat=True)) == set(rights)
        assert ROLES[name].issuperset(rights)
