"""Whose import is it? A file, an export or an error file belongs to who made it and to ops."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import reverse

from contacts.models import ImportBatch

UPLOAD, SEE = "contacts.upload_file", "contacts.view_importbatch"
UNDO = "contacts.undo_import"
SEE_ALL, OPEN_ALL = "contacts.see_every_import", "contacts.open_every_file"

Status = ImportBatch.Status
#: States in which the columns may still be matched.
OPEN_TO_MATCH = (Status.MATCHING, Status.CHECKED, Status.FAILED)


def may_open(user: Any, batch: ImportBatch) -> bool:
    """Whether the file, its downloads and its acts are this person's: who uploaded it, and ops."""
    return batch.created_by_id == user.pk or user.has_perm(OPEN_ALL)


def sees_all(user: Any) -> bool:
    """Whether somebody may read the pages of other people's imports: ops, and auditors."""
    return user.has_perm(SEE_ALL)


def visible(user: Any) -> QuerySet[ImportBatch]:
    """The imports whose pages somebody may read."""
    batches = ImportBatch.objects.select_related("source")
    return batches if sees_all(user) else batches.filter(Q(created_by=user.pk))


def readable(user: Any, pk: int) -> ImportBatch:
    """An import to look at; one of somebody else is not there."""
    batch = visible(user).filter(pk=pk).first()
    if batch is None:
        raise Http404(f"There is no import {pk} that you may see.")
    return batch


def own(user: Any, pk: int) -> ImportBatch:
    """An import to work on, or whose files to take; one of somebody else is not there."""
    batch = readable(user, pk)
    if not may_open(user, batch):
        raise Http404(f"Import {pk} belongs to somebody else.")
    return batch


def trail() -> list[tuple[str, str]]:
    """The path to a page of one import."""
    return [("Imports", reverse("hub:imports"))]


def may_match(batch: ImportBatch) -> bool:
    """Whether the columns can still be matched: nothing of the file was imported yet, and it is still there."""
    return batch.status in OPEN_TO_MATCH and not batch.done and bool(batch.stored)


def step_of(batch: ImportBatch) -> str:
    """The page where an import stands."""
    if batch.status == Status.MATCHING:
        return "hub:import_match"
    return "hub:import_check" if batch.status in (Status.CHECKING, Status.CHECKED) else "hub:import"
