"""A search that is killed and begun again leaves what an unbroken one leaves: every case once."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests import factories
from tests.flows.hub import ROOT, Hub, finished

HEADER = ["Email", "First name", "Last name", "Company"]
#: Doubles enough for several chunks of cases.
DOUBLES = 800
STARTED = "SELECT count(*) FROM contacts_duplicatescan WHERE status = 'running'"
CASES = "SELECT count(*) FROM contacts_review"


def people() -> list[list[str]]:
    """Each twice, with last names that have nothing in common; the same list each time."""
    chance, rows = random.Random(5), []
    for n in range(DOUBLES):
        last, firm = "".join(chance.choices("abdefgiklmnoprstuvz", k=12)).title(), n % 300
        for first in ("Robert", "Bob"):
            rows.append([f"{first}{n}@firm{firm}-works.com", first, last, f"Firm {firm}"])
    return rows


@pytest.fixture
def filled(hub: Hub, tmp_path: Path) -> Hub:
    """A hub with contacts of whom many have a double."""
    path = factories.csv_file(tmp_path / "people.csv", HEADER, people())
    assert hub.intake(path, "--source", factories.FORM)["created"] == 2 * DOUBLES
    return hub


def start(hub: Hub) -> subprocess.Popen[str]:
    command = [sys.executable, str(ROOT / "manage.py"), "scan_duplicates", "--skip-checks", "--json"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=hub.env, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)


def killed_when(hub: Hub, sql: str) -> None:
    """Start the search and kill it as soon as the query finds something."""
    process = start(hub)
    while process.poll() is None and not hub.one(sql):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def ended(hub: Hub) -> dict[str, Any]:
    return json.loads(finished(start(hub)))


@pytest.mark.parametrize("moment", [STARTED, CASES], ids=["while it looks", "while it stores"])
def test_a_search_killed_in_the_middle_is_finished_by_the_next(filled: Hub, moment: str) -> None:
    killed_when(filled, moment)
    before = filled.one(CASES)
    told = ended(filled)
    assert told["pairs"] == DOUBLES
    assert before <= told["cases"] == filled.one(CASES) == DOUBLES
    assert filled.one("SELECT count(DISTINCT waiting_key) FROM contacts_review") == DOUBLES
    assert filled.one("SELECT count(*) FROM contacts_reviewcandidate") == 2 * DOUBLES
    assert filled.rows("SELECT status, pairs, cases, lease_holder FROM contacts_duplicatescan") == [
        ("done", DOUBLES, DOUBLES, "")
    ]
    assert ended(filled)["cases"] == 0


def test_two_who_search_at_once_open_every_case_once(filled: Hub) -> None:
    first, second = start(filled), start(filled)
    codes = sorted((process.wait(), *process.communicate())[0] for process in (first, second))
    assert codes in ([0, 0], [0, 2])
    assert filled.one(CASES) == filled.one("SELECT count(DISTINCT waiting_key) FROM contacts_review") == DOUBLES
