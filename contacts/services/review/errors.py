"""Why a decision can't be taken, in sentences for the one who tried."""

from __future__ import annotations

from collections.abc import Sequence

from contacts.models import Review


class Refused(Exception):
    """A decision that can't be taken; the text says why, and what can be done instead."""


class AlreadyDecided(Refused):
    """Somebody else was quicker; the text says who decided what, and when."""

    def __init__(self, case: Review) -> None:
        who, what = case.decided_by_name or "somebody else", case.get_status_display()
        super().__init__(f"{who} decided case {case.pk} already: {what}, {case.decided_at:%-d %B %H:%M}.")
        self.case = case


class Taken(Refused):
    """Somebody else has the case open."""

    def __init__(self, case: Review) -> None:
        super().__init__(
            f"{case.taken_by_name} has case {case.pk} open until {case.taken_until:%H:%M}. "
            "It is free again then, or as soon as they open another case."
        )
        self.case = case


class Changed(Refused):
    """The case is not what the reviewer saw any more; ``news`` says what happened to it."""

    def __init__(self, news: Sequence[str]) -> None:
        super().__init__(f"Nothing was stored, because the case changed after you had opened it: {' '.join(news)}")
        self.news = list(news)
