"""Lines over time with a target, as places in a drawing. Pure; the page draws them as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

#: The room that the words beside and under the lines take.
LEFT, RIGHT, TOP, BOTTOM = 40, 12, 10, 22


class Point(NamedTuple):
    """One value: the report that it is of, when, and how much."""

    key: int
    at: datetime
    value: float


class Dot(NamedTuple):
    """A point in the drawing; ``good`` where its value meets the target."""

    key: int
    at: datetime
    value: float
    x: float
    y: float
    good: bool


class Tick(NamedTuple):
    """A line across, with what it stands for."""

    y: float
    value: float


@dataclass(frozen=True)
class Chart:
    """Everything that is drawn; ``path`` is the line's points as SVG wants them."""

    width: int
    height: int
    dots: Sequence[Dot]
    path: str
    target: float
    ticks: Sequence[Tick]

    @property
    def bottom(self) -> int:
        return self.height - BOTTOM

    @property
    def middle(self) -> Dot | None:
        """The point nearest to the middle, for the words under the line."""
        return self.dots[len(self.dots) // 2] if len(self.dots) > 2 else None


def line(
    points: Sequence[Point], target: float, low: float, high: float, *, below: bool, width: int = 456, height: int = 128
) -> Chart:
    """Points by time, the oldest first, on a scale from ``low`` to ``high``, widened where values need it.

    ``below``: whether the target is met from below.
    """
    values = [p.value for p in points]
    low, high = min([low, *values]), max([high, *values])
    span = (high - low) or 1.0
    first = points[0].at.timestamp() if points else 0.0
    time = (points[-1].at.timestamp() - first if points else 0.0) or 1.0
    across, up = width - LEFT - RIGHT, height - TOP - BOTTOM

    def y(value: float) -> float:
        return round(TOP + up * (1 - (value - low) / span), 1)

    def dot(p: Point) -> Dot:
        x = LEFT + across * ((p.at.timestamp() - first) / time) if len(points) > 1 else LEFT + across
        good = p.value <= target if below else p.value >= target
        return Dot(p.key, p.at, p.value, round(x, 1), y(p.value), good)

    dots = [dot(p) for p in points]
    path = " ".join(f"{d.x},{d.y}" for d in dots)
    ticks = [Tick(y(v), v) for v in (high, (low + high) / 2, low)]
    return Chart(width, height, dots, path, y(target), ticks)


@dataclass(frozen=True)
class Spark:
    """A line without words: its points, where the target lies, and where the line ends."""

    path: str
    target: float
    end: tuple[float, float]


def spark(points: Sequence[Point], target: float, *, width: int = 120, height: int = 30) -> Spark | None:
    """The same line, small, scaled so that its values and the target fill the height; None for fewer than two."""
    if len(points) < 2:
        return None
    values = [target, *(p.value for p in points)]
    low, span = min(values), (max(values) - min(values)) or 1.0
    first = points[0].at.timestamp()
    time = (points[-1].at.timestamp() - first) or 1.0
    edge = 3

    def y(value: float) -> float:
        return round(edge + (height - 2 * edge) * (1 - (value - low) / span), 1)

    def x(p: Point) -> float:
        return round(edge + (width - 2 * edge) * (p.at.timestamp() - first) / time, 1)

    places = [(x(p), y(p.value)) for p in points]
    return Spark(" ".join(f"{a},{b}" for a, b in places), y(target), places[-1])
