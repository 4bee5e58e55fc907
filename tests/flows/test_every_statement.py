"""C2: killed before or after any of its statements, work is gone on with to the same end as if nothing had been.

A normal run tries a few of the moments; with CRMHUB_EVERY_STATEMENT=1 it tries all of them.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import factories
from tests.flows.hub import Hub, finished
from tests.flows.killing import NEVER
from tests.flows.states import state
from tests.flows.test_crashes import list_file, rows

ROWS = 20
TRIED = 8
EVERY = bool(os.environ.get("CRMHUB_EVERY_STATEMENT"))


class Trial:
    """Copies of one hub in which the same command is killed at different moments."""

    def __init__(self, template: Hub, folder: Path, command: list[str]) -> None:
        self.template, self.folder, self.command = template, folder, command
        self.hubs: list[Hub] = []
        self.unbroken = self.copy()
        self.moments = int(self.run([(self.unbroken, NEVER)])[0].strip())

    def copy(self) -> Hub:
        hub = Hub(self.folder / f"hub{len(self.hubs)}", self.template.server, template=self.template)
        self.hubs.append(hub)
        return hub

    def run(self, points: list[tuple[Hub, int]]) -> list[str]:
        """For each point how the process ended and what the next one found."""
        where = [(str(hub.folder), hub.name if hub.server else str(hub.file), at) for hub, at in points]
        return finished(self.template.start_killing(self.command, where)).splitlines()

    def killed(self) -> Iterator[tuple[int, Hub]]:
        """Each of the moments that are tried, with the hub as it was in the end."""
        every = range(1, self.moments + 1)
        chosen = every if EVERY else sorted({1, self.moments, *random.Random(self.moments).sample(every, TRIED)})
        points = [(self.copy(), at) for at in chosen]
        for (hub, at), line in zip(points, self.run(points), strict=True):
            assert line.startswith("SIGKILL "), f"moment {at}: {line}"
            assert line.split()[1] in "01", f"moment {at}: {line}"
            yield at, hub

    def remove(self) -> None:
        for hub in self.hubs:
            hub.remove()


@pytest.fixture
def trial(seeded_hub: Hub, tmp_path: Path) -> Iterator[Any]:
    """Makes a trial of a command on copies of a hub."""
    made: list[Trial] = []

    def make(command: list[str], template: Hub = seeded_hub) -> Trial:
        made.append(Trial(template, tmp_path / "hubs", command))
        return made[-1]

    yield make
    for each in made:
        each.remove()


def left(hub: Hub) -> list[str]:
    """The list of what an undo left, as it stands on disk."""
    path = hub.folder / "uploads" / "imports" / "1.left"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.slow
def test_an_import_gives_each_row_one_outcome_whenever_it_is_killed(trial, tmp_path: Path) -> None:
    path = list_file(tmp_path, body=rows(ROWS))
    importing = trial(["intake", str(path), "--source", factories.FORM])
    wanted = state(importing.unbroken.rows)
    assert len({outcome for _, outcome, *_ in wanted["arrivals"]}) >= 4
    for at, hub in importing.killed():
        rows_told = hub.rows("SELECT count(*), count(DISTINCT row), min(row), max(row) FROM contacts_arrival")
        assert rows_told == [(ROWS, ROWS, 1, ROWS)], f"killed at moment {at} of {importing.moments}"
        assert state(hub.rows) == wanted, f"killed at moment {at} of {importing.moments}"
        assert hub.one("SELECT count(*) FROM contacts_importbatch WHERE status = 'done' AND done = 20") == 1


@pytest.mark.slow
def test_an_import_is_taken_back_once_whenever_that_is_killed(trial, hub: Hub, tmp_path: Path) -> None:
    hub.intake(list_file(tmp_path, body=rows(ROWS)), "--source", factories.FORM)
    hub.python(
        "from contacts.models import Contact\nfrom django.contrib.auth.models import User\n"
        "Contact.objects.filter(pk__in=Contact.objects.order_by('pk')[:3]).update("
        "owner=User.objects.create(username='ann'))"
    )
    undoing = trial(["undo_import", "1"], hub)
    wanted, listed = state(undoing.unbroken.rows), left(undoing.unbroken)
    assert len(listed) >= 3
    for at, found in undoing.killed():
        assert state(found.rows) == wanted, f"killed at moment {at} of {undoing.moments}"
        assert left(found) == listed
        progress = found.one("SELECT dry_run FROM contacts_importbatch")
        progress = json.loads(progress) if isinstance(progress, str) else progress
        assert progress["undo"]["step"] == "done"
