"""The stage table as ops edit it: data to table and back, what is wrong with it, and how two versions differ.

The data of a version is ``{"stages": [{slug, label, rank, owner, description, also_called}], "closed": [[from, to]],
"names": {connection: [[stage, MAP value, written]]}}``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from contacts.domain.identity import fold
from contacts.domain.lifecycle import NEW_LEAD, UNSUBSCRIBED, StageRow, StageTable

MQL, SQL = "mql", "sql"
OWNERS = {"anyone": "anyone", "map": "a MAP", "sales": "sales"}
#: What only sales set, by the playbook's Step 3; whatever ranks from SQL on joins them.
SALES = frozenset({SQL, "in-discovery", "in-pipeline", "customer", "disqualified"})
LONGEST = {"label": 60, "description": 200, "also_called": 200}
HIGHEST_RANK = 32_767
SEPARATOR = " / "


class Name(NamedTuple):
    """What a connection calls a stage ("" for a value that means none). ``written``: the hub writes this one."""

    stage: str
    value: str
    written: bool = False


@dataclass(frozen=True)
class Stage:
    """One stage with everything that ops say of it."""

    slug: str
    label: str
    rank: int
    owner: str
    description: str = ""
    also_called: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contents:
    """A whole version of the table."""

    stages: tuple[Stage, ...]
    closed: frozenset[tuple[str, str]] = frozenset()
    names: Mapping[str, tuple[Name, ...]] = field(default_factory=dict)

    def get(self, slug: str) -> Stage | None:
        return next((s for s in self.stages if s.slug == slug), None)

    def label(self, slug: str) -> str:
        found = self.get(slug)
        return found.label if found else slug

    def in_order(self) -> list[Stage]:
        """By rank, New Lead before its equals."""
        return sorted(self.stages, key=lambda s: (s.rank, s.slug != NEW_LEAD, s.label))

    def table(self) -> StageTable:
        """As the judges ask it."""
        rows = (StageRow(s.slug, s.label, s.rank, s.owner, s.also_called) for s in self.stages)
        return StageTable(tuple(rows), self.closed)


def read(data: Mapping[str, Any]) -> Contents:
    """A version out of its data."""
    stages = (
        Stage(s["slug"], s["label"], s["rank"], s["owner"], s.get("description", ""), tuple(s.get("also_called", ())))
        for s in data["stages"]
    )
    names = {c: tuple(Name(n[0], n[1], bool(n[2])) for n in rows) for c, rows in data.get("names", {}).items()}
    return Contents(tuple(stages), frozenset((a, b) for a, b in data.get("closed", ())), names)


def as_data(contents: Contents) -> dict[str, Any]:
    """A version as it is stored; always the same for the same table."""
    return {
        "stages": [
            {
                "slug": s.slug,
                "label": s.label,
                "rank": s.rank,
                "owner": s.owner,
                "description": s.description,
                "also_called": list(s.also_called),
            }
            for s in contents.in_order()
        ],
        "closed": [list(move) for move in sorted(contents.closed)],
        "names": {c: [list(n) for n in rows] for c, rows in sorted(contents.names.items()) if rows},
    }


def split_names(text: str) -> tuple[str, ...]:
    """ "Lead / Prospect" as two names."""
    return tuple(dict.fromkeys(name.strip() for name in text.split("/") if name.strip()))


# --- what is wrong with a version ---


class Problem(NamedTuple):
    """Why a version can't be put in force. ``stage`` and ``column`` say where; a column may be a connection."""

    code: str
    text: str
    stage: str = ""
    column: str = ""


def problems(
    contents: Contents, before: Contents | None = None, used: Mapping[str, str] | None = None
) -> list[Problem]:
    """Everything that stops a version. ``before`` is what is in force; ``used`` says in words who has each stage."""
    found = [*_about_stages(contents), *_about_labels(contents), *_about_owners(contents)]
    found += [*_about_names(contents), *_about_closed(contents)]
    for old in before.stages if before else ():
        if contents.get(old.slug) is None and old.slug in (used or {}):
            text = f"{old.label} can’t go: {(used or {})[old.slug]} it. Move them to another stage first."
            found.append(Problem("stage-in-use", text, old.slug))
    return found


def _about_stages(contents: Contents) -> Iterator[Problem]:
    for slug, label in ((NEW_LEAD, "New Lead"), (UNSUBSCRIBED, "Unsubscribed")):
        if contents.get(slug) is None:
            yield Problem("stage-must-stay", f"{label} must stay: the hub’s rules name it.", slug)
    free = [s for s in contents.stages if s.owner == "anyone" and s.slug != UNSUBSCRIBED]
    if not free:
        yield Problem("no-start", "No stage is free to start with: one that anyone may set is needed.")
    lowest = min((s.rank for s in contents.stages), default=0)
    start = contents.get(NEW_LEAD)
    if start is not None and start.rank > lowest:
        yield Problem(
            "rank-start", f"{start.label} must have the lowest rank: it is where contacts start.", NEW_LEAD, "rank"
        )
    mql, sql = contents.get(MQL), contents.get(SQL)
    if mql and sql and mql.rank >= sql.rank:
        yield Problem(
            "rank-order", f"{mql.label} must rank below {sql.label}: sales take over from there.", MQL, "rank"
        )
    for s in contents.stages:
        if not 0 <= s.rank <= HIGHEST_RANK:
            yield Problem("rank-wrong", f"The rank of {s.label} must be from 0 to {HIGHEST_RANK:,}.", s.slug, "rank")


def _about_labels(contents: Contents) -> Iterator[Problem]:
    seen: dict[str, Stage] = {}
    for s in contents.stages:
        if not s.label.strip():
            yield Problem("label-missing", "A stage has no name.", s.slug, "label")
            continue
        other = seen.setdefault(fold(s.label) or s.label, s)
        if other is not s:
            yield Problem("label-twice", f"Two stages are called {s.label}.", s.slug, "label")
        texts = {"label": s.label, "description": s.description, "also_called": SEPARATOR.join(s.also_called)}
        for column, text in texts.items():
            if len(text) > LONGEST[column]:
                words = f"{s.label[:60]}: {column.replace('_', ' ')} is longer than {LONGEST[column]} characters."
                yield Problem("text-too-long", words, s.slug, column)


def _about_owners(contents: Contents) -> Iterator[Problem]:
    sql = contents.get(SQL)
    for s in contents.stages:
        if s.owner not in OWNERS:
            yield Problem("owner-unknown", f"{s.label}: nobody is called “{s.owner}”.", s.slug, "owner")
        elif s.slug in (NEW_LEAD, UNSUBSCRIBED):
            if s.owner != "anyone":
                yield Problem("owner-free", f"Anyone may set {s.label}: its owner stays “anyone”.", s.slug, "owner")
        elif s.slug == MQL and s.owner != "map":
            yield Problem("owner-map", f"Only a MAP sets {s.label}: it keeps the score.", s.slug, "owner")
        elif s.owner != "sales" and (s.slug in SALES or (sql is not None and s.rank >= sql.rank)):
            why = f"{s.label} ranks from {sql.label} on, and" if sql and s.slug not in SALES else "By the policy"
            yield Problem("owner-sales", f"{why} only sales set {s.label}.", s.slug, "owner")


def _about_names(contents: Contents) -> Iterator[Problem]:
    own = {fold(text): s for s in contents.stages for text in (s.label, s.slug)}
    everywhere: dict[str, Stage] = {}
    for s in contents.stages:
        for name in s.also_called:
            other = own.get(fold(name), s)
            other = everywhere.setdefault(fold(name), s) if other is s else other
            if other.slug != s.slug:
                text = f"“{name}” would be read as {s.label} and as {other.label}."
                yield Problem("name-twice", text, s.slug, "also_called")
    for connection, rows in contents.names.items():
        yield from _about_connection(contents, connection, rows)


def _about_connection(contents: Contents, connection: str, rows: tuple[Name, ...]) -> Iterator[Problem]:
    read_as: dict[str, str] = {}
    written: dict[str, str] = {}
    for stage, value, is_written in rows:
        if stage and contents.get(stage) is None:
            yield Problem("name-lost", f"“{value}” in {connection} names a stage that is gone.", stage, connection)
            continue
        other = read_as.setdefault(fold(value) or value, stage)
        if other != stage and not _equals(contents.get(stage), contents.get(other)):
            both = f"{contents.label(stage) or 'no stage'} and as {contents.label(other) or 'no stage'}"
            yield Problem(
                "value-twice", f"{connection}: “{value}” would be read as {both}.", stage or other, connection
            )
        if is_written and written.setdefault(stage, value) != value:
            text = f"{connection}: the hub can write one name of {contents.label(stage)}, not two."
            yield Problem("written-twice", text, stage, connection)


def _equals(one: Stage | None, other: Stage | None) -> bool:
    """Whether two stages say only how somebody came in: then a MAP may have one name for both."""
    return one is not None and other is not None and one.rank == other.rank and one.owner == other.owner == "anyone"


def _about_closed(contents: Contents) -> Iterator[Problem]:
    for start, end in sorted(contents.closed):
        if contents.get(start) is None or contents.get(end) is None:
            words = f"The closed move {contents.label(start)} to {contents.label(end)} names a stage that is gone."
            yield Problem("move-lost", words, start)
        elif end == UNSUBSCRIBED:
            words = f"{contents.label(start)} to {contents.label(end)} can’t be closed: an unsubscribe counts at once."
            yield Problem("unsubscribe-closed", words, start)


# --- two versions side by side ---

WORDS = {"label": "name", "rank": "rank", "owner": "set by", "description": "description", "also_called": "also called"}


class Difference(NamedTuple):
    """One thing that two versions say differently; "" where one of them says nothing."""

    stage: str  # the stage, or the move, in words
    what: str
    before: str
    after: str


def compare(old: Contents, new: Contents) -> list[Difference]:
    """Every difference, stages first, then closed moves, then names."""
    return [*_stages_differ(old, new), *_moves_differ(old, new), *_names_differ(old, new)]


def shown(stage: Stage, column: str) -> str:
    """A cell of the table as text."""
    if column == "owner":
        return OWNERS.get(stage.owner, stage.owner)
    value = getattr(stage, column)
    return SEPARATOR.join(value) if column == "also_called" else str(value)


def _stages_differ(old: Contents, new: Contents) -> Iterator[Difference]:
    slugs = dict.fromkeys(s.slug for s in (*old.in_order(), *new.in_order()))
    for slug in slugs:
        was, now = old.get(slug), new.get(slug)
        if was is None or now is None:
            there = was or now
            words = f"rank {there.rank}, set by {shown(there, 'owner')}" if there else ""
            label = there.label if there else slug
            yield Difference(label, "stage", words if was else "", words if now else "")
            continue
        for column, what in WORDS.items():
            if (before := shown(was, column)) != (after := shown(now, column)):
                yield Difference(now.label or was.label, what, before, after)


def _moves_differ(old: Contents, new: Contents) -> Iterator[Difference]:
    for move in sorted(old.closed ^ new.closed):
        words = " to ".join(new.label(s) if new.get(s) else old.label(s) for s in move)
        yield Difference(words, "move", *(("closed", "open") if move in old.closed else ("open", "closed")))


def _names_differ(old: Contents, new: Contents) -> Iterator[Difference]:
    for connection in sorted({*old.names, *new.names}):
        was, now = (names_by_stage(c, connection) for c in (old, new))
        for slug in dict.fromkeys([*was, *now]):
            before, after = was.get(slug, ""), now.get(slug, "")
            if before != after:
                yield Difference(new.label(slug) or "no stage", f"in {connection}", before, after)


def names_by_stage(contents: Contents, connection: str) -> dict[str, str]:
    """What a connection calls each stage, the name that the hub writes first, as one text."""
    rows = sorted(contents.names.get(connection, ()), key=lambda n: not n.written)
    slugs = dict.fromkeys(n.stage for n in rows)
    return {slug: SEPARATOR.join(n.value for n in rows if n.stage == slug) for slug in slugs}
