"""Thresholds: conditions on a contact's values that ops put together (playbook, "Syncing unqualified leads"). Pure.

A tree is JSON: ``{"all": [...]}`` or ``{"any": [...]}`` of conditions ``{"field", "op", "value"}`` and further
trees; ``{}`` lets everybody pass. Nothing in it is negated but by a comparison of its own, so that a condition
that can't be judged any more, such as one on a field that is gone, lets fewer pass and never more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from contacts.domain.changes import Person
from contacts.domain.lifecycle import UNSUBSCRIBED
from syncrules.domain.comparisons import BY_TYPE, Unusable, of_type
from syncrules.domain.translating import moment_text
from syncrules.domain.worksheet import FieldType

#: Groups in groups, and conditions of a whole tree.
DEEPEST, MOST = 3, 60
#: Judged by the consent that there is, which no condition may stand in for.
NOT_ASKED = frozenset({"opt_in"})
EVERY, SOME = "all", "any"
_JOINED = {True: " and ", False: " or "}

Values = Mapping[str, Any]


class Problem(NamedTuple):
    """What is wrong with a tree: where (the places of the parts that lead there, from 0) and in words."""

    path: tuple[int, ...]
    text: str


class Condition(NamedTuple):
    """One condition that was understood; ``value`` as the comparison needs it."""

    path: tuple[int, ...]
    field: FieldType
    op: str
    value: Any

    @property
    def words(self) -> str:
        return f"{self.field.label} {of_type(self.field, self.op).words(self.value, self.field)}".strip()

    @property
    def tree(self) -> dict[str, Any]:
        value = {} if self.value is None else {"value": list(v) if isinstance(v := self.value, tuple) else v}
        return {"field": self.field.name, "op": self.op, **value}

    def test(self) -> Callable[[Values], bool]:
        comparison, name, value = of_type(self.field, self.op), self.field.name, self.value
        read, passes = comparison.read, comparison.passes
        return lambda values: passes(read(values.get(name)), value)


class Nobody(NamedTuple):
    """A part that can't be judged: nobody passes it."""

    path: tuple[int, ...]

    @property
    def words(self) -> str:
        return "(something that is not finished)"

    def test(self) -> Callable[[Values], bool]:
        return lambda values: False


class Group(NamedTuple):
    """Parts of which all must be met, or any."""

    path: tuple[int, ...]
    every: bool
    parts: tuple[Part, ...]

    @property
    def words(self) -> str:
        inner = [f"({p.words})" if isinstance(p, Group) and len(p.parts) > 1 else p.words for p in self.parts]
        return _JOINED[self.every].join(inner)

    @property
    def tree(self) -> dict[str, Any]:
        return {EVERY if self.every else SOME: [part.tree for part in self.parts if not isinstance(part, Nobody)]}

    def test(self) -> Callable[[Values], bool]:
        tests = [part.test() for part in self.parts]
        if self.every or not tests:
            return lambda values: all(test(values) for test in tests)
        return lambda values: any(test(values) for test in tests)

    def walk(self) -> Iterator[Part]:
        """Every part of it and of its groups, as they stand."""
        for part in self.parts:
            yield part
            if isinstance(part, Group):
                yield from part.walk()


Part = Condition | Nobody | Group


@dataclass(frozen=True)
class Threshold:
    """A tree, ready to judge with. ``problems`` are to be mended before it is stored."""

    root: Group
    problems: tuple[Problem, ...]
    passes: Callable[[Values], bool]

    def lets_in(self, values: Values) -> bool:
        """Whether somebody enters the pipeline: who unsubscribed always does, as that has to be known everywhere."""
        return values.get("lifecycle_stage") == UNSUBSCRIBED or self.passes(values)

    @property
    def everybody(self) -> bool:
        return not self.root.parts

    @property
    def words(self) -> str:
        """The whole in words; "" where everybody passes."""
        return self.root.words

    @property
    def tree(self) -> dict[str, Any]:
        """The same as it is stored: values as they were read, and only what was understood."""
        return self.root.tree if self.root.parts else {}


def compile(tree: Any, fields: Mapping[str, FieldType]) -> Threshold:
    """A tree made ready once, for many contacts. Never raises; ``fields`` are the hub's, by name."""
    problems: list[Problem] = []
    root = _Reading(fields, problems).root(tree)
    if sum(isinstance(part, Condition) for part in root.walk()) > MOST:
        problems.append(Problem((), f"There are more than {MOST} conditions."))
    return Threshold(root, tuple(problems), root.test())


def askable(fields: Mapping[str, FieldType]) -> dict[str, FieldType]:
    """The fields that conditions can name."""
    return {name: f for name, f in fields.items() if name not in NOT_ASKED and f.type in BY_TYPE}


def values_of(person: Person, sources: Mapping[int, str]) -> dict[str, Any]:
    """A contact's values in the hub's terms; ``sources`` is id to slug."""
    moment = person.last_activity
    return {
        **person.values,
        "source": sources.get(person.values.get("source") or 0),
        "last_activity": moment_text(moment) if moment else None,
    }


class _Reading:
    """A tree under way from JSON to parts, noting what is wrong with it."""

    def __init__(self, fields: Mapping[str, FieldType], problems: list[Problem]) -> None:
        self.fields, self.problems = askable(fields), problems

    def root(self, tree: Any) -> Group:
        if tree == {}:
            return Group((), True, ())
        if (group := _group(tree)) is None:
            return Group((), True, (self._bad((), "This is no threshold."),))
        kind, parts = group
        return Group((), kind == EVERY, tuple(self._part(p, (n,)) for n, p in enumerate(parts)))

    def _part(self, tree: Any, path: tuple[int, ...]) -> Part:
        if (group := _group(tree)) is None:
            return self._condition(tree, path)
        kind, parts = group
        if len(path) >= DEEPEST:
            return self._bad(path, f"Groups can't stand more than {DEEPEST} deep.")
        if not parts:
            return self._bad(path, "This group has no condition: add one, or take the group away.")
        return Group(path, kind == EVERY, tuple(self._part(p, (*path, n)) for n, p in enumerate(parts)))

    def _condition(self, said: Any, path: tuple[int, ...]) -> Condition | Nobody:
        if not isinstance(said, Mapping) or not isinstance(said.get("field"), str):
            return self._bad(path, "Choose a field.")
        field = self.fields.get(said["field"])
        if field is None:
            return self._bad(path, f"The hub has no field “{said['field'][:80]}” (any more)." if said["field"]
                             else "Choose a field.")  # fmt: skip
        return self._compared(field, said, path)

    def _compared(self, field: FieldType, said: Mapping[str, Any], path: tuple[int, ...]) -> Condition | Nobody:
        try:
            comparison = of_type(field, said.get("op"))
        except Unusable as problem:
            return self._bad(path, f"{field.label}: {problem}")
        try:
            value = comparison.value(said.get("value"), field)
        except Unusable as problem:
            nobody = self._bad(path, f"{field.label}: {problem}")
            return nobody if problem.left is None else Condition(path, field, comparison.name, problem.left)
        return Condition(path, field, comparison.name, value)

    def _bad(self, path: tuple[int, ...], text: str) -> Nobody:
        self.problems.append(Problem(path, text))
        return Nobody(path)


def _group(tree: Any) -> tuple[str, list[Any]] | None:
    """The kind of a group and its parts; None where this is no group."""
    if isinstance(tree, Mapping) and len(tree) == 1:
        kind, parts = next(iter(tree.items()))
        if kind in (EVERY, SOME) and isinstance(parts, list):
            return kind, parts
    return None
