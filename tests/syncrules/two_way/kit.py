"""A two-way test in tests: a connection made ready, a run, and what is left of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps

from syncrules.models import Connection, TwoWayTest
from syncrules.services import two_way
from tests import factories
from tests.syncrules.sync.kit import Both, both
from tests.syncrules.syncing import ROWS

State, Status = Connection.State, TwoWayTest.Status
#: What stays of a test: its row and its addresses, and what the ledger of consent was told.
STAYS = {"TwoWayTest", "MarkedRecord", "ConsentRecord", "ConsentKey", "ConsentLedger", "SyncCount"}


def prepared(rows: Iterable[Any] = ROWS, state: str = State.TESTING) -> Both:
    factories.rules()
    found = both(rows=rows)
    Connection.objects.update(state=state)
    found.connection.refresh_from_db()
    return found


def run(sides: Both, connector: Any = None) -> TwoWayTest:
    return two_way.run_here(sides.connection, "Ops", connector or sides.map, sides.clock, lambda seconds: None)


def failed(test: TwoWayTest) -> set[int]:
    assert len(test.checks) == 8, test.problem
    return {check["number"] for check in test.checks if not check["passed"]}


def counts() -> dict[str, int]:
    models = [m for app in ("contacts", "syncrules") for m in apps.get_app_config(app).get_models()]
    return {m.__name__: m._base_manager.count() for m in models if m.__name__ not in STAYS}


def changed(name: str, *row: Any) -> list[Any]:
    """The kit's worksheet with another row for this field; without one where none is given."""
    return [(row if one[0] == name else one) for one in ROWS if one[0] != name or row]
