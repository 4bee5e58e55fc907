"""From what people write into a worksheet to the hub's own words: directions, rules, and fields by any name.

A text that is not understood stays as it was written, so that nothing gets lost and the check can name it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from contacts.domain.names import fold
from syncrules.domain.worksheet import Direction, FieldType, Rule

#: What a row says when its field was left out for good.
LEFT_OUT = "Left out"

#: The texts of the playbook's worksheet (Step 4), as an export writes them.
DIRECTION_TEXTS: dict[str, str] = {
    Direction.BOTH: "Bidirectional",
    Direction.TO_MAP: "CRM→MAP",
    Direction.TO_HUB: "MAP→CRM",
}
RULE_TEXTS: dict[str, str] = {
    Rule.NEVER: "Never overwrite",
    Rule.FILL: "MAP fills if empty",
    Rule.ONCE: "Set once, no overwrite",
    Rule.HUB: "Always use CRM value",
    Rule.FRESH: "MAP keeps fresh until edited",
    Rule.STAGE: "MAP sets MQL; CRM sets SQL+",
    Rule.UNSUBSCRIBE: "Unsubscribe propagates immediately",
}
#: The same in the words of the screens.
DIRECTION_LABELS: dict[str, str] = {
    Direction.BOTH: "both ways",
    Direction.TO_MAP: "hub → MAP",
    Direction.TO_HUB: "MAP → hub",
}
RULE_LABELS: dict[str, str] = {
    Rule.NEVER: "Never overwrite",
    Rule.FILL: "MAP fills if empty",
    Rule.ONCE: "Set once, no overwrite",
    Rule.HUB: "Always the hub’s value",
    Rule.FRESH: "MAP keeps fresh until edited",
    Rule.STAGE: "MAP sets MQL; sales SQL+",
    Rule.UNSUBSCRIBE: "Unsubscribe at once",
}

_BOTH_WAYS = """both | both ways | bothways | bidirectional | bi-directional | two-way | two way | 2-way | twoway
    | bidirectional sync | two way sync | both directions | either way | in both directions | sync both ways"""
_OUR_SIDE = frozenset("crm hub crmhub thehub thecrm salesforce us".split())
_THEIR_SIDE = frozenset("map themap hubspot marketo mailchimp pardot activecampaign brevo klaviyo marketing".split())
_OUTWARD = frozenset(map(fold, ("to-map", "to map", "outbound", "push", "out", "export", "hub to map only")))
_INWARD = frozenset(map(fold, ("to-hub", "to hub", "to crm", "inbound", "pull", "in", "import")))
_ARROW = re.compile(r"\s*(?:[-=–—]+>|[→⇒⟶➔➜►»>]|\bto\b|\binto\b)\s*", re.IGNORECASE)
_BACK_ARROW = re.compile(r"\s*(?:<[-=–—]+|[←⇐⟵«<])\s*")
_TWO_WAY_ARROW = re.compile(r"<[-=–—]*>|[↔⇔⟷⇄⇆]")
#: What people add to a direction that changes nothing of it: "CRM → MAP only", "from the MAP to the CRM (one-way)".
_ASIDE = re.compile(r"\((?:one|1)[- ]way\)|\b(?:one|1)[- ]way\b:?|\bonly\b|^\s*from\b", re.IGNORECASE)

_RULES: dict[str, str] = {
    Rule.NEVER: """never | never overwrite | don't overwrite | do not overwrite | no overwrite | never overwritten
        | never overwrites""",
    Rule.FILL: """fill | fills | map fills if empty | map fills if blank | fill if empty | fills if empty
        | fill if blank | only if empty | if empty | fill empty | fill blanks | fill gaps | only fill blanks
        | map fills empty | prefer crm unless blank | prefer hub unless blank""",
    Rule.ONCE: """once | set once | set once, no overwrite | set once no overwrite | write once | first value wins
        | first touch | set once only | set once and never overwrite""",
    Rule.HUB: """hub | always use crm value | always use the crm value | always the hub's value | always use hub value
        | always use the hub's value | always hub | always crm | crm wins | hub wins | the crm wins | crm value
        | hub value | always crm value | prefer crm | always use crm""",
    Rule.FRESH: """fresh | map keeps fresh until edited | map keeps fresh | map keeps it fresh | keep fresh
        | map keeps its own value fresh | map keeps its own value fresh until sales or ops touch it
        | map keeps its value fresh | fresh until edited | until edited | map updates until edited
        | map keeps it fresh until edited | map keeps fresh until touched""",
    Rule.STAGE: """stage | map sets mql; crm sets sql+ | map sets mql; sales sql+ | map sets mql; sales sets sql+
        | map sets mql; hub sets sql+ | map sets mql, sales sets sql and beyond | stage ownership | stage owner
        | map sets mql crm sets sql | by stage owner | stage table | lifecycle rules""",
    Rule.UNSUBSCRIBE: """unsubscribe | unsubscribe propagates immediately
        | unsubscribe at once | unsubscribe immediately
        | unsubscribes propagate immediately | unsubscribe propagates at once | opt-out propagates immediately
        | opt out at once | unsubscribe both ways""",
}
RULES: dict[str, str] = {fold(name): rule for rule, names in _RULES.items() for name in names.split("|")}

#: Words that change nothing of a rule, and the one word for several: "Fill only when blank" is "fill if empty".
_FILLERS = frozenset("a an the is are it its own only always field fields value values existing any".split())
_ONE_WORD = {
    word: one
    for one, words in {
        "empty": "blank blanks", "if": "when where", "crm": "hub crms hubs", "until": "till", "fill": "fills",
        "keep": "keeps", "edited": "edits touched touches edit touch changed", "immediately": "instantly",
        "unsubscribe": "unsubscribes optout optouts", "propagates": "propagate syncs", "win": "wins",
        "not": "nt", "do": "don dont", "overwrite": "overwrites overwritten",
    }.items()
    for word in words.split()
}  # fmt: skip


def _gist(text: str) -> tuple[str, ...]:
    """The words of a rule that matter."""
    words = re.findall(r"[a-z0-9+]+", text.lower().replace("opt-out", "optout").replace("'", "").replace("’", ""))
    return tuple(_ONE_WORD.get(word, word) for word in words if word not in _FILLERS)


_MORE_RULES: dict[str, str] = {
    Rule.FILL: "map fills empty only | overwrite if empty | only fill empty",
    Rule.ONCE: """write once, never overwrite | set once, never overwrite | set on creation | set on create
        | set once on creation""",
    Rule.HUB: "crm value always wins | crm overwrites map | use crm",
    Rule.FRESH: """map keeps fresh until person edits | map keeps fresh until sales edits
        | map keeps fresh until someone edits | map keeps fresh until sales or ops edits""",
    Rule.UNSUBSCRIBE: "unsubscribe propagates | unsubscribe wins | opt out wins | opt out at once",
}
GISTS: dict[tuple[str, ...], str] = {
    _gist(name): rule
    for names_of in (_RULES, _MORE_RULES)
    for rule, names in names_of.items()
    for name in names.split("|")
}
BOTH_WAYS = frozenset(fold(name) for name in _BOTH_WAYS.split("|"))

#: What worksheets call the hub's fields, beside the label and the name.
_HUB_NAMES: dict[str, str] = {
    "email": "email | e-mail | email address | e-mail address | work email | mail",
    "first_name": "first name | firstname | given name",
    "last_name": "last name | lastname | surname | family name",
    "company": "company | company name | account | account name | organization | organisation",
    "company_domain": "company domain | domain | website | website url | company website | email domain",
    "phone": "phone | phone number | telephone | business phone | work phone",
    "job_title": "job title | jobtitle | title | position | role",
    "country": "country | country/region",
    "lifecycle_stage": "lifecycle stage | lead status | stage | status | contact stage | lead stage",
    "lead_score": "lead score | score",
    "source": "source | lead source | original source | contact source",
    "last_activity": "last activity | last activity date | last activity time | last contacted",
    "opt_in": """opt-in | opt in | email opt-in | email opt in | opt-in status | opted in | consent | email consent
        | marketing consent | unsubscribed | opt-out | subscription status""",
}
HUB_NAMES: dict[str, str] = {fold(n): slug for slug, names in _HUB_NAMES.items() for n in names.split("|")}
#: What worksheets call the properties that the hub has to know of, by the role that a connector gives them.
_ROLE_NAMES: dict[str, str] = {
    "email": "email | e-mail | email address",
    "stage": "lifecycle stage | stage | contact stage",
    "optout": """unsubscribed | opt-out | opted out | opt out | email opt-out | email opt out | unsubscribe
        | unsubscribed from all email | has opted out of email | do not email | email opt-in""",
    "source": "original source | lead source | source",
}
ROLE_NAMES: dict[str, str] = {fold(n): role for role, names in _ROLE_NAMES.items() for n in names.split("|")}


def read_direction(text: str, map_name: str = "") -> str:
    """The Direction that a text means, or the text as it was written. ``map_name`` is the connection's name."""
    key = fold(text)
    if key in BOTH_WAYS or _TWO_WAY_ARROW.search(text):
        return Direction.BOTH
    if key in _OUTWARD:
        return Direction.TO_MAP
    if key in _INWARD:
        return Direction.TO_HUB
    theirs = _THEIR_SIDE | {fold(map_name)} - {""}
    for arrow, back in ((_ARROW, False), (_BACK_ARROW, True)):
        sides = [fold(part) for part in arrow.split(_ASIDE.sub(" ", text).strip())]
        if len(sides) == 2:
            start, end = reversed(sides) if back else sides
            if start in _OUR_SIDE and end in theirs:
                return Direction.TO_MAP
            if start in theirs and end in _OUR_SIDE:
                return Direction.TO_HUB
    return text.strip()


def read_rule(text: str) -> str:
    """The Rule that a text means, or the text as it was written."""
    key = fold(text)
    return RULES.get(key) or RULES.get(key.removesuffix("rule")) or GISTS.get(_gist(text)) or text.strip()


def is_left_out(text: str) -> bool:
    """Whether the direction says that the field was left out for good."""
    return fold(text) in ("leftout", "leaveout", "excluded", "donotsync", "ignore", "ignored", "notsynced")


def read_hub_field(text: str, fields: Mapping[str, FieldType]) -> str:
    """The hub field that a name, a label or a usual name of it means, or the text as it was written."""
    text = text.strip()
    if text in fields:
        return text
    key = fold(text)
    found = _by_label(key, fields) or HUB_NAMES.get(key, "")
    return found if found in fields else text


def read_map_field(text: str, fields: Mapping[str, FieldType]) -> str:
    """The MAP field that a name, a label or a usual name of its role means, or the text as it was written."""
    text = text.strip()
    if text in fields:
        return text
    key = fold(text)
    found = _by_label(key, fields)
    if not found and (role := ROLE_NAMES.get(key)):
        having = [f.name for f in fields.values() if f.role == role]
        found = having[0] if len(having) == 1 else ""
    return found or text


def _by_label(key: str, fields: Mapping[str, FieldType]) -> str:
    """The one field of that label or name; "" for none, or where two have it."""
    if not key:
        return ""
    for found in (
        [f.name for f in fields.values() if fold(f.label) == key],
        [f.name for f in fields.values() if fold(f.name) == key],
    ):
        if len(found) == 1:
            return found[0]
    return ""
