"""What a two-way test does in the MAP, as its own users would, and what the MAP shows of its records."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from contacts.domain.lifecycle import UNSUBSCRIBED
from syncrules.connectors.base import Connector, New, OptOut, Record, Written
from syncrules.domain.cases import STAGE
from syncrules.domain.records import Terms
from syncrules.domain.two_way.plan import Move, Pair
from syncrules.services.sync.refusing import is_verdict


@dataclass
class MapSide:
    """The MAP's side of one test. ``ids`` is address to record; ``refused`` is by address what the MAP said."""

    connector: Connector
    terms: Terms
    ids: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    not_made: set[str] = field(default_factory=set)

    @property
    def _stage(self) -> str:
        return next((row.map for row in self.terms.rows if row.hub == STAGE), "")

    def make_pairs(self, pairs: Sequence[Pair]) -> None:
        """A record for each, with the values that the MAP is to have."""
        self._upsert({pair.address: pair.there for pair in pairs})

    def make_movers(self, moves: Sequence[Move], texts: Mapping[str, str]) -> None:
        """A record at the first stage of each move; ``texts`` is stage to the MAP's name for it."""
        names = {row.hub: row.map for row in self.terms.rows if row.hub in ("first_name", "last_name")}
        records = {}
        for move in moves:
            person = {"first_name": "Ada", "last_name": f"Testmover{move.who}"}
            records[move.address] = {there: person[name] for name, there in names.items() if self._writes(there)}
            if move.start != UNSUBSCRIBED:
                records[move.address][self._stage] = texts[move.start]
        self._upsert(records)

    def edit(self, pairs: Sequence[Pair]) -> None:
        """The MAP's users change values."""
        found = [(pair, self.ids[pair.address]) for pair in pairs if pair.address in self.ids and pair.later]
        results = _told(self.connector.write([(ident, pair.later) for pair, ident in found]))
        for (pair, _), result in zip(found, results, strict=True):
            if not result.done:
                self.refused[pair.address] = result.error

    def move(self, moves: Sequence[Move]) -> None:
        """The MAP sets stages; an unsubscribe is an opt-out there. What the MAP itself does not make is noted."""
        out = [m for m in moves if m.end == UNSUBSCRIBED and m.address in self.ids]
        if out:
            _told(self.connector.opt_out([OptOut(m.address) for m in out]))
        going = [m for m in moves if m.end != UNSUBSCRIBED and m.address in self.ids]
        self._set(going)
        left = self._elsewhere(going)
        if left:  # HubSpot takes an earlier stage only after the later one was cleared
            _told(self.connector.write([(self.ids[m.address], {self._stage: ""}) for m in left]))
            self._set(left)
            self.not_made |= {m.address for m in self._elsewhere(left)}
        self.not_made |= {m.address for m in moves if m.address not in self.ids}

    def _set(self, moves: Sequence[Move]) -> None:
        _told(self.connector.write([(self.ids[m.address], {self._stage: m.text}) for m in moves]))

    def _elsewhere(self, moves: Sequence[Move]) -> list[Move]:
        shown = self.connector.read([self.ids[m.address] for m in moves])
        return [m for m in moves if _value(shown, self.ids[m.address], self._stage) != m.text]

    def _writes(self, name: str) -> bool:
        return not self.terms.worksheet.map_fields[name].read_only

    def _upsert(self, records: Mapping[str, Mapping[str, str]]) -> None:
        if not records:
            return
        results = _told(self.connector.upsert([New(address, values) for address, values in records.items()]))
        for address, result in zip(records, results, strict=True):
            if result.done:
                self.ids[address] = result.id
            else:
                self.refused[address] = result.error

    def look(self, addresses: Collection[str]) -> dict[str, Record]:
        """The records that there are now, by address."""
        found = dict(self.connector.find(list(addresses)))
        self.ids |= {address: record.id for address, record in found.items()}
        return found

    def opted_out(self, addresses: Collection[str]) -> frozenset[str]:
        """Those of these addresses that the MAP must not mail."""
        told = self.connector.subscriptions(list(addresses)) if addresses else {}
        return frozenset(address for address, state in told.items() if state.opted_out)


def _told(results: Sequence[Written]) -> Sequence[Written]:
    """What the MAP said of each item. Raises the ``Trouble`` of a whole call: that is no word on the worksheet."""
    trouble = next((one.trouble for one in results if one.trouble is not None and not is_verdict(one.trouble)), None)
    if trouble is not None:
        raise trouble
    return results


def _value(shown: Mapping[str, Record], ident: str, name: str) -> str:
    return shown[ident].values.get(name, "") if ident in shown else ""
