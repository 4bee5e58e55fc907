"""Contacts beside their records in the MAPs, read live: is the stage the same, and if not, which rule made it so?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Max

from contacts.domain import rules
from contacts.domain.changes import Person
from contacts.services.people import person_from
from syncrules.connectors.base import Connector
from syncrules.connectors.trouble import Trouble
from syncrules.domain.cases import STAGE, Unread, same
from syncrules.domain.records import Judged, Terms, Told, judge_record
from syncrules.domain.scorecard import Figure, Targets, draw, stages
from syncrules.models import Connection, Link, Push, SyncError, WorksheetVersion
from syncrules.services import links
from syncrules.services.catalogue import terms_of, worksheet_of
from syncrules.services.map_secrets import NotConfigured

Connect = Callable[[Connection], Connector]
#: Whose stages have to agree: MAPs that the hub syncs with, also while that is paused.
COMPARED = (Connection.State.LIVE, Connection.State.PAUSED)


def bound() -> int:
    """Up to which link the sample is drawn."""
    return Link.objects.aggregate(n=Max("pk"))["n"] or 0


def population(upto: int) -> list[int]:
    """The links of contacts that are leads; a known person below the threshold has no stage to compare."""
    wanted = Link.objects.filter(
        pk__lte=upto, state=Link.State.LINKED, connection__state__in=COMPARED, contact__lifecycle_stage__isnull=False
    )
    return list(wanted.values_list("pk", flat=True))


def work_out(seed: int, upto: int, targets: Targets, connect: Connect) -> Figure:
    """The figure with each contact of the sample; one read of each MAP, and a fixed number of queries for each."""
    chosen = draw(population(upto), seed, targets.contacts)
    found = Link.objects.filter(pk__in=chosen).select_related("connection__source", "contact")
    by_map: dict[Connection, list[Link]] = defaultdict(list)
    for link in sorted(found, key=lambda one: chosen.index(one.pk)):
        by_map[link.connection].append(link)
    sample: list[dict[str, Any]] = []
    troubles = []
    for connection, mine in by_map.items():
        try:
            sample += _compare(connection, connect(connection), mine)
        except (Trouble, NotConfigured) as trouble:
            troubles.append(f"{connection.name} could not be read: {trouble}")
    sample.sort(key=lambda one: one["same"])
    return stages(sum(one["same"] for one in sample), len(sample), sample, targets, " ".join(troubles))


def _compare(connection: Connection, connector: Connector, mine: Sequence[Link]) -> list[dict[str, Any]]:
    version = connection.versions.filter(state=WorksheetVersion.State.IN_FORCE).first()
    terms = terms_of(connection, worksheet_of(connection, version)) if version else None
    records = connector.read([link.record_id for link in mine])
    waiting, errors = _waiting(connection, mine), _errors(connection, mine)
    compared = []
    for link in mine:
        record = records.get(link.record_id)
        shown = links.shown_of(record) if record else None
        one = {"contact": link.contact_id, "connection": connection.name, "record": link.record_id}
        found = _one(terms, person_from(link.contact), link, shown)
        if not found["same"]:
            more = [waiting.get(link.contact_id, ""), errors.get(link.contact_id, "")]
            found["why"] = " ".join(filter(None, [found["why"], *more]))
        compared.append(one | found)
    return compared


def _one(terms: Terms | None, person: Person, link: Link, shown: Mapping[str, str] | None) -> dict[str, Any]:
    """One contact: its stage on both sides, whether they agree, and which rule keeps them apart."""
    slug = str(person.values.get(STAGE) or "")
    hub = _label(terms, slug)
    if shown is None:
        return _said(hub, "no record", False, "The record was deleted in the MAP; it is not made again by itself.")
    judged = judge_record(terms, person, Told(shown, {}, link.agreed)) if terms else []
    row = next((one for one in judged if one.row.hub == STAGE), None)
    if terms is None or row is None:
        return _said(hub, "not mapped", False, "No row of the worksheet in force maps the stage.")
    raw = row.raw
    prop = terms.worksheet.map_fields[row.row.map]
    there = next((option.label for option in prop.options if option.value == raw), raw) or "empty"
    agree = not isinstance(row.read, Unread) and same(row.read if isinstance(row.read, str) else None, slug or None)
    return _said(hub, there, agree, "" if agree else _why(row))


def _said(hub: str, there: str, agree: bool, why: str) -> dict[str, Any]:
    return {"hub": hub, "map": there, "same": agree, "why": why}


def _label(terms: Terms | None, slug: str) -> str:
    stage = terms.stages.get(slug) if terms else None
    return stage.label if stage else slug


def _why(one: Judged) -> str:
    """The rule behind a mismatch, as the judges see the two sides now."""
    place = f"row {one.row.number}"
    verdict = one.judgement.hub
    if isinstance(one.read, Unread):
        return f"“{one.read.text}” can’t be read as a stage: {one.read.why} ({place})."
    if verdict is not None and verdict.decision == "refused":
        return f"The MAP says otherwise, and that is refused here: {rules.words(verdict.rule)}."
    if verdict is not None and verdict.decision == "written":
        return f"The MAP changed it and {place} lets it: the next pull brings it here."
    if one.judgement.map is not None and one.judgement.map.decision == "written":
        return f"The hub’s stage has to go to the MAP by {place}, and is not there yet."
    return f"By {place} the two sides stay apart."


def _waiting(connection: Connection, mine: Iterable[Link]) -> dict[int, str]:
    """What waits in the outbox for these contacts, in words."""
    subjects = [str(link.contact_id) for link in mine]
    rows = Push.objects.filter(connection=connection, kind=Push.Kind.RECORD, subject__in=subjects)
    return {
        int(subject): f"The hub’s answer {'is parked' if parked else 'waits'} in the outbox since "
        f"{since:%-d %B %H:%M}{f', after {tries} tries' if tries else ''}."
        for subject, since, tries, parked in rows.values_list("subject", "changed_at", "tries", "parked")
    }


def _errors(connection: Connection, mine: Iterable[Link]) -> dict[int, str]:
    """What the MAP said when it did not take the hub's values."""
    ids = [link.contact_id for link in mine]
    rows = SyncError.objects.filter(connection=connection, contact_id__in=ids, solved_at__isnull=True).order_by("pk")
    return {contact: f"The MAP did not take it: {text}" for contact, text in rows.values_list("contact_id", "text")}


def contact_of(links_drawn: Sequence[int]) -> dict[int, int]:
    """The contacts of these links."""
    return dict(Link.objects.filter(pk__in=links_drawn).values_list("pk", "contact_id"))


def drawn(seed: int, upto: int, count: int) -> list[int]:
    """The contacts of the sample, in the order in which they are drawn."""
    chosen = draw(population(upto), seed, count)
    contacts = contact_of(chosen)
    return [contacts[link] for link in chosen]
