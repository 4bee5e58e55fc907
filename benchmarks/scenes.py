"""The scenes of the benchmark: each prints what it measured, and the ratio that counts."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import stock
from django.db import connection
from people import arrivals, person, write_file

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "trade-show-scan"


def intake(path: Path) -> dict[str, Any]:
    """One import in a process of its own; its result, and the most memory that it took, in MB."""
    command = [sys.executable, str(ROOT / "manage.py"), "intake", str(path), "--source", SOURCE, "--json"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    started = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    result = json.loads(done.stdout)
    result["wall"] = time.perf_counter() - started
    result["pace"] = result["rows"] / result["seconds"]  # from opening the file to the last commit
    result["memory"] = max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 1024
    return result


def files(folder: Path, contacts: int, rows: int, stock_rows: int) -> None:
    """A file into a filled hub, beside django-import-export (on so many of its rows) and a bare load."""
    say(f"{connection.vendor}: {rows:,} rows into {contacts:,} contacts")
    base, new = folder / "base.csv", folder / "new.csv"
    write_file(base, (person(n, full=False) for n in range(contacts)))
    write_file(new, arrivals(rows, contacts))
    intake(base)
    paces = {"ours": [], "stock": [], "bare": []}
    for turn in range(3):
        part = folder / f"part{turn}.csv"
        _third(new, part, turn, rows)
        paces["stock"].append(stock.importer(part, stock_rows // 3))
        paces["bare"].append(stock.bare_load(part))
        _undo_stock()
        result = intake(part)
        paces["ours"].append(result["pace"])
        say("  ", {k: result[k] for k in ("rows", "created", "filled", "unchanged", "repeated", "held", "rejected")})
    ours, theirs, bare = (sorted(paces[k])[1] for k in ("ours", "stock", "bare"))
    say(f"  intake {ours:,.0f} rows/s, {result['memory']} MB")
    say(f"  django-import-export {theirs:,.0f} rows/s: ours is {ours / theirs:.1f} times as fast")
    say(f"  bare load {bare:,.0f} rows/s: ours is 1/{bare / ours:.1f} of it")


def million(folder: Path) -> None:
    """A million rows: memory against 100,000, and the cost of a row at a million contacts."""
    small, large, after = folder / "s.csv", folder / "l.csv", folder / "a.csv"
    write_file(small, (person(n, full=False) for n in range(2_000_000, 2_100_000)))
    write_file(large, (person(n, full=False) for n in range(3_000_000, 4_000_000)))
    write_file(after, (person(n, full=False) for n in range(5_000_000, 5_100_000)))
    first, big, then = intake(small), intake(large), intake(after)
    say(f"a million rows: {big['pace']:,.0f} rows/s, {big['memory']} MB; 100,000 rows: {first['memory']} MB")
    say(f"  a row at a million contacts costs {first['pace'] / then['pace']:.2f} times a row at 100,000")


def http() -> None:
    """One record by HTTP against an empty authenticated request, and a list of 1,000 against one by one."""
    from http_scene import run

    run(say)


def lists() -> None:
    """The lists at 10,000 and at 1,000,000 contacts."""
    from lists_scene import run

    run(say)


def queue() -> None:
    """The review queue, small and large."""
    from queue_scene import run

    run(say)


def febrl() -> None:
    """Likely duplicates in labelled data, beside Splink."""
    from febrl import run

    run(say)


def duplicates() -> None:
    """The search for likely duplicates at 100,000 and at 1,000,000 contacts."""
    from likeness_scene import run

    run(say)


def consent() -> None:
    """The ledger of consent at a million addresses."""
    import consent_scene

    consent_scene.run(say)


def rules() -> None:
    """The judges of a worksheet and its check, which need no database but the stages."""
    from rules_scene import run

    run(say)


def simulate() -> None:
    """A draft of a worksheet over 10,000 and 1,000,000 arrivals and pulls."""
    from simulate_scene import run

    run(say)


def audit() -> None:
    """The duplicate audit of 1,000,000 contacts beside a bare GROUP BY."""
    from audit_scene import run

    run(say)


def sync(folder: Path, contacts: int) -> None:
    """A full sync with the sandbox, a second one, and how long a change takes to the other side."""
    from sync_scene import run

    write_file(folder / "base.csv", (person(n, full=False) for n in range(contacts)))
    intake(folder / "base.csv")  # nothing where the files' scene did it
    run(say, folder)


def unsubscribe(folder: Path) -> None:
    """From an unsubscribe to the sandbox's acknowledgement, with 50,000 other changes queued."""
    from unsubscribe_scene import run

    run(say, folder)


def two_way(folder: Path) -> None:
    """The two-way test against the sandbox."""
    from proof_scene import two_way_test

    two_way_test(say, folder)


def front() -> None:
    """The front page at 1,000,000 contacts."""
    from proof_scene import front as run

    run(say)


def say(*words: Any) -> None:
    print(*words, flush=True)


def _third(new: Path, part: Path, turn: int, rows: int) -> None:
    """A third of the file: each turn compares on rows that are new to the hub."""
    lines = new.read_text(encoding="utf-8").splitlines(keepends=True)
    size = rows // 3
    part.write_text("".join([lines[0], *lines[1 + turn * size : 1 + (turn + 1) * size]]), encoding="utf-8")


def _undo_stock() -> None:
    """Take out what the stock importer made: contacts without an address row."""
    with connection.cursor() as cursor:
        made = "SELECT id FROM contacts_contact c WHERE c.source_id IS NULL"
        cursor.execute(f"DELETE FROM contacts_historicalcontact WHERE id IN ({made})")
        cursor.execute("DELETE FROM contacts_contact WHERE source_id IS NULL")
