"""Taking an import back, killed in the middle and gone on with, leaves what an unbroken one leaves."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests import factories
from tests.flows.hub import Hub, finished
from tests.flows.states import state
from tests.flows.test_crashes import list_file

LOOK = """
from django.utils import timezone
from contacts import tasks
from contacts.services import undo
for number in undo.unfinished(timezone.now()):
    tasks.look_at_import(number)
print(undo.unfinished(timezone.now()))
"""
#: Somebody filled in a country here and there since; those contacts and values stay.
EDIT = """
from django.contrib.auth.models import User
from django.utils import timezone
from contacts.models import Contact
from contacts.services.people import edit_contact
user = User.objects.create_superuser("ann", first_name="Ann", last_name="Ops")
for contact in Contact.objects.order_by("pk")[::40]:
    edit_contact(contact.pk, {"country": "Norway"}, user=user, version=contact.version, at=timezone.now())
"""


def undo(hub: Hub) -> Any:
    return hub.start_command("undo_import", "1", "--json")


def left(hub: Hub) -> list[list[Any]]:
    """The list of what was left, as it stands on disk."""
    text = (hub.folder / "uploads" / "imports" / "1.left").read_text()
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def imported(seeded_hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A hub with one import, some of whose contacts were edited since."""
    folder = tmp_path_factory.mktemp("imported")
    hub = Hub(folder / "hub", seeded_hub.server, template=seeded_hub)
    hub.intake(list_file(folder), "--source", factories.FORM)
    hub.python(EDIT)
    yield hub
    hub.remove()


@pytest.mark.slow
def test_killed_anywhere_it_is_finished_by_a_worker_s_sweep(imported: Hub, tmp_path: Path) -> None:
    whole, broken = (Hub(tmp_path / name, imported.server, template=imported) for name in ("whole", "broken"))
    try:
        totals = json.loads(finished(undo(whole)))
        assert totals["removed"] > 2000
        assert totals["left"] > 50
        process, before = undo(broken), broken.one("SELECT count(*) FROM contacts_contact")
        while process.poll() is None and broken.one("SELECT count(*) FROM contacts_contact") == before:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert broken.one("SELECT count(*) FROM contacts_contact WHERE country = ''") > 0
        assert broken.python(LOOK).strip() == "[]"
        assert state(broken.rows) == state(whole.rows)
        assert left(broken) == left(whole)
        assert broken.one("SELECT count(*) FROM contacts_arrival WHERE delivery_key IS NOT NULL") == 0
    finally:
        for hub in (whole, broken):
            hub.remove()
