"""How much a MAP lets us ask, how much of it is ours, and how much of that is used."""

from __future__ import annotations

from dataclasses import dataclass

from syncrules.services.shown.standing import Standing

#: The window that a MAP counts calls in, where it did not say.
WINDOW = 10.0


@dataclass(frozen=True)
class Window:
    """Calls in one span of time. ``most`` is everybody's limit, ``ours`` the part that the hub takes of it."""

    used: int
    others: int
    ours: int
    most: int

    @property
    def percent(self) -> int:
        return self._part(self.used)

    @property
    def others_percent(self) -> int:
        return min(100 - self.percent, self._part(self.others))

    @property
    def stop_percent(self) -> int:
        return self._part(self.ours)

    def _part(self, count: int) -> int:
        return min(100, round(100 * count / self.most)) if self.most else 0


@dataclass(frozen=True)
class Budget:
    """What is left to ask of one MAP."""

    share: int
    now: Window
    seconds: int
    fresh: bool  # whether the MAP's last answer is recent enough to say what is used now
    made_today: int
    today: Window | None  # None where the MAP has said no daily limit


def budget(standing: Standing) -> Budget:
    """Worked out from the MAP's last answer and our own counts; no query."""
    one = standing.connection
    said = one.allowance
    seconds = said.get("seconds") or WINDOW
    most = said.get("most") or one.calls
    fresh = one.allowance_at is not None and (standing.now - one.allowance_at).total_seconds() <= seconds
    left = said.get("left")
    used = max(0, most - left) if fresh and left is not None else 0
    window = Window(used, 0, most * one.share // 100, most)
    return Budget(one.share, window, round(seconds), fresh, standing.calls, _today(standing))


def _today(standing: Standing) -> Window | None:
    said = standing.connection.allowance
    most = said.get("most_a_day")
    if not most:
        return None
    left = said.get("left_today")
    all_used = most - left if left is not None else standing.calls
    others = max(0, all_used - standing.calls)
    return Window(standing.calls, others, standing.ours_a_day or most, most)
