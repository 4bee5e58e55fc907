"""Carrying a plan out through the MAP's merge: group by group, each step logged, safe to do again.

The records are read again first, because people go on working in the MAP: what no longer shares what it shared is
not merged, and newer values are not overwritten by what the audit once read. An opt-out is written before the merge
that needs it, so that nobody is mailed in between.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import F

from contacts.services import leases
from syncrules.connectors.base import Connector, OptOut, Why, Written
from syncrules.connectors.trouble import Unavailable
from syncrules.domain.audit import Entry, OptIn, Proposal, consent_of, propose
from syncrules.domain.grouping import By
from syncrules.models import Audit, AuditGroup, AuditStep, Connection, Link
from syncrules.services.audit import cases, entries

Clock = Callable[[], datetime]
State, Status = AuditGroup.State, Audit.Status
#: What may go through another time: the next worker looks first.
PASSING = (Why.LATER, Why.UNKNOWN)


class Failed(Exception):
    """This group can't be merged; the text says why. The others go on."""


def carry(audit: Audit, holder: str, clock: Clock, connect: Callable[[Connection], Connector]) -> None:
    """Everything of the plan that needs no person; what does goes to the review queue, or stays on the page."""
    if audit.connection is None:
        cases.open_all(audit, holder, clock)
    else:
        connector = connect(audit.connection)
        naming = entries.naming_of(audit.connection, connector.properties())
        work = _Carrier(audit, connector, naming, holder, clock)
        while (group := audit.found.filter(state=State.OPEN).order_by("number").first()) is not None:
            work.group(group)
    leases.give_back(audit.pk, holder, Audit, status=Status.MERGED, ended_at=clock(), problem="")


class _Carrier:
    """One process's work on the plan of a MAP."""

    def __init__(self, audit: Audit, connector: Connector, naming: entries.Naming, holder: str, clock: Clock) -> None:
        self._audit, self._connector, self._naming = audit, connector, naming
        self._holder, self._clock = holder, clock

    def group(self, group: AuditGroup) -> None:
        """One group to its end: merged, left to a person, or failed with the reason."""
        try:
            with_id = self._look(group)
            if with_id is not None:
                self._merge(group, *with_id)
        except Failed as problem:
            self._store(group, state=State.FAILED, problem=str(problem)[:500])

    def _look(self, group: AuditGroup) -> tuple[Proposal, dict[str, Entry]] | None:
        """The plan by the records as they are now; None where there is nothing to merge by itself."""
        ids = [group.master, *group.others]
        now = entries.read_entries(self._audit.connection, self._connector, self._naming, ids)
        if group.master not in now:
            raise Failed(f"Record #{group.master}, which was to stay, is no longer there. Audit again.")
        members = list({e.id: e for e in now.values()}.values())
        if len(members) < 2:
            return Proposal(members[0].id, "", tuple(group.others), (), consent_of(members[0], [])), now
        chosen = propose(By(group.by), members, self._naming.fields, master=now[group.master].id)
        why = chosen.needs
        if not group.decided_by_name:
            why = why or self._unlike(group, members) or propose(By(group.by), members, self._naming.fields).needs
        if why:
            self._store(group, state=State.ASK, needs=why[:300])
            return None
        return chosen, now

    def _unlike(self, group: AuditGroup, members: list[Entry]) -> str:
        """Why they are no longer what the audit saw."""
        if group.by != By.ADDRESS:
            return ""
        keys = {self._naming.keys(record).address for record in self._connector.read([e.id for e in members]).values()}
        return "" if len(keys) == 1 else "Changed in the MAP since the audit: they no longer share an address."

    def _merge(self, group: AuditGroup, proposal: Proposal, now: dict[str, Entry]) -> None:
        if proposal.consent.state is OptIn.OUT and not proposal.consent.right:
            self._opt_out(group, now)
        left = proposal.master
        values = {name: text for name, text in proposal.values.items() if name in self._naming.writable}
        done = set(group.steps.filter(act="merge", done=True).values_list("record", flat=True))
        for other in group.others:
            if other in done:
                continue
            if other not in now:
                self._step(group, "merge", other, "", done=False, words=f"#{other} is no longer there.")
            elif now[other].id == left:
                self._merged(group, other, left, left, f"#{other} was part of #{left} already.")
            else:
                written = self._connector.merge(left, other, values)
                self._check(group, "merge", other, written)
                self._merged(group, other, left, written.id, f"#{other} merged into #{written.id}.")
                left = written.id
        self._store(group, state=State.MERGED, left_over=left, problem="")

    def _opt_out(self, group: AuditGroup, now: dict[str, Entry]) -> None:
        addresses = sorted({e.email for e in now.values() if e.email and e.opt_in is not OptIn.OUT})
        results = self._connector.opt_out([OptOut(address) for address in addresses])
        for address, written in zip(addresses, results, strict=True):
            self._check(group, "opt-out", address, written)
            self._step(group, "opt-out", address, "", done=True, words=f"{address} opted out before the merge.")

    def _check(self, group: AuditGroup, act: str, record: str, written: Written) -> None:
        """A passing fault stops the work until it is over; any other is this group's."""
        if written.done:
            return
        if written.why in PASSING:
            raise written.trouble or Unavailable(written.error)
        self._step(group, act, record, "", done=False, words=written.error)
        raise Failed(f"#{record}: {written.error}")

    def _merged(self, group: AuditGroup, lost: str, kept: str, left: str, words: str) -> None:
        with transaction.atomic():
            self._renew(gone=F("gone") + 1)
            _log(group, self._clock(), self._audit.carried_by_name, "merge", lost, left, done=True, words=words)
            relink(self._audit.connection, {lost, kept}, left, self._clock())

    def _step(self, group: AuditGroup, act: str, record: str, into: str, *, done: bool, words: str) -> None:
        with transaction.atomic():
            self._renew()
            _log(group, self._clock(), self._audit.carried_by_name, act, record, into, done=done, words=words)

    def _store(self, group: AuditGroup, **state: object) -> None:
        with transaction.atomic():
            self._renew()
            AuditGroup.objects.filter(pk=group.pk).update(**state)

    def _renew(self, **progress: object) -> None:
        leases.renew(self._audit.pk, self._holder, self._clock(), Audit, **progress)


def _log(group: AuditGroup, at: datetime, by: str, act: str, record: str, into: str, *, done: bool, words: str) -> None:
    AuditStep.objects.create(
        group=group, at=at, by=by, act=act, record=record[:320], into=into, done=done, words=words[:500]
    )


def relink(connection: Connection, parts: set[str], left: str, at: datetime) -> None:
    """Links follow a merge in the MAP: one contact's link leads to the record that is left, the parts' lead there."""
    lost = parts - {left}
    found = {link.record_id: link for link in Link.objects.filter(connection=connection, record_id__in=[*parts, left])}
    for ident in sorted(lost & found.keys()):
        link = found[ident]
        if left not in found:
            found[left] = Link.objects.create(
                connection=connection, contact_id=link.contact_id, record_id=left, agreed=link.agreed, seen=link.seen,
                agreed_at=link.agreed_at, version=link.version,
            )  # fmt: skip
        Link.objects.filter(pk=link.pk).update(state=Link.State.MERGED, into=left, left_at=at)
