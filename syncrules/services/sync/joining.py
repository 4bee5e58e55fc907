"""A merge of the hub carried out in the MAP: which record stays there, and with which values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contacts.models import Merge
from syncrules.domain.cases import OUTWARD
from syncrules.domain.records import Terms
from syncrules.models import Link
from syncrules.services.sync.letters import Letter, Sort


def primaries(several: Mapping[int, Sequence[Link]]) -> dict[int, Link]:
    """By contact, the link whose record stays: the contact's own, rather than one that came with a merge."""
    merges = Merge.objects.filter(kept_id__in=several, undone_at=None).order_by("pk") if several else []
    came = {ident for merge in merges for ident in merge.moved.get("links") or ()}
    return {c: next((link for link in there if link.pk not in came), there[0]) for c, there in several.items()}


def join(terms: Terms, letter: Letter, others: Sequence[Link]) -> None:
    """Make a letter one that merges. Every value that the hub answers for is written out.

    What survives a merge is the MAP's affair and has changed over the years: so the record that stays is told what it
    held, and what it is to hold.
    """
    link = letter.link
    if link is None:
        return
    outward = [row.map for row in terms.rows if row.direction in OUTWARD]
    writable = [name for name in outward if not terms.worksheet.map_fields[name].read_only]
    kept = {n: text for n in writable if (text := link.seen.get(n)) and terms.worksheet.map_fields[n].role != "optout"}
    letter.sort, letter.others = Sort.MERGE, tuple(others)
    letter.texts = kept | dict(letter.texts)
    if letter.opt_outs:
        fields = terms.worksheet.map_fields
        theirs = [t for o in others for n, t in o.seen.items() if n in fields and fields[n].role == "email"]
        letter.opt_outs = tuple(dict.fromkeys([*letter.opt_outs, *theirs]))
