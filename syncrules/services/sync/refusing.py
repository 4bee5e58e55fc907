"""A MAP's refusals as errors that people read."""

from __future__ import annotations

from syncrules.connectors.base import Written
from syncrules.connectors.trouble import Denied, Refused, Trouble
from syncrules.domain.records import Judged
from syncrules.services.sync.errors import OF_WRITES, Cause, Fault
from syncrules.services.sync.letters import Letter


def untold(letter: Letter, one: Judged) -> Fault:
    """A value of the hub that the MAP has no counterpart for."""
    value = str(one.judgement.map_value)
    text = f"The MAP has no counterpart for “{value}” in {one.row.map}."
    record = letter.link.record_id if letter.link else ""
    return Fault(
        letter.row.subject, Cause.OPTION_UNKNOWN, text, contact=letter.contact, record=record, field=one.row.map,
        value=value,
    )  # fmt: skip


def fault(letter: Letter, written: Written, name: str = "") -> Fault:
    """A refusal in the words of the MAP, with what was sent of this record."""
    cause = Cause.DENIED if isinstance(written.trouble, Denied) else OF_WRITES.get(written.why, Cause.REFUSED)
    return Fault(
        letter.row.subject,
        cause,
        written.error,
        letter.row.kind,
        letter.contact,
        letter.link.record_id if letter.link else "",
        name,
        letter.texts.get(name, ""),
        {"what": letter.sort.value, "record": letter.key, "values": dict(letter.texts)},
        {"why": str(written.why or ""), "said": written.error},
    )


def is_verdict(trouble: Trouble) -> bool:
    """Whether a MAP refused this very thing, rather than the call having failed."""
    return isinstance(trouble, Refused)
