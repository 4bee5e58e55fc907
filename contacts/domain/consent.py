"""What stands for an address: whether it may be mailed for a purpose, worked out from all that was ever recorded.

Nothing here depends on the order, the repetition or the delay of records. A record can only raise protection, with
one exception: a newer agreement that the person gave directly, with all of its evidence, lifts an earlier stop
(GDPR Article 7; a sync, an import or a merge never does).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

#: Stands for every channel, or every purpose, in a record that stops. Nobody agrees to everything at once.
ALL = "*"
EMAIL = "email"
#: What a bare opt-in column is about, as long as nobody says otherwise.
NEWS = "product-news"

GRANTED = "granted"
WITHDRAWN = "withdrawn"
BOUNCED = "bounced"
CLEANED = "cleaned"
COMPLAINED = "complained"
ERASED = "erased"
#: What stops mail, the strictest first. They are kept apart: a bounce is no unsubscribe, and neither is a complaint.
STOPS = (ERASED, COMPLAINED, WITHDRAWN, CLEANED, BOUNCED)
#: Said by or for the person: they stop every address of the person. The others are about one address.
PERSONAL = frozenset({ERASED, COMPLAINED, WITHDRAWN})
#: Nothing lifts these: who complained, or asked to be forgotten, is not asked again.
FINAL = frozenset({ERASED, COMPLAINED})

# How a record came about.
FORM = "form"  # the person, on a form or page
FILE = "file"  # the word of whoever brought a file
SYNC = "sync"  # a MAP, or another tool that only relays
STAFF = "staff"  # somebody who works with the hub
LINK = "link"  # the person, by the link in a mail
#: Only an agreement that came this way lifts a stop.
DIRECT = frozenset({FORM})
#: The person's own word, with its own time.
OWN = frozenset({FORM, LINK})

# The five parts of the proof of an agreement, as bits (ICO, "How should we record consent?").
WHO, WHEN, HOW, WORDS, SOURCE = 1, 2, 4, 8, 16
PROVED = WHO | WHEN | HOW | WORDS | SOURCE
PARTS = {WHO: "who agreed", WHEN: "when", HOW: "how", WORDS: "in which words", SOURCE: "through which source"}
#: Before this there was nobody to mail: a "time" of then is a blank cell in disguise.
EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
#: How far the clock of a form may be ahead of ours.
AHEAD = timedelta(minutes=5)

# What stands, as one word.
AGREED, UNPROVEN, NOTHING = "agreed", "unproven", "nothing"


class Entry(NamedTuple):
    """One record as the judge needs it. Times are only compared, so any one form of them does."""

    act: str
    channel: str
    purpose: str
    method: str
    proof: int
    occurred_at: Any
    recorded_at: Any
    id: int = 0

    @property
    def when(self) -> Any:
        """When it happened, as far as one can know: never later than when it was recorded.

        A no that others relay counts from when it was recorded: their date may well be that of an old yes.
        """
        if self.occurred_at is None or (self.act != GRANTED and self.method not in OWN):
            return self.recorded_at
        return min(self.occurred_at, self.recorded_at)

    @property
    def lifts(self) -> bool:
        """Whether it is an agreement that can lift an earlier stop."""
        return self.act == GRANTED and self.proof == PROVED and self.method in DIRECT


class Standing(NamedTuple):
    """What stands for one address, channel and purpose. ``stops`` has every reason not to mail, the strictest first."""

    agreement: str  # agreed, unproven or nothing
    stops: tuple[str, ...] = ()

    @property
    def mailable(self) -> bool:
        return self.agreement == AGREED and not self.stops

    @property
    def word(self) -> str:
        """The strictest thing to say of it."""
        return self.stops[0] if self.stops else self.agreement


NONE = Standing(NOTHING)


def proof_of(
    *, who: str, occurred_at: datetime | None, recorded_at: datetime, how: str, words: str, source: str
) -> int:
    """Which parts of the proof an agreement has, as bits. A time that can't be true is no time."""
    timely = occurred_at is not None and EARLIEST <= occurred_at <= recorded_at + AHEAD
    found = {WHO: who.strip(), WHEN: timely, HOW: how.strip(), WORDS: words.strip(), SOURCE: source.strip()}
    return sum(part for part, given in found.items() if given)


def missing(proof: int) -> list[str]:
    """The parts of the proof that are not there, in words."""
    return [words for part, words in PARTS.items() if not proof & part]


def standing(entries: Iterable[Entry], channel: str = EMAIL, purpose: str = NEWS) -> Standing:
    """What stands, given every record of one address, in any order. An agreement to everything is none."""
    agreement, lifted, stops = NOTHING, None, []
    for entry in entries:
        if entry.channel not in (channel, ALL):
            continue
        if entry.act != GRANTED:
            if entry.purpose in (purpose, ALL):
                stops.append(entry)
        elif entry.purpose == purpose and entry.channel == channel:
            if entry.proof == PROVED:
                agreement = AGREED
                if entry.method in DIRECT and (lifted is None or entry.when > lifted):
                    lifted = entry.when
            elif agreement == NOTHING:
                agreement = UNPROVEN
    if not stops:
        return Standing(agreement)
    still = {s.act for s in stops if s.act in FINAL or lifted is None or s.when >= lifted}
    return Standing(agreement, in_order(still))


def said_no(entries: Iterable[Entry]) -> frozenset[str]:
    """What the person said against all mail, whatever for, as far as it still stands: the stage is Unsubscribed then.

    A newer agreement that lifts (``Entry.lifts``), to any one purpose, shows that the person may be written to again.
    A no to one purpose alone is about that purpose.
    """
    entries = list(entries)
    agreed = [e.when for e in entries if e.lifts and e.channel == EMAIL]
    lifted = max(agreed) if agreed else None
    return frozenset(
        e.act
        for e in entries
        if e.act in FINAL or (e.act == WITHDRAWN and e.purpose == ALL and (lifted is None or e.when >= lifted))
    )


def method_of(door: str, by_person: bool) -> str:
    """How what a record says came about, by its door; ``by_person``: the source is filled in by people themselves."""
    if door == "file":
        return FILE
    if door == "form":
        return STAFF
    return FORM if by_person else SYNC


def in_order(stops: Iterable[str]) -> tuple[str, ...]:
    """Stops, the strictest first."""
    found = set(stops)
    return tuple(stop for stop in STOPS if stop in found)


def of_person(by_address: Mapping[str, Standing]) -> dict[str, Standing]:
    """The same for all the addresses of one person: what the person said against mail holds for each of them.

    So the strictest consent wins in a merge, whatever the order, and each address keeps its own when it is undone.
    """
    said = {stop for found in by_address.values() for stop in found.stops if stop in PERSONAL}
    return {a: s._replace(stops=in_order({*s.stops, *said})) for a, s in by_address.items()}


def stops_of_person(by_address: Mapping[str, Standing]) -> frozenset[str]:
    """What stops all mail to a person."""
    return frozenset(stop for found in by_address.values() for stop in found.stops if stop in PERSONAL)


def purpose_words(purpose: str) -> str:
    """A purpose as people read it."""
    return "everything" if purpose == ALL else purpose.replace("-", " ").capitalize()
