"""What merges have to do with a contact's values of today: which came with whom, and what was not taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contacts.domain import rules
from contacts.domain.changes import Verdict
from contacts.domain.merging import LOST
from contacts.domain.origins import origin_of
from contacts.models import Merge
from contacts.services import story
from contacts.services.merged import lived_as

#: An address that is not the primary one is an alias: nothing of it was given up.
NEVER_REFUSED = {"email"}


@dataclass(frozen=True)
class Told:
    """The merges that stand behind a contact, newest first."""

    merges: Sequence[Merge]

    def brought(self, name: str, value: Any, origins: dict[str, Any]) -> dict[str, Any] | None:
        """The merge that a value came in, if it is still the one."""
        for merge in self.merges:
            if any(_is_taken(v, name) for v in merge.verdicts):
                same = merge.after["values"].get(name) == value
                still = same and origin_of(merge.after["origins"], name) == origin_of(origins, name)
                return {"number": merge.pk, "contact": merge.lost_id, "name": merge.lost_name} if still else None
        return None

    def refused(self, names: story.Names) -> dict[str, list[dict[str, Any]]]:
        """By field, the values that contacts had who were merged in, and that were not taken."""
        told: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for merge in self.merges:
            for verdict in (Verdict(*v) for v in merge.verdicts):
                refused = verdict.decision == "kept" and verdict.offered and verdict.rule != rules.SAME
                if refused and verdict.field not in NEVER_REFUSED:
                    told[verdict.field].append(_entry(merge, verdict, names))
        return told


def _is_taken(stored: Sequence[str], name: str) -> bool:
    verdict = Verdict(*stored)
    return verdict.field == name and verdict.decision == "written" and verdict.rule != rules.PICKED


def _entry(merge: Merge, verdict: Verdict, names: story.Names) -> dict[str, Any]:
    lost: Mapping[str, Any] = merge.before[LOST]
    origin = origin_of(lost["origins"], verdict.field)
    return {
        "value": names.shown(verdict.field, lost["values"].get(verdict.field)),
        "origin": origin.writer.name if origin else merge.lost_name,
        "rule": rules.words(verdict.rule),
        "rule_code": verdict.rule,
        "at": merge.merged_at.isoformat(timespec="seconds"),
        "arrival": origin.writer.arrival if origin else None,
        "merge": merge.pk,
    }


def merges_of(contact_id: int) -> Told:
    """The merges by which others became part of this contact, at whatever remove. Two queries."""
    here = lived_as(contact_id)
    if len(here) == 1:
        return Told([])
    standing = Merge.objects.filter(kept_id__in=here, undone_at=None).order_by("-pk")
    return Told(list(standing.defer("moved")))
