"""The steps of a test, on contacts and records of its own; what each side holds is noted for the checks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db.models import QuerySet

from contacts.services import trials
from contacts.services.intake import in_transaction
from contacts.services.leases import new_holder
from syncrules.connectors.base import Connector
from syncrules.domain.cases import STAGE
from syncrules.domain.two_way import plan as planning
from syncrules.domain.two_way.checks import Seen, Story
from syncrules.models import Connection, Link, MarkedRecord, Push, SyncError, TwoWayTest
from syncrules.services.sync import outbox, pulling
from syncrules.services.sync.deciding import Context
from syncrules.services.sync.paging import pages
from syncrules.services.sync.posting import post
from syncrules.services.sync.preparing import prepare
from syncrules.services.sync.scope import scope_of_test
from syncrules.services.sync.sending import parcels
from syncrules.services.sync.settling import settle
from syncrules.services.two_way import hub_side
from syncrules.services.two_way.map_side import MapSide

#: Rounds until both sides are quiet, at most; between two of them a pause that grows from PAUSE to LONGEST seconds, as
#: a MAP's search may be behind: a minute in all.
ROUNDS, PAUSE, LONGEST = 30, 0.2, 3.0
STEPS = 8
Note = Callable[[str, int, int], None]


class Stopped(Exception):
    """Somebody asked the test to stop."""


class Running:
    """One test under way. ``note`` is told of each step, and raises ``Stopped`` where it is to end."""

    def __init__(
        self, test: TwoWayTest, connector: Connector, clock: Callable[[], datetime], sleep: Callable[[float], None],
        note: Note,
    ) -> None:  # fmt: skip
        self.test, self.connector, self.clock, self.sleep, self.note = test, connector, clock, sleep, note
        self.connection, self.began = test.connection, clock()
        terms = Context(self.connection, self.began).terms
        self.plan = planning.make(terms, test.mark)
        self.addresses = self.plan.addresses
        only = scope_of_test(self.connection, self.addresses)
        self.context = Context(self.connection, self.began, priority=Push.Priority.NOW, only=only)
        self.terms, self.there = terms, MapSide(connector, terms)
        self.cursor, self.holder = "", new_holder()
        self.refused_here: dict[str, str] = {}

    def go(self) -> Story:
        """All steps, in order."""
        self._tell("making 10 test contacts here", 1)
        MarkedRecord.objects.bulk_create([MarkedRecord(test=self.test, address=a) for a in self.addresses])
        self.cursor = self.connector.since(self.began)
        source = hub_side.source_for(self.connection)
        self.refused_here |= hub_side.make_pairs(self.plan.pairs, source, self.clock())
        moves = [*self.plan.in_hub, *self.plan.in_map]
        self.refused_here |= hub_side.make_movers(moves, self.terms, source, self.clock())
        self._tell("making 10 matching records there", 2)
        self.there.make_pairs(self.plan.pairs)
        self.there.make_movers(moves, self._names())
        made = self._look()
        self._tell("syncing the test segment", 3)
        self._settle()
        met = self._look()
        self._tell("changing values, and making new ones on both sides", 4)
        hub_here = hub_side.make_new(self.connection, self.terms, self.plan.new_here, source, self.clock())
        self.refused_here |= hub_here
        self._change_there()
        hub_side.move(self.plan.in_hub, self.clock())
        self._tell("syncing what changed", 5)
        self._settle()
        self._tell("holding both sides beside each other", 6)
        out = self.there.opted_out([m.address for m in self.plan.in_hub if m.allowed])
        end = self._look()._replace(out=out)
        self._tell("changing the source of whom the MAP brought", 7)
        self.there.edit([self.plan.new_there])
        self._settle()
        return Story(
            self.terms, self.plan, made, met, end, self._look(), self.refused_here, self.there.refused, self._errors(),
            self._others(), frozenset(self.there.not_made),
        )  # fmt: skip

    def _tell(self, step: str, number: int) -> None:
        self.note(step, number - 1, STEPS)

    def _names(self) -> dict[str, str]:
        """Stage to the MAP's name for it."""
        row = next((row for row in self.terms.rows if row.hub == STAGE), None)
        stages = [stage.slug for stage in self.terms.stages.rows]
        return {slug: str(self.terms.by_row[row.key].write(slug)) for slug in stages} if row else {}

    def _change_there(self) -> None:
        self.there.edit(self.plan.pairs)
        self.there.make_pairs([self.plan.new_there])
        self.there.move(self.plan.in_map)

    # --- syncing this segment and nothing else ---

    def _settle(self) -> None:
        """Round after round until nothing is new on either side."""
        for turn in range(ROUNDS):
            self.note(self.test.step, self.test.done, self.test.of)
            self._pull()
            self._look_at_linked()
            self._push()
            if self._is_quiet():
                return
            self.sleep(min(LONGEST, PAUSE * turn))

    def _pull(self) -> None:
        for page in pages(self.connector, self.cursor, pulling.PAGE):
            self.cursor, self.context.at = page.cursor, self.clock()
            pulling.records(self.context, page)

    def _look_at_linked(self) -> None:
        """What a search does not show yet is read by its id."""
        ids = list(self._links().values_list("record_id", flat=True))
        shown = list(self.connector.read(ids).values()) if ids else []
        self.context.at = self.clock()
        in_transaction(lambda: pulling.judge_records(self.context, shown, looked=True))

    def _push(self) -> None:
        contacts = trials.found(self.addresses).values()
        outbox.enqueue([self.connection.pk], contacts, self.clock(), Push.Priority.NOW)
        subjects = [*map(str, contacts), *self.addresses]
        while rows := outbox.lease(self.connection.pk, self.holder, self.clock(), 200, subjects=subjects):
            self.context.obey(self.clock())
            for parcel in parcels(prepare(self.context, rows), self.connector.batch):
                if trouble := settle(self.context, post(self.connector, parcel)):
                    raise trouble  # else what was not sent would be due again at once, for ever

    def _is_quiet(self) -> bool:
        """Whether each record shows what the hub has seen of it, nothing waits, and whoever is to be here is."""
        subjects = [*map(str, trials.found(self.addresses).values()), *self.addresses]
        if Push.objects.filter(connection=self.connection, subject__in=subjects, parked=False).exists():
            return False
        links = {link.record_id: link for link in self._links()}
        shown = self.connector.read(list(links)) if links else {}
        mapped = {row.map for row in self.terms.rows}
        same = all(
            record.values.get(name, "") == links[ident].seen.get(name, "")
            for ident, record in shown.items() if ident in links for name in mapped
        )  # fmt: skip
        known = {*links, *self._held_or_refused()}
        return same and set(self.there.ids.values()) <= known

    def _held_or_refused(self) -> set[str]:
        """Records that came and got no contact."""
        pulls = self.connection.pulls.filter(record_id__in=list(self.there.ids.values()), contact=None)
        return set(pulls.values_list("record_id", flat=True))

    def _links(self) -> QuerySet[Link]:
        mine = Link.objects.filter(connection=self.connection, state=Link.State.LINKED)
        return mine.filter(contact__in=trials.found(self.addresses).values())

    # --- looking ---

    def _look(self) -> Seen:
        found = self.there.look(self.addresses)
        links = self._links().values_list("contact", "record_id")
        several: dict[int, int] = {}
        for contact, _ in links:
            several[contact] = several.get(contact, 0) + 1
        records = {address: several.get(ident, 0) for address, ident in trials.found(self.addresses).items()}
        shown = {address: dict(record.values) for address, record in found.items()}
        return Seen(
            hub_side.values(self.terms, self.addresses),
            shown,
            hub_side.counts(self.connection, self.there.ids),
            records,
        )

    def _errors(self) -> list[tuple[str, str]]:
        contacts = {str(ident): address for address, ident in trials.found(self.addresses).items()}
        mine = SyncError.objects.filter(connection=self.connection, solved_at=None, last_at__gte=self.began)
        named = mine.filter(subject__in=[*contacts, *self.addresses, *self.there.ids.values()])
        return [(contacts.get(subject, subject), text) for subject, text in named.values_list("subject", "text")]

    def _others(self) -> int | None:
        """Contacts outside the test that this connection wrote since it began; None while it is at work."""
        if self.connection.state != Connection.State.TESTING:
            return None
        mine = trials.found(self.addresses).values()
        since = Link.objects.filter(connection=self.connection, agreed_at__gte=self.began)
        return since.exclude(contact__in=mine).count()
