"""What an import did to consent, in numbers and in a sentence; and the answer of whoever brings a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from contacts.domain import consent
from contacts.models import ConsentRecord, ImportBatch
from contacts.readers.moments import parse_moment
from contacts.services.consent import purposes

ASKED = ("words", "at", "how")
NO_TIME = "“{}” is no time at which people can have agreed: write it like 2026-03-01."


def answer_from(words: str, at: str, how: str, purpose: str = "") -> dict[str, str]:
    """The answer as an import keeps it; raises ValueError with a sentence where the time can't be read."""
    moment = parse_moment(at.strip()) if at.strip() else None
    if at.strip() and moment is None:
        raise ValueError(NO_TIME.format(at.strip()))
    told = {"words": words.strip()[:4000], "at": moment.isoformat() if moment else "", "how": how.strip()[:500]}
    return {**told, "purpose": purposes.known(purpose)} if any(told.values()) else {}


def recorded(batch: ImportBatch) -> dict[str, Any]:
    """How many records of each kind the ledger has of this import, and what that means in a sentence."""
    rows = ConsentRecord.objects.filter(batch_id=batch.pk).values_list("act", "proof") if batch.pk else []
    found = Counter(
        ("agreed" if proof == consent.PROVED else "unproven") if act == consent.GRANTED else act for act, proof in rows
    )
    return {**{name: found[name] for name in ("agreed", "unproven", *consent.STOPS[1:])}, "said": _said(found)}


def _said(found: Mapping[str, int]) -> str:
    if not found:
        return "No agreement was recorded: the file says nothing of consent, so nobody on it may be mailed for it."
    stops = sum(found[stop] for stop in consent.STOPS if stop in found)
    agreed, unproven = found.get("agreed"), found.get("unproven")
    parts = [f"{agreed:,} agreed, with evidence" if agreed else "No agreement with evidence was recorded"]
    parts += [f"{unproven:,} said to have agreed, without it: they may not be mailed"] if unproven else []
    parts += [f"{stops:,} not to be mailed"] if stops else []
    return "; ".join(parts) + "."
