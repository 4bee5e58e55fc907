"""Taking an import back once, by the command line, and at size."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError
from django.db import connection

from contacts.models import Address, Arrival, Contact, ImportBatch
from contacts.services import undo
from tests.contacts.deciding import NOW, dump, seed, send
from tests.contacts.undoing import (
    ANN,
    BOB,
    LATEST,
    command,
    counts,
    edit,
    imported,
    people,
    statements,
    take_back,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hub() -> None:
    seed()


class TestOnce:
    def test_a_second_time_changes_nothing_and_says_when_it_was_taken_back(self):
        send(email=ANN[0])
        batch = imported(ANN, BOB)
        take_back(batch)
        before = dump()
        with pytest.raises(undo.CannotUndo, match=r"was taken back already, on 17 March 2026"):
            take_back(batch)
        assert dump() == before

    def test_the_corrected_file_creates_again_and_so_does_the_same_one(self):
        take_back(imported(ANN, BOB))
        corrected = imported((*ANN[:4], "Head buyer", ANN[5]), BOB, at=LATEST)
        assert corrected.counts == {"created": 2}
        assert Contact.objects.get(email=ANN[0]).job_title == "Head buyer"

    @pytest.mark.parametrize("status", ["queued", "running", "checking"])
    def test_one_that_is_still_being_worked_on_is_refused(self, status: str):
        batch = imported(ANN)
        ImportBatch.objects.update(status=status)
        before = dump()
        with pytest.raises(undo.CannotUndo, match="stop it first"):
            take_back(batch)
        assert dump() == before

    def test_the_plan_is_what_will_be_done_and_writes_nothing(self):
        send(email=ANN[0], first_name="Ann", last_name="Lee")
        batch = imported(ANN, BOB, ("cy@quay.example", "Cy", "Fox", "", "", ""))
        edit("cy@quay.example", country="Norway")
        before = dump()
        foreseen = undo.plan_undo(batch)
        assert dump() == before
        assert foreseen == take_back(batch)

    def test_a_plan_names_as_many_as_it_may_and_counts_all(self):
        batch = imported(*[(f"p{n}@quay.example", "", "", "", "", "") for n in range(12)])
        plan = undo.plan_undo(batch, shown=5)
        assert (len(plan.removed), plan.counts["removed"]) == (5, 12)


class TestCommand:
    def test_json_is_three_whole_numbers(self):
        send(email=ANN[0])
        batch = imported(ANN, BOB)
        edit(BOB[0], country="Norway")
        foreseen = json.loads(command(batch.pk, "--dry-run", "--json"))
        assert Arrival.objects.exclude(delivery_key=None).count() == 2
        done = json.loads(command(batch.pk, "--json"))
        assert done == foreseen
        assert set(done) == {"removed", "emptied", "left"}
        assert (done["removed"], done["left"]) == (0, 1)
        assert done["emptied"] >= 5

    def test_in_words_it_names_contact_field_and_reason(self):
        send(email=ANN[0], first_name="Ann", last_name="Lee", company="Harbor Works", job_title="Buyer")
        batch = imported(ANN, BOB, ("cy@quay.example", "Cy", "Fox", "", "", ""))
        cy = edit("cy@quay.example", country="Norway")
        ann, bob = (Contact.objects.get(email=row[0]).pk for row in (ANN, BOB))
        said = command(batch.pk)
        head = f"Import {batch.pk} taken back (list.csv)"
        assert said.startswith(f"{head}: 1 contacts removed, 1 values emptied, 1 left.")
        assert f"Bob Ray, contact #{bob}" in said
        assert f"Ann Lee, contact #{ann}: Phone, was “+12125550101”" in said
        assert f"Cy Fox, contact #{cy.pk}: edited by Dana Whitfield since" in said

    @pytest.mark.parametrize("number", ["7000", "abc", "", "9" * 40, "-1", "²"])
    def test_an_unknown_import_is_one_line_and_status_2(self, number: str):
        with pytest.raises(CommandError, match="There is no import") as raised:
            command("--", number)
        assert raised.value.returncode == 2

    @pytest.mark.parametrize("dry", [[], ["--dry-run"]])
    def test_one_that_was_taken_back_is_one_line_and_status_2(self, dry: list[str]):
        batch = imported(ANN)
        command(batch.pk)
        with pytest.raises(CommandError, match="taken back already") as raised:
            command(batch.pk, *dry)
        assert raised.value.returncode == 2


def test_the_number_of_queries_does_not_grow_with_the_rows():
    spent = []
    for size, first in ((30, 0), (600, 1000)):
        batch = imported(*people(range(first, first + size)))
        spent.append(statements(lambda batch=batch: take_back(batch)))
    assert spent[0] == spent[1] > 10


@pytest.mark.slow
def test_law_c9_an_import_over_existing_contacts_some_edited_later():
    """10,000 rows over 5,000 contacts; 200 contacts, half of them new, are edited before it is taken back."""
    header = ("Email", "First name", "Last name", "Company")
    imported(*[row[:4] for row in people(range(5000))], header=header, slug="partner-referral", at=NOW)
    before = dict(Contact.objects.values_list("pk", "job_title"))
    batch = imported(*people(range(10_000)))
    assert batch.counts == {"filled": 5000, "created": 5000}
    ids = dict(Contact.objects.values_list("email", "pk"))
    touched = [*range(100), *range(5000, 5100)]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # PostgreSQL planned the checks of its foreign keys when the tables were empty
    for n in touched:
        edit(f"p{n}@firm{n}.example", job_title=f"Head {n}")
    plan = take_back(batch)
    assert counts(plan) == (4900, 4900, 200)
    assert len(plan.left) == undo.SHOWN
    assert {left.contact for left in plan.left} <= {ids[f"p{n}@firm{n}.example"] for n in touched}
    kept = dict(Contact.objects.values_list("email", "job_title"))
    assert len(kept) == len(before) + 100
    for n in range(5100):
        assert kept[f"p{n}@firm{n}.example"] == (f"Head {n}" if n in touched else "")
    assert Arrival.objects.filter(batch=batch).count() == 10_000
    assert not Arrival.objects.filter(batch=batch).exclude(delivery_key=None).exists()
    assert Address.objects.count() == 5100
