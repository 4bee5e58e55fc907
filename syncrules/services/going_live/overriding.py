"""Passing a gate that is red: one person asks and says why, a second one agrees, and it stays in sight for good."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from contacts.domain.blanks import clean
from contacts.services.story import person_name
from syncrules.models import Connection, Override
from syncrules.services.going_live import gates
from syncrules.services.going_live.basis import basis_of

ASK, AGREE = "syncrules.ask_override", "syncrules.agree_override"
LONGEST = 500


class NotOverridden(Exception):
    """Why it stays as it is, in words."""


def ask(connection: Connection, gate: str, to: str, reason: str, user: Any, at: datetime) -> Override:
    """Ask to pass one gate with what is in force now. Raises ``NotOverridden`` and ``PermissionDenied``."""
    if not user.has_perm(ASK):
        raise PermissionDenied
    reason = clean(reason)[:LONGEST]
    if not reason:
        raise NotOverridden("Write why: it stays on the page with both names.")
    red = {one.slug: one for one in gates.red(connection, to, at)}
    if gate not in red:
        raise NotOverridden("This gate stands already.")
    basis = basis_of(connection)
    with transaction.atomic():
        Connection.objects.select_for_update(of=("self",)).get(pk=connection.pk)
        waiting = Override.objects.filter(connection=connection, gate=gate, basis=basis, withdrawn_at=None)
        if waiting.exists():
            raise NotOverridden("Somebody asked for it already: it waits for a second person.")
        return Override.objects.create(
            connection=connection, gate=gate, said=f"{red[gate].title}: {red[gate].said}", reason=reason, basis=basis,
            asked_by=user, asked_by_name=person_name(user), asked_at=at,
        )  # fmt: skip


def agree(override: Override, user: Any, at: datetime) -> None:
    """The second person. Raises ``NotOverridden`` and ``PermissionDenied``."""
    if not user.has_perm(AGREE):
        raise PermissionDenied
    if override.asked_by_id == user.pk or override.asked_by_name == person_name(user):
        raise NotOverridden("You asked for it yourself: somebody else has to agree.")
    if override.basis != basis_of(override.connection):
        raise NotOverridden("What it was asked for has changed since: ask again.")
    open_ = Override.objects.filter(pk=override.pk, agreed_at=None, withdrawn_at=None)
    if not open_.update(agreed_by=user, agreed_by_name=person_name(user), agreed_at=at):
        raise NotOverridden("It was agreed to or withdrawn already.")


def withdraw(override: Override, user: Any, at: datetime) -> None:
    """Take it back; the gate counts again. Raises ``NotOverridden`` and ``PermissionDenied``."""
    if not (user.has_perm(ASK) or user.has_perm(AGREE)):
        raise PermissionDenied
    mine = Override.objects.filter(pk=override.pk, withdrawn_at=None)
    if not mine.update(withdrawn_by_name=person_name(user), withdrawn_at=at):
        raise NotOverridden("It was withdrawn already.")
