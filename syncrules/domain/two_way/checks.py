"""The eight checks (playbook, Step 5), each from what was expected and what both sides hold. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from contacts.domain.lifecycle import UNSUBSCRIBED
from syncrules.domain.cases import BLANK, OPT_IN, STAGE, Unread, same
from syncrules.domain.records import Terms
from syncrules.domain.two_way import oracle
from syncrules.domain.two_way.plan import NAMES, Move, Pair, Plan, tested_rows
from syncrules.domain.two_way.report import Case, Check, check, shown
from syncrules.domain.worksheet import Row

#: Fields by which people are told apart: a MAP never changes one that is filled (playbook, Step 2).
IDENTITY = frozenset({"first_name", "last_name", "company_domain", "phone"})


class Seen(NamedTuple):
    """Both sides at one moment, by address: hub field to value in the hub's terms, MAP field to text; how many
    contacts and records each address has, and the addresses that the MAP must not mail."""

    hub: Mapping[str, Mapping[str, Any]]
    map: Mapping[str, Mapping[str, str]]
    contacts: Mapping[str, int]
    records: Mapping[str, int]
    out: frozenset[str] = frozenset()


@dataclass
class Story:
    """What a test did and saw. ``made``: before any sync; ``met``: after it; ``end``: after the changes; ``last``:
    after the MAP changed the source of whom it had brought.

    ``refused`` is by address why a side did not take a test value; ``errors`` are what the sync could not do;
    ``others`` is how many contacts outside the test were written, None where the connection is live.
    """

    terms: Terms
    plan: Plan
    made: Seen
    met: Seen
    end: Seen
    last: Seen
    refused_here: Mapping[str, str] = field(default_factory=dict)
    refused_there: Mapping[str, str] = field(default_factory=dict)
    errors: Sequence[tuple[str, str]] = ()
    others: int | None = 0
    not_made: frozenset[str] = frozenset()  # addresses whose move the MAP itself does not make

    def label(self, row: Row) -> str:
        return row.name or row.hub


def eight(story: Story) -> list[Check]:
    """All of them, in the playbook's order."""
    return [make(story) for make in _CHECKS]


def _hub_side(story: Story) -> Check:
    cases = [_named(story, row, "hub") for row in story.terms.worksheet.rows if row.hub not in _hub_fields(story)]
    for pair in story.plan.pairs:
        holds = story.made.hub.get(pair.address)
        said = story.refused_here.get(pair.address, "no such contact")
        cases += [] if holds is not None else [Case(pair.address, "", None, "a contact", said, False)]
        for row in tested_rows(story.terms):
            if holds is not None and row.hub in pair.here:
                seen = holds.get(row.hub)
                good = same(seen, pair.here[row.hub])
                cases.append(_case(story, pair.address, row, pair.here[row.hub], seen, good))
    there = sum(pair.address in story.made.hub for pair in story.plan.pairs)
    return check(1, "Test contacts in the hub", str(len(story.plan.pairs)), str(there), cases)


def _map_side(story: Story) -> Check:
    cases = [_named(story, row, "MAP") for row in story.terms.worksheet.rows if row.map not in _map_fields(story)]
    differ = 0
    for pair in story.plan.pairs:
        holds = story.made.map.get(pair.address)
        said = story.refused_there.get(pair.address, "no such record")
        if holds is None or pair.address in story.refused_there:
            cases.append(Case(pair.address, "", None, "a record", said, False))
        differ += sum(holds is not None and bool(holds.get(name)) for name in pair.there)
    there = sum(pair.address in story.made.map for pair in story.plan.pairs)
    wanted = f"{len(story.plan.pairs)}, values differ"
    return check(2, "Matching ones in the MAP, slightly different", wanted, f"{there}, {differ} values differ", cases)


def _segment(story: Story) -> Check:
    cases = [Case(address, "", None, "no error", text, False) for address, text in story.errors]
    if story.others:
        cases.append(Case("everybody else", "", None, "0 written", f"{story.others} written", False))
    joined = [p for p in story.plan.pairs if story.met.records.get(p.address)]
    cases += [
        Case(p.address, "", None, "linked to its record", "not linked", False)
        for p in story.plan.pairs
        if p not in joined
    ]
    others = "others go on as before, it is live" if story.others is None else f"{story.others} others written"
    seen = f"{len(joined)} in step, {len(story.errors)} errors, {others}"
    return check(3, "Sync for the test segment only", "0 others written, 0 errors", seen, cases)


def _overwrites(story: Story) -> Check:
    cases: list[Case] = []
    for pair in story.plan.pairs:
        for row in tested_rows(story.terms):
            cases += _row_cases(story, pair, row)
    cases += _first_touch(story)
    twice = [a for a, n in story.end.contacts.items() if n > 1] + [a for a, n in story.end.records.items() if n > 1]
    cases += [Case(address, "", None, "one of it", "a duplicate", False) for address in twice]
    wrong = sum(not case.passed for case in cases)
    seen = f"{len(cases) - wrong} of {len(cases)} as the rows say, {len(twice)} duplicates"
    return check(4, "Overwrites as the rows say, no duplicates", "every value by its row, 0 duplicates", seen, cases)


def _row_cases(story: Story, pair: Pair, row: Row) -> list[Case]:
    """First by the words of the row's rule, then by what the playbook promises whatever a row says."""
    hub = story.made.hub.get(pair.address)
    if hub is None or pair.address not in story.made.map:
        return []
    typed = pair.typed and row.hub in pair.here
    there = _read(story, row, story.made.map[pair.address], hub.get(row.hub))
    met = oracle.first(row, hub.get(row.hub), there, typed=typed)
    found = _beside(story, pair, row, met, story.met, "at first")
    stood, end = met, met
    if row.map in pair.later and pair.address not in story.refused_there:
        changed = _read(story, row, {row.map: pair.later[row.map]}, None)
        end = oracle.later(row, stood, changed, typed=typed)
        found += _beside(story, pair, row, end, story.end, "after the MAP changed it")
    return found + _promises(story, pair, row, typed)


def _beside(story: Story, pair: Pair, row: Row, wanted: oracle.Sides, seen: Seen, when: str) -> list[Case]:
    holds = seen.hub.get(pair.address, {}).get(row.hub)
    cases = []
    if wanted.hub is not oracle.ANY:
        about = f"{pair.address}, hub, {when}"
        cases.append(_case(story, about, row, wanted.hub, holds, same(holds, wanted.hub)))
    shows = _read(story, row, seen.map.get(pair.address, {}), wanted.map if wanted.map is not oracle.ANY else None)
    if wanted.map is not oracle.ANY and not story.terms.by_row[row.key].map.read_only:
        about = f"{pair.address}, MAP, {when}"
        cases.append(_case(story, about, row, wanted.map, shows, same(shows, wanted.map)))
    return cases


def _promises(story: Story, pair: Pair, row: Row, typed: bool) -> list[Case]:
    """A typed value and a first-touch source stay, names and phones are not changed, and nothing is emptied."""
    before, after = story.made.hub[pair.address].get(row.hub), story.end.hub.get(pair.address, {}).get(row.hub)
    kept = typed or row.hub == "source" or row.hub in IDENTITY
    if before is None or (not kept and after is not None) or (row.blank_counts and not kept):
        return []
    why = "typed by a person" if typed else "set once" if row.hub == "source" else "filled"
    return [_case(story, f"{pair.address}, hub, {why}: it stays", row, before, after, same(before, after))]


def _first_touch(story: Story) -> list[Case]:
    """The source of somebody whom the MAP brought is set once too."""
    address = story.plan.new_there.address
    before, after = (seen.hub.get(address, {}).get("source") for seen in (story.end, story.last))
    rows = [row for row in story.terms.rows if row.hub == "source" and before is not None]
    about = f"{address}, hub, set once: it stays"
    return [_case(story, about, row, before, after, before == after) for row in rows]


def _new_here(story: Story) -> Check:
    pair = story.plan.new_here
    shows = story.end.map.get(pair.address)
    title = "New in the hub appears in the MAP"
    if shows is None:
        why = story.refused_here.get(
            pair.address, "no record: the threshold “who takes part”, or an error, keeps it out"
        )
        return check(5, title, "a record", "none", [Case(pair.address, "", None, "a record", why, False)])
    holds, cases = story.end.hub.get(pair.address, {}), []
    for row in story.terms.rows:
        if row.hub in pair.here or row.hub == STAGE:
            value = holds.get(row.hub)
            wanted = oracle.first(row, value, None, typed=False).map
            wanted = value if row.hub in (*NAMES, STAGE) else wanted  # whom the MAP is told of, and how far they are
            if wanted not in (None, oracle.ANY) and not story.terms.by_row[row.key].map.read_only:
                shown_there = _read(story, row, shows, wanted)
                cases.append(_case(story, pair.address, row, wanted, shown_there, same(shown_there, wanted)))
    return check(5, title, "a record with its values", f"there, {_good(cases)} values", cases)


def _new_there(story: Story) -> Check:
    pair = story.plan.new_there
    holds, title = story.end.hub.get(pair.address), "New in the MAP appears in the hub"
    if holds is None:
        why = story.refused_there.get(pair.address, "no contact: it was held, or it came without its address")
        return check(6, title, "created", "none", [Case(pair.address, "", None, "a contact", why, False)])
    cases = []
    for row in tested_rows(story.terms):
        there = _read(story, row, story.end.map.get(pair.address, {}), None)
        wanted = oracle.first(row, None, there, typed=False).hub
        if wanted not in (None, oracle.ANY) and row.hub != "source":
            cases.append(_case(story, pair.address, row, wanted, holds.get(row.hub), same(wanted, holds.get(row.hub))))
    source = holds.get("source")
    cases.append(Case(pair.address, "Lead source", None, "a source", shown(source), source is not None))
    return check(6, title, "created, with its source", f"created, {_good(cases)} values", cases)


def _stage_in_hub(story: Story) -> Check:
    cases = [_moved(story, move, story.end) for move in story.plan.in_hub]
    return _stages(7, "Stage changed in the hub", story, cases)


def _moved(story: Story, move: Move, seen: Seen) -> Case:
    wanted = move.end if move.allowed else move.start
    row = _stage_row(story)
    about = f"{move.address}: {_name(story, move.start)} to {_name(story, move.end)}"
    if wanted == UNSUBSCRIBED:
        out = move.address in seen.out or _read_out(story, seen.map.get(move.address, {}))
        return Case(about, "Opt-out in the MAP", None, "opted out", "opted out" if out else "still mailed", out)
    shows = _read(story, row, seen.map.get(move.address, {}), wanted)
    return _case(story, about, row, wanted, shows, shows == wanted)


def _stage_in_map(story: Story) -> Check:
    tried = [m for m in story.plan.in_map if m.address not in story.not_made and m.end != UNSUBSCRIBED]
    cases = [] if tried else [Case("stage table", "", None, "moves", "the MAP made none", False)]
    for move in story.plan.in_map:
        if move.address in story.not_made:
            continue
        wanted = move.end if move.allowed else move.start
        holds = story.end.hub.get(move.address, {})
        about = f"{move.address}: {_name(story, move.start)} to {_name(story, move.end)}"
        cases.append(_case(story, about, _stage_row(story), wanted, holds.get(STAGE), holds.get(STAGE) == wanted))
        for name in NAMES:
            before = story.made.hub.get(move.address, {}).get(name)
            if not same(before, holds.get(name)):
                cases.append(Case(about, name, None, shown(before), shown(holds.get(name)), False))
    return _stages(8, "Stage changed in the MAP, nothing else overwritten", story, cases)


def _stages(number: int, title: str, story: Story, cases: list[Case]) -> Check:
    """Without a row for the stage, or for the opt-in, no move can be right (playbook, Step 3)."""
    fields = {row.hub for row in story.terms.rows}
    cases += [] if cases else [Case("stage table", "", None, "moves", "no move could be tried", False)]
    cases += [Case("worksheet", name, None, "a row", "no row", False) for name in (STAGE, OPT_IN) if name not in fields]
    return check(number, title, f"{len(cases)} of {len(cases)} moves", f"{_good(cases)} moves", cases)


_CHECKS: tuple[Callable[[Story], Check], ...] = (
    _hub_side, _map_side, _segment, _overwrites, _new_here, _new_there, _stage_in_hub, _stage_in_map,
)  # fmt: skip


def _good(cases: Sequence[Case]) -> str:
    return f"{sum(case.passed for case in cases)} of {len(cases)}"


def _case(story: Story, about: str, row: Row, wanted: Any, seen: Any, good: bool) -> Case:
    name = _name if row.hub == STAGE else lambda _, value: shown(value)
    return Case(about, story.label(row), row.number, name(story, wanted), name(story, seen), good)


def _named(story: Story, row: Row, side: str) -> Case:
    wanted = row.hub if side == "hub" else row.map
    return Case("worksheet", story.label(row), row.number, f"{side} field “{wanted}”", "there is no such field", False)


def _hub_fields(story: Story) -> Iterable[str]:
    return story.terms.worksheet.hub_fields.keys()


def _map_fields(story: Story) -> Iterable[str]:
    return story.terms.worksheet.map_fields.keys()


def _read(story: Story, row: Row, shows: Mapping[str, str], held: Any) -> Any:
    """What the MAP's text means; None for nothing. ``held``: what it stands for where it could stand for several."""
    read = story.terms.by_row[row.key].read(shows.get(row.map, ""), held)
    return shown(read) if isinstance(read, Unread) else None if read is BLANK else read


def _read_out(story: Story, shows: Mapping[str, str]) -> bool:
    row = next((row for row in story.terms.rows if row.hub == OPT_IN), None)
    return row is not None and story.terms.by_row[row.key].read(shows.get(row.map, "")) is False


def _stage_row(story: Story) -> Row:
    return next(row for row in story.terms.rows if row.hub == STAGE)


def _name(story: Story, slug: Any) -> str:
    row = story.terms.stages.get(slug) if isinstance(slug, str) else None
    return row.label if row else shown(slug)
