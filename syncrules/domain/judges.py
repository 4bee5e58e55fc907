"""One judge for each overwrite rule: what a pull may write into the hub, and what the hub writes into the MAP.

Three values are held side by side: the hub's, the MAP's in the hub's terms, and what both last agreed on. What
a person wrote is never changed, whatever the row says (playbook, core principle). When both sides changed, the
hub's value wins and the case is a conflict. Pure: the same case always has the same judgement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from contacts.domain import rules
from contacts.domain.changes import Verdict
from contacts.domain.lifecycle import UNSUBSCRIBED, StageTable, refuse
from syncrules.domain.cases import (
    BLANK,
    INWARD,
    NEVER_AGREED,
    OPT_IN,
    OUTWARD,
    STAGE,
    FieldCase,
    Judgement,
    Unread,
    same,
    same_exactly,
)
from syncrules.domain.worksheet import Rule

__all__ = [
    "BLANK", "NEVER_AGREED", "OPT_IN", "STAGE", "FieldCase", "Judgement", "Unread", "judge", "judge_all", "same",
    "same_exactly", "shown",
]  # fmt: skip


DIRECTIONS = INWARD | OUTWARD
NOTHING = Judgement()


def judge(case: FieldCase, stages: StageTable) -> Judgement:
    """The judgement of one row. A row whose rule is not understood changes nothing on either side."""
    judged = JUDGES.get(case.row.rule)
    if judged is None or case.row.direction not in DIRECTIONS:
        return NOTHING
    hub, offered = case.hub, case.map
    if hub == offered and type(hub) is type(offered):  # by far the most usual
        return Judgement(None, None, None, None, False, hub)
    if isinstance(offered, Unread):
        return _judge_unread(case, stages)
    if same(hub, None if offered is BLANK else offered):
        return _judge_same(case, stages)
    return judged(case, stages)


def judge_all(cases: Sequence[FieldCase], stages: StageTable) -> list[Judgement]:
    """Every row of one record, in their order. An unsubscribe in one row is known to all the others."""
    first = [judge(case, stages) for case in cases]
    out = [j.hub_value == UNSUBSCRIBED and j.hub is not None and j.hub.field == STAGE for j in first]
    if True not in out:
        return first
    known = {STAGE: UNSUBSCRIBED, OPT_IN: False}
    return [
        j if mine or case.row.hub not in known else judge(_with_hub(case, known[case.row.hub]), stages)
        for case, j, mine in zip(cases, first, out, strict=True)
    ]


def _with_hub(case: FieldCase, value: Any) -> FieldCase:
    return FieldCase(case.row, value, case.map, case.agreed, case.news, version=case.version)


def _judge_same(case: FieldCase, stages: StageTable) -> Judgement:
    """Both hold it. A MAP's own spelling stays, unless somebody changed the hub's since."""
    respelt = not case.map_empty and not same_exactly(case.hub, case.map)
    if respelt and case.to_map and case.hub_changed and case.row.rule in (Rule.HUB, Rule.FILL, Rule.FRESH):
        return Judgement(map=_sent(case, stages), map_value=case.hub, agreed=case.hub)
    return Judgement(agreed=case.hub)


def _judge_unread(case: FieldCase, stages: StageTable) -> Judgement:
    """Nothing of it reaches the hub; the hub's value is sent where the row would overwrite the MAP's."""
    refused = _refused(case, rules.ROW_UNTRANSLATABLE, stages)
    if case.row.rule in (Rule.NEVER, Rule.ONCE, Rule.UNSUBSCRIBE) or case.hub is None:
        return Judgement(hub=refused)
    return _reset(case, refused, stages)


def _judge_never(case: FieldCase, stages: StageTable) -> Judgement:
    """Either side's gap is filled, and two values stay apart."""
    if case.hub is None:
        return _fill_hub(case, stages) if case.to_hub else Judgement()
    if case.map_empty:
        return _fill_map(case, stages)
    return Judgement(hub=_refused(case, rules.ROW_NEVER, stages))


def _judge_fill(case: FieldCase, stages: StageTable) -> Judgement:
    """The MAP fills the hub's gaps in any direction; where values go to the MAP, the hub's wins there."""
    if case.hub is None:
        return _fill_hub(case, stages)
    if case.map_empty:
        return _fill_map(case, stages)
    return _reset(case, _refused(case, rules.ROW_FILL, stages), stages)


def _judge_once(case: FieldCase, stages: StageTable) -> Judgement:
    """The first value stays."""
    if case.hub is None:
        return _fill_hub(case, stages) if case.to_hub else Judgement()
    if case.map_empty:
        return _fill_map(case, stages) if case.to_hub else Judgement()
    return Judgement(hub=_refused(case, rules.ROW_ONCE, stages))


def _judge_hub(case: FieldCase, stages: StageTable) -> Judgement:
    """The hub's value stands in the MAP. Nothing is taken from a MAP because the hub never had a value."""
    refused = None if case.map_empty else _refused(case, rules.ROW_HUB, stages)
    conflict = case.hub_changed and case.map_changed and not case.map_empty
    if case.hub is None and not (case.protected or case.hub_changed):
        return Judgement(hub=refused)
    return _reset(case, refused, stages, conflict=conflict)


def _judge_fresh(case: FieldCase, stages: StageTable) -> Judgement:
    """The MAP's newer value is written until somebody here touches the field."""
    if case.map is None or (case.map is BLANK and not case.to_hub):
        return _fill_map(case, stages) if case.to_hub else Judgement()
    if not case.to_hub:
        return Judgement(hub=_refused(case, rules.ROW_HUB, stages))
    if case.protected:
        return _reset(case, _refused(case, _protection(case), stages), stages)
    if case.released or (case.hub is None and not case.hub_changed):
        return _write(case, stages)
    if case.agreed is NEVER_AGREED:
        if case.own and case.map is not BLANK:
            return _write(case, stages)
        return _reset(case, _refused(case, rules.ROW_CONFLICT, stages), stages, conflict=True)
    if not case.map_changed:  # only the hub's changed
        return _write(case, stages) if case.hub is None else _reset(case, None, stages)
    if not case.hub_changed or case.own or case.hub is None:
        return _write(case, stages)
    return _reset(case, _refused(case, rules.ROW_CONFLICT, stages), stages, conflict=True)


def _judge_stage(case: FieldCase, stages: StageTable) -> Judgement:
    """The stage table alone says what a MAP may set; a stage that a person set stays, except for an unsubscribe."""
    if case.map_empty:
        return _fill_map(case, stages)
    rule = refuse(stages, "map", case.hub or "", case.map)
    if not rule and case.to_hub:
        if case.map == UNSUBSCRIBED or not case.protected:
            return _write(case, stages)
        rule = rules.ROW_PROTECTED
    return _reset(case, _refused(case, rule or rules.ROW_HUB, stages), stages)


def _judge_unsubscribe(case: FieldCase, stages: StageTable) -> Judgement:
    """An unsubscribe counts on both sides at once. "Subscribed" from a MAP is no evidence, and lifts nothing."""
    if case.map is False:
        if not case.to_hub:
            return Judgement()
        code = rules.of_row(case.row.rule, case.version, case.row.number)
        verdict = Verdict(STAGE, "written", code, stages_label(stages, UNSUBSCRIBED))
        return Judgement(hub=verdict, hub_value=UNSUBSCRIBED, agreed=False)
    if case.hub is not False:
        return Judgement()
    lifts = case.map is True and case.agreed is False
    refused = _refused(case, rules.STAGE_UNSUBSCRIBED, stages) if lifts else None
    if not case.to_map or not (case.news or case.agreed is not False):
        return Judgement(hub=refused)
    return Judgement(hub=refused, map=_sent(case, stages), map_value=False, agreed=False)


Judge = Callable[[FieldCase, StageTable], Judgement]
JUDGES: dict[str, Judge] = {
    Rule.NEVER: _judge_never,
    Rule.FILL: _judge_fill,
    Rule.ONCE: _judge_once,
    Rule.HUB: _judge_hub,
    Rule.FRESH: _judge_fresh,
    Rule.STAGE: _judge_stage,
    Rule.UNSUBSCRIBE: _judge_unsubscribe,
}


def _fill_hub(case: FieldCase, stages: StageTable) -> Judgement:
    if case.map_empty:
        return Judgement()
    if case.protected:
        return Judgement(hub=_refused(case, rules.BLANKED, stages))
    return _write(case, stages)


def _fill_map(case: FieldCase, stages: StageTable) -> Judgement:
    """The hub's value goes where the MAP has none. A blank that the hub does not take is named when it is news."""
    blanked = case.news and case.agreed is not NEVER_AGREED and case.agreed is not None
    kept = _verdict(case, "kept", rules.ROW_BLANK, stages) if blanked else None
    return _reset(case, kept, stages)


def _write(case: FieldCase, stages: StageTable) -> Judgement:
    value = None if case.map is BLANK else case.map
    return Judgement(hub=_verdict(case, "written", case.row.rule, stages), hub_value=value, agreed=value)


def _reset(case: FieldCase, hub: Verdict | None, stages: StageTable, *, conflict: bool = False) -> Judgement:
    """The hub's value goes to the MAP, where the direction lets it: once for each change on either side.

    Not again when the MAP simply shows what it showed before: it may have its own way with the value. A blank
    goes only where the row always takes the hub's value.
    """
    due = case.news or case.hub_changed or case.agreed is NEVER_AGREED
    empties = case.hub is None and case.row.rule != Rule.HUB
    if not case.to_map or not due or empties:
        return Judgement(hub=hub, conflict=conflict and hub is not None)
    return Judgement(hub, _sent(case, stages), None, case.hub, conflict and hub is not None, case.hub)


def _protection(case: FieldCase) -> str:
    return rules.BLANKED if case.hub is None else rules.ROW_PROTECTED


def _refused(case: FieldCase, rule: str, stages: StageTable) -> Verdict | None:
    return _verdict(case, "refused", rule, stages) if case.news else None


def _verdict(case: FieldCase, decision: str, rule: str, stages: StageTable) -> Verdict:
    row, origin = case.row, case.origin
    by = f"{origin.writer.name}, {origin.writer.at[:10]}" if origin else ""
    code = rules.of_row(rule, case.version, row.number)
    return Verdict(row.hub, decision, code, shown(case, case.map, stages), shown(case, case.hub, stages), by)


def _sent(case: FieldCase, stages: StageTable) -> Verdict:
    row = case.row
    code = rules.of_row(row.rule, case.version, row.number)
    return Verdict(row.hub, "written", code, shown(case, case.hub, stages), shown(case, case.map, stages))


def shown(case: FieldCase, value: Any, stages: StageTable) -> str:
    """A value as people read it."""
    if isinstance(value, str):
        return stages_label(stages, value) if case.row.hub == STAGE else value
    if value is None or value is BLANK:
        return ""
    if isinstance(value, Unread):
        return value.text
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def stages_label(stages: StageTable, slug: str) -> str:
    """The stage's name, or the slug where the table has no such stage any more."""
    row = stages.get(slug)
    return row.label if row else slug
