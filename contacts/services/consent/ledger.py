"""Adding to the ledger: many records at once, sealed, numbered and chained under one lock."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from django.db import connection, transaction

from contacts.domain import consent
from contacts.models import ConsentLedger, ConsentRecord
from contacts.services import bulk
from contacts.services.consent import keys
from contacts.services.protecting import Withdrawn, tell_withdrawn

#: What the chain covers, in this order; then ``sealed``.
CHAINED = (
    "id", "subject", "act", "channel", "purpose", "method", "proof", "basis", "occurred_at", "recorded_at", "source",
    "arrival_id", "batch_id", "actor",
)  # fmt: skip
COLUMNS = [*CHAINED, "sealed", "previous", "hash"]
BEGINNING = "0" * 64


@dataclass(slots=True)
class Said:
    """One thing that was said about mailing an address, before it is in the ledger.

    ``address`` is the match key, ``shown`` how it was written. ``how`` says how or where (a form, a page, a file) and
    ``words`` in which words; with ``ip``, ``agent`` and ``note`` they are sealed.
    """

    address: str
    act: str
    method: str
    purpose: str = consent.NEWS
    channel: str = consent.EMAIL
    occurred_at: datetime | None = None
    source: str = ""
    arrival_id: int | None = None
    batch_id: int | None = None
    actor: str = ""
    shown: str = ""
    how: str = ""
    words: str = ""
    more: dict[str, str] = field(default_factory=dict)  # ip, agent, note, ...

    def proof(self, at: datetime) -> int:
        if self.act != consent.GRANTED:
            return 0
        return consent.proof_of(
            who=self.address,
            occurred_at=self.occurred_at,
            recorded_at=at,
            how=self.how,
            words=self.words,
            source=self.source,
        )

    def evidence(self) -> dict[str, str]:
        told = {"address": self.shown or self.address, "how": self.how, "words": self.words, **self.more}
        return {name: text for name, text in told.items() if text}


def append(said: Sequence[Said], at: datetime) -> list[int]:
    """Add to the ledger, in this order and in the caller's transaction; the numbers of the new records.

    Whoever adds waits for the others until their transactions end, so this comes last in a transaction.
    Raises ``keys.WrongKey`` where the hub's key is not the one that the ledger began with.
    """
    if not said:
        return []
    with transaction.atomic():
        head = _locked_head()
        if head.check_value != keys.check_value():
            raise keys.WrongKey(
                "CONSENT_KEY (or SECRET_KEY) is not the key that the ledger of consent began with, so nothing was "
                "written. Set CONSENT_KEY to the old one."
            )
        rows = _chain(_rows(said, at, head.records + 1), head.hash)
        bulk.insert(ConsentRecord, COLUMNS, rows)
        head.records, head.hash = rows[-1][0], rows[-1][-1]
        head.save(update_fields=["records", "hash"])
        tell_withdrawn([Withdrawn(s.address, s.act, s.purpose, s.source, at) for s in said if s.act != consent.GRANTED])
    return [row[0] for row in rows]


def _locked_head() -> ConsentLedger:
    """The end of the chain. On SQLite a transaction is alone anyway; the first one of all makes the row."""
    begin = [(1, 0, BEGINNING, keys.check_value())]
    head = ConsentLedger.objects.select_for_update().filter(pk=1).first()
    if head is None:
        bulk.insert(ConsentLedger, ["id", "records", "hash", "check_value"], begin, ignore=True)
        head = ConsentLedger.objects.select_for_update().get(pk=1)
    return head


def _rows(said: Sequence[Said], at: datetime, first: int) -> Iterable[tuple[Any, ...]]:
    subjects = keys.subjects_of({s.address for s in said})
    person = keys.keys_for(subjects.values(), at)
    recorded = bulk.as_time(at)
    for number, s in enumerate(said, first):
        subject = subjects[s.address]
        yield (
            number, subject, s.act, s.channel, s.purpose, s.method, s.proof(at),
            "consent" if s.act == consent.GRANTED else "",
            bulk.as_time(s.occurred_at), recorded, s.source[:60], s.arrival_id, s.batch_id, s.actor[:200],
            keys.seal(person[subject], subject, s.evidence()),
        )  # fmt: skip


def _chain(rows: Iterable[tuple[Any, ...]], previous: str) -> list[tuple[Any, ...]]:
    key, linked = keys.own("chain"), []
    for row in rows:
        digest = link(key, previous, row)
        linked.append((*row, previous, digest))
        previous = digest
    return linked


def link(key: bytes, previous: str, row: Sequence[Any]) -> str:
    """The hash of a record, given the one before it: ``row`` is ``CHAINED`` and ``sealed`` as the database has them."""
    told = [_plain(value) for value in row]
    return hmac.digest(key, orjson.dumps([previous, *told]), "sha256").hex()


def _plain(value: Any) -> Any:
    """A value in the one form that both databases give back."""
    if isinstance(value, bytes | memoryview):
        return value.hex()
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ") if isinstance(value, datetime) else value


def scan(columns: Sequence[str], *, order: str = "id", where: str = "", size: int = 5000) -> Iterable[tuple[Any, ...]]:
    """All records, these columns, a few thousand at a time: a million do not fit into memory as objects."""
    sql = f"SELECT {', '.join(columns)} FROM contacts_consentrecord {where} ORDER BY {order}"  # noqa: S608 (our own)
    # A cursor of the server: the plain one of PostgreSQL would fetch everything at once. No transaction: on SQLite it
    # would keep all writers out, and one statement sees one moment anyway.
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        while found := cursor.fetchmany(size):
            yield from found
