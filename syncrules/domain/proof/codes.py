"""Every problem that the check can name: its lasting code, how grave it is, and the words for it."""

from __future__ import annotations

from typing import NamedTuple

STOPS, LOOK = "stops", "look"


class Code(NamedTuple):
    """``level`` is what the problem is unless it says otherwise; ``title`` heads it; ``why`` is what would go wrong."""

    level: str
    title: str
    why: str


#: In the order in which the problems of one row are shown.
CODES: dict[str, Code] = {
    "hub-field-unknown": Code(STOPS, "No such hub field", "The row has nothing in the hub to read or write."),
    "map-field-unknown": Code(STOPS, "No such MAP field", "The row has nothing in the MAP to read or write."),
    "field-twice": Code(STOPS, "Two rows on one field", "Two rules would decide about the same value."),
    "direction-missing": Code(STOPS, "No direction", "Nobody knows which way the value goes."),
    "direction-unknown": Code(STOPS, "Direction not understood", "Nobody knows which way the value goes."),
    "rule-missing": Code(STOPS, "No overwrite rule", "Nobody knows which value stays when both sides have one."),
    "rule-unknown": Code(STOPS, "Rule not understood", "Nobody knows which value stays when both sides have one."),
    "two-way-unsettled": Code(STOPS, "Two ways, and no rule", "Each side would overwrite the other in turn."),
    "rule-not-for-field": Code(STOPS, "This rule is not for this field", "The rule can't decide about this field."),
    "direction-against-rule": Code(STOPS, "Direction against rule", "What the rule says would never happen."),
    "map-field-read-only": Code(STOPS, "The MAP field can only be read", "The MAP would refuse every write."),
    "type-loses-data": Code(STOPS, "Types that lose data", "Part of the value would be lost on the way."),
    "option-unmapped": Code(STOPS, "Option without a counterpart", "The value would not arrive on the other side."),
    "stage-unmapped": Code(STOPS, "Stage without a name in the MAP", "The stage would not arrive in the MAP."),
    "value-map-wrong": Code(STOPS, "Value map that can't hold", "The value map names a value that does not exist."),
    "identity-overwritable": Code(STOPS, "Identity could be overwritten", "A contact could turn into somebody else."),
    "two-writers": Code(STOPS, "Two writers", "The value would be whichever MAP synced last."),
    "write-cycle": Code(STOPS, "Write cycle", "One change would go round between the MAPs without an end."),
    "email-unmapped": Code(STOPS, "E-mail not mapped", "Records and contacts could not find each other."),
    "consent-unmapped": Code(STOPS, "Unsubscribe not mapped", "Somebody who unsubscribed would still be mailed."),
    "hub-field-unmentioned": Code(LOOK, "Hub field in no row", "It stays in the hub alone."),
    "map-field-unmentioned": Code(LOOK, "MAP field in no row", "It stays in the MAP alone."),
}
