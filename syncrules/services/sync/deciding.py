"""What a record of a MAP and its contact come to: judged, the hub's side written, all in one transaction.

Nothing is sent here. What the MAP must hear is in the answer (``Decided.texts``): a pull puts it into the outbox in
the same transaction, a push sends it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime

from contacts.domain.changes import Person
from contacts.domain.origins import Writer
from contacts.models import Refusal, StageTableVersion
from contacts.services import bulk, synced
from contacts.services.intake import in_transaction
from contacts.services.refusals import Refused, log_refusals
from syncrules.domain.judges import STAGE
from syncrules.domain.records import (
    Judged,
    Terms,
    Told,
    agreed_already,
    judge_record,
    map_writes,
    owed,
    written,
)
from syncrules.models import Connection, Link, Pull, Push, WorksheetVersion
from syncrules.services import links
from syncrules.services.catalogue import terms_of, worksheet_of
from syncrules.services.sync.counting import Counts
from syncrules.services.sync.qualifying import Gate, gate_of
from syncrules.services.sync.scope import Scope, scope_of

#: What a judgement may change of a link, but for when it was.
JUDGED = ("agreed", "seen", "version", "stamp")
#: Seconds after which everything that judging depends on is read again, whatever may have changed.
AGAIN = 2


class NoWorksheet(Exception):
    """A connection without a worksheet in force writes nothing on either side."""


@dataclass
class Context:
    """One connection at work: by which terms, when, and what came of it so far.

    ``priority`` and ``look`` are those of the outbox rows that it makes. ``scope`` is whom it may write about: what the
    connection's state says, but for a two-way test, which brings its own (``only``).
    """

    connection: Connection
    at: datetime
    counts: Counts = field(default_factory=Counts)
    priority: int = Push.Priority.BATCH
    look: bool = True
    only: Scope | None = None
    terms: Terms = field(init=False)
    gate: Gate = field(init=False)
    scope: Scope = field(init=False)
    _mark: tuple[object, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        self.obey(self.at)

    def obey(self, at: datetime) -> None:
        """Whatever worksheet, stage table and threshold are in force at this moment are those to judge by.

        Sources and custom fields are looked up again every few seconds.
        """
        version = self._in_force()
        self.at = max(at, version.forced_at or at)
        tables = StageTableVersion.objects.filter(state=StageTableVersion.State.IN_FORCE).values_list("pk", flat=True)
        state = Connection.objects.values_list("state", flat=True).get(pk=self.connection.pk)
        mark = (
            state,
            version.pk, *tables, self.connection.catalogue_at, str(self.connection.qualifies), at.timestamp() // AGAIN,
        )  # fmt: skip
        if mark != self._mark:
            self.terms = terms_of(self.connection, worksheet_of(self.connection, version))
            self.gate = gate_of(self.connection, self.terms)
            self.scope = self.only or scope_of(self.connection, state)
            self._mark = mark

    def _in_force(self) -> WorksheetVersion:
        in_force = WorksheetVersion.objects.filter(connection=self.connection, state=WorksheetVersion.State.IN_FORCE)
        version = in_force.first()
        if version is None:
            raise NoWorksheet(f"{self.connection.name} has no worksheet in force.")
        return version

    @property
    def address(self) -> str:
        """The MAP's field for the address; "" where the worksheet has no row for it."""
        return next((row.map for row in self.terms.rows if row.hub == "email"), "")

    @property
    def writer(self) -> Writer:
        """The connection as the origin of values."""
        return Writer("connection", self.connection.name, self.at.isoformat(timespec="seconds"))

    @property
    def hand(self) -> synced.Connected:
        """The connection as an actor: the fields of its rows, the stage of those who pass its threshold, no others."""
        why = f"{self.connection.slug} worksheet v{self.terms.worksheet.version}:"
        entry = frozenset[str]() if self.gate.threshold.everybody else frozenset({STAGE})
        return synced.Connected(self.connection.name, why, self.terms.fields | entry, self.at, self.connection.slug)


@dataclass(frozen=True)
class Todo:
    """A link to judge with what the MAP shows of its record; None: with what it last showed.

    ``pulled``: it shows something new now. ``stamp`` is the MAP's own for what it shows.
    """

    link: Link
    shown: dict[str, str] | None = None
    pulled: bool = False
    stamp: str = ""


@dataclass
class Decided:
    """A record after the judges: what the MAP must hear, and the rows whose value it has no words for (``lost``).

    ``link`` is the one that was judged as it is stored now.
    """

    todo: Todo
    judged: list[Judged]
    texts: dict[str, str]
    lost: list[Judged]
    enters: bool = False
    link: Link = field(init=False)

    @property
    def owes(self) -> bool:
        """Whether the MAP has to hear something; of a contact that just got its first stage, that."""
        return bool(self.texts or self.lost or self.enters)


@dataclass
class Batch:
    """Everything that one transaction decides."""

    decided: list[Decided] = field(default_factory=list)
    changes: list[synced.Change] = field(default_factory=list)
    wrote: set[int] = field(default_factory=set)
    pulls: list[Pull] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @property
    def counts(self) -> Counts:
        """What was decided, in values; records and errors are counted by whoever reads and sends."""
        all_judged = [one.judgement for d in self.decided for one in d.judged]
        decisions = [j.hub.decision for j in all_judged if j.hub]
        return Counts(
            kept=decisions.count("kept"),
            refused=decisions.count("refused"),
            conflicts=sum(j.conflict for j in all_judged),
        )


def decide(context: Context, todos: Sequence[Todo]) -> Batch:
    """Judge links in a transaction of their own, and count."""
    batch: Batch = in_transaction(lambda: decide_here(context, todos))
    context.counts += batch.counts
    return batch


def decide_here(context: Context, todos: Sequence[Todo]) -> Batch:
    """In the caller's transaction: contacts locked, everything judged, all of it stored but what the MAP must hear.

    Links are read again once nobody else changes them; one that went to another contact meanwhile, whose record left
    or whose contact is gone is left out. A fixed number of statements.
    """
    batch = Batch()
    if not todos:
        return batch
    contacts = synced.locked(t.link.contact_id for t in todos)
    here = _fresh(todos, contacts)
    people = {ident: loaded.person for ident, loaded in contacts.items()}
    taken = links.taken_addresses(context.terms, [(people[t.link.contact_id], t.shown) for t in here])
    for one in here:
        _decide_one(context, one, people, taken, batch)
    synced.store(batch.changes, contacts, context.hand)
    log_refusals(batch.refused)
    Pull.objects.bulk_create(batch.pulls)
    for decided in batch.decided:
        ident = decided.todo.link.contact_id
        decided.link = _agreed(context, decided, contacts[ident].contact.version + (ident in batch.wrote))
    _store_links(context, batch.decided)
    return batch


def _store_links(context: Context, decided: Sequence[Decided]) -> None:
    """Links that are as they were only note when that was so."""
    changed = [d.link for d in decided if any(getattr(d.link, c) != getattr(d.todo.link, c) for c in JUDGED)]
    links.store(changed)
    same = {d.link.pk for d in decided} - {link.pk for link in changed}
    Link.objects.filter(pk__in=same).update(agreed_at=context.at)


def _fresh(todos: Sequence[Todo], contacts: Mapping[int, synced.Loaded]) -> list[Todo]:
    asked = bulk.among([todo.link.pk for todo in todos])
    links_now = {link.pk: link for link in Link.objects.filter(pk__in=asked)}
    here = []
    for todo in todos:
        link = links_now.get(todo.link.pk)
        same = link is not None and link.contact_id == todo.link.contact_id and link.contact_id in contacts
        if link is not None and same and link.state == Link.State.LINKED:
            shown = dict(link.seen) if todo.shown is None else todo.shown
            here.append(Todo(link, shown, todo.pulled, todo.stamp))
    return here


def _decide_one(
    context: Context, todo: Todo, people: dict[int, Person], taken: set[tuple[str, str]], batch: Batch
) -> None:
    link, terms = todo.link, context.terms
    person = people[link.contact_id]
    shown = links.without(taken, todo.shown or {})
    judged, writes, enters = context.gate.judge(
        person, shown, judge_record(terms, person, Told(shown, link.seen, link.agreed))
    )
    people[link.contact_id] = written(person, writes, context.writer)
    batch.wrote |= {link.contact_id} if writes else set()
    batch.changes += [synced.Change(link.contact_id, f, value, rule) for f, (value, rule) in writes.items()]
    batch.decided.append(Decided(todo, list(judged), *map_writes(terms, judged), enters))
    batch.refused += [_refusal(context, link, one) for one in judged if _was_refused(one)]
    verdicts = [[one.row.key, *v] for one in judged if (v := one.judgement.hub)]
    if todo.pulled or verdicts:
        batch.pulls.append(
            Pull(
                connection=context.connection, contact_id=link.contact_id, record_id=link.record_id,
                values=todo.shown, version=terms.worksheet.version, verdicts=verdicts, at=context.at,
            )
        )  # fmt: skip


def _agreed(context: Context, decided: Decided, version: int) -> Link:
    """The link with what the MAP showed and what both sides agree on already.

    What the MAP must hear only because it showed something else is not agreed on any more: the next look at the
    two, when it is sent, finds that out by itself.
    """
    link, apart = copy(decided.todo.link), owed(decided.judged)
    kept = {name: pair for name, pair in link.agreed.items() if name not in apart}
    link.agreed = kept | agreed_already(decided.judged)
    link.seen = dict(decided.todo.shown)
    link.agreed_at, link.version = context.at, version
    link.stamp = decided.todo.stamp[:40] or link.stamp
    return link


def _refusal(context: Context, link: Link, one: Judged) -> Refused:
    verdict, of_stage, connection = one.judgement.hub, one.row.hub == STAGE, context.connection
    return Refused(
        link.contact_id, verdict.field, verdict.rule, context.at, Refusal.Kind.CONNECTION, connection.name,
        verdict.offered, verdict.current, connection.slug, one.row.key, link.record_id,
        stage_from=(one.case.hub or "") if of_stage else "",
        stage_to=one.case.map if of_stage and isinstance(one.case.map, str) else "",
    )  # fmt: skip


def _was_refused(one: Judged) -> bool:
    return one.judgement.hub is not None and one.judgement.hub.decision == "refused"
