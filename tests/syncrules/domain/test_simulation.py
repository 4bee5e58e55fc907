"""A draft held against contacts as they are: what would differ, because of which row, and what a person keeps."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

from contacts.domain.changes import Person
from contacts.domain.origins import Writer, fresh
from syncrules.domain.records import Terms, Told
from syncrules.domain.simulation import Difference, Subject, simulate
from syncrules.domain.worksheet import Worksheet
from tests.syncrules.domain.building import TABLE, instead, row, worksheet

FORM = Writer("source", "Website contact form", "2026-02-01T09:00:00+00:00")
DANA = Writer("person", "Dana Whitfield", "2026-03-03T09:00:00+00:00")
TITLE = row("job_title", "jobtitle", "both", "fill")
IN_FORCE = worksheet(TITLE)
SOURCES = {1: "website-contact-form", 2: "paid-search-landing-page"}


def terms(sheet: Worksheet) -> Terms:
    return Terms(sheet, TABLE, frozenset({"Sandbox"}), SOURCES)


def subject(
    values: dict[str, Any], shown: dict[str, str], *, writer: Writer = FORM, agreed: dict[str, Any] | None = None
) -> Subject:
    origins = fresh(dict.fromkeys(values, "person" if writer is DANA else "created"), writer)
    known = {f: [v, shown.get("jobtitle", "")] for f, v in (agreed or {}).items()}
    return Subject(Person(values, origins, 5), Told(shown, {}, known), "Wei Zhang")


def differences(one: Subject, draft: Worksheet, now: Worksheet = IN_FORCE) -> list[Difference]:
    return list(simulate([one], terms(now), terms(draft)))


def test_a_fresher_value_that_the_draft_lets_in_is_named_with_its_row() -> None:
    held = Subject(
        *subject({"job_title": "Optical Engineer"}, {"jobtitle": "Senior Optical Engineer"})[:1],
        Told({"jobtitle": "Senior Optical Engineer"}, {}, {"job_title": ["Optical Engineer", "Optical Engineer"]}),
        "Wei Zhang",
    )
    (found,) = differences(held, instead(IN_FORCE, 7, rule="fresh"))
    assert found[:6] == (5, "Wei Zhang", "job_title", "Optical Engineer", "Senior Optical Engineer", 7)
    assert found.because.startswith("row 7: now “MAP keeps fresh until edited”; the row lets the MAP keep")


def test_what_a_person_wrote_stays_and_is_shown_as_kept() -> None:
    held = subject({"job_title": "VP of Engineering"}, {"jobtitle": "VP Engineering"}, writer=DANA)
    (found,) = differences(held, instead(IN_FORCE, 7, rule="fresh"))
    assert found.kept
    assert found.now == found.then == "VP of Engineering"
    assert found.because == "same: Dana Whitfield wrote it, “VP Engineering” refused"


def test_the_same_worksheet_makes_no_difference() -> None:
    held = subject({"lifecycle_stage": "new-lead"}, {"jobtitle": "Buyer", "lifecyclestage": "marketingqualifiedlead"})
    assert differences(held, IN_FORCE) == []


def test_stages_and_sources_are_named_as_people_name_them() -> None:
    held = subject({"lifecycle_stage": "new-lead"}, {"lifecyclestage": "marketingqualifiedlead"})
    (found,) = differences(held, instead(IN_FORCE, 4, direction="to-map"))
    assert (found.field, found.now, found.then, found.row) == ("lifecycle_stage", "MQL", "New Lead", 4)
    source = subject({"first_name": "Wei"}, {"hs_analytics_source": "PAID_SEARCH"})
    (found,) = differences(source, instead(IN_FORCE, 3, direction="to-map", rule="hub"))
    assert (found.now, found.then) == ("paid-search-landing-page", "")


def test_a_row_that_is_new_or_gone_is_said_to_be() -> None:
    held = subject({"first_name": "Wei"}, {"jobtitle": "Buyer"})
    without = replace(IN_FORCE, rows=IN_FORCE.rows[:6])
    (gone,) = differences(held, without)
    assert (gone.now, gone.then, gone.because) == ("Buyer", "", "row 7 is not in the draft")
    (new,) = differences(held, IN_FORCE, without)
    assert (new.now, new.then) == ("", "Buyer")
    assert new.because.startswith("row 7: new in the draft; it was empty")


def test_an_unsubscribe_is_answered_for_by_its_row() -> None:
    held = subject({"lifecycle_stage": "mql"}, {"hs_email_optout": "true"})
    sheet = replace(IN_FORCE, rows=tuple(r for r in IN_FORCE.rows if r.hub != "opt_in"))
    stage = [d for d in differences(held, IN_FORCE, sheet) if d.field == "lifecycle_stage"]
    assert [(d.now, d.then, d.row) for d in stage] == [("MQL", "Unsubscribed", 6)]


def test_contacts_go_through_one_at_a_time() -> None:
    """Nothing is read ahead, so a million contacts need no more memory than one."""
    taken = 0

    def many() -> Any:
        nonlocal taken
        while True:
            taken += 1
            yield subject({"first_name": "Wei"}, {"jobtitle": "Buyer"})

    without = replace(IN_FORCE, rows=IN_FORCE.rows[:6])
    assert len(list(islice(simulate(many(), terms(without), terms(IN_FORCE)), 3))) == 3
    assert taken == 3
