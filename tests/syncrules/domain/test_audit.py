"""The duplicate audit: who is grouped with whom, which record stays and why, what is kept, and what mail obeys."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncrules.domain.audit import Entry, Fields, OptIn, Rate, propose
from syncrules.domain.grouping import By, Keys, group, keys_of

FIELDS = Fields(stage="stage", source="source", email="email", opt_out="optout")


def entry(ident: str, opt_in: OptIn = OptIn.NONE, **values: Any) -> Entry:
    rank = values.pop("rank", -1)
    contact = values.pop("contact", None)
    first, last = values.get("first", ""), values.get("last", "")
    return Entry(ident, values, values.get("email", ""), first, last, rank=rank, opt_in=opt_in, contact=contact)


class TestKeys:
    @pytest.mark.parametrize(
        "email", ["ann@acme.example", " ANN@Acme.example ", "mailto:ann@acme.example", "Ann Lee <ann@acme.example>"]
    )
    def test_an_address_is_compared_as_the_hub_compares_it(self, email):
        assert keys_of("1", email, "", "", "").address == "ann@acme.example"

    @pytest.mark.parametrize("email", ["", "-", "N/A", "none@none.com", "not an address"])
    def test_what_is_no_address_groups_nobody(self, email):
        assert keys_of("1", email, "Ann", "Lee", "").address == ""

    def test_the_company_is_read_off_the_website_and_else_off_the_address(self):
        said = keys_of("1", "a@gmail.com", "Ann", "Lee", "https://www.acme.example/about")
        assert said.name == keys_of("2", "ann.lee@acme.example", "ANN", "Lée", "").name == "ann|lee|acme.example"

    def test_free_mail_is_no_company(self):
        assert keys_of("1", "ann@gmail.com", "Ann", "Lee", "").name == ""

    def test_a_name_alone_groups_nobody(self):
        assert keys_of("1", "", "Ann", "Lee", "").name == ""


class TestGroups:
    def test_first_by_address_then_by_name_and_domain(self):
        found = group([Keys("1", "a@x", "ann|lee|x"), Keys("2", "a@x", ""), Keys("3", "b@x", "ann|lee|x")])
        assert [(f.by, f.ids) for f in found] == [(By.ADDRESS, ("1", "2")), (By.NAME, ("1", "3"))]

    def test_those_who_share_an_address_stand_in_a_group_by_name_once(self):
        found = group([Keys("1", "a@x", "ann|lee|x"), Keys("2", "a@x", "ann|lee|x")])
        assert [(f.by, f.ids) for f in found] == [(By.ADDRESS, ("1", "2"))]

    def test_who_has_two_names_joins_both_groups_into_one(self):
        records = [
            Keys("1", "a@x", "ann|lee|x"),
            Keys("2", "a@x", "ann|li|x"),
            Keys("3", "", "ann|lee|x"),
            Keys("4", "", "ann|li|x"),
        ]
        assert [set(f.ids) for f in group(records) if f.by is By.NAME] == [{"1", "3", "4"}]

    def test_who_is_known_to_be_somebody_else_is_not_grouped_by_name(self):
        records = [Keys("1", "", "ann|lee|x"), Keys("2", "", "ann|lee|x"), Keys("3", "", "ann|lee|x")]
        assert [f.ids for f in group(records, frozenset({("2", "1")}))] == [("1", "3")]
        assert group(records[:2], frozenset({("1", "2")})) == []

    @given(st.lists(st.tuples(st.sampled_from(["", "a", "b", "c"]), st.sampled_from(["", "n", "m", "o"])), max_size=12))
    def test_each_merge_takes_one_record_away_until_one_of_each_person_is_left(self, keys):
        records = [Keys(str(n), *pair) for n, pair in enumerate(keys)]
        people = {r.id: r.id for r in records}

        def home(ident: str) -> str:
            return ident if people[ident] == ident else home(people[ident])

        for a in records:
            for b in records:
                if (a.address and a.address == b.address) or (a.name and a.name == b.name):
                    people[home(a.id)] = home(b.id)
        persons = len({home(r.id) for r in records})
        found = group(records)
        assert sum(len(f.ids) - 1 for f in found) == len(records) - persons
        assert all(len(f.ids) > 1 for f in found)


class TestMaster:
    def test_the_most_complete_record_stays_and_the_plan_says_why(self):
        plan = propose(By.ADDRESS, [entry("1", a="x"), entry("2", a="x", b="y", c="z")], FIELDS)
        assert (plan.master, plan.others) == ("2", ("1",))
        assert plan.why == "the most complete: 3 fields filled, the other has 1"

    def test_of_two_as_complete_the_older_stays(self):
        plan = propose(By.ADDRESS, [entry("100", a="x"), entry("9", a="y")], FIELDS)
        assert plan.master == "9"
        assert "the oldest" in plan.why

    def test_a_person_may_choose_another(self):
        plan = propose(By.NAME, [entry("1", a="x", b="y"), entry("2", a="x")], FIELDS, master="2")
        assert (plan.master, plan.needs, plan.why) == ("2", "", "chosen by a person")

    def test_its_values_stay_its_gaps_are_filled_and_what_is_given_up_is_listed(self):
        plan = propose(
            By.ADDRESS, [entry("1", title="CTO", phone="1", x="y"), entry("2", title="Boss", town="Cork")], FIELDS
        )
        assert plan.values == {"title": "CTO", "phone": "1", "x": "y", "town": "Cork"}
        assert {k.field: k.given_up for k in plan.keeps}["title"] == (("2", "Boss"),)

    def test_another_spelling_of_the_same_is_not_given_up(self):
        plan = propose(By.ADDRESS, [entry("1", firm="Acme, Inc.", a="b"), entry("2", firm="ACME INC")], FIELDS)
        assert [k.given_up for k in plan.keeps if k.field == "firm"] == [()]

    def test_the_furthest_stage_and_the_first_source_stay(self):
        old = entry("1", stage="customer", source="form", rank=6)
        new = entry("2", stage="lead", source="fair", rank=1, a="b", c="d")
        plan = propose(By.ADDRESS, [old, new], FIELDS)
        assert plan.master == "2"
        assert (plan.values["stage"], plan.values["source"]) == ("customer", "form")


class TestMail:
    @pytest.mark.parametrize("master", list(OptIn))
    @pytest.mark.parametrize("other", list(OptIn))
    def test_the_strictest_stands(self, master, other):
        said = propose(By.ADDRESS, [entry("1", master, a="b", c="d"), entry("2", other)], FIELDS).consent
        wanted = next(s for s in OptIn if s in (master, other))
        assert (said.state, said.right) == (wanted, master is wanted)

    def test_an_opt_out_that_the_master_lacks_is_said_in_words(self):
        said = propose(By.ADDRESS, [entry("1", a="b"), entry("2", OptIn.OUT)], FIELDS).consent
        assert said.words == "#2 opted out and the master did not: the opt-out is written first."

    def test_an_opt_out_is_never_written_as_a_value(self):
        assert (
            "optout" not in propose(By.ADDRESS, [entry("1", optout="false"), entry("2", optout="true")], FIELDS).values
        )


class TestWhoDecides:
    def test_one_address_and_one_name_need_nobody(self):
        pair = [entry("1", first="Ann", last="Lee"), entry("2", first="A.", last="Lee")]
        assert propose(By.ADDRESS, pair, FIELDS).needs == ""

    def test_one_address_with_unlike_names_needs_a_person(self):
        pair = [entry("1", first="Ann", last="Lee"), entry("2", first="Robert", last="Smith")]
        assert "several people may share it" in propose(By.ADDRESS, pair, FIELDS).needs

    def test_one_name_at_one_company_needs_a_person(self):
        assert propose(By.NAME, [entry("1"), entry("2")], FIELDS).needs

    def test_two_contacts_of_the_hub_need_a_person(self):
        pair = [entry("1", first="Ann", last="Lee", contact=7), entry("2", first="Ann", last="Lee", contact=8)]
        assert "different contacts of the hub" in propose(By.ADDRESS, pair, FIELDS).needs
        assert "different contacts of the hub" in propose(By.ADDRESS, pair, FIELDS, master="1").needs


class TestRate:
    def test_it_is_those_too_many_by_all(self):
        assert Rate(48_823, 811, 879).share == pytest.approx(0.018, abs=1e-4)
        assert Rate(0, 0, 0).share == 0

    def test_three_percent_is_not_under_three_percent(self):
        assert Rate(1000, 1, 29).met(3)
        assert not Rate(1000, 1, 30).met(3)
