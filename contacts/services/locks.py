"""Who may decide at the same time.

Two records that could be one person must be decided one after the other. SQLite has one writer anyway
(transactions begin IMMEDIATE). On PostgreSQL every intake takes advisory locks: a small one on the buckets
of its keys, a large batch on all of them. They end with the transaction.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from django.db import connection

SPACE = 0x43524D  # "CRM": keeps our locks apart from another program's
ALL = 0
BUCKETS = 1024
LARGE = 64


def lock_keys(keys: Iterable[str]) -> None:
    """Wait until nobody else decides about any of these keys."""
    if connection.vendor != "postgresql":
        return
    wanted = sorted({zlib.crc32(key.encode()) % BUCKETS + 1 for key in keys})
    if len(wanted) > LARGE:
        lock_all()
        return
    with connection.cursor() as cursor:
        calls = ", ".join(f"pg_advisory_xact_lock({SPACE}, {bucket})" for bucket in wanted)
        shared = f"SELECT pg_advisory_xact_lock_shared({SPACE}, {ALL})"
        cursor.execute(f"{shared}, {calls}" if calls else shared)


def lock_all() -> None:
    """Wait until nobody else decides about anything."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [SPACE, ALL])
