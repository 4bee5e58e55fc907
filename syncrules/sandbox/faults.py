"""``--faults``: how the sandbox misbehaves on purpose, the same way for the same seed.

A spec is a list such as ``429:0.1,503:0.05,reset_after_write:0.02,slow:0.1:2s,seed=7``: a kind, its
share of the API requests, for some a duration. One number is drawn for each request, from the seed
and the request's place in the order of arrival, and each kind owns a slice of it: so a kind's share
is exact, at most one fault strikes a request, and the shares can't be over 1 together.
"""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass

#: kind: (default duration in seconds, None where a duration makes no sense; what happens)
KINDS: dict[str, tuple[float | None, str]] = {
    "429": (1.0, "refused with Retry-After"),
    "429_bare": (None, "refused without Retry-After"),
    "423": (None, "the record is locked"),
    "477": (None, "the account is being moved"),
    "500": (None, "failed, with a JSON body"),
    "502": (None, "failed at the gateway, with an HTML body"),
    "503": (None, "failed at the gateway, with an HTML body"),
    "504": (None, "failed at the gateway, with an HTML body"),
    "521": (None, "failed at the gateway, with an HTML body"),
    "523": (None, "failed at the gateway, with an HTML body"),
    "524": (None, "failed at the gateway, with an HTML body"),
    "html": (None, "a web page with status 200 instead of the answer"),
    "slow": (2.0, "done, but answered late"),
    "hang": (30.0, "nothing is done or answered; the connection is dropped in the end"),
    "reset": (None, "the connection is reset before anything is done"),
    "reset_after_write": (None, "the write is done, then the connection is reset"),
    "truncated": (None, "done, but the answer's body stops half-way"),
}
#: What befalls webhooks; these shares are of the events, beside those of the requests.
HOOKS: dict[str, tuple[float | None, str]] = {
    "hook_late": (10.0, "a webhook's event is sent late"),
    "hook_twice": (None, "a webhook's event is sent twice"),
    "hook_shuffle": (None, "a webhook's events come in another order"),
}
#: Faults that strike only writes: on a read they would be plain resets.
WRITES_ONLY = frozenset({"reset_after_write"})
MAX_SECONDS = 600
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}


class FaultSpecError(ValueError):
    """The spec can't be understood; the message is one sentence for a person."""


@dataclass(frozen=True)
class Fault:
    """One kind with its share of the requests."""

    kind: str
    share: float
    seconds: float = 0.0

    def __str__(self) -> str:
        timed = f":{self.seconds:g}s" if self.seconds else ""
        return f"{self.kind}:{self.share:g}{timed}"


@dataclass(frozen=True)
class Faults:
    """What a spec says."""

    faults: tuple[Fault, ...] = ()
    hooks: tuple[Fault, ...] = ()
    seed: int = 1
    clock: float = 0.0
    lag: float = 0.0  # seconds that the search index is behind

    def draw(self, number: int, *, writes: bool) -> Fault | None:
        """The fault that strikes the request of that number, if one does."""
        if not self.faults:
            return None
        place = random.Random(f"{self.seed}:{number}").random()  # noqa: S311 - replayable, not secret
        for fault in self.faults:
            if place < fault.share:
                return None if fault.kind in WRITES_ONLY and not writes else fault
            place -= fault.share
        return None

    def late(self, event: int) -> float:
        """How many seconds too late that event is sent."""
        fault = self._struck("hook_late", event)
        return fault.seconds if fault else 0.0

    def twice(self, event: int) -> bool:
        """Whether that event is sent twice."""
        return self._struck("hook_twice", event) is not None

    def shuffled(self, event: int) -> bool:
        """Whether the events that are sent with that one come in another order."""
        return self._struck("hook_shuffle", event) is not None

    def _struck(self, kind: str, event: int) -> Fault | None:
        place = random.Random(f"{self.seed}:{kind}:{event}").random()  # noqa: S311 - replayable, not secret
        return next((fault for fault in self.hooks if fault.kind == kind and place < fault.share), None)

    def __str__(self) -> str:
        items = [str(fault) for fault in (*self.faults, *self.hooks)]
        items += [f"clock={self.clock:+g}s"] if self.clock else []
        items += [f"lag={self.lag:g}s"] if self.lag else []
        return ",".join([*items, f"seed={self.seed}"]) if items else ""


def parse(spec: str) -> Faults:
    """Read a spec strictly: whatever is not understood is an error, never ignored."""
    faults: dict[str, Fault] = {}
    options: dict[str, float] = {}
    for item in [part.strip() for part in spec.split(",")] if spec.strip() else []:
        fault = None if "=" in item else _fault(item)
        name, value = (fault.kind, 0.0) if fault else _option(item)
        if name in faults or name in options:
            raise FaultSpecError(f'"{name}" is given twice in the faults.')
        if fault:
            faults[name] = fault
        else:
            options[name] = value
    requests = tuple(fault for fault in faults.values() if fault.kind in KINDS)
    total = math.fsum(fault.share for fault in requests)
    if total > 1 + 1e-9:
        raise FaultSpecError(f"The shares of the faults add up to {total:g}; they can't be over 1 together.")
    return Faults(
        faults=requests,
        hooks=tuple(fault for fault in faults.values() if fault.kind in HOOKS),
        seed=int(options.get("seed", 1)),
        clock=options.get("clock", 0.0),
        lag=options.get("lag", 0.0),
    )


def _fault(item: str) -> Fault:
    kind, *rest = item.split(":")
    known = KINDS | HOOKS
    if kind not in known:
        raise FaultSpecError(f'"{item}" is no fault the sandbox knows; it knows {", ".join(known)}.')
    if not 1 <= len(rest) <= 2:
        raise FaultSpecError(f'"{item}" must be written {kind}:SHARE, for instance {kind}:0.1.')
    default = known[kind][0]
    if default is None and len(rest) == 2:
        raise FaultSpecError(f'"{item}" has a duration, but {kind} takes none.')
    seconds = _seconds(rest[1], item) if len(rest) == 2 else default or 0.0
    return Fault(kind, _share(rest[0], item), seconds)


def _share(text: str, item: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?|\.\d+", text, re.ASCII) or not 0 <= float(text) <= 1:
        raise FaultSpecError(f'"{item}" has the share "{text}"; a share is a number from 0 to 1.')
    return float(text)


def _seconds(text: str, item: str) -> float:
    found = _DURATION.fullmatch(text)
    seconds = float(found[1]) * _UNITS[found[2]] if found and text.isascii() else -1.0
    if not 0 < seconds <= MAX_SECONDS:
        raise FaultSpecError(f'"{item}" has the duration "{text}"; write it like 500ms, 2s or 1m, up to 10m.')
    return seconds


def _option(item: str) -> tuple[str, float]:
    name, _, text = item.partition("=")
    if name == "seed":
        if not re.fullmatch(r"\d{1,15}", text, re.ASCII):
            raise FaultSpecError(f'"{item}" is no seed; a seed is a whole number.')
        return name, int(text)
    if name == "lag":
        return name, _seconds(text, item)
    if name == "clock":
        sign = -1.0 if text.startswith("-") else 1.0
        return name, sign * _seconds(text.lstrip("+-"), item)
    raise FaultSpecError(f'"{item}" is no setting the sandbox knows; it knows seed=N, clock=+90s and lag=3s.')
