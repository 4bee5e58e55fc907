"""The lead source audit (playbook, Step 1): what a source declares, held against what it really sends.

Nothing here reads the database or the clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contacts.domain import rules
from contacts.domain.identity import fold
from contacts.domain.lifecycle import StageTable, owner_refuses

#: How long a source of each cadence may be silent, once it has sent something.
SILENCE: dict[str, timedelta | None] = {
    "real-time": timedelta(hours=24),
    "hourly": timedelta(hours=3),
    "daily": timedelta(hours=36),
    "weekly": timedelta(days=8),
    "post-event": timedelta(days=35),
    "ad-hoc": None,
}
#: A declared field that fewer records than this bring is worth a look, or is broken.
LOW, BROKEN = 80, 50

#: What the audit counts, in the order in which pages show it: a key and its words.
COUNTED: dict[str, str] = {
    "email": "E-mail",
    "name": "Name",
    "company": "Company",
    "phone": "Phone",
    "job_title": "Job title",
    "country": "Country",
    "lead_score": "Lead score",
    "opt_in": "Opt-in",
}
_PART_OF = {"first_name": "name", "last_name": "name"}
_SAID = {  # folded, as people write it
    "email": "email", "emailaddress": "email", "mail": "email",
    "name": "name", "names": "name", "firstname": "name", "lastname": "name", "fullname": "name",
    "company": "company", "organisation": "company", "organization": "company", "firm": "company",
    "phone": "phone", "phonenumber": "phone", "telephone": "phone", "mobile": "phone",
    "jobtitle": "job_title", "title": "job_title", "role": "job_title",
    "country": "country", "leadscore": "lead_score", "score": "lead_score",
    "optin": "opt_in", "consent": "opt_in",
}  # fmt: skip
_ANYTHING = {"variable", "varies", "anything"}
#: A value that could not be used is no value, and what the hub worked out itself was not sent.
_NOT_SENT = {rules.UNREADABLE, rules.TOO_LONG, rules.ENTRY_STAGE, rules.FIRST_STAGE, rules.FROM_ADDRESS}


@dataclass(frozen=True)
class Declared:
    """What a source says it sends: keys of ``COUNTED`` or custom slugs; ``anything`` for "Variable"."""

    fields: tuple[str, ...]
    anything: bool = False
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fill:
    """How many of the looked-at records bring one field. ``mark`` is "", "accent", "wait" or "bad"."""

    field: str
    label: str
    percent: int
    declared: bool
    mark: str


@dataclass(frozen=True)
class Claim:
    """A source as the rules about several sources need it."""

    slug: str
    name: str
    actor_kind: str
    entry_stage: str
    has_owner: bool


@dataclass(frozen=True)
class Seen:
    """What arrived from one source: how many, when last, how full, and how often its stage was refused."""

    records: int = 0
    last: datetime | None = None
    fills: Sequence[Fill] = field(default_factory=tuple)
    stage_refused: int = 0


@dataclass(frozen=True)
class Finding:
    """One thing to mend about a source. ``level`` is "bad", "wait" or "grey"; ``act`` names the fix."""

    slug: str
    name: str
    level: str
    code: str
    text: str
    fix: str = ""
    act: str = ""


def declared_fields(text: str, custom: Mapping[str, str]) -> Declared:
    """Read "Email, name, company"; ``custom`` is slug to label of the fields that ops defined."""
    by_name = {fold(label): slug for slug, label in custom.items()} | {fold(slug): slug for slug in custom}
    found: list[str] = []
    unknown: list[str] = []
    anything = False
    for part in re.split(r"[,;/&]|\band\b", text):
        name = fold(part)
        key = by_name.get(name) or _SAID.get(name)
        if name in _ANYTHING:
            anything = True
        elif key and key not in found:
            found.append(key)
        elif name and not key:
            unknown.append(part.strip())
    return Declared(tuple(found), anything, tuple(unknown))


def brought(verdicts: Iterable[Sequence[str]], has_address: bool, custom: Iterable[str]) -> set[str]:
    """The keys that one arrival brought, by its stored verdicts."""
    counted = {*COUNTED, *custom}
    keys = {_PART_OF.get(v[0], v[0]) for v in verdicts if v[2] not in _NOT_SENT} & counted
    return keys | {"email"} if has_address else keys - {"email"}


def fill_rates(declared: Declared, arrivals: Sequence[set[str]], custom: Mapping[str, str]) -> list[Fill]:
    """Declared fields first, in their own order, then what comes without being declared."""
    labels = COUNTED | dict(custom)
    total = len(arrivals)
    if not total:
        return []
    counts = {key: sum(key in keys for keys in arrivals) for key in labels}
    extra = [key for key in labels if counts[key] and key not in declared.fields]
    made = []
    for key in [*declared.fields, *extra]:
        percent = round(100 * counts.get(key, 0) / total)
        is_declared = key in declared.fields or declared.anything
        made.append(Fill(key, labels.get(key, key), percent, is_declared, _mark(percent, key, declared)))
    return made


def _mark(percent: int, key: str, declared: Declared) -> str:
    if key not in declared.fields:
        return "" if declared.anything else "accent"
    return "bad" if percent < BROKEN else "wait" if percent < LOW else ""


def missed(cadence: str, last: datetime | None, now: datetime) -> bool:
    """Whether a source that has sent before has been silent for longer than its cadence allows."""
    allowed = SILENCE.get(cadence)
    return allowed is not None and last is not None and now - last > allowed


def conflicts(claims: Sequence[Claim], stages: StageTable) -> dict[str, list[Finding]]:
    """What is red: a stage that the source may not set, and two sources that set the same MAP stage."""
    found: dict[str, list[Finding]] = {}
    for claim in claims:
        stage = stages.get(claim.entry_stage)
        if stage is None or stage.owner == "anyone":
            continue
        mine = found.setdefault(claim.slug, [])
        if owner_refuses(stage, claim.actor_kind):
            owner = "a MAP" if stage.owner == "map" else "sales"
            words = f"Claims {stage.label}, which only {owner} may set."
            mine.append(_finding(claim, "bad", "stage", words, f"Make it {stages.first.label}", "first-stage"))
        others = [c for c in claims if c.entry_stage == claim.entry_stage and c.slug != claim.slug]
        if others and stage.owner == "map":
            names = " and ".join(c.name for c in others)
            words = f"{names} also claim{'s' if len(others) == 1 else ''} to set {stage.label}."
            mine.append(_finding(claim, "bad", "both", words))
    return {slug: one for slug, one in found.items() if one}


def findings(claim: Claim, seen: Seen, cadence: str, now: datetime, red: Sequence[Finding] = ()) -> list[Finding]:
    """Everything to mend about one source, the worst first."""
    found = [_with_count(f, seen) for f in red]
    if not claim.has_owner:
        found.append(_finding(claim, "wait", "owner", "Nobody owns it.", "Give it an owner", "owner"))
    if seen.last is not None and missed(cadence, seen.last, now):
        words = f"Missed its cadence: {cadence.replace('-', ' ')}, and silent for {_span(now - seen.last)}."
        found.append(_finding(claim, "wait", "cadence", words))
    if seen.last is None:
        found.append(_finding(claim, "grey", "nothing", "Nothing yet."))
    extra = [f"{f.label} {f.percent}%" for f in seen.fills if not f.declared]
    if extra:
        words = f"{_listed(extra)} come{'s' if len(extra) == 1 else ''} too."
        fix = "Declare it" if len(extra) == 1 else "Declare them"
        found.append(_finding(claim, "grey", "undeclared", words, fix, "declare"))
    return found


def _with_count(finding: Finding, seen: Seen) -> Finding:
    if finding.code != "stage" or not seen.stage_refused:
        return finding
    times = "once" if seen.stage_refused == 1 else f"{seen.stage_refused:,} times"
    return Finding(**{**finding.__dict__, "text": f"{finding.text} Refused {times}."})


def _finding(claim: Claim, level: str, code: str, text: str, fix: str = "", act: str = "") -> Finding:
    return Finding(claim.slug, claim.name, level, code, text, fix, act)


def _span(time: timedelta) -> str:
    hours = int(time.total_seconds() // 3600)
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"


def _listed(names: Sequence[str]) -> str:
    head = names[0][:1].upper() + names[0][1:]
    rest = [n[:1].lower() + n[1:] for n in names[1:]]
    return head if not rest else f"{', '.join([head, *rest[:-1]])} and {rest[-1]}"
