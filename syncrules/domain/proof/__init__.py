"""The check of a worksheet before anything is written by it: what contradicts, loses data or goes round. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from syncrules.domain.proof import fields, identity, options, settling, types, writers
from syncrules.domain.proof.codes import CODES, LOOK, STOPS, Code
from syncrules.domain.proof.fixes import Fixed, apply_fix
from syncrules.domain.proof.parts import Sheets
from syncrules.domain.worksheet import Problem, Worksheet

__all__ = ["CODES", "LOOK", "STOPS", "Code", "Fixed", "apply_fix", "check"]

FAMILIES: tuple[Callable[[Sheets], Iterator[Problem]], ...] = (
    fields.unknown,
    fields.twice,
    settling.directions,
    settling.rules,
    settling.not_for_field,
    settling.against,
    fields.read_only,
    types.lossy,
    options.unmapped,
    options.wrong,
    identity.overwritable,
    writers.shared,
    identity.email,
    identity.consent,
    fields.unmentioned,
)
_ORDER = {code: place for place, code in enumerate(CODES)}


def check(worksheet: Worksheet, others: Sequence[Worksheet] = ()) -> list[Problem]:
    """Everything that is wrong with a worksheet, by row and then by code; an empty list when nothing is.

    ``others`` are the worksheets in force in the other connections. Rows may say anything: what is not
    understood becomes a problem, never an error.
    """
    sheets = Sheets(worksheet, others)
    found = [problem for family in FAMILIES for problem in family(sheets)]
    return sorted(found, key=lambda p: (p.row is None, p.row or 0, _ORDER[p.code]))
