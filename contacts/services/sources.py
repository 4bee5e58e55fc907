"""Lead sources: register, change, and run what a source sent before anybody had registered it."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from contacts.domain.audit import COUNTED
from contacts.models import Arrival, Source
from contacts.queries import policy_for
from contacts.services import intake
from contacts.services.stored import custom_types, received_of
from contacts.services.write import Entrance

#: What an audit confirms; when one of these changes, "audited" no longer holds.
DECLARED = (
    "kind", "record_creator", "data_captured", "sync_method", "cadence", "entry_stage_id", "region"
)  # fmt: skip
CHUNK = 1000
#: Up to this many waiting records are run while the person waits; more go to a worker.
AT_ONCE = 2000


class ChangedMeanwhile(Exception):
    """Somebody else saved the source after this person opened it; the text says who and when."""


def version_of(source: Source) -> int:
    """The number of the latest change of a source: what a form opened with."""
    return source.history.order_by("-history_id").values_list("history_id", flat=True).first() or 0


@transaction.atomic
def save_source(source: Source, *, user: User | None, reason: str, version: int | None = None) -> Source:
    """Store a new or changed source with a row of history; an audit that no longer holds is reopened."""
    old = Source.objects.select_for_update().filter(pk=source.pk).first() if source.pk else None
    if old is not None and version is not None and version_of(old) != version:
        latest = old.history.select_related("history_user").latest("history_id")
        who = _name(latest.history_user) or "somebody else"
        raise ChangedMeanwhile(f"{who} changed this source meanwhile, {latest.history_date:%-d %B %H:%M}.")
    _settle_audit(source, old)
    source._history_user, source._change_reason = user, reason
    source.save()
    return source


def _settle_audit(source: Source, old: Source | None) -> None:
    audited = Source.Status.AUDITED
    was_audited = old is not None and old.status == audited
    if was_audited and any(getattr(source, f) != getattr(old, f) for f in DECLARED):
        source.status = Source.Status.OPEN if source.status == audited else source.status
    if source.status != audited:
        source.audited_on = None
    elif not was_audited:
        source.audited_on = timezone.localdate()


def declare(source: Source, fields: list[str]) -> None:
    """Add fields that come without being declared to what the source says it sends. The caller saves."""
    labels = COUNTED | {slug: kind.label for slug, kind in custom_types().items()}
    known = [source.data_captured] if source.data_captured.strip() else []
    source.data_captured = ", ".join([*known, *(labels[f] for f in fields)])


def waiting_count(slug: str) -> int:
    """How many records wait for a source of this name."""
    return Arrival.objects.filter(outcome="", source=None, source_slug=slug).count()


def sources_with_waiting() -> list[int]:
    """Sources in use that still have records waiting: a run was cut short, or one came at the last moment."""
    waiting = Arrival.objects.filter(outcome="", source=None).order_by()
    slugs = set(waiting.values_list("source_slug", flat=True).distinct())
    in_use = Source.objects.exclude(status=Source.Status.RETIRED)
    return list(in_use.filter(slug__in=slugs).values_list("pk", flat=True)) if slugs else []


def run_waiting(source_id: int, *, at: datetime | None = None) -> dict[str, int]:
    """Decide what a source sent before it was registered, oldest first; outcomes by number.

    May be called twice, at the same time, or again after a crash: each thousand is decided and stored in one
    transaction that holds its rows, and a decided one is never taken again.
    """
    source = Source.objects.get(pk=source_id)
    done: dict[str, int] = {}
    while not source.retired and (outcomes := _run_chunk(source, at or timezone.now())):
        for outcome in outcomes:
            done[outcome] = done.get(outcome, 0) + 1
    return done


@transaction.atomic
def _run_chunk(source: Source, at: datetime) -> list[str]:
    waiting = Arrival.objects.filter(outcome="", source=None, source_slug=source.slug)
    rows = list(waiting.select_for_update(of=("self",)).order_by("id")[:CHUNK])
    if not rows:
        return []
    custom = custom_types()
    records = [(arrival.pk, received_of(arrival, custom)) for arrival in rows]
    entrance = Entrance(source.pk, Arrival.Door.API, source.name, at)
    return [plan.outcome for plan in intake.take_again(records, policy_for(source), entrance)]


def _name(user: User | None) -> str:
    return (user.get_full_name() or user.get_username()) if user else ""
