"""An exchange with a MAP: what it may write into the hub, what the hub writes there, and when it falls quiet."""

from __future__ import annotations

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from contacts.models import Arrival, Contact, Review
from contacts.services import merging, review, synced
from contacts.services.intake import in_transaction
from syncrules.connectors.memory import in_capitals
from syncrules.models import Link, Pull, WorksheetVersion
from syncrules.services.sync.deciding import NoWorksheet
from tests.syncrules.syncing import ROWS, World, connect, contact, force, refusals, with_row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]
EMAIL = "sean@acme.example"


@pytest.fixture
def world() -> World:
    return connect()


def sean(world: World, **values: str) -> str:
    """Sean's record, made in the MAP and pulled."""
    ident = world.map.create(email=EMAIL, firstname="Sean", lastname="O'Brien", **values)
    world.exchange()
    return ident


def test_a_record_that_the_hub_does_not_know_becomes_a_contact_of_the_connections_source(world):
    sean(world, title="Buyer", stage="mql", score="40")
    found = contact(EMAIL)
    assert (found.job_title, found.lifecycle_stage_id, found.lead_score) == ("Buyer", "mql", 40)
    assert found.source_id == world.connection.source_id
    arrival = Arrival.objects.get(contact=found)
    assert (arrival.outcome, arrival.raw["title"]) == ("created", "Buyer")


def test_a_record_of_a_known_address_fills_the_gaps_of_its_contact_and_is_linked(world):
    world.arrive(email=EMAIL, first_name="Sean", job_title="Engineer")
    ident = sean(world, title="vp eng", phone="+14155550123")
    found = contact(EMAIL)
    assert (found.job_title, found.phone) == ("Engineer", "+14155550123")
    assert Link.objects.get(contact=found).record_id == ident
    assert world.record(found)["title"] == "Engineer"  # the row goes both ways, and the hub's value stands


def test_a_held_record_has_no_link_until_somebody_decided(world):
    world.arrive(email="sean@acme.example", first_name="Sean", last_name="O'Brien", company_domain="acme.example")
    ident = world.map.create(email="s.obrien@acme.example", firstname="Sean", lastname="O'Brien", title="VP")
    assert world.exchange().held == 1
    assert not Link.objects.filter(record_id=ident).exists()
    case = Review.objects.get()
    review.decide_same(case.pk, contact(EMAIL).pk, user=world.user("reviewer"), at=world.later())
    world.exchange()
    assert Link.objects.get(record_id=ident).contact == contact(EMAIL)


def test_what_the_map_changes_on_its_own_value_is_taken_and_says_by_which_row(world):
    ident = sean(world, score="40")
    world.map.edit(ident, score="55")
    world.exchange()
    found = contact(EMAIL)
    assert found.lead_score == 55
    row = found.history.order_by("-history_id").first()
    assert (row.actor, row.history_user_id, row.history_change_reason) == (
        "Our MAP", None, "our-map worksheet v1: lead_score fresh@1.7",
    )  # fmt: skip


def test_what_a_person_wrote_stays_and_goes_to_the_map(world):
    ident = sean(world, title="Engineer")
    found = contact(EMAIL)
    world.edit(found, job_title="VP of Engineering")
    world.map.edit(ident, title="vp eng")
    done = world.exchange()
    found.refresh_from_db()
    assert (found.job_title, world.record(found)["title"]) == ("VP of Engineering", "VP of Engineering")
    assert refusals(found) == [("job_title", "row-protected", "vp eng")]
    assert done.refused == 1


def test_a_released_value_is_the_rows_to_decide_and_can_be_protected_again(world):
    ident = sean(world, title="Engineer")
    found = contact(EMAIL)
    world.edit(found, job_title="VP of Engineering")
    world.exchange()
    world.release(found, "job_title")
    world.map.edit(ident, title="Chief Engineer")
    world.exchange()
    found.refresh_from_db()
    assert found.job_title == "Chief Engineer"


def test_both_changed_since_they_agreed_so_the_hubs_value_wins_and_the_conflict_is_logged(world):
    force(world.connection, with_row("company", "both", "fresh"), world.later())
    ident = sean(world, firm="Acme")
    found = contact(EMAIL)
    Contact.objects.filter(pk=found.pk).update(company="", origins={})
    world.arrive(email=EMAIL, first_name="Sean", company="Acme Tooling")
    world.map.edit(ident, firm="ACME Ltd")
    done = world.exchange()
    found.refresh_from_db()
    assert (found.company, world.record(found)["firm"], done.conflicts) == ("Acme Tooling", "Acme Tooling", 1)
    assert refusals(found) == [("company", "row-conflict", "ACME Ltd")]


def test_an_unsubscribe_passes_whatever_stands_and_subscribed_lifts_nothing(world):
    ident = sean(world)
    found = contact(EMAIL)
    world.edit(found, lifecycle_stage="customer")
    world.map.edit(ident, optout="true")
    world.exchange()
    found.refresh_from_db()
    assert (found.lifecycle_stage_id, world.record(found)["stage"]) == ("unsubscribed", "unsubscribed")
    world.map.edit(ident, optout="false")
    world.exchange()
    found.refresh_from_db()
    assert (found.lifecycle_stage_id, world.record(found)["optout"]) == ("unsubscribed", "true")


def test_an_unsubscribe_here_opts_out_there_at_once(world):
    sean(world)
    world.edit(contact(EMAIL), lifecycle_stage="unsubscribed")
    world.exchange()
    assert world.record(contact(EMAIL))["optout"] == "true"


def test_a_stage_of_sales_is_not_set_back_and_the_refusal_names_the_move(world):
    ident = sean(world, stage="mql")
    found = contact(EMAIL)
    world.edit(found, lifecycle_stage="in-discovery")
    world.map.edit(ident, stage="lead")
    world.exchange()
    found.refresh_from_db()
    assert (found.lifecycle_stage_id, world.record(found)["stage"]) == ("in-discovery", "working")
    refused = found.refusals.get()
    assert (refused.stage_from, refused.stage_to, refused.ref, refused.row) == ("in-discovery", "new-lead", ident, 8)


def test_what_cannot_be_translated_is_refused_and_costs_nothing_else(world):
    ident = sean(world, score="40")
    force(world.connection, with_row("lead_score", "to-hub", "fresh"), world.later())
    world.map.edit(ident, score="4.5", phone="+14155550123")
    world.exchange()
    found = contact(EMAIL)
    assert (found.lead_score, found.phone) == (40, "+14155550123")
    assert refusals(found) == [("lead_score", "row-untranslatable", "4.5")]


def test_an_unchanged_world_is_quiet_also_where_the_map_respells():
    world = connect(respell=in_capitals)
    sean(world, title="Engineer")
    world.edit(contact(EMAIL), job_title="Vice President", company="Acme Tooling")
    world.exchange()
    before = world.map.writes, contact(EMAIL).version
    for _ in range(3):
        done = world.exchange()
        assert (done.pushed, done.refused, done.pulled) == (0, 0, 0)
    assert (world.map.writes, contact(EMAIL).version) == before
    assert contact(EMAIL).job_title == "Vice President"


def test_an_address_that_somebody_has_is_never_given_to_a_second_contact(world):
    ident = world.map.create(firstname="Ann", lastname="Lee", firm="Kestrel", phone="+14155550177")
    world.exchange()
    world.arrive(email=EMAIL, first_name="Sean")
    world.map.edit(ident, email=EMAIL)
    world.exchange()
    ann = Link.objects.get(record_id=ident).contact
    assert (ann.email, contact(EMAIL).first_name) == ("", "Sean")
    world.map.edit(ident, email="ann@kestrel.example")
    world.exchange()
    assert contact("ann@kestrel.example") == ann


def test_the_link_is_the_maps_id_and_follows_a_changed_address(world):
    ident = sean(world)
    world.map.edit(ident, email="new@acme.example", score="7")
    world.exchange()
    assert Contact.objects.count() == 1
    assert contact(EMAIL).lead_score == 7


def test_without_a_worksheet_in_force_nothing_is_exchanged(world):
    WorksheetVersion.objects.update(state="past")
    world.map.create(email=EMAIL)
    with pytest.raises(NoWorksheet, match="Our MAP has no worksheet in force"):
        world.exchange()
    assert not Contact.objects.exists()


def test_a_version_that_is_put_in_force_is_obeyed_by_the_next_exchange(world):
    ident = sean(world, title="Engineer")
    force(world.connection, with_row("job_title", "to-map", "hub"), world.later())
    world.map.edit(ident, title="Chief")
    world.exchange()
    found = contact(EMAIL)
    assert (found.job_title, world.record(found)["title"]) == ("Engineer", "Engineer")
    assert found.refusals.get().rule == "row-hub@2.4"


def test_a_connection_writes_only_the_fields_of_its_rows_whatever_was_decided(world):
    sean(world)
    found = contact(EMAIL)
    hand = synced.Connected("Our MAP", "our-map worksheet v1:", frozenset({"phone"}), world.later())

    def write() -> None:
        contacts = synced.locked([found.pk])
        synced.store([synced.Change(found.pk, "country", "Ireland", "fresh@1.9")], contacts, hand)

    with pytest.raises(synced.NotAllowed, match="no row for country"):
        in_transaction(write)
    found.refresh_from_db()
    assert found.country == ""


def test_many_records_cost_as_many_statements_as_a_few(world):
    counts = []
    for n in (3, 40):
        made = [world.map.create(email=f"p{n}.{m}@acme.example", title="Engineer") for m in range(n)]
        world.exchange()
        for m, ident in enumerate(made):
            world.map.edit(ident, title=f"Chief {m}", score=str(m))
            if m % 2:
                world.edit(Link.objects.get(record_id=ident).contact, job_title="VP")
        with CaptureQueriesContext(database) as queries:
            done = world.exchange()
        assert done.pulled == n
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_every_pull_is_kept_with_what_was_decided(world):
    ident = sean(world, title="Engineer")
    world.edit(contact(EMAIL), job_title="VP")
    world.map.edit(ident, title="vp eng", score="3")
    world.exchange()
    pull = Pull.objects.order_by("-pk").first()
    assert pull.values["title"] == "vp eng"
    decided = {(v[1], v[2], v[3].partition("@")[0]) for v in pull.verdicts}
    assert decided == {("job_title", "refused", "row-protected"), ("lead_score", "written", "fresh")}


def test_a_merge_takes_the_link_along_and_taking_it_back_returns_it(world):
    ident = sean(world, title="Engineer")
    lost = contact(EMAIL)
    kept = world.arrive(email="sean@home.example", first_name="Sean").person.id
    [merge] = merging.merge(kept, [lost.pk], user=world.user("reviewer"), at=world.later())
    assert Link.objects.get(record_id=ident).contact_id == kept
    world.map.edit(ident, title="Chief")
    world.exchange()
    assert Contact.objects.get(pk=kept).job_title == "Chief"
    assert Contact.objects.count() == 1
    merging.unmerge(merge.pk, user=world.user("reviewer"), at=world.later())
    assert Link.objects.get(record_id=ident).contact_id == lost.pk


def test_two_records_of_one_contact_are_both_kept_and_fall_quiet(world):
    one = sean(world, title="Engineer")
    two = world.map.create(email="sob@home.example", firstname="Sean", title="Boss")
    world.exchange()
    other = Link.objects.get(record_id=two).contact
    merging.merge(contact(EMAIL).pk, [other.pk], user=world.user("reviewer"), at=world.later())
    world.map.edit(two, title="Chief")
    for _ in range(3):
        done = world.exchange()
    assert done.pushed == done.pulled == 0
    titles = {r.values["title"] for r in world.map.read([one, two]).values()}
    assert titles == {contact(EMAIL).job_title}


def test_a_write_that_the_map_refuses_is_counted_and_not_agreed_on(world):
    sean(world, title="Engineer")
    rows = [*ROWS, ("country", "interest", "to-map", "hub")]
    force(world.connection, rows, world.later())
    world.edit(contact(EMAIL), country="Ireland", job_title="VP")
    done = world.exchange()
    assert done.errors == 1
    assert world.record(contact(EMAIL))["title"] == "VP"
    assert "country" not in Link.objects.get().agreed
