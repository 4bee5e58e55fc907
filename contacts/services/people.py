"""People write: what somebody types into a contact, judged by the rules for people and stored by the writer.

Values are read by the same code as those of arrivals. What a person wrote carries the person as its origin,
also where it is nothing: then arrivals leave it empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied

from contacts.domain import rules
from contacts.domain.changes import Person, Policy, Received, Verdict
from contacts.domain.identity import clean, is_blank
from contacts.domain.lifecycle import UNSUBSCRIBED, StageRow, StageTable, moves_back, refuse
from contacts.domain.origins import Writer, stamp
from contacts.domain.overwrite import is_empty
from contacts.domain.translate import translate
from contacts.domain.world import person_key_of
from contacts.models import Contact, Source
from contacts.queries import policy_for, stage_table
from contacts.services import contact_rows, refusals, story, write
from contacts.services.bulk import as_time
from contacts.services.consent.withdrawing import record_withdrawal
from contacts.services.intake import in_transaction
from contacts.services.locks import lock_keys

CHANGE, SET_SALES = "contacts.change_contact", "contacts.set_sales_stage"
#: Fields whose text is read as an arrival's is; stage, owner and source have rules of their own.
READ = ("first_name", "last_name", "company", "company_domain", "phone", "job_title", "country", "lead_score")
CHOSEN = ("lifecycle_stage", "owner", "source")
NOT_READ = {rules.UNREADABLE, rules.TOO_LONG}
SAID = {
    "stage": "Choose a stage: a contact always has one.",
    "back": "Only sales may move a stage back, here from {}.",
    "source": "There is no such lead source in use.",
    "source_blank": "A lead source can be changed, not taken away.",
    "reason": "Say why the lead source changes: it is set once, and the reason stays in the history.",
    "owner": "There is no such person.",
    "field": "The hub has no such field, or nobody writes it here.",
    "nobody": "This would leave nobody: no address, and neither a phone nor a name with a company.",
}
T = TypeVar("T")


class Invalid(ValueError):
    """What can't be stored, by field ("" for the whole), each in a sentence."""

    def __init__(
        self, errors: Mapping[str, str], contact: Contact | None = None, refused: tuple[str, str, str] | None = None
    ) -> None:
        super().__init__(" ".join(errors.values()))
        self.refused = refused  # the rule of the stage table that refused a move, from and to
        self.errors = dict(errors)
        self.contact = contact  # whom the address belongs to, where that is the fault


class Conflict(Exception):
    """Somebody else changed the contact after this person had opened it."""


@dataclass
class Edited:
    """What an edit wrote: the fields, and the contact's version now."""

    fields: Sequence[str]
    version: int
    notes: list[str] = field(default_factory=list)


def actor_kind(user: Any) -> str:
    """As what a person acts on stages: with the right for it as sales, else as nobody special."""
    return "sales" if user.has_perm(SET_SALES) else "person"


def edit_contact(
    contact_id: int, changes: Mapping[str, str], *, user: Any, reason: str = "", version: int, at: datetime
) -> Edited:
    """Write what a person changed; raises Invalid, Conflict, PermissionDenied or Contact.DoesNotExist."""

    def edit(contact: Contact, person: Person) -> Edited:
        if contact.version != version:
            raise Conflict
        written, notes = judge(person, changes, user=user, reason=reason)
        if not written:
            return Edited((), contact.version)
        _look_for_nobody(person, written)
        person.values.update(written)
        names = story.load_names()
        head = f"edited: {', '.join(names.label(f) for f in written)}."
        store(contact, person, list(written), user=user, reason=" ".join([head, *notes, reason.strip()]), at=at)
        if written.get("lifecycle_stage") == UNSUBSCRIBED:
            record_withdrawal([contact.pk], actor=story.person_name(user), at=at)
        return Edited(tuple(written), contact.version + 1, notes)

    try:
        return with_contact(contact_id, user, edit, lambda person: _keys_after(person, changes))
    except Invalid as error:
        if error.refused:  # kept although nothing else of the edit is
            rule, current, asked = error.refused
            name = story.person_name(user)
            refusals.log_refusals([refusals.of_person(contact_id, rule, stage_table(), current, asked, name, at)])
        raise


def with_contact(
    contact_id: int,
    user: Any,
    act: Callable[[Contact, Person], T],
    more_keys: Callable[[Person], Sequence[str]] = lambda person: (),
) -> T:
    """Run ``act`` on a contact that nobody else can change or match meanwhile, in one transaction."""
    if not user.has_perm(CHANGE):
        raise PermissionDenied

    def attempt() -> T:
        seen = person_from(Contact.objects.get(pk=contact_id))
        lock_keys([*_keys(seen), *more_keys(seen)])
        contact = Contact.objects.select_for_update().get(pk=contact_id)
        return act(contact, person_from(contact))

    return in_transaction(attempt)


def person_from(contact: Contact) -> Person:
    """A contact as the judges see it."""
    values = {f: getattr(contact, story.COLUMN.get(f, f)) for f in story.IN_HISTORY} | dict(contact.custom)
    return Person(
        values,
        contact.origins,
        contact.pk,
        shared_mailbox=contact.shared_mailbox,
        last_activity=contact.last_activity,
    )


def store(contact: Contact, person: Person, fields: Sequence[str], *, user: Any, reason: str, at: datetime) -> None:
    """Hand what a person wrote to the writer: values, origins, keys and a row of history."""
    name = story.person_name(user)
    writer = Writer("person", name, at.isoformat(timespec="seconds"))
    person.origins = stamp(person.origins, dict.fromkeys(fields, rules.PERSON), writer)
    # The address stands for "something changed" where no field did, so that the version goes up.
    write.store_changes([(person, set(fields) or {"email"})], as_time(at))
    hand = contact_rows.Hand(name, reason.strip(), user_id=user.pk)
    row = contact_rows.history_row(person, person.values, as_time(contact.created_at), as_time(at), "~", hand)
    write.store_history([row])


def _keys(person: Person) -> list[str]:
    return [k for k in (person_key_of(person.values), person.values.get("phone")) if k]


def _keys_after(person: Person, changes: Mapping[str, str]) -> list[str]:
    """The keys under which arrivals would find the contact after the edit."""
    texts = {f: changes[f] for f in READ if f in changes}
    read, _ = read_values(person, texts, _policy(person))
    return _keys(Person(person.values | read, {}))


def judge(person: Person, changes: Mapping[str, str], *, user: Any, reason: str) -> tuple[dict[str, Any], list[str]]:
    """The values to write and what to note of them; raises Invalid with an error for each field."""
    policy = _policy(person)
    known = {*READ, *CHOSEN, *policy.custom}
    errors = {f: SAID["field"] for f in changes if f not in known}
    wanted = {f: t for f, t in changes.items() if f in known and str(t) != story.as_text(person.values.get(f))}
    read, wrong = read_values(person, {f: t for f, t in wanted.items() if f not in CHOSEN}, policy)
    errors |= wrong
    notes: list[str] = []
    refused: tuple[str, str, str] | None = None
    for name, decide in (("lifecycle_stage", _stage), ("owner", _owner), ("source", _source)):
        if name in wanted:
            try:
                read[name] = decide(person, str(wanted[name]), policy, user, notes)
            except Invalid as error:
                errors[name], refused = str(error), error.refused or refused
    written = {f: v for f, v in read.items() if not _same(person.values.get(f), v)}
    if "source" in written and not reason.strip():
        errors["reason"] = SAID["reason"]
    if errors:
        raise Invalid(errors, refused=refused)
    return written, notes


def _policy(person: Person) -> Policy:
    """How a person's text is read: as if it came from the contact's own source, whose region phones have."""
    source = Source.objects.filter(pk=person.values.get("source")).first()
    return policy_for(source or Source(slug="", name="", entry_stage_id="", region=""))


def _same(now: Any, then: Any) -> bool:
    return (is_empty(now) and is_empty(then)) or (now == then and isinstance(now, bool) == isinstance(then, bool))


def read_values(person: Person, texts: Mapping[str, str], policy: Policy) -> tuple[dict[str, Any], dict[str, str]]:
    """Typed text as values, and what could not be read; a phone is read with the contact's country."""
    given = dict(texts)
    if "phone" in given and not given.get("country") and person.values.get("country"):
        given["country"] = person.values["country"]
    incoming = translate(Received(values=given, raw=None), policy)
    errors = {v.field: refusal(v) for v in incoming.verdicts if v.field in texts and v.rule in NOT_READ}
    found = incoming.values | ({"company_domain": incoming.domain} if incoming.domain else {})
    return {f: found.get(f) for f in texts if f not in errors}, errors


def refusal(verdict: Verdict) -> str:
    """Why a typed value could not be read, as a sentence."""
    why = verdict.current or rules.words(verdict.rule)
    return f"“{verdict.offered}” can’t be used: {why}."


def _stage(person: Person, text: str, policy: Policy, user: Any, notes: list[str]) -> str:
    if is_blank(clean(text), "lifecycle_stage"):
        raise Invalid({"": SAID["stage"]})
    kind, stages = actor_kind(user), policy.stages
    now = stages.get(person.values.get("lifecycle_stage") or "")
    stage = stages.named(text)
    if now is not None and stage is not None and now.slug == stage.slug:
        return now.slug
    current, asked = now.slug if now else "", stage.slug if stage else clean(text)
    rule = refuse(stages, kind, current, asked)
    if rule:
        raise Invalid({"": refuse_stage(stages, text, now, kind)}, refused=(rule, current, asked))
    if moves_back(stage, now):
        notes.append(f"Stage moved back from {now.label} to {stage.label}.")
    return stage.slug


def refuse_stage(stages: StageTable, text: str, now: StageRow | None, kind: str) -> str:
    """Why somebody may not set a stage, as a sentence; "" when they may."""
    stage = stages.named(text)
    rule = refuse(stages, kind, now.slug if now else "", stage.slug if stage else text)
    if rule == rules.STAGE_BACK and now:
        return SAID["back"].format(now.label)
    shown = stage.label if stage else f"“{text}”"
    return f"{shown}: {rules.words(rule)}." if rule else ""


def _owner(person: Person, text: str, policy: Policy, user: Any, notes: list[str]) -> int | None:
    if not text.strip():
        return None
    people = get_user_model().objects.filter(is_active=True, is_staff=True)
    found = people.filter(pk=_number(text)).values_list("pk", flat=True).first()
    if found is None:
        raise Invalid({"": SAID["owner"]})
    return found


def _source(person: Person, text: str, policy: Policy, user: Any, notes: list[str]) -> int | None:
    if not text.strip():
        raise Invalid({"": SAID["source_blank"]})
    in_use = Source.objects.exclude(status=Source.Status.RETIRED).filter(pk=_number(text))
    found = in_use.values_list("pk", flat=True).first()
    if found is None:
        raise Invalid({"": SAID["source"]})
    return found


def _number(text: str) -> int:
    """An id from a form; 0, which no row has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _look_for_nobody(person: Person, written: Mapping[str, Any]) -> None:
    then = person.values | dict(written)
    named = then.get("first_name") or then.get("last_name")
    firm = then.get("company") or then.get("company_domain")
    if not (then.get("email") or then.get("phone") or (named and firm)):
        raise Invalid({"": SAID["nobody"]})
