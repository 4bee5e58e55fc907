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


#: Scenes beside the files, in the order in which they play; what each asks for.
SCENES = {
    "http": "Also one record, and a list, by HTTP.",
    "lists": "Also the lists at 10,000 and 1,000,000 rows.",
    "queue": "Also the review queue at 1,000 and 100,000 cases.",
    "duplicates": "Also likely duplicates among up to 1,000,000.",
    "consent": "Also the ledger of consent at 1,000,000 addresses.",
    "rules": "Also the judges of a worksheet, and its check.",
    "simulate": "Also a draft over 10,000 and 1,000,000 events.",
    "audit": "Also the duplicate audit of 1,000,000 contacts.",
    "sync": "Also the sync with the sandbox: pace, delay, second run.",
    "unsubscribe": "Also how fast the sandbox hears of an unsubscribe.",
    "two-way": "Also the two-way test against the sandbox.",
    "front": "Also the front page at 1,000,000 contacts.",
    "million": "Also a million rows: memory and cost a row.",
}


def main() -> None:
    options = asked()
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        play(options, Path(folder))


def asked() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=100_000, help="Contacts that are there already.")
    parser.add_argument("--rows", type=int, default=100_000, help="Rows of the file.")
    parser.add_argument(
        "--stock-rows", type=int, default=9000, help="How many of them django-import-export gets: it is slow."
    )
    for scene, words in SCENES.items():
        parser.add_argument(f"--{scene}", action="store_true", help=words)
    parser.add_argument("--only", action="store_true", help="Leave out files and likely duplicates in labelled sets.")
    return parser.parse_args()


def prepare(folder: str) -> None:
    """A hub of the benchmark's own in this folder; one at work keeps its database and its ports."""
    os.environ["CRMHUB_VAR"] = folder
    sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
    from sync_programs import free_port

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crmhub.settings")
    os.environ["SANDBOX_PORT"] = str(free_port())
    own_database(folder)
    import django

    django.setup()


def play(options: argparse.Namespace, folder: Path) -> None:
    """The scenes that were asked for, one after the other."""
    import scenes

    if not options.only:
        scenes.files(folder, options.contacts, options.rows, min(options.stock_rows, options.rows))
        scenes.febrl()
    wants = {"sync": (folder, options.contacts), "unsubscribe": (folder,), "two-way": (folder,), "million": (folder,)}
    for scene in SCENES:
        name = scene.replace("-", "_")
        if getattr(options, name):
            getattr(scenes, name)(*wants.get(scene, ()))


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
