"""``make bench``: how fast files are taken, beside what others reach, in one run on one machine.

    python benchmarks/run.py [--contacts N] [--rows N] [--million] [--http] [--lists] [--queue] [--duplicates]
        [--consent] [--rules] [--simulate] [--audit] [--sync] [--unsubscribe] [--two-way] [--front] [--only]

Everything runs on a database of its own: SQLite in a temporary folder, or the server that DATABASE_URL
names, where it makes and drops a database. Ratios count; absolute figures are this machine's.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=100_000, help="Contacts that are there already.")
    parser.add_argument("--rows", type=int, default=100_000, help="Rows of the file.")
    parser.add_argument(
        "--stock-rows", type=int, default=9000, help="How many of them django-import-export gets: it is slow."
    )
    parser.add_argument("--million", action="store_true", help="Also a million rows: memory and cost a row.")
    parser.add_argument("--http", action="store_true", help="Also one record, and a list, by HTTP.")
    parser.add_argument("--duplicates", action="store_true", help="Also likely duplicates among up to 1,000,000.")
    parser.add_argument("--lists", action="store_true", help="Also the lists at 10,000 and 1,000,000 rows.")
    parser.add_argument("--queue", action="store_true", help="Also the review queue at 1,000 and 100,000 cases.")
    parser.add_argument("--consent", action="store_true", help="Also the ledger of consent at 1,000,000 addresses.")
    parser.add_argument("--rules", action="store_true", help="Also the judges of a worksheet, and its check.")
    parser.add_argument("--simulate", action="store_true", help="Also a draft over 10,000 and 1,000,000 events.")
    parser.add_argument("--audit", action="store_true", help="Also the duplicate audit of 1,000,000 contacts.")
    parser.add_argument("--sync", action="store_true", help="Also the sync with the sandbox: pace, delay, second run.")
    parser.add_argument("--unsubscribe", action="store_true", help="Also how fast the sandbox hears of an unsubscribe.")
    parser.add_argument("--two-way", action="store_true", help="Also the two-way test against the sandbox.")
    parser.add_argument("--front", action="store_true", help="Also the front page at 1,000,000 contacts.")
    parser.add_argument("--only", action="store_true", help="Leave out files and likely duplicates in labelled sets.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CRMHUB_VAR"] = folder
        sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
        from sync_programs import free_port

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crmhub.settings")
        os.environ["SANDBOX_PORT"] = str(free_port())  # a hub at work keeps its own
        own_database(folder)
        import django

        django.setup()
        import scenes

        if not options.only:
            scenes.files(Path(folder), options.contacts, options.rows, min(options.stock_rows, options.rows))
            scenes.febrl()
        for scene in ("http", "lists", "queue", "duplicates", "consent", "rules", "simulate", "audit"):
            if getattr(options, scene):
                getattr(scenes, scene)()
        if options.sync:
            scenes.sync(Path(folder), options.contacts)
        if options.unsubscribe:
            scenes.unsubscribe(Path(folder))
        if options.two_way:
            scenes.two_way(Path(folder))
        if options.front:
            scenes.front()
        if options.million:
            scenes.million(Path(folder))


def own_database(folder: str) -> None:
    """A fresh database beside the one that DATABASE_URL names, so that nothing of yours is touched."""
    url = os.environ.get("DATABASE_URL", "")
    if url.startswith(("postgres://", "postgresql://")):
        import psycopg

        with psycopg.connect(url, autocommit=True) as server:
            server.execute("DROP DATABASE IF EXISTS crmhub_bench")
            server.execute("CREATE DATABASE crmhub_bench")
        os.environ["DATABASE_URL"] = url.rsplit("/", 1)[0] + "/crmhub_bench"
    else:
        os.environ.pop("DATABASE_URL", None)
    manage = [sys.executable, str(ROOT / "manage.py")]
    subprocess.run([*manage, "migrate", "--verbosity", "0"], check=True)
    subprocess.run([*manage, "seed"], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
