"""The decision tree that every door uses (playbook, Step 2).

same delivery → repeated; unusable → rejected; same address → fill gaps; an address that waits in review →
join that review; same first name, last name and company domain → hold; same phone → hold; else create.
"""

from __future__ import annotations

from contacts.domain import rules
from contacts.domain.changes import Case, Incoming, Person, Plan, Policy, Verdict
from contacts.domain.identity import full_person_key, share_a_name
from contacts.domain.lifecycle import UNSUBSCRIBED, StageAsk, entry_stage
from contacts.domain.origins import fresh, stamp, was_blanked
from contacts.domain.overwrite import is_empty, judge_field, judge_stage
from contacts.domain.reasons import created_reason, filled_reason, held_reason, joined_reason, repeated_reason
from contacts.domain.world import World

GIVEN_DOMAIN = ("given", "website")


def decide(incoming: Incoming, world: World, policy: Policy) -> Plan:
    """The whole decision for one record; the caller tells it to the world before the next one."""
    received = incoming.received
    earlier = world.deliveries.get(received.delivery_key) if received.delivery_key else None
    if earlier is not None:
        return Plan(incoming, "repeated", rules.DELIVERED, repeated_reason(earlier), [], earlier=earlier)
    if incoming.rejected:
        return Plan(incoming, "rejected", incoming.rejected, incoming.reason, incoming.verdicts)
    _infer_domain(incoming, world)
    incoming.stops = world.stops(incoming)
    if incoming.address is not None:
        person = world.addresses.get(incoming.address.key)
        if person is not None:
            return fill(incoming, person, world, policy)
        case = world.waiting.get(f"a:{incoming.address.key}")
        if case is not None:
            return Plan(incoming, "held", rules.BY_WAITING, joined_reason(case), _waits(incoming), case=case)
    found = _look_alike(incoming, world, policy)
    return hold(incoming, *found, world) if found else create(incoming, world, policy)


def _infer_domain(incoming: Incoming, world: World) -> None:
    if incoming.domain or not incoming.company:
        return
    incoming.domain = world.domain_of_company(incoming.company)
    if incoming.domain:
        incoming.domain_how = "company"
        values = incoming.values
        incoming.person = full_person_key(values.get("first_name", ""), values.get("last_name", ""), incoming.domain)


def _look_alike(incoming: Incoming, world: World, policy: Policy) -> tuple[str, list[Person]] | None:
    """The contacts that may be the same person, and the rule that says so."""
    if incoming.person and (same_name := world.people.get(incoming.person)):
        return rules.BY_NAME, same_name
    if incoming.phone:
        same_phone = world.phones.get(incoming.phone, [])
        if 0 < len(same_phone) <= policy.phone_shared_limit:
            return rules.BY_PHONE, same_phone
    return None


def hold(incoming: Incoming, rule: str, candidates: list[Person], world: World) -> Plan:
    """Keep the arrival outside the contact table until a person decides."""
    key = waiting_key(incoming)
    case = world.waiting.get(key)
    reason = held_reason(rule, candidates)
    if case is None:
        case = Case(key, "hold", rule, reason, who(incoming), list(candidates), id=next(world.case_ids))
    return Plan(incoming, "held", rule, reason, _waits(incoming), case=case)


def waiting_key(incoming: Incoming) -> str:
    """Who waits: by address, else by name and domain, else by phone."""
    if incoming.address is not None:
        return f"a:{incoming.address.key}"
    return f"n:{incoming.person}" if incoming.person else f"p:{incoming.phone}"


def who(incoming: Incoming) -> str:
    """The name on a record, as it was typed."""
    return f"{incoming.values.get('first_name', '')} {incoming.values.get('last_name', '')}".strip()


def _waits(incoming: Incoming) -> list[Verdict]:
    waiting = [Verdict(f, "kept", rules.WITH_ARRIVAL, str(v)) for f, v in incoming.values.items()]
    return incoming.verdicts + waiting


def create(incoming: Incoming, world: World, policy: Policy) -> Plan:
    """A new contact that takes what its first arrival brings, with source attribution."""
    values = dict(incoming.values)
    stamps = dict.fromkeys(values, rules.CREATED)
    if incoming.domain:
        values["company_domain"] = incoming.domain
        stamps["company_domain"] = {"address": rules.FROM_ADDRESS, "company": rules.FROM_COMPANY}.get(
            incoming.domain_how, rules.CREATED
        )
    source = policy.source
    stage, refused = _entry(incoming, policy)
    if stage is not None:
        values["lifecycle_stage"], stamps["lifecycle_stage"] = stage.slug, stage.rule
    values["source"], stamps["source"] = source.id, rules.CREATED
    origins = fresh(stamps, incoming.writer)
    person = Person(dict(values), origins, id=next(world.contact_ids), new=True, last_activity=incoming.occurred_at)
    if incoming.address is not None:
        person.addresses.append(incoming.address)
    verdicts = incoming.verdicts + [Verdict(f, "written", rule, str(values[f])) for f, rule in stamps.items()]
    if refused is not None:
        verdicts.append(Verdict("lifecycle_stage", "refused", refused.rule, refused.slug))
    reason = created_reason(verdicts)
    return Plan(incoming, "created", rules.NOTHING_MATCHED, reason, verdicts, person, values, values)


def _entry(incoming: Incoming, policy: Policy) -> tuple[StageAsk | None, StageAsk | None]:
    """The stage with which a contact begins, none for a known person; and the one that was asked for and refused."""
    if incoming.stops:
        return StageAsk(UNSUBSCRIBED, rules.SAID_NO), None
    if not incoming.received.lead:
        return None, None
    return entry_stage(policy.stages, incoming.stage, policy.source.entry_stage, policy.source.actor_kind)


def fill(incoming: Incoming, person: Person, world: World, policy: Policy) -> Plan:
    """Fill the gaps of the contact that the address matched; overwrite nothing."""
    shared = _is_shared_mailbox(incoming, person)
    back = _stage_before(incoming, person, world, policy)
    verdicts, writes = judge_all(incoming, person, policy, shared=shared, back=back)
    if writes.get("lifecycle_stage") == UNSUBSCRIBED:
        world.before[person.id] = person.values.get("lifecycle_stage") or ""
    return _filled(incoming, person, world, verdicts, writes, shared)


def judge_all(
    incoming: Incoming, person: Person, policy: Policy, *, shared: bool, back: str = ""
) -> tuple[list[Verdict], dict[str, object]]:
    """The verdict on each field that a record brings to a contact, and the values to write.

    ``back`` is the stage to which the contact returns from Unsubscribed, "" where it doesn't.
    """
    verdicts = list(incoming.verdicts)
    writes: dict[str, object] = {}
    offers = {f: v for f, v in incoming.values.items() if f != "email"}
    if incoming.domain and incoming.domain_how != "company":
        offers["company_domain"] = incoming.domain
    for field, offered in offers.items():
        verdict = judge_field(person, field, offered, policy, shared)
        if field == "company_domain" and incoming.domain_how not in GIVEN_DOMAIN and verdict.decision != "written":
            continue  # nobody offered it: it is only read off the address
        if verdict.decision == "written":
            writes[field] = offered
        verdicts.append(verdict)
    stage_verdict, stage = _stage(person, incoming, policy, shared, back)
    if stage_verdict:
        verdicts.append(stage_verdict)
    if stage:
        writes["lifecycle_stage"] = stage
    if writes and is_empty(person.values.get("source")) and not was_blanked(person.origins, "source"):
        writes["source"] = policy.source.id
    return verdicts, writes


def _stage(person: Person, incoming: Incoming, policy: Policy, shared: bool, back: str) -> tuple[Verdict | None, str]:
    """What a record does to the stage of a contact: its verdict, if there is one, and the stage to write."""
    if incoming.stops:
        return _unsubscribe(person)
    if back:
        return Verdict("lifecycle_stage", "written", rules.AGREED_ANEW, back, UNSUBSCRIBED), back
    if not incoming.received.lead:
        return None, ""
    return judge_stage(person, incoming.stage or policy.source.entry_stage, policy, shared)


def _unsubscribe(person: Person) -> tuple[Verdict, str]:
    """Who said no is Unsubscribed, whatever the stage was: the one value that an arrival writes over another."""
    current = person.values.get("lifecycle_stage") or ""
    if current == UNSUBSCRIBED:
        return Verdict("lifecycle_stage", "kept", rules.SAME, UNSUBSCRIBED, current), ""
    return Verdict("lifecycle_stage", "written", rules.SAID_NO, UNSUBSCRIBED, current), UNSUBSCRIBED


def _stage_before(incoming: Incoming, person: Person, world: World, policy: Policy) -> str:
    """Where a person who agrees anew goes back to from Unsubscribed: what it was before, else New Lead."""
    if person.values.get("lifecycle_stage") != UNSUBSCRIBED or not world.may_leave_unsubscribed(incoming, person):
        return ""
    was = policy.stages.get(world.before.get(person.id, ""))
    return was.slug if was is not None and was.slug != UNSUBSCRIBED else policy.stages.first.slug


def _filled(
    incoming: Incoming, person: Person, world: World, verdicts: list[Verdict], writes: dict[str, object], shared: bool
) -> Plan:
    person.values.update(writes)
    why = dict.fromkeys(writes, rules.GAP)
    for stage in (v for v in verdicts if v.field == "lifecycle_stage" and v.rule in (rules.SAID_NO, rules.AGREED_ANEW)):
        why["lifecycle_stage"] = stage.rule
    person.origins = stamp(person.origins, {f: why[f] for f in writes}, incoming.writer)
    if incoming.occurred_at and (person.last_activity is None or incoming.occurred_at > person.last_activity):
        person.last_activity = incoming.occurred_at
    plan = Plan(
        incoming,
        "filled" if writes else "unchanged",
        rules.BY_ADDRESS,
        filled_reason(verdicts, shared),
        verdicts,
        person,
        writes,
        dict(person.values) if writes or shared else {},
    )
    if shared:
        plan.notice = _mailbox_notice(incoming, person, world)
        plan.marks_mailbox = plan.notice.new and not person.shared_mailbox
        person.shared_mailbox |= plan.marks_mailbox
    plan.shared_mailbox = person.shared_mailbox
    return plan


def _is_shared_mailbox(incoming: Incoming, person: Person) -> bool:
    mine, theirs = incoming.values, person.values
    return not share_a_name(
        mine.get("first_name", ""),
        mine.get("last_name", ""),
        theirs.get("first_name") or "",
        theirs.get("last_name") or "",
    )


def _mailbox_notice(incoming: Incoming, person: Person, world: World) -> Case:
    key = f"m:{person.id}"
    known = world.waiting.get(key)
    if known is not None:
        return known
    shown = f"{person.values.get('first_name') or ''} {person.values.get('last_name') or ''}".strip()
    reason = f"{who(incoming)} writes from the address of {shown} (#{person.id}): the names have nothing in common."
    return Case(key, "mailbox", rules.MAILBOX, reason, who(incoming), [person], id=next(world.case_ids))
