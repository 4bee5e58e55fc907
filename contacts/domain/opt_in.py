"""What the consent columns of a record say (contract: opt_in, opt_in_at, opt_in_text)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from contacts.domain.consent import BOUNCED, CLEANED, COMPLAINED, GRANTED, PERSONAL, WITHDRAWN
from contacts.domain.identity import fold

#: What tools write into such columns, folded. "Non-subscribed" says that nobody ever asked, so it is in none of them.
SAID: dict[str, frozenset[str]] = {
    act: frozenset(fold(word) for word in words.split(", "))
    for act, words in {
        GRANTED: "yes, y, true, t, 1, x, on, ja, j, oui, si, sí, sim, tak, subscribed, opted in, opt-in, opt in, "
        "agreed, granted, consented, checked",
        WITHDRAWN: "no, n, false, f, 0, off, nein, non, não, nao, nie, unsubscribed, opted out, opt-out, opt out, "
        "withdrawn, revoked, do not contact, do not mail, do not email",
        CLEANED: "cleaned",
        BOUNCED: "bounced, hard bounce, hard bounced",
        COMPLAINED: "complained, complaint, spam complaint, marked as spam",
    }.items()
}
ACT_OF = {word: act for act, words in SAID.items() for word in words}


class OptIn(NamedTuple):
    """What one record says about mailing its address: the act, when it happened, and the words that were shown."""

    act: str
    at: datetime | None = None
    words: str = ""

    @property
    def stops_person(self) -> bool:
        return self.act in PERSONAL


def read_opt_in(text: str) -> str | None:
    """The act that a value of an opt-in column stands for; None where it is neither a yes nor a no."""
    return ACT_OF.get(fold(text))
