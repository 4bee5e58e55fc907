"""Which records of a MAP enter the pipeline (playbook, "Syncing unqualified leads").

Below a connection's threshold a record is a known person: a contact without a lifecycle stage, linked as any other.
Once it passes, it gets the stage that the MAP says, or the source's entry stage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from contacts.domain import rules
from contacts.domain.changes import Person
from contacts.domain.lifecycle import UNSUBSCRIBED, entry_stage
from syncrules.domain import threshold
from syncrules.domain.judges import STAGE
from syncrules.domain.records import Judged, Terms, hub_writes, map_values, without_stage
from syncrules.domain.threshold import Threshold
from syncrules.models import Connection


class Entry(NamedTuple):
    """What a record comes to once the threshold was looked at; ``enters``: the contact gets its first stage now."""

    judged: Sequence[Judged]
    writes: Mapping[str, tuple[Any, str]]
    enters: bool = False


@dataclass(frozen=True)
class Gate:
    """A connection's threshold, ready to judge with. ``source`` is the slug of its own lead source."""

    threshold: Threshold
    terms: Terms
    source: str
    stage: str

    def lets_in(self, shown: Mapping[str, str]) -> bool:
        """Whether a record that belongs to nobody yet enters the pipeline."""
        return self.threshold.everybody or self.threshold.lets_in(map_values(self.terms, shown))

    def judge(self, person: Person, shown: Mapping[str, str], judged: Sequence[Judged]) -> Entry:
        """A linked record: the stage of a known person waits until the record passes."""
        writes = hub_writes(self.terms, judged)
        if self.threshold.everybody or person.values.get(STAGE):
            return Entry(judged, writes)
        known = threshold.values_of(person, self.terms.sources)
        if known["source"] == self.source:
            known["source"] = None  # every record of the MAP has this one
        if not self.threshold.lets_in(known | map_values(self.terms, shown)):
            below = without_stage(judged)
            return Entry(below, hub_writes(self.terms, below))
        if writes.get(STAGE, ("",))[0] == UNSUBSCRIBED:
            return Entry(judged, writes)
        said = writes[STAGE][0] if STAGE in writes else self._first()
        return Entry(judged, {**writes, STAGE: (said, rules.THRESHOLD)}, enters=True)

    def _first(self) -> str:
        ask, _ = entry_stage(self.terms.stages, "", self.stage, "map")
        return ask.slug


def gate_of(connection: Connection, terms: Terms) -> Gate:
    """The threshold as it is in force at this moment; one query."""
    tree = Connection.objects.values_list("qualifies", flat=True).get(pk=connection.pk)
    compiled = threshold.compile(tree, terms.worksheet.hub_fields)
    return Gate(compiled, terms, connection.source.slug, connection.source.entry_stage_id)
