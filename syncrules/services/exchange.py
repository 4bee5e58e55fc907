"""One exchange with a MAP: what changed there is judged and taken, what changed here is sent, both are agreed on.

A page of changes costs a fixed number of statements. A record whose values are what the MAP last showed is an
echo of our own write, and nothing is done. What was sent is read back once, because MAPs respell what they store:
what stands there then is what both sides agreed on, and no change of the MAP's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F

from contacts.domain.changes import Person
from contacts.domain.origins import Writer
from contacts.models import Refusal
from contacts.services import synced
from contacts.services.intake import in_transaction
from contacts.services.refusals import Refused, log_refusals
from syncrules.connectors.base import Connector, Page
from syncrules.domain.judges import STAGE
from syncrules.domain.records import (
    Judged,
    Terms,
    Told,
    agreements,
    hub_writes,
    judge_record,
    map_writes,
    written,
)
from syncrules.models import Connection, Link, Pull, WorksheetVersion
from syncrules.services import links
from syncrules.services.catalogue import terms_of, worksheet_of

#: Records that are judged together.
PAGE = 200


class NoWorksheet(Exception):
    """A connection without a worksheet in force writes nothing on either side."""


@dataclass
class Exchanged:
    """What an exchange did, in records; ``kept``, ``refused`` and ``conflicts`` are values of records."""

    pulled: int = 0
    pushed: int = 0
    echoes: int = 0
    kept: int = 0
    refused: int = 0
    held: int = 0
    conflicts: int = 0
    errors: int = 0


@dataclass(frozen=True)
class Todo:
    """A link to judge with what the MAP shows of its record; ``pulled``: it shows it now."""

    link: Link
    shown: dict[str, str]
    pulled: bool


@dataclass
class Decided:
    """A record after the judges, before the MAP has heard of it."""

    todo: Todo
    judged: list[Judged]
    texts: dict[str, str]
    lost: int
    version: int = 0


@dataclass
class Batch:
    """Everything that one transaction decides."""

    decided: list[Decided] = field(default_factory=list)
    changes: list[synced.Change] = field(default_factory=list)
    pulls: list[Pull] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def exchange(connection: Connection, connector: Connector, at: datetime, *, full: bool = False) -> Exchanged:
    """Pull and push once, to the end of what changed; with ``full`` every record is judged again.

    Raises ``NoWorksheet`` where no version is in force.
    """
    return _Exchange(connection, connector, at, full).run()


class _Exchange:
    """One connection's exchange under way."""

    def __init__(self, connection: Connection, connector: Connector, at: datetime, full: bool) -> None:
        self.connection, self.connector, self.at, self.full = connection, connector, at, full
        self.terms: Terms | None = None
        self.done = Exchanged()

    def run(self) -> Exchanged:
        self._obey()
        adopted = links.adopt(self.connection)
        for start in range(0, len(adopted), PAGE):
            self._records(Page(list(self.connector.read(adopted[start : start + PAGE]).values()), "", False), all_=True)
        cursor = "" if self.full else self.connection.cursor
        more = True
        while more:
            page = self.connector.changes(cursor, PAGE)
            self._obey()
            self._records(page, all_=self.full)
            more, cursor = page.more, page.cursor
            Connection.objects.filter(pk=self.connection.pk).update(cursor=cursor)
        self.connection.cursor = cursor
        self._changed_here()
        return self.done

    def _obey(self) -> None:
        """Whatever version is in force at this moment is the one to judge by."""
        in_force = WorksheetVersion.objects.filter(connection=self.connection, state=WorksheetVersion.State.IN_FORCE)
        version = in_force.first()
        if version is None:
            raise NoWorksheet(f"{self.connection.name} has no worksheet in force.")
        if self.terms is None or self.terms.worksheet.version != version.number:
            self.terms = terms_of(self.connection, worksheet_of(self.connection, version))
            self.at = max(self.at, version.forced_at or self.at)

    def _records(self, page: Page, *, all_: bool) -> None:
        """Records that the MAP shows: the linked are judged by row, the others go through the decision tree."""
        known = links.of_records(self.connection, [r.id for r in page.records])
        new = [r for r in page.records if r.id not in known]
        plans = links.take_in(self.connection, self.terms, new, self.at)
        self.done.pulled += len(plans)
        self.done.held += sum(plan.outcome == "held" for plan in plans)
        met = links.of_records(self.connection, [r.id for r in new]) if new else {}
        todo = [Todo(met[r.id], links.shown_of(r), pulled=False) for r in new if r.id in met]
        for record in page.records:
            if record.id in known:
                shown = links.shown_of(record)
                if all_ or shown != known[record.id].seen:
                    todo.append(Todo(known[record.id], shown, pulled=True))
                else:
                    self.done.echoes += 1
        self.done.pulled += sum(t.pulled for t in todo)
        self._judge(todo)

    def _changed_here(self) -> None:
        """Contacts that are not as they were when they were last judged, against what the MAP last showed."""
        last = 0
        while True:
            behind = Link.objects.filter(connection=self.connection, pk__gt=last).exclude(version=F("contact__version"))
            found = list(behind.order_by("pk")[:PAGE])
            if not found:
                return
            self._obey()
            self._judge([Todo(link, dict(link.seen), pulled=False) for link in found])
            last = found[-1].pk

    def _judge(self, todo: Sequence[Todo]) -> None:
        if not todo:
            return
        batch: Batch = in_transaction(lambda: self._decide(todo))
        verdicts = [one.judgement.hub for d in batch.decided for one in d.judged if one.judgement.hub]
        self.done.kept += sum(v.decision == "kept" for v in verdicts)
        self.done.refused += sum(v.decision == "refused" for v in verdicts)
        self.done.conflicts += sum(one.judgement.conflict for d in batch.decided for one in d.judged)
        self._send([d for d in batch.decided if d.texts or d.lost])

    def _decide(self, todo: Sequence[Todo]) -> Batch:
        """One transaction: contacts locked, everything judged, and all of it stored but for what the MAP must hear."""
        contacts = synced.locked(t.link.contact_id for t in todo)
        now = dict(Link.objects.filter(pk__in=[t.link.pk for t in todo]).values_list("pk", "contact_id"))
        here = [t for t in todo if now.get(t.link.pk) == t.link.contact_id and t.link.contact_id in contacts]
        people = {ident: loaded.person for ident, loaded in contacts.items()}
        offers = [(people[t.link.contact_id], t.shown) for t in here]
        batch, taken = Batch(), links.taken_addresses(self.terms, offers)
        for one in here:
            self._decide_one(one, people, taken, batch)
        synced.store(batch.changes, contacts, self._hand())
        log_refusals(batch.refused)
        Pull.objects.bulk_create(batch.pulls)
        wrote = {c.contact for c in batch.changes}
        for decided in batch.decided:
            ident = decided.todo.link.contact_id
            decided.version = contacts[ident].contact.version + (ident in wrote)
        self._settle([d for d in batch.decided if not (d.texts or d.lost)])
        return batch

    def _decide_one(self, todo: Todo, people: dict[int, Person], taken: set[str], batch: Batch) -> None:
        link, terms = todo.link, self.terms
        person = people[link.contact_id]
        shown = links.without(taken, todo.shown)
        judged = judge_record(terms, person, Told(shown, link.seen, link.agreed))
        writes = hub_writes(terms, judged)
        people[link.contact_id] = written(person, writes, self._writer())
        batch.changes += [synced.Change(link.contact_id, f, value, rule) for f, (value, rule) in writes.items()]
        texts, lost = map_writes(terms, judged)
        batch.decided.append(Decided(todo, judged, texts, len(lost)))
        batch.refused += [self._refusal(link, one) for one in judged if _was_refused(one)]
        verdicts = [[one.row.key, *v] for one in judged if (v := one.judgement.hub)]
        if todo.pulled or verdicts:
            batch.pulls.append(
                Pull(
                    connection=self.connection, contact_id=link.contact_id, record_id=link.record_id,
                    values=todo.shown, version=terms.worksheet.version, verdicts=verdicts, at=self.at,
                )
            )  # fmt: skip

    def _send(self, decided: Sequence[Decided]) -> None:
        """What the MAP must hear, in one call, and what it made of it, in another."""
        out = [d for d in decided if d.texts]
        done = self.connector.write([(d.todo.link.record_id, d.texts) for d in out]) if out else []
        good = [d for d, result in zip(out, done, strict=True) if not result.error]
        there = self.connector.read([d.todo.link.record_id for d in good]) if good else {}
        self.done.pushed += len(good)
        self.done.errors += len(out) - len(good) + sum(d.lost for d in decided)
        stored = {d.todo.link.pk: links.shown_of(r) for d in good if (r := there.get(d.todo.link.record_id))}
        self._settle(decided, stored)

    def _settle(self, decided: Iterable[Decided], stored: dict[int, dict[str, str]] | None = None) -> None:
        """What both sides agree on now, and what the MAP shows."""
        settled = []
        for d in decided:
            link, shown = d.todo.link, (stored or {}).get(d.todo.link.pk)
            sent = d.texts if shown is not None else {}
            agreed = agreements(self.terms, d.judged, sent, shown or {})
            seen = d.todo.shown | {name: (shown or {}).get(name, "") for name in sent}
            settled.append(
                Link(
                    pk=link.pk, agreed=link.agreed | agreed, seen={n: text for n, text in seen.items() if text},
                    agreed_at=self.at, version=d.version,
                )
            )  # fmt: skip
        links.store(settled)

    def _hand(self) -> synced.Connected:
        why = f"{self.connection.slug} worksheet v{self.terms.worksheet.version}:"
        return synced.Connected(self.connection.name, why, self.terms.fields, self.at, self.connection.slug)

    def _writer(self) -> Writer:
        return Writer("connection", self.connection.name, self.at.isoformat(timespec="seconds"))

    def _refusal(self, link: Link, one: Judged) -> Refused:
        verdict, of_stage = one.judgement.hub, one.row.hub == STAGE
        return Refused(
            link.contact_id, verdict.field, verdict.rule, self.at, Refusal.Kind.CONNECTION, self.connection.name,
            verdict.offered, verdict.current, self.connection.slug, one.row.key, link.record_id,
            stage_from=(one.case.hub or "") if of_stage else "",
            stage_to=one.case.map if of_stage and isinstance(one.case.map, str) else "",
        )  # fmt: skip


def _was_refused(one: Judged) -> bool:
    return one.judgement.hub is not None and one.judgement.hub.decision == "refused"
