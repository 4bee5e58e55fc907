"""Every table in which a person can be read, and how the person comes out of it.

An erasure walks this table, and the hub says at start (``contacts.E002``) which models with texts nobody has put in:
what nobody thought of would outlive the person. Other apps put theirs in with ``register``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models

from contacts.services.erasing.person import Whole

#: Apps whose tables can't be left out unnoticed.
OURS = ("contacts", "syncrules")
#: Texts in which words of a person can stand; the others are ids, slugs and choices of our own.
TEXTS = (models.CharField, models.TextField, models.JSONField, models.BinaryField)


@dataclass(frozen=True)
class Share:
    """What one part of the hub holds of people.

    ``columns`` are its tables ("app.Model") with the columns in which words of a person can stand. ``forget`` takes
    a person out of them, in the transaction of the erasure; the contacts' own share comes last, so that contact,
    addresses and arrivals are still there for the others. ``tell`` is what the person's own file says of them, by a
    word for each kind, ready for JSON.
    """

    columns: Mapping[str, tuple[str, ...]]
    forget: Callable[[Whole], None]
    tell: Callable[[Whole], Mapping[str, Any]] = lambda person: {}


_SHARES: list[Share] = []
_NOBODY: set[str] = set()


def register(share: Share) -> None:
    """Put the tables of an app in, once, when the app is ready."""
    _SHARES.append(share)


def holds_nobody(*names: str) -> None:
    """Say that these models never hold anything of a person: rules, keyed hashes, work of the hub's own."""
    _NOBODY.update(names)


def forget_all(person: Whole) -> None:
    """The person out of all registered tables, those of the apps that stand on others first."""
    for share in reversed(_SHARES):
        share.forget(person)


def tell_all(person: Whole) -> dict[str, Any]:
    """What all registered tables hold of the person."""
    return {word: told for share in _SHARES for word, told in share.tell(person).items()}


def tables() -> list[str]:
    """The database's names of all tables that can hold something of a person."""
    return sorted({apps.get_model(name)._meta.db_table for name in columns()})


def columns() -> dict[str, tuple[str, ...]]:
    """All registered models with the columns in which words of a person can stand."""
    return {name: found for share in _SHARES for name, found in share.columns.items()}


def unknown() -> list[str]:
    """Our models with texts of which nobody has said whether they hold people; by name."""
    known = _NOBODY | columns().keys()
    ours = (model for label in OURS for model in apps.get_app_config(label).get_models(include_auto_created=True))
    return sorted(m._meta.label for m in ours if m._meta.label not in known and _has_text(m))


def _has_text(model: Any) -> bool:
    found: Iterable[Any] = model._meta.concrete_fields
    return any(isinstance(field, TEXTS) for field in found)
