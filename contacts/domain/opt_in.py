"""What the consent columns of a record say (contract: opt_in, opt_in_at, opt_in_text), and those that say no."""

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


#: In a column that asks the other way round, as CRM exports have it ("Email Opt Out"), these say nothing: not to have
#: said no is no agreement.
NOT_OUT = frozenset(
    fold(word)
    for word in "no, n, false, f, 0, off, nein, non, não, nao, nie, subscribed, opted in, opt-in, opt in".split(", ")
)


class OptIn(NamedTuple):
    """What one record says about mailing its address: the act, when it happened, and the words that were shown."""

    act: str
    at: datetime | None = None
    words: str = ""

    @property
    def stops_person(self) -> bool:
        return self.act in PERSONAL


def is_no_opt_out(text: str) -> bool:
    """Whether a value of an opt-out column says that nothing was said."""
    return fold(text) in NOT_OUT


def read_opt_out(text: str, at: datetime | None) -> str | None:
    """The act that a value of an opt-out column stands for, ``at`` being the moment that it may be ("Unsubscribed at").

    None where it can't be read; ``is_no_opt_out`` is asked before.
    """
    act = read_opt_in(text)
    return WITHDRAWN if act == GRANTED or at is not None else act


def read_opt_in(text: str) -> str | None:
    """The act that a value of an opt-in column stands for; None where it is neither a yes nor a no."""
    return ACT_OF.get(fold(text))
