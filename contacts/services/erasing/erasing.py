"""Erasing: asked for by one person, agreed to by another, or ordered on the command line; then done whole or not.

The tables are one transaction, which also says which files have to go. They go after it, with what the database
still has of old rows in its file; a process that is killed in between leaves that to the next sweep.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection

from contacts.domain import consent
from contacts.models import ConsentKey, Contact, Erasure
from contacts.services import protecting, story
from contacts.services.consent import Said, append
from contacts.services.consent.keys import subject_of
from contacts.services.erasing import files, registry, rows
from contacts.services.erasing.person import Whole, whole
from contacts.services.intake import in_transaction
from contacts.services.locks import lock_all

MAY = "contacts.erase_person"
log = structlog.get_logger(__name__)


class Refused(ValueError):
    """Why nobody was erased, in a sentence."""


def ask(contact_id: int, *, reason: str, user: Any, at: datetime) -> Erasure:
    """Ask for an erasure. It waits for a second person."""
    _must(user)
    _check_reason(reason, whole(contact_id))

    def act() -> Erasure:
        if not Contact.objects.filter(pk=contact_id).exists():
            raise Refused("There is no such contact.")
        given = {"reason": reason.strip()[:300], "asked_by_name": story.person_name(user), "asked_at": at}
        return Erasure.objects.get_or_create(contact_id=contact_id, done_at=None, defaults=given)[0]

    return in_transaction(act)


def agree(erasure_id: int, *, user: Any, at: datetime) -> Erasure:
    """The second pair of eyes: it is done now. Nobody agrees to what they asked for themselves."""
    _must(user)
    asked = Erasure.objects.filter(pk=erasure_id, done_at=None).first()
    if asked is None:
        raise Refused("This erasure was done already, or nobody asked for it.")
    if asked.asked_by_name == story.person_name(user):
        raise Refused("You asked for it yourself: somebody else has to agree.")
    return erase(asked.contact_id, reason=asked.reason, by=asked.asked_by_name, agreed=story.person_name(user), at=at)


def erase(contact_id: int, *, reason: str, by: str, at: datetime, agreed: str = "") -> Erasure:
    """Forget the person: one transaction for the tables, then the files. What was asked for before is closed by it."""
    named = files.naming(whole(contact_id))  # long, so nobody waits for it

    def act() -> Erasure:
        lock_all()  # nobody decides about the person meanwhile
        if not Contact.objects.select_for_update().filter(pk=contact_id).exists():
            raise Refused("There is no such contact.")
        person = whole(contact_id)
        _check_reason(reason, person)
        secure()
        told = protecting.tell_erased(protecting.Erased(_living_first(person), dict(person.shown), at))
        gone = sorted(named | rows.batches_of(person))
        person.texts  # noqa: B018 (read while it can be)
        registry.forget_all(person)
        files.blank_leftovers(person)
        return _close(person, reason, by, agreed, at, {"connections": told, "files": gone})

    done = in_transaction(act)
    finish(done.pk, at)
    return done


def _living_first(person: Whole) -> list[int]:
    return [person.contact_id, *(i for i in person.ids if i != person.contact_id)]


def unfinished() -> list[int]:
    """Erasures whose files, or whose traces in the database's own file, are still there."""
    return list(Erasure.objects.filter(done_at__isnull=False, cleaned_at=None).values_list("pk", flat=True))


def finish(erasure_id: int, at: datetime) -> None:
    """Remove the files of an erasure and what is left in the database's file. May be called again after a crash."""
    done = Erasure.objects.get(pk=erasure_id)
    files.remove(done.files)
    try:
        tidy()
    except OperationalError as error:  # somebody else writes: the sweep comes back to it
        log.warning("erasure_not_tidied", erasure=erasure_id, error=str(error))
        return
    Erasure.objects.filter(pk=erasure_id).update(cleaned_at=at)


def _close(person: Whole, reason: str, by: str, agreed: str, at: datetime, more: Mapping[str, Any]) -> Erasure:
    """The suppression entries and the record. The keys go last: with them all evidence of the person."""
    told = [
        Said(address, consent.ERASED, consent.STAFF, consent.ALL, channel=consent.ALL, actor=by, how="erasure")
        for address in sorted(person.shown)
    ]
    append(told, at)
    subjects = [subject_of(address) for address in sorted(person.shown)]
    ConsentKey.objects.filter(subject__in=subjects).delete()
    given = {"reason": reason.strip()[:300], "asked_by_name": by, "asked_at": at}
    row, _ = Erasure.objects.get_or_create(contact_id=person.contact_id, done_at=None, defaults=given)
    row.agreed_by_name, row.done_at, row.subjects = agreed, at, subjects
    row.connections, row.files = more["connections"], more["files"]
    row.save()
    return row


def _must(user: Any) -> None:
    if not user.has_perm(MAY):
        raise PermissionDenied


def _check_reason(reason: str, person: Whole) -> None:
    """The reason stays, so it must be there and must not name the person."""
    if not reason.strip():
        raise Refused("Say why: the reason is what stays.")
    named = [*person.shown, *person.shown.values()]
    if any(text.lower() in reason.lower() for text in named if text):
        raise Refused("The reason stays when the person is gone: write it without their address.")


def secure() -> None:
    """SQLite then writes zeros over what is deleted, instead of leaving it in the file."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")


def tidy() -> None:
    """Let the database forget old versions of rows: SQLite's file is written anew, without what earlier changes had
    left in free places, and its log emptied; PostgreSQL's dead rows go.
    """
    if connection.in_atomic_block:
        return  # the caller's transaction is not over
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            cursor.execute(f"VACUUM {', '.join(registry.tables())}")
