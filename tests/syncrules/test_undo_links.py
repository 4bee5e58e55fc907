"""Taking an import back: a contact that lives in a MAP by now stays, and the list says why."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contacts.models import Contact, Refusal
from contacts.services import undo
from contacts.services.refusals import Refused, log_refusals
from syncrules.models import Connection, Link
from tests.contacts.undoing import ANN, BOB, LATER, imported
from tests.syncrules.syncing import connect, contact

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]


@pytest.fixture(autouse=True)
def _uploads(settings: Any, tmp_path: Path) -> None:
    settings.UPLOAD_ROOT, settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "uploads", str(tmp_path)


def test_a_linked_contact_of_the_import_stays_and_the_reason_is_named():
    world = connect()
    only_ann = {"field": "first_name", "op": "is", "value": "Ann"}
    Connection.objects.filter(pk=world.connection.pk).update(takes_part={"all": [only_ann]})
    batch = imported(ANN, BOB)
    world.now = LATER + timedelta(minutes=5)
    world.map.create(email="ann@harbor.example", firstname="Ann")
    world.exchange()
    Refusal.objects.all().delete()
    log_refusals([Refused(contact("bob@pier.example").pk, "lifecycle_stage", "stage-map", LATER, "source", "Form")])
    plan = undo.undo_import(batch.pk, actor="Olga Ops", user_id=None, clock=lambda: LATER + timedelta(hours=1))
    assert Contact.objects.get().email == "ann@harbor.example"
    assert Link.objects.get().contact_id == contact("ann@harbor.example").pk
    assert [(left.name, left.reason) for left in plan.left] == [("Ann Lee", "it has 1 link to a MAP")]
    assert Refusal.objects.get().contact_id is None  # what was refused stays in the log
