"""The sandbox's own storage: one SQLite file, one connection, one lock.

One request is one transaction, so a process that is killed leaves whole requests behind or none.
The properties of a contact are one JSON text; what must be found fast or be unique has a column or
a row of ``keys``. A merged-in contact has no row any more, only a pointer to the one that has it.
"""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

FIRST_ID = 1001
_SCHEMA = """
CREATE TABLE IF NOT EXISTS contacts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, created_ms INTEGER NOT NULL, modified_ms INTEGER NOT NULL,
    archived_ms INTEGER, properties TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS contacts_modified ON contacts (modified_ms, id) WHERE archived_ms IS NULL;
CREATE INDEX IF NOT EXISTS contacts_email ON contacts (json_extract(properties, '$.email'));
CREATE TABLE IF NOT EXISTS keys (
    name TEXT NOT NULL, value TEXT NOT NULL, contact_id INTEGER NOT NULL,
    PRIMARY KEY (name, value)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS keys_contact ON keys (contact_id);
CREATE TABLE IF NOT EXISTS merged (lost_id INTEGER PRIMARY KEY, kept_id INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS statuses (
    address TEXT NOT NULL, subscription_id INTEGER NOT NULL, state TEXT NOT NULL,
    legal_basis TEXT, explanation TEXT, at_ms INTEGER NOT NULL,
    PRIMARY KEY (address, subscription_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL, attempt INTEGER NOT NULL, due_ms INTEGER NOT NULL);
"""
_TABLES = ("contacts", "keys", "merged", "statuses", "events")


@dataclass
class Row:
    """One contact as stored."""

    id: int
    created_ms: int
    modified_ms: int
    archived_ms: int | None = None
    properties: dict[str, str] = field(default_factory=dict)


class StoreError(Exception):
    """The storage file can't be used."""


class Store:
    """All that the sandbox remembers."""

    def __init__(self, path: str | Path = ":memory:") -> None:
        self.path = str(path)
        self.tells = False  # whether somebody wants to be told of changes by webhook
        self.source = "INTEGRATION"  # who the change at hand comes from
        self._lock = threading.RLock()
        try:
            if self.path != ":memory:":
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
            self._prepare()
        except (OSError, sqlite3.Error) as problem:
            raise StoreError(f"The sandbox's storage {self.path} can't be opened: {problem}.") from problem

    def _prepare(self) -> None:
        self._db.create_function("fold", 1, _fold, deterministic=True)
        self._db.create_function("has_token", 2, _has_token, deterministic=True)
        self._db.execute("PRAGMA busy_timeout = 5000")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)
        self._start_ids()

    def _start_ids(self) -> None:
        """Ids start high, so that nobody takes one for an id of the hub."""
        self._db.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT 'contacts', ?"
            " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'contacts')",
            (FIRST_ID - 1,),
        )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens, or nothing; one request at a time."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def from_source(self, source: str) -> Iterator[None]:
        """Changes inside come from somebody else than a caller of the API."""
        with self._lock:
            self.source, before = source, self.source
            try:
                yield
            finally:
                self.source = before

    def untouched(self) -> bool:
        """Whether no contact was ever made here."""
        return self.query("SELECT seq FROM sqlite_sequence WHERE name = 'contacts'")[0][0] < FIRST_ID

    def close(self) -> None:
        """Wait for the request at work, then let go of the file."""
        with self._lock:
            self._db.close()

    def reset(self) -> None:
        """Forget everything; ids go on, so that an old id never means a new contact."""
        with self.transaction():
            for table in _TABLES:
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608

    def query(self, sql: str, values: tuple | list = ()) -> list[tuple]:
        """Read rows; only SQL of this package comes here."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def execute(self, sql: str, values: tuple | list = ()) -> sqlite3.Cursor:
        """Write, inside a ``transaction``."""
        return self._db.execute(sql, values)

    # Contacts

    def load(self, contact_id: int) -> Row | None:
        """The contact of that id, archived or not; a merged id leads to the survivor."""
        kept = self.query("SELECT kept_id FROM merged WHERE lost_id = ?", (contact_id,))
        found = self.select("id = ?", [kept[0][0] if kept else contact_id])
        return found[0] if found else None

    def select(self, where: str, values: list, tail: str = "") -> list[Row]:
        """Contacts by a condition of this package's own making."""
        columns_read = "id, created_ms, modified_ms, archived_ms, properties"
        sql = f"SELECT {columns_read} FROM contacts WHERE {where} {tail}"  # noqa: S608
        return [Row(*columns, json.loads(text)) for *columns, text in self.query(sql, values)]

    def insert(self, row: Row) -> int:
        """Store a new contact and return its id."""
        cursor = self.execute(
            "INSERT INTO contacts (created_ms, modified_ms, properties) VALUES (?, ?, ?)",
            (row.created_ms, row.modified_ms, json.dumps(row.properties)),
        )
        return int(cursor.lastrowid or 0)

    def save(self, row: Row) -> None:
        """Store what became of a contact."""
        self.execute(
            "UPDATE contacts SET created_ms = ?, modified_ms = ?, archived_ms = ?, properties = ? WHERE id = ?",
            (row.created_ms, row.modified_ms, row.archived_ms, json.dumps(row.properties), row.id),
        )

    def owner(self, name: str, value: str) -> int | None:
        """The contact that a unique value belongs to, e.g. an address, primary or additional."""
        found = self.query("SELECT contact_id FROM keys WHERE name = ? AND value = ?", (name, value))
        return found[0][0] if found else None

    def counts(self) -> dict[str, int]:
        """Figures for the page."""
        one = self.query(
            "SELECT (SELECT count(*) FROM contacts WHERE archived_ms IS NULL),"
            " (SELECT count(*) FROM contacts WHERE archived_ms IS NOT NULL),"
            " (SELECT count(*) FROM merged),"
            " (SELECT count(*) FROM statuses WHERE subscription_id = 0 AND state = 'UNSUBSCRIBED')"
        )[0]
        return dict(zip(("contacts", "archived", "merged", "unsubscribed_from_all"), one, strict=True))


def _fold(value: object) -> str | None:
    """Case-insensitive equality for every alphabet; SQLite's own ``lower`` knows ASCII only."""
    return None if value is None else str(value).casefold()


def _has_token(value: object, pattern: str) -> bool:
    """HubSpot's CONTAINS_TOKEN: one word of the value; ``*`` stands for any characters."""
    if value is None:
        return False
    pattern = pattern.replace("[", "[[]").replace("?", "[?]")
    text = str(value).casefold()
    words = set(text.split()) | set(re.findall(r"\w+", text))
    return any(fnmatchcase(word, pattern) for word in words)
