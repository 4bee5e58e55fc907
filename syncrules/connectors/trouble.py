"""What can go wrong with a MAP, in words for people. No message ever holds a secret."""

from __future__ import annotations


class Trouble(Exception):
    """A call to a MAP that did not work. The text says why."""


class Unavailable(Trouble):
    """Certainly not done, for a passing reason: limits, an outage, no connection.

    ``wait`` is how many seconds the MAP asked to be left alone, None where it said nothing.
    """

    def __init__(self, text: str, wait: float | None = None) -> None:
        super().__init__(text)
        self.wait = wait


class Unclear(Trouble):
    """The request was sent and no answer came back that says whether it was done."""


class Denied(Trouble):
    """The MAP does not accept the token, or the token lacks a right. A person has to act."""


class Refused(Trouble):
    """The MAP understood the request and refuses it; the same request will be refused again."""

    def __init__(self, text: str, status: int, category: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.category = category


class Garbled(Trouble):
    """An answer that is not what this MAP's API answers: a web page, no JSON, the wrong shape, too long."""


class NotAllowed(Trouble):
    """An address that this connection must not call."""


class BadCursor(Trouble):
    """A cursor that is not one of this connector's, or that points into the MAP's future."""


class BadSignature(Trouble):
    """A webhook that the MAP did not sign, or signed too long ago."""
