"""C1, C2, C3: killed anywhere and begun again, or sent again, a file leaves what an unbroken run leaves."""

from __future__ import annotations

import csv
import random
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests import factories
from tests.flows.hub import Hub, finished
from tests.flows.states import state

HEADER = ["Email", "First name", "Last name", "Company", "Phone", "Job title"]
ROWS = 6500  # more than three chunks


def rows(count: int = ROWS) -> list[list[str]]:
    """People of whom some come twice, some are namesakes, some are no use; the same list each time."""
    chance = random.Random(5)
    made = []
    for n in range(count):
        who = chance.randrange(max(1, count * 3 // 4))
        kind = chance.random()
        email = f"p{who}@firm{who % 50}-works.com" if kind < 0.9 else ["", "no address", f"x{n}@gmail.com"][n % 3]
        phone = f"202555{who % 10000:04d}" if kind < 0.2 else ""
        made.append([email, f"First{who}", f"Last{who % 97}", f"Firm {who % 50}", phone, f"Job {n}" if n % 3 else ""])
    return made


def list_file(folder: Path, name: str = "list.csv", body: list[list[str]] | None = None, **given: Any) -> Path:
    return factories.csv_file(folder / name, HEADER, body or rows(), **given)


def killed_after(hub: Hub, path: Path, rows_done: int) -> bool:
    """Start the import and kill it when so many rows are stored; whether it was still at work then."""
    process = hub.start_intake(path, "--source", factories.FORM, "--json")
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if hub.one("SELECT count(*) FROM contacts_arrival") >= rows_done:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def unbroken(seeded_hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run that nobody disturbs leaves behind, and its counts."""
    folder = tmp_path_factory.mktemp("unbroken")
    hub = Hub(folder / "hub", seeded_hub.server, template=seeded_hub)
    result = hub.intake(list_file(folder), "--source", factories.FORM)
    found = {**state(hub.rows), "result": result}
    hub.remove()
    return found


def same_as(unbroken: dict[str, Any], hub: Hub) -> None:
    """Each row has exactly one outcome, and all that is left behind is equal."""
    assert hub.rows("SELECT count(*), count(DISTINCT row), min(row), max(row) FROM contacts_arrival") == [
        (ROWS, ROWS, 1, ROWS)
    ]
    for part, found in state(hub.rows).items():
        assert found == unbroken[part], part


@pytest.mark.parametrize("rows_done", [1, 4000])
def test_an_import_killed_in_the_middle_is_finished_by_the_same_command(
    hub: Hub, tmp_path: Path, unbroken: dict[str, Any], rows_done: int
) -> None:
    path = list_file(tmp_path)
    assert killed_after(hub, path, rows_done)
    before = hub.one("SELECT count(*) FROM contacts_arrival")
    assert before < ROWS
    out = tmp_path / "out.csv"
    result = hub.intake(path, "--source", factories.FORM, "--outcomes", out)
    same_as(unbroken, hub)
    with out.open(encoding="utf-8", newline="") as file:
        assert [int(row["row"]) for row in csv.DictReader(file)] == list(range(1, ROWS + 1))
    kept = {k: v for k, v in result.items() if k not in ("seconds", "batch")}
    assert kept == {k: v for k, v in unbroken["result"].items() if k not in ("seconds", "batch")}


def test_an_import_whose_process_died_is_finished_by_a_worker_s_sweep(
    hub: Hub, tmp_path: Path, unbroken: dict[str, Any]
) -> None:
    """C1, C4: the database row is the truth; whoever looks next goes on."""
    assert killed_after(hub, list_file(tmp_path), 1)
    sweep = """
from django.utils import timezone
from contacts.services import imports, leases
found = leases.unfinished(timezone.now())
print(len(found), [imports.run(n) for n in found], leases.unfinished(timezone.now()))
"""
    assert hub.python(sweep).split() == ["1", "[True]", "[]"]
    same_as(unbroken, hub)
    assert hub.rows("SELECT status, done, lease_holder FROM contacts_importbatch") == [("done", ROWS, "")]


def test_a_process_that_lost_its_lease_stores_nothing_more(hub: Hub, tmp_path: Path) -> None:
    """C5: stopped for longer than the lease, then woken beside its successor."""
    path = list_file(tmp_path)
    process = hub.start_intake(path, "--source", factories.FORM, "--json")
    while not hub.one("SELECT count(*) FROM contacts_arrival") and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGSTOP)
    late = """
from datetime import timedelta
from django.utils import timezone
from contacts.services import imports, leases
at = timezone.now() + timedelta(minutes=5)
print([imports.run(n, clock=lambda: at) for n in leases.unfinished(at)])
"""
    successor = hub.start(late)
    time.sleep(2)  # SQLite: the sleeper may hold the write lock, and then the successor waits for it
    process.send_signal(signal.SIGCONT)
    process.communicate(timeout=60)
    finished(successor)
    assert hub.rows("SELECT count(*), count(DISTINCT row) FROM contacts_arrival") == [(ROWS, ROWS)]


def test_the_same_file_again_makes_nothing_new(hub: Hub, tmp_path: Path) -> None:
    """C3: renamed, with a byte order mark, shuffled, and two at once."""
    body = rows(2500)
    first = hub.intake(list_file(tmp_path, body=body), "--source", factories.FORM)
    before = {**state(hub.rows), "arrivals": None}
    shuffled = random.Random(7).sample(body, len(body))
    again = [
        list_file(tmp_path, "renamed.csv", body),
        list_file(tmp_path, "bom.csv", body, encoding="utf-8-sig"),
        list_file(tmp_path, "shuffled.csv", shuffled),
    ]
    running = [hub.start_intake(path, "--source", factories.FORM, "--json") for path in again]
    for process in running:
        assert f'"repeated": {len(body)}' in finished(process)
    assert {**state(hub.rows), "arrivals": None} == before
    assert first["repeated"] == len(body) - len({tuple(r) for r in body})


def test_the_same_file_at_the_same_moment_is_taken_once(hub: Hub, tmp_path: Path) -> None:
    body = rows(2500)
    path = list_file(tmp_path, body=body)
    running = [hub.start_intake(path, "--source", factories.FORM, "--json") for _ in range(2)]
    for process in running:
        finished(process)
    outcomes = Counter(dict(hub.rows("SELECT outcome, count(*) FROM contacts_arrival GROUP BY outcome")))
    assert outcomes.total() == 2 * len(body)
    assert outcomes["repeated"] >= len(body)
    total, different = hub.rows("SELECT count(*), count(DISTINCT key) FROM contacts_address")[0]
    assert total == different
