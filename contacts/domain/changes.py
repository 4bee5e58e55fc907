"""The plan: what the judges decided for an arrival, and the only language the writer accepts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from contacts.domain.consent import NEWS, Entry
from contacts.domain.identity import Address
from contacts.domain.lifecycle import StageTable
from contacts.domain.opt_in import OptIn
from contacts.domain.origins import Writer

#: Before a record is signed with who brought it, and when.
UNSIGNED = Writer("source", "", "")


class Verdict(NamedTuple):
    """What was decided for one field: ``written``, ``kept`` (the hub's value stays) or ``refused``."""

    field: str
    decision: str
    rule: str
    offered: str = ""
    current: str = ""
    by: str = ""


class CustomType(NamedTuple):
    """A custom field as the judges need it."""

    slug: str
    label: str
    type: str
    choices: tuple[str, ...] = ()
    describes_person: bool = True


class SourceRow(NamedTuple):
    """A registered source as the judges need it. ``actor_kind`` is "map", "sales" or "arrival"."""

    id: int
    slug: str
    name: str
    actor_kind: str
    entry_stage: str
    region: str
    purpose: str = NEWS  # what its opt-in is about
    by_person: bool = False  # people fill in its records themselves, on a form or at an event


@dataclass(frozen=True)
class Policy:
    """Everything that ops decide and that a decision depends on, passed in as values."""

    source: SourceRow
    stages: StageTable
    custom: dict[str, CustomType]
    phone_shared_limit: int
    default_region: str


@dataclass(slots=True)
class Received:
    """A record at the door: pairs of field and text, and the raw form that is kept for ever."""

    values: dict[str, str]
    raw: Any
    row: int | None = None
    delivery_key: str | None = None
    content_hash: str = ""
    columns: dict[str, str] | None = None  # field to the name of its column, for messages
    unknown: tuple[str, ...] = ()
    raw_json: str | None = None  # ``raw`` as it will be stored, where that was made already
    lead: bool = True  # False for a known person who does not enter the pipeline: gets no stage by this record


@dataclass(slots=True)
class Incoming:
    """A record in the hub's own terms: clean values, match keys, and what could not be read."""

    received: Received
    values: dict[str, Any]
    verdicts: list[Verdict]
    address: Address | None = None
    person: str = ""
    phone: str = ""
    company: str = ""
    domain: str = ""
    domain_how: str = ""
    stage: str = ""
    occurred_at: datetime | None = None
    external_id: str = ""
    rejected: str = ""
    reason: str = ""
    consent: OptIn | None = None
    stops: bool = False  # the person is not to be mailed, by this record or by an earlier word
    entry: Entry | None = None  # what the record adds to what stands, where that can change it
    arrival_id: int = 0
    writer: Writer = UNSIGNED


@dataclass(slots=True)
class Person:
    """A contact as the judges see it. ``id`` is given when the writer stores a new one."""

    values: dict[str, Any]
    origins: dict[str, Any]
    id: int = 0
    addresses: list[Address] = field(default_factory=list)
    shared_mailbox: bool = False
    last_activity: datetime | None = None
    created_at: Any = None  # as the database holds it; None for a new one
    new: bool = False


@dataclass(slots=True)
class Case:
    """A review: one that is open, or one that the plan opens."""

    waiting_key: str
    kind: str
    rule: str
    reason: str
    who: str
    candidates: list[Person]
    id: int = 0
    new: bool = True


@dataclass(slots=True)
class Earlier:
    """An arrival that already had this delivery key, and what came of it."""

    label: str
    arrival_id: int
    outcome: str
    contact_id: int | None = None
    review_id: int | None = None


@dataclass(slots=True)
class Plan:
    """The whole decision for one arrival, before anything is written."""

    incoming: Incoming
    outcome: str
    rule: str
    reason: str
    verdicts: list[Verdict]
    person: Person | None = None
    writes: dict[str, Any] = field(default_factory=dict)  # field to value, on ``person``
    after: dict[str, Any] = field(default_factory=dict)  # the contact's values when this plan is done
    case: Case | None = None
    notice: Case | None = None  # a shared mailbox to show to reviewers
    marks_mailbox: bool = False  # this plan sets the contact's mark of a shared mailbox
    shared_mailbox: bool = False  # the contact's mark when this plan is done
    earlier: Earlier | None = None
