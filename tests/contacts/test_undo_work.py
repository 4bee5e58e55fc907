"""Taking back a large import is work like any other: a worker does it, the page shows how far it is, nothing is
lost when it is interrupted, and what was left can be read afterwards."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts import tasks
from contacts.admin import import_undo
from contacts.models import Arrival, Contact, ImportBatch, Review
from contacts.services import undo
from contacts.services.undo import leftovers, state, work
from tests.contacts.deciding import dump, person, send
from tests.contacts.importing import at, signed_in, text_of
from tests.contacts.undoing import ANN, BOB, LATER, command, counts, edit, imported, people, reasons, take_back

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("file_hub")]
CY = ("cy@quay.example", "Cy", "Fox", "", "", "")


@pytest.fixture
def _large(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every import is large; the messages to workers."""
    sent: list[int] = []
    monkeypatch.setattr("contacts.admin.import_work.look_at_import.delay", sent.append)
    monkeypatch.setattr(import_undo, "UNDONE_AT_ONCE", 1)
    return sent


def fresh(batch: ImportBatch) -> ImportBatch:
    return ImportBatch.objects.get(pk=batch.pk)


def left_list(client: Client, batch: ImportBatch) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text_of(client.get(at("import_left", batch))))))


@pytest.mark.usefixtures("_large")
class TestFromThePage:
    def test_it_is_worked_out_by_a_worker_before_anybody_says_yes(self, ops):
        batch = imported(ANN, BOB, CY)
        edit(CY[0], country="Norway")
        before = dump()
        assert "This import is large: 3 rows" in text_of(ops.get(at("import_undo", batch)))
        assert ops.post(at("import_undo", batch), {"act": "look"}).url == at("import_undo", batch)
        page = text_of(ops.get(at("import_undo", batch)))
        assert 'role="progressbar"' in page
        assert "waiting for a worker" in page
        tasks.look_at_import(batch.pk)
        assert dump() == before
        poll = ops.get(at("import_undo", batch), HTTP_HX_REQUEST="true")
        assert poll["HX-Redirect"] == at("import_undo", batch)
        page = text_of(ops.get(at("import_undo", batch)))
        assert "Take the import back: remove 2, empty 0" in page
        assert "edited by Dana Whitfield since" in page

    def test_it_is_done_by_a_worker_with_its_progress_on_the_import_s_page(self, ops):
        batch = imported(ANN, BOB)
        assert ops.post(at("import_undo", batch)).url == at("import", batch)
        page = text_of(ops.get(at("import", batch)))
        assert "Taking the import back" in page
        assert 'role="progressbar"' in page
        assert "being taken back" in text_of(ops.get(reverse("hub:imports")))
        assert Contact.objects.count() == 2
        tasks.look_at_import(batch.pk)
        assert not Contact.objects.exists()
        poll = ops.get(at("import", batch), HTTP_HX_REQUEST="true")
        assert poll["HX-Redirect"] == at("import", batch)
        page = text_of(ops.get(at("import", batch)))
        assert "by Priya Raman: 2 contacts removed, 0 values emptied, 0 left as they are" in page
        assert at("import_left", batch) not in page

    def test_how_far_it_is_stands_on_the_row_with_each_chunk(self, ops, monkeypatch):
        monkeypatch.setattr(work, "CHUNK", 2)
        batch = imported(*people(range(5)))
        seen: list[tuple[int, int]] = []

        def look(now: undo.State) -> None:
            assert f"{now.done} of 5 contacts" in text_of(ops.get(at("import", batch), HTTP_HX_REQUEST="true"))
            seen.append((now.done, now.total))

        undo.undo_import(batch.pk, actor="Olga Ops", user_id=None, tell=look)
        assert seen == [(2, 5), (4, 5), (5, 5)]

    def test_what_people_do_after_the_look_counts(self, ops):
        batch = imported(ANN, BOB)
        ops.post(at("import_undo", batch), {"act": "look"})
        tasks.look_at_import(batch.pk)
        edit(BOB[0], country="Norway")
        ops.post(at("import_undo", batch))
        tasks.look_at_import(batch.pk)
        assert Contact.objects.get().email == BOB[0]
        assert "1 contact removed" in text_of(ops.get(at("import", batch)))

    def test_a_look_from_before_more_rows_came_in_is_none(self, ops):
        batch = imported(ANN, BOB)
        ops.post(at("import_undo", batch), {"act": "look"})
        tasks.look_at_import(batch.pk)
        ImportBatch.objects.update(done=3)
        assert "Work out what would happen" in text_of(ops.get(at("import_undo", batch)))

    def test_it_is_asked_for_once_however_often_the_button_is_pressed(self, ops):
        batch = imported(ANN, BOB)
        ops.post(at("import_undo", batch))
        asked = fresh(batch).undone_at
        for act in ("look", ""):
            answer = ops.post(at("import_undo", batch), {"act": act}, follow=True)
            assert "is being taken back already" in text_of(answer)
        assert fresh(batch).undone_at == asked

    def test_an_import_that_is_being_taken_back_can_not_go_on(self, ops):
        batch = imported(ANN, BOB)
        ImportBatch.objects.update(status="stopped", rows=9)
        ops.post(at("import_undo", batch))
        ops.post(at("import_resume", batch))
        assert fresh(batch).status == "stopped"


class TestWhatWasLeft:
    def test_it_can_be_downloaded_with_the_reasons(self, ops):
        send(email=ANN[0], first_name="Ann", last_name="Lee", company="Harbor Works")
        batch = imported(ANN, BOB, CY)
        ann = edit(ANN[0], job_title="Head buyer")
        cy = edit(CY[0], country="Norway")
        assert counts(take_back(batch)) == (1, 1, 2)
        page = text_of(ops.get(at("import", batch)))
        assert at("import_left", batch) in page
        assert "1 contact removed, 1 value emptied, 2 left as they are" in page
        assert left_list(ops, batch) == [
            {"contact": str(ann.pk), "name": "Ann Lee", "what": "Job title", "why": "edited by Dana Whitfield since"},
            {"contact": str(cy.pk), "name": "Cy Fox", "what": "the contact", "why": "edited by Dana Whitfield since"},
        ]

    def test_it_is_whole_however_long_it_is(self, ops, monkeypatch):
        monkeypatch.setattr(work, "CHUNK", 7)
        monkeypatch.setattr(leftovers, "TOGETHER", 4)
        batch = imported(*people(range(30)))
        Contact.objects.update(owner=person("sales"))
        plan = take_back(batch, shown=3)
        assert (plan.counts["left"], len(plan.left)) == (30, 3)
        assert sorted(int(row["contact"]) for row in left_list(ops, batch)) == sorted(
            Contact.objects.values_list("pk", flat=True)
        )

    def test_it_belongs_to_who_may_take_the_import_back(self, ops):
        batch = imported(ANN)
        edit(ANN[0], country="Norway")
        take_back(batch)
        for role in ("auditor", "marketing", "sales", "reviewer"):
            assert signed_in(role).get(at("import_left", batch)).status_code == 403, role
        assert at("import_left", batch) not in text_of(signed_in("auditor").get(at("import", batch)))

    def test_no_cell_of_it_is_a_formula(self, ops):
        batch = imported(("x@quay.example", "=1+1", "", "", "", ""))
        edit("x@quay.example", country="Norway")
        take_back(batch)
        assert left_list(ops, batch)[0]["name"].startswith("'=")

    def test_a_list_that_is_gone_is_a_sentence(self, ops):
        batch = imported(ANN)
        edit(ANN[0], country="Norway")
        take_back(batch)
        leftovers.path_of(batch.pk).unlink()
        answer = ops.get(at("import_left", batch), follow=True)
        assert "The list of what was left is not there any more." in text_of(answer)

    def test_open_cases_of_others_too_are_counted_and_linked(self, ops):
        send(email=ANN[0], first_name="Ann", last_name="Lee", company="Harbor Works")
        batch = imported(("other@harbor.example", "Ann", "Lee", "Harbor Works", "", ""))
        send("partner-referral", email="other@harbor.example", first_name="Ann", last_name="Lee", at=LATER)
        assert "1 open review case stays open" in text_of(ops.get(at("import_undo", batch)))
        take_back(batch)
        page = text_of(ops.get(at("import", batch)))
        assert "1 review case stays open" in page
        assert reverse("hub:review", args=[Review.objects.get().pk]) in page


class TestInterrupted:
    @pytest.fixture(autouse=True)
    def _small_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(work, "CHUNK", 2)

    def broken_off(self, batch: ImportBatch, after: int) -> None:
        """The work until the process stops after so many chunks, without a chance to say anything."""
        told: list[int] = []

        def stop(now: undo.State) -> None:
            told.append(now.done)
            if len(told) == after:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            undo.undo_import(batch.pk, actor="Olga Ops", user_id=person("ops").pk, tell=stop)
        ImportBatch.objects.filter(pk=batch.pk).update(lease_until=LATER)  # that process is no more

    def test_the_sweep_goes_on_and_each_contact_is_done_once(self, ops):
        batch = imported(*people(range(7)))
        edit("p1@firm1.example", country="Norway")
        edit("p6@firm6.example", country="Norway")
        self.broken_off(batch, after=2)
        assert Contact.objects.count() == 4
        assert undo.unfinished(timezone.now()) == [batch.pk]
        tasks.look_at_import(batch.pk)
        assert undo.unfinished(timezone.now()) == []
        assert Contact.objects.count() == 2
        assert Contact.history.model.objects.filter(history_type="-").count() == 5
        assert state.plan_of(fresh(batch)).counts == {"removed": 5, "emptied": 0, "left": 2}
        assert len(left_list(ops, batch)) == 2

    def test_the_command_goes_on_where_a_killed_one_stopped(self):
        batch = imported(*people(range(5)))
        self.broken_off(batch, after=1)
        assert "5 contacts removed" in command(batch.pk)
        assert not Contact.objects.exists()

    def test_a_record_that_comes_in_between_is_new_and_keeps_its_contact(self):
        rows = people(range(6))
        batch = imported(*rows)
        self.broken_off(batch, after=1)
        again = imported(*rows)
        assert again.counts == {"created": 2, "unchanged": 4}
        tasks.look_at_import(batch.pk)
        assert Contact.objects.count() == 6

    def test_what_a_killed_process_had_written_to_the_list_is_not_there_twice(self, ops):
        batch = imported(*people(range(4)))
        Contact.objects.update(owner=person("sales"))
        self.broken_off(batch, after=1)
        with leftovers.path_of(batch.pk).open("ab") as file:
            file.write(b'[1, "", "half a li')
        tasks.look_at_import(batch.pk)
        assert len(left_list(ops, batch)) == 4

    def test_one_process_at_a_time(self):
        batch = imported(*people(range(3)))
        undo.ask_to_undo(batch.pk, actor="Olga Ops", user_id=None, at=timezone.now(), holder="elsewhere:1:x")
        before = dump()
        assert not undo.undo(batch.pk)
        with pytest.raises(undo.CannotUndo, match="by another process already"):
            take_back(batch)
        assert dump() == before

    def test_a_process_whose_lease_is_gone_does_nothing_more(self):
        batch = imported(*people(range(6)))

        def lose(now: undo.State) -> None:
            ImportBatch.objects.update(lease_holder="elsewhere:1:x")

        with pytest.raises(undo.CannotUndo, match="by another process already"):
            undo.undo_import(batch.pk, actor="Olga Ops", user_id=None, tell=lose)
        assert Contact.objects.count() == 4

    def test_a_contact_that_can_not_be_read_costs_only_itself(self, ops):
        batch = imported(*people(range(5)), *people(range(5, 6), phone=""))
        send(email=ANN[0])
        filled = imported(ANN, BOB, CY)
        Contact.objects.filter(email=ANN[0]).update(origins={"by": [], "of": {"job_title": [7, "gap"]}})
        plan = take_back(filled)
        assert (plan.counts["removed"], plan.counts["left"]) == (2, 1)
        assert reasons(plan) == [("", "the hub could not take it back; the reason is in its log")]
        assert len(left_list(ops, filled)) == 1
        assert counts(take_back(batch))[0] == 6


def test_the_log_gives_up_its_keys_in_pieces(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(work, "ROWS", 2)
    batch = imported(*people(range(5)), ("no address", "", "", "", "", ""))
    take_back(batch)
    assert not Arrival.objects.exclude(delivery_key=None).exists()


def test_looking_stops_when_somebody_says_yes_meanwhile(monkeypatch: pytest.MonkeyPatch):
    batch = imported(*people(range(5)))
    undo.ask_to_look(batch.pk, actor="Olga Ops", user_id=None, at=timezone.now())
    times: list[Any] = []

    def clock() -> Any:
        times.append(timezone.now())
        if len(times) == 2:  # it has begun to look
            undo.ask_to_undo(batch.pk, actor="Olga Ops", user_id=None, at=times[-1])
        return times[-1]

    assert not undo.look(batch.pk, clock=clock)
    assert state.being_undone(fresh(batch))
