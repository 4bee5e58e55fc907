"""Merges in words: the same sentences for the pages and for the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contacts.domain import rules
from contacts.domain.unmerging import ADDRESS, Part
from contacts.models import Merge
from contacts.services import story
from contacts.services.merging import relations
from contacts.services.merging.parting import UnmergePlan
from contacts.services.merging.previewing import Preview

SIGNS = {"keep": "stays", "fill": "comes over", "pick": "picked", "same": "the same"}


@dataclass(frozen=True)
class PartRow:
    """One thing that taking a merge back splits: today's value, and what each of the two has of it afterwards."""

    name: str
    label: str
    now: str
    kept: str
    lost: str
    side: str
    why: str
    open: bool


def part_rows(plan: UnmergePlan, names: story.Names) -> list[PartRow]:
    """What goes where: what a person has to say first, then what is new since, then what goes back."""
    rows = [_row(part, names) for part in plan.parting.parts]
    back = {rules.words(rules.UNMERGE_BACK)}
    return sorted(rows, key=lambda row: (not row.open, row.why in back))


def _row(part: Part, names: story.Names) -> PartRow:
    label, why = label_of(part.name, names), rules.words(part.rule)
    if part.name.startswith(ADDRESS):
        shown = part.now or part.kept
        return PartRow(part.name, label, shown, *_of_address(part), part.side, why, part.open)
    now, kept, lost = (names.shown(part.name, v) for v in (part.now, part.kept, part.lost))
    return PartRow(part.name, label, now, kept, lost, part.side, why, part.open)


def label_of(name: str, names: story.Names) -> str:
    """What a field, or an address, of an unmerge is called."""
    return "Address" if name.startswith(ADDRESS) else names.label(name)


def _of_address(part: Part) -> tuple[str, str]:
    if not part.now:
        return "", ""
    return (part.now, "") if part.side == "kept" else ("", part.now)


def counted(counts: Mapping[str, int]) -> list[str]:
    """ "3 arrivals", "1 address": what went over, or goes back."""
    return [r.words(counts[r.key]) for r in relations.TABLE.values() if counts.get(r.key)]


def listed(words: list[str]) -> str:
    """ "3 arrivals, 1 address and 2 open cases"; "nothing"."""
    if len(words) < 2:
        return "".join(words) or "nothing"
    return f"{', '.join(words[:-1])} and {words[-1]}"


def verdict_rows(merge: Merge, names: story.Names) -> list[dict[str, Any]]:
    """What became of each field in a merge that was done, and by which rule."""
    kept, lost = merge.before["kept"]["values"], merge.before["lost"]["values"]
    return [
        {
            "label": names.label(name),
            "kept": names.shown(name, kept.get(name)),
            "lost": names.shown(name, lost.get(name)),
            "after": names.shown(name, merge.after["values"].get(name)),
            "written": decision == "written" or rule == rules.PICKED,
            "why": _why(rule, offered),
        }
        for name, decision, rule, offered, *_ in merge.verdicts
    ]


def _why(rule: str, offered: str) -> str:
    """The rule in words, where there was something to decide."""
    if rule == rules.MERGE_KEPT and not offered:
        return "the other one had nothing"
    return "both say the same" if rule == rules.SAME else rules.words(rule)


def preview_lines(preview: Preview) -> Iterator[str]:
    """A preview as text."""
    lost = [c for c in preview.columns if not c.kept]
    yield f"{preview.kept.name} (#{preview.kept_id}) stays, {listed([f'{c.name} (#{c.id})' for c in lost])} merged in."
    yield from (f"Look: {warning}" for warning in preview.warnings)
    for line in preview.lines:
        values = "; ".join(f"#{c.contact} {f'“{c.value}”' if c.value else 'empty'}" for c in line.cells)
        becomes = f"“{line.result}”" if line.result else "empty"
        why = f": {line.why}" if line.why else ""
        yield f"  {line.label}: {becomes}, {SIGNS[line.sign]}{why}. ({values})"
        if line.refused:
            yield f"    What was picked can’t be: {line.refused}."
    yield f"Moves: {listed(preview.moves)}."


def parting_lines(plan: UnmergePlan, names: story.Names) -> Iterator[str]:
    """The way back as text."""
    merge = plan.merge
    yield f"{merge.lost_name} (#{merge.lost_id}) comes back with {listed(counted(plan.counts))}."
    for row in part_rows(plan, names):
        kept, lost = (f"“{v}”" if v else "empty" for v in (row.kept, row.lost))
        yield f"  {row.label}: #{merge.kept_id} {kept}, #{merge.lost_id} {lost}: {row.why}."
        if row.open:
            yield (
                f"    “{row.now}” stays with #{merge.kept_id if row.side == 'kept' else merge.lost_id}; "
                f"say otherwise with --place {row.name}={'lost' if row.side == 'kept' else 'kept'}."
            )
    for name, value in plan.gone.items():
        yield f"  {names.label(name)} {value} is gone from the hub, so it stays empty."
