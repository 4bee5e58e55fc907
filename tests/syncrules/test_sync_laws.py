"""Laws of exchanges: no order of pulls, arrivals and edits takes a person's value away, and exchanges fall quiet."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contacts.domain.origins import is_protected
from contacts.models import Contact
from syncrules.connectors.memory import MemoryMap, as_sent, in_capitals
from syncrules.domain.proof import check
from syncrules.models import Connection, Link
from syncrules.services import incidents
from syncrules.services.catalogue import refresh, worksheet_of
from syncrules.services.simulate import simulate
from tests import factories
from tests.syncrules.syncing import PROPERTIES, ROWS, STAGES, World, connect, contact, force, source

PEOPLE = ("ann@acme.example", "bo@acme.example")
TITLES = ("VP of Engineering", "vp eng", "VP ENG", "Buyer", "")
RULES = {
    "job_title": ["never", "fill", "once", "hub", "fresh"],
    "company": ["never", "fill", "once", "hub", "fresh"],
    "lead_score": ["never", "fill", "once", "hub", "fresh"],
    "phone": ["never", "fill", "once", "hub"],
}
DIRECTIONS = ["to-hub", "to-map", "both"]

rows = st.fixed_dictionaries(
    {f: st.tuples(st.sampled_from(DIRECTIONS), st.sampled_from(rules)) for f, rules in RULES.items()}
)
AGAINST = {("to-map", "once"), ("to-map", "fresh"), ("to-hub", "hub")}
sound_rows = st.fixed_dictionaries(
    {
        f: st.sampled_from([(d, r) for d in DIRECTIONS for r in rules if (d, r) not in AGAINST])
        for f, rules in RULES.items()
    }
)
values = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(TITLES),
        "firm": st.sampled_from(["Acme", "ACME ", "Kestrel Optics", ""]),
        "score": st.sampled_from(["1", "2", "90", "", "4.5"][:4]),
        "stage": st.sampled_from(STAGES),
        "optout": st.sampled_from(["true", "false", ""]),
    },
)
typed = st.sampled_from(
    [
        {"job_title": "VP of Engineering"},
        {"job_title": ""},
        {"company": "Acme Tooling"},
        {"lead_score": "77"},
        {"lifecycle_stage": "in-discovery"},
        {"lifecycle_stage": "sql", "job_title": "CTO"},
    ]
)
steps = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.one_of(
            st.tuples(st.just("map"), values),
            st.tuples(st.just("arrival"), values),
            st.tuples(st.just("edit"), typed),
            st.tuples(st.just("exchange"), st.booleans()),
        ),
    ),
    max_size=10,
)
respellings = st.sampled_from([as_sent, in_capitals])
LAW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def worksheet(chosen: dict[str, tuple[str, str]]) -> list[Any]:
    return [(h, m, *chosen.get(h, (d, r))) for h, m, d, r in ROWS]


class Laws(TestCase):
    """Each example has a hub of its own."""

    def setUp(self) -> None:
        factories.rules()

    def world(self, respell: Any, chosen: dict[str, tuple[str, str]]) -> World:
        world = connect(respell=respell, rows=worksheet(chosen))
        for email in PEOPLE:
            world.map.create(email=email, firstname=email[:3].title(), lastname="Lee")
        world.exchange()
        return world

    def act(self, world: World, who: int, act: str, what: Any) -> None:
        person = contact(PEOPLE[who])
        record = Link.objects.filter(contact=person).values_list("record_id", flat=True)[0]
        if act == "map":
            world.map.edit(record, **what)
        elif act == "arrival":
            names = {"title": "job_title", "firm": "company", "score": "lead_score", "stage": "lifecycle_stage"}
            world.arrive(email=PEOPLE[who], first_name="Lee", **{names[n]: v for n, v in what.items() if n in names})
        elif act == "exchange":
            world.exchange(full=what)
        elif person.lifecycle_stage_id != "unsubscribed":
            world.edit(person, **what)

    @LAW
    @given(rows, steps, respellings)
    def test_nothing_automatic_changes_a_protected_value_but_an_unsubscribe(self, chosen, steps, respell):
        world = self.world(respell, chosen)
        for who, (act, what) in [*steps, (0, ("exchange", True))]:
            before = {c.pk: c for c in Contact.objects.all()}
            self.act(world, who, act, what)
            if act == "edit":
                continue
            for now in Contact.objects.all():
                then = before[now.pk]
                for field in [f for f in then.origins["of"] if is_protected(then.origins, f)]:
                    column = "lifecycle_stage_id" if field == "lifecycle_stage" else field
                    fine = getattr(now, column) == getattr(then, column)
                    assert fine or (column == "lifecycle_stage_id" and now.lifecycle_stage_id == "unsubscribed")
        assert incidents.find() == []

    @LAW
    @given(rows, rows, steps, respellings)
    def test_simulating_tells_what_putting_in_force_and_exchanging_again_does(self, old, new, steps, respell):
        world = self.world(respell, old)
        for who, (act, what) in steps:
            self.act(world, who, act, what)
        world.exchange()
        draft = force(world.connection, worksheet(new), world.now, draft=True)
        told = simulate(world.connection, worksheet_of(world.connection, draft))
        draft.delete()
        before = {c.pk: state(c) for c in Contact.objects.all()}
        force(world.connection, worksheet(new), world.later())
        world.exchange(full=True)
        after = {c.pk: state(c) for c in Contact.objects.all()}
        really = {(c, f) for c, then in after.items() for f in then if then[f] != before[c][f]}
        assert {(d.contact, d.field) for d in told.differences} == really
        assert all(d.then == str(after[d.contact][d.field] or "") for d in told.differences if d.field in RULES)

    @LAW
    @given(sound_rows, sound_rows, steps, respellings, respellings)
    def test_two_connections_whose_worksheets_pass_the_check_fall_quiet(self, one, other, steps, first, second):
        world = self.world(first, one)
        second_map = second_connection(world, second, other)
        mine, theirs = (worksheet_of(c, c.versions.get(state="in-force")) for c in Connection.objects.order_by("pk"))
        # The kit's MAPs have few stages: that some have no name there makes no cycle.
        found = [*check(mine, [theirs]), *check(theirs, [mine])]
        assume(all(p.level != "stops" or p.code == "stage-unmapped" for p in found))
        for who, (act, what) in steps:
            self.act(world, who, act, what)
            second_map.now = world.now
        for _ in range(4):
            for each in (world, second_map):
                each.now = world.now = world.later()
                each.exchange()
        writes = world.map.writes, second_map.map.writes, list(versions())
        for _ in range(2):
            for each in (world, second_map):
                each.now = world.now = world.later()
                each.exchange()
        assert (world.map.writes, second_map.map.writes, list(versions())) == writes


def state(found: Contact) -> dict[str, Any]:
    names = ("job_title", "company", "lead_score", "phone", "first_name", "last_name", "email")
    return {f: getattr(found, f) for f in names} | {"lifecycle_stage": found.lifecycle_stage_id}


def versions() -> Any:
    return Contact.objects.order_by("pk").values_list("pk", "version")


def second_connection(world: World, respell: Any, chosen: dict[str, tuple[str, str]]) -> World:
    """Another MAP that has the same people, which may set no stage."""
    made = Connection.objects.create(
        slug="their-map", name="Their MAP", kind="memory", source=source("their-map", "Their MAP"),
        created_at=world.now,
    )  # fmt: skip
    other = World(made, MemoryMap(PROPERTIES, respell=respell), now=world.now)
    refresh(made, other.map, world.now)
    rows = [(h, m, "to-map", r) if h == "lifecycle_stage" else (h, m, d, r) for h, m, d, r in worksheet(chosen)]
    force(made, rows, world.now)
    for email in PEOPLE:
        other.map.create(email=email, firstname=email[:3].title(), lastname="Lee")
    other.exchange()
    return other
