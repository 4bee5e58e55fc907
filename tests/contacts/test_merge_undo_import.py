"""Taking an import back after its contacts were merged: what a merge touched stays, and the merge can be taken back."""

from __future__ import annotations

import pytest

from contacts.models import Contact
from tests.contacts.deciding import seed, send
from tests.contacts.merging import addresses, check_sound, fresh, hub, merge, unmerge
from tests.contacts.undoing import ANN, BOB, LATEST, imported, take_back

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hub() -> None:
    seed()


def test_a_contact_that_the_import_made_and_that_became_part_of_another_stays_there_and_is_named():
    kept = send(email="ann@home.example", first_name="Ann").contact
    batch = imported(ANN, BOB)
    ann = Contact.objects.get(email=ANN[0])
    done = merge(kept, ann, at=LATEST)[0]
    plan = take_back(batch)
    assert plan.counts["removed"] == 1
    assert (fresh(kept).job_title, addresses(kept)) == ("Buyer", [("ann@home.example", True), (ANN[0], False)])
    said = f"Ann Lee (#{ann.pk}) came from this import and is part of it since merge {done.pk}: take that back first"
    assert (kept.pk, said) in {(left.contact, left.reason) for left in plan.left}
    unmerge(done)
    assert (fresh(ann).job_title, fresh(kept).job_title, fresh(ann).email) == ("Buyer", "", ANN[0])
    check_sound()


def test_a_contact_that_the_import_made_and_that_another_became_part_of_stays():
    batch = imported(ANN)
    ann = Contact.objects.get()
    merge(ann, send(email="ann@home.example", country="NO").contact, at=LATEST)
    plan = take_back(batch)
    assert (plan.counts["removed"], plan.counts["emptied"], plan.counts["left"]) == (0, 0, 1)
    assert (fresh(ann).job_title, fresh(ann).country) == ("Buyer", "Norway")


def test_a_gap_that_the_import_filled_before_a_merge_is_empty_again_on_both_afterwards():
    kept, lost = send(email=ANN[0], first_name="Ann").contact, send(email="ann@home.example").contact
    batch = imported(ANN)
    done = merge(kept, lost, at=LATEST)[0]
    take_back(batch)
    assert fresh(kept).job_title == ""
    unmerge(done)
    assert (fresh(kept).job_title, fresh(lost).job_title) == ("", "")
    check_sound()


def test_an_import_that_was_taken_back_leaves_merges_of_other_people_alone():
    kept, lost = send(email="a@x.example").contact, send(email="b@x.example", job_title="Welder").contact
    before = hub()["Contact"]
    batch = imported(BOB)
    done = merge(kept, lost, at=LATEST)[0]
    assert take_back(batch).counts["removed"] == 1
    unmerge(done)
    assert hub()["Contact"] == before


def test_a_gap_that_the_import_filled_for_a_contact_that_became_part_of_another_is_named():
    kept, lost = send(email="ann@home.example").contact, send(email=ANN[0], first_name="Ann").contact
    batch = imported(ANN)
    done = merge(kept, lost, at=LATEST)[0]
    plan = take_back(batch)
    assert fresh(kept).job_title == "Buyer"
    said = f"this import filled it for Ann Lee (#{lost.pk}), part of it since merge {done.pk}: take that back first"
    assert (kept.pk, "job_title", said) in {(left.contact, left.field, left.reason) for left in plan.left}
