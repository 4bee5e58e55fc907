"""What a pilot writes into the MAP is noted with what stood there before, in the transaction that settles it."""

from __future__ import annotations

from collections.abc import Sequence

from syncrules.models import PilotWrite
from syncrules.services.sync.deciding import Context
from syncrules.services.sync.letters import Answer, Sort


def note(context: Context, good: Sequence[Answer]) -> None:
    """One row for each record that was made or changed; nothing where no pilot is at work.

    An opt-out is not noted: nothing takes an unsubscribe back.
    """
    pilot = context.scope.pilot
    if pilot is None:
        return
    PilotWrite.objects.bulk_create(
        PilotWrite(
            pilot_id=pilot, contact_id=answer.letter.contact, record_id=answer.written.id, at=context.at,
            made=answer.letter.sort is Sort.MAKE and answer.written.new, before=_before(answer), after=_after(answer),
        )
        for answer in good
        if answer.letter.contact is not None and answer.written is not None and answer.stored
    )  # fmt: skip


def _after(answer: Answer) -> dict[str, str]:
    return {name: text for name, text in answer.stored.items() if name not in answer.letter.out}


def _before(answer: Answer) -> dict[str, str]:
    """Nothing where a record was to be made and one was there after all: what stood in it nobody saw."""
    link, written = answer.letter.link, answer.written
    if link is None and written is not None and not written.new:
        return {}
    return {name: link.seen.get(name, "") if link else "" for name in _after(answer)}
