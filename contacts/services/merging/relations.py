"""Everything that hangs on a contact, and how it goes over in a merge and back again.

A merge walks this table and refuses, by name, a foreign key to a contact that is not in it: what nobody
thought of would be lost with the contact that leaves. Other apps put theirs in with ``register``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Count

from contacts.domain.merging import MergePlan
from contacts.domain.unmerging import PartingPlan
from contacts.models import Contact, Merge
from contacts.services.bulk import among
from contacts.services.merging.refusals import MergeRefused


@dataclass(frozen=True)
class Going:
    """A merge under way: whose rows go where."""

    merge: Merge
    plan: MergePlan
    at: datetime
    actor: str


@dataclass(frozen=True)
class Coming:
    """The way back under way. ``apart``: it is remembered that the two are not one person."""

    merge: Merge
    plan: PartingPlan
    at: datetime
    actor: str
    apart: bool = True


def repoint(relation: Relation, going: Going) -> Any:
    """Every row goes to the contact that is kept; their ids are remembered."""
    rows = relation.rows(going.merge.lost_id)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    if ids:
        rows.update(**{relation.field: going.merge.kept_id})
    return ids


def repoint_back(relation: Relation, ids: Any, coming: Coming) -> None:
    """The rows that went over and are still there go back."""
    if ids:
        rows = relation.rows(coming.merge.kept_id).filter(pk__in=among(ids))
        rows.update(**{relation.field: coming.merge.lost_id})


def count_rows(relation: Relation, ids: Sequence[int]) -> dict[int, int]:
    """How many rows hang on each contact."""
    rows = relation.manager.filter(**{f"{relation.field}__in": ids}).order_by()
    return dict(rows.values_list(relation.field).annotate(count=Count("pk")))


@dataclass(frozen=True)
class Relation:
    """A foreign key to a contact: its words, how its rows go over, and how they come back.

    ``move`` returns what ``back`` needs, ready for JSON; ``tally`` says how many rows that was.
    """

    model: str  # "app.Model"
    field: str
    key: str  # under which a merge remembers what went over, and counts it
    one: str
    many: str
    move: Callable[[Relation, Going], Any] = repoint
    back: Callable[[Relation, Any, Coming], None] = repoint_back
    count: Callable[[Relation, Sequence[int]], dict[int, int]] = count_rows
    tally: Callable[[Any], int] = field(default=len)

    @property
    def label(self) -> str:
        return f"{self.model}.{self.field}"

    @property
    def manager(self) -> Any:
        return apps.get_model(self.model)._base_manager

    def rows(self, contact_id: int) -> Any:
        return self.manager.filter(**{self.field: contact_id})

    def words(self, number: int) -> str:
        return f"{number:,} {self.one if number == 1 else self.many}"


#: By the name of the foreign key, in the order in which they are moved and shown.
TABLE: dict[str, Relation] = {}


def register(relation: Relation) -> None:
    """Put a relation into the table, when an app is ready."""
    TABLE[relation.label] = relation


def unknown() -> list[str]:
    """Foreign keys to a contact, of whatever app, that nobody has put into the table; by name."""
    fields = Contact._meta.get_fields(include_hidden=True)
    found = (f for f in fields if f.auto_created and not f.concrete and (f.one_to_many or f.one_to_one))
    labels = {f"{f.related_model._meta.label}.{f.field.name}" for f in found}
    return sorted(labels - TABLE.keys())


def refuse_unknown() -> None:
    """Stop before anything is written where something hangs on contacts that a merge would lose."""
    if names := unknown():
        raise MergeRefused(
            f"A merge doesn't know what to do with {', '.join(names)}, so nothing was merged. "
            "Whoever added it has to say how its rows go over (contacts/services/merging/relations.py)."
        )


def move_all(going: Going) -> dict[str, Any]:
    """Move everything that hangs on the contact that leaves; what went over, by relation."""
    return {relation.key: relation.move(relation, going) for relation in TABLE.values()}


def bring_back(coming: Coming) -> None:
    """Everything that went over goes back, and what came since to its side."""
    for relation in TABLE.values():
        relation.back(relation, coming.merge.moved.get(relation.key), coming)


def counts(ids: Sequence[int]) -> dict[str, dict[int, int]]:
    """By relation, how many rows hang on each of these contacts; one query a relation."""
    return {relation.key: relation.count(relation, ids) for relation in TABLE.values()}


def of_other_apps(ids: Sequence[int]) -> dict[int, str]:
    """What other apps hang on these contacts, in words: whoever has any can't simply be removed."""
    told: dict[int, str] = {}
    for relation in TABLE.values():
        if not relation.model.startswith("contacts."):
            for ident, number in relation.count(relation, ids).items():
                told.setdefault(ident, relation.words(number))
    return told


def moved(merge: Merge) -> dict[str, int]:
    """How many rows of each relation went over in a merge."""
    return {r.key: r.tally(merge.moved[r.key]) for r in TABLE.values() if r.key in merge.moved}
