"""From a record of outside to the hub's own terms: clean values, match keys, and what could not be read.

Nothing here looks at the contacts: the same record under the same policy always translates the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from contacts.domain import rules
from contacts.domain.changes import CustomType, Incoming, Policy, Received, Verdict
from contacts.domain.consent import GRANTED, WITHDRAWN
from contacts.domain.fields import LABELS
from contacts.domain.identity import (
    NotAnAddress,
    NotAPhone,
    clean,
    company_domain,
    company_key,
    full_person_key,
    is_blank,
    is_shared_host,
    is_stand_in,
    read_address,
    read_country,
    read_phone,
    registrable,
    split_name,
)
from contacts.domain.lifecycle import UNSUBSCRIBED
from contacts.domain.opt_in import OptIn, is_no_opt_out, read_opt_in, read_opt_out
from contacts.readers.moments import parse_moment

#: Longest text each field takes, in characters; the columns of the contact table are as wide.
LIMITS = {"first_name": 200, "last_name": 200, "company": 200, "job_title": 300, "country": 100}
CUSTOM_LIMIT = 1000
TRUE_WORDS = frozenset("yes y true t 1 x on ja j oui o si s sí sim tak wahr vrai".split())
FALSE_WORDS = frozenset("no n false f 0 off nein non não nao nie falsch faux".split())


class Unreadable(ValueError):
    """A value that is not of its field's kind; the text says why, in words."""


def translate(received: Received, policy: Policy) -> Incoming:
    """One record in the hub's terms. Never raises: what can't be read becomes a verdict or a rejection."""
    incoming = Incoming(received, {}, [])
    given = {f: text for f, value in received.values.items() if value and not is_blank(text := clean(value), f)}
    if "email" in given:
        given["email"] = received.values["email"]  # cleaned of a character inside, it would be another mailbox
    _names(given)
    _address(incoming, given)
    country = _country(incoming, given)
    _phone(incoming, given, country or policy.source.region or policy.default_region)
    _texts(incoming, given)
    _company(incoming, given)
    _score(incoming, given)
    _custom(incoming, given, policy.custom)
    _about_the_arrival(incoming, given)
    if "opt_in" in given or "opt_out" in given or incoming.stage:
        _consent(incoming, given, policy)
    incoming.person = full_person_key(
        incoming.values.get("first_name", ""), incoming.values.get("last_name", ""), incoming.domain
    )
    if not received.lead:
        incoming.verdicts.append(Verdict("lifecycle_stage", "kept", rules.BELOW_THRESHOLD, incoming.stage))
    if not incoming.rejected:
        _could_be_nobody(incoming, given)
    return incoming


def _names(given: dict[str, str]) -> None:
    whole = given.pop("name", "")
    if whole and not (given.get("first_name") or given.get("last_name")):
        first, last = split_name(whole)
        given.update({f: v for f, v in (("first_name", first), ("last_name", last)) if v})


def _address(incoming: Incoming, given: dict[str, str]) -> None:
    text = given.get("email")
    if not text:
        return
    try:
        address = read_address(text)
    except NotAnAddress as error:
        incoming.rejected = rules.BAD_ADDRESS
        incoming.reason = f"{_place(incoming, 'email')} “{_short(text)}” is not an address: {error}."
        return
    if is_stand_in(address.key):
        incoming.verdicts.append(Verdict("email", "refused", rules.UNREADABLE, text))
        return
    incoming.address = address
    incoming.values["email"] = address.shown


def _country(incoming: Incoming, given: dict[str, str]) -> str:
    text = given.get("country")
    if not text:
        return ""
    country = read_country(text)
    if country is None:
        _keep_text(incoming, "country", text)
        return ""
    incoming.values["country"] = country.name
    return country.code


def _phone(incoming: Incoming, given: dict[str, str], region: str) -> None:
    text = given.get("phone")
    if not text:
        return
    try:
        incoming.phone = incoming.values["phone"] = read_phone(text, region)
    except NotAPhone as error:
        incoming.verdicts.append(Verdict("phone", "refused", rules.UNREADABLE, text, str(error)))


def _texts(incoming: Incoming, given: dict[str, str]) -> None:
    for field in ("first_name", "last_name", "company", "job_title"):
        if text := given.get(field):
            _keep_text(incoming, field, text)


def _keep_text(incoming: Incoming, field: str, text: str) -> None:
    if len(text) > LIMITS[field]:
        incoming.verdicts.append(Verdict(field, "refused", rules.TOO_LONG, _short(text)))
    else:
        incoming.values[field] = text


def _company(incoming: Incoming, given: dict[str, str]) -> None:
    incoming.company = company_key(incoming.values.get("company", ""))
    text = next((given[f] for f in ("company_domain", "domain", "website") if f in given), "")
    found = company_domain(text, incoming.address.domain if incoming.address else "")
    if found is not None:
        incoming.domain, incoming.domain_how = found
    if text and (found is None or found.how == "address"):
        named = registrable(text)
        why = "many firms share it" if named and is_shared_host(named) else "it names no company's domain"
        incoming.verdicts.append(Verdict("company_domain", "refused", rules.UNREADABLE, _short(text), why))


def _score(incoming: Incoming, given: dict[str, str]) -> None:
    text = given.get("lead_score")
    if not text:
        return
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if number.is_finite() and number == number.to_integral_value() and number.copy_abs() <= 2_000_000_000:
        incoming.values["lead_score"] = int(number)
    else:
        incoming.verdicts.append(
            Verdict("lead_score", "refused", rules.UNREADABLE, _short(text), "it is no whole number")
        )


def _custom(incoming: Incoming, given: dict[str, str], fields: dict[str, CustomType]) -> None:
    for slug, kind in fields.items():
        if text := given.get(slug):
            try:
                incoming.values[slug] = READERS[kind.type](text, kind)
            except Unreadable as error:
                incoming.verdicts.append(Verdict(slug, "refused", rules.UNREADABLE, _short(text), str(error)))


def _about_the_arrival(incoming: Incoming, given: dict[str, str]) -> None:
    incoming.stage = given.get("lifecycle_stage", "")
    incoming.external_id = given.get("external_id", "")[:200]
    if text := given.get("occurred_at"):
        incoming.occurred_at = parse_moment(text)
        if incoming.occurred_at is None:
            incoming.verdicts.append(Verdict("occurred_at", "refused", rules.UNREADABLE, _short(text), "it is no time"))
    for field in ("opt_in", "opt_in_at", "opt_in_text", "opt_out"):
        if text := given.get(field):
            incoming.verdicts.append(Verdict(field, "kept", rules.WITH_ARRIVAL, _short(text)))


def _consent(incoming: Incoming, given: dict[str, str], policy: Policy) -> None:
    """What the record says about mailing its address. The stage Unsubscribed says it too."""
    text, at = given.get("opt_in", ""), parse_moment(given.get("opt_in_at", ""))
    act = read_opt_in(text) if text else None
    if text and act is None:
        incoming.verdicts.append(Verdict("opt_in", "refused", rules.UNREADABLE, _short(text), "it is no yes and no no"))
    if (said := given.get("opt_out", "")) and not is_no_opt_out(said):
        act, at = _opt_out(incoming, said, act, at)
    stage = policy.stages.named(incoming.stage) if incoming.stage else None
    if stage is not None and stage.slug == UNSUBSCRIBED and act in (None, GRANTED):
        act, at = WITHDRAWN, None
    if act is None:
        return
    incoming.consent = OptIn(act, at or incoming.occurred_at, given.get("opt_in_text", "") if act == GRANTED else "")
    incoming.stops = incoming.consent.stops_person


def _opt_out(incoming: Incoming, said: str, act: str | None, at: datetime | None) -> tuple[str | None, datetime | None]:
    """What an opt-out column adds; a no beats a yes of the same record."""
    moment = parse_moment(said)
    out = read_opt_out(said, moment)
    if out is None:
        why = "it is no yes and no no"
        incoming.verdicts.append(Verdict("opt_out", "refused", rules.UNREADABLE, _short(said), why))
        return act, at
    return (out, moment) if act in (None, GRANTED) else (act, at)


def _could_be_nobody(incoming: Incoming, given: dict[str, str]) -> None:
    values = incoming.values
    named = "first_name" in values or "last_name" in values
    if incoming.address or incoming.phone or (named and (incoming.company or incoming.domain)):
        return
    if not given and not any(v.strip() for v in incoming.received.values.values()):
        incoming.rejected, incoming.reason = rules.EMPTY_ROW, "Nothing that the hub knows is filled in this record."
        return
    parts = ["Could be nobody: no address, and neither a phone nor a name with a company."]
    for field in ("email", "phone"):
        text = incoming.received.values.get(field, "").strip()
        if text:
            why = next(
                (v.current for v in incoming.verdicts if v.field == field and v.current), "it stands for nothing"
            )
            parts.append(f"{_place(incoming, field)} “{_short(text)}” can't be used: {why}.")
    found = [f"{LABELS[f]} “{_short(str(values[f]))}”" for f in ("first_name", "last_name", "company") if f in values]
    if found:
        parts.append(f"There is only {', '.join(found)}.")
    incoming.rejected, incoming.reason = rules.NOBODY, " ".join(parts)


def _place(incoming: Incoming, field: str) -> str:
    column = (incoming.received.columns or {}).get(field)
    return f"Column “{column}”:" if column else f"{LABELS[field]}"


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:119] + "…"


def _read_text(text: str, kind: CustomType) -> str:
    if len(text) > CUSTOM_LIMIT:
        raise Unreadable(f"it is longer than {CUSTOM_LIMIT} characters")
    return text


def _read_number(text: str, kind: CustomType) -> int | float:
    try:
        number = Decimal(text.replace(" ", ""))
    except InvalidOperation:
        raise Unreadable("it is no number") from None
    if not number.is_finite() or number.copy_abs() > Decimal(10) ** 15:
        raise Unreadable("it is no number that the hub can hold")
    return int(number) if number == number.to_integral_value() else float(number)


def _read_date(text: str, kind: CustomType) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        moment = parse_moment(text)
    if moment is None:
        raise Unreadable("it is no date")
    return moment.date().isoformat()


def _read_boolean(text: str, kind: CustomType) -> bool:
    folded = text.casefold()
    if folded in TRUE_WORDS:
        return True
    if folded in FALSE_WORDS:
        return False
    raise Unreadable("it is neither yes nor no")


def _read_choice(text: str, kind: CustomType) -> str:
    folded = text.casefold()
    for choice in kind.choices:
        if choice.casefold() == folded:
            return choice
    raise Unreadable(f"it is none of the choices of {kind.label}")


READERS: dict[str, Callable[[str, CustomType], Any]] = {
    "text": _read_text,
    "number": _read_number,
    "date": _read_date,
    "boolean": _read_boolean,
    "choice": _read_choice,
}
