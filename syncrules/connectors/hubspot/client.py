"""One call to HubSpot: its turn, the request, its tries, and what came of it.

A read may be asked again after anything passing. A write only when it was certainly not done; where nobody can say,
it is ``Unclear`` and the caller looks first. Redirects are not followed, and no message holds the token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Any, Self

import httpx
import orjson

from syncrules.connectors.hubspot import answers
from syncrules.connectors.hubspot.backoff import Timing, backoff, retry_after
from syncrules.connectors.hubspot.pace import INTERVAL, Gate, Pace
from syncrules.connectors.hubspot.settings import Settings, checked_url
from syncrules.connectors.trouble import Denied, Garbled, Refused, Trouble, Unavailable, Unclear

#: Refused before anything was done (developers.hubspot.com, error handling): may always be sent again.
NOT_DONE = frozenset({423, 429, 477, 503, 521, 523})
#: The limit for a day is used up: asking in seconds is of no use.
DAILY_WAIT = 900.0
#: The number that an operating system puts before what it says.
NUMBER = re.compile(r"\[Errno -?\d+\] ")


class Kind(Enum):
    """What a call does to the account, and which limit it counts for."""

    READ = "read"
    SEARCH = "search"
    WRITE = "write"


@dataclass(frozen=True)
class Answer:
    """A good answer; header names in lower case."""

    status: int
    data: dict[str, Any]
    headers: Mapping[str, str]


class Client:
    """HTTP with one account."""

    def __init__(self, settings: Settings, timing: Timing, gate: Gate) -> None:
        self._settings = settings
        self._timing = timing
        self._gate = gate
        self.pace = Pace(settings)
        self._http = httpx.Client(
            base_url=checked_url(settings),
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "CRMHub"},
            timeout=httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout),
            limits=httpx.Limits(keepalive_expiry=5.0),
            follow_redirects=False,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def call(self, kind: Kind, method: str, path: str, body: Any = None, query: Any = None) -> Answer:
        """The answer, after as many tries as the settings allow (``Trouble``)."""
        waited, tried = 0.0, 0
        while True:
            waited += self._take_turn(kind, self._settings.patience - waited)
            tried += 1
            try:
                return self._once(kind, method, path, body, query)
            except (Unavailable, Unclear, Garbled) as trouble:
                if kind is Kind.WRITE and not isinstance(trouble, Unavailable):
                    raise
                self._rest(trouble, tried, self._settings.patience - waited)

    def _take_turn(self, kind: Kind, patience: float) -> float:
        """Wait until the limits let one more call through; the seconds waited."""
        waited = 0.0
        while wait := self.pace.take(self._timing.clock(), search=kind is Kind.SEARCH):
            if waited + wait > patience:
                raise Unavailable("HubSpot's limits leave no room for a call now.", wait)
            self._timing.sleep(wait)
            waited += wait
        booked = self._gate.take(search=kind is Kind.SEARCH)
        if waited + booked > patience:
            raise Unavailable("HubSpot's limits leave no room for a call now.", booked)
        if booked:
            self._timing.sleep(booked)
        return waited + booked

    def _rest(self, trouble: Trouble, tried: int, patience: float) -> None:
        """Wait before the next try, with everybody else where HubSpot asked for it; else raise ``trouble``."""
        asked = trouble.wait if isinstance(trouble, Unavailable) else None
        wait = backoff(tried, asked, self._timing)
        if asked is not None:
            self.pace.close(self._timing.clock() + wait)
            self._gate.close(wait)
        if tried >= self._settings.tries or wait > patience:
            raise _for_reading(trouble)
        if asked is None:
            self._timing.sleep(wait)

    def _once(self, kind: Kind, method: str, path: str, body: Any, query: Any) -> Answer:
        status, headers, raw = self._exchange(method, path, body, query)
        self.pace.learn(headers, self._timing.clock())
        if self.pace.allowance.most is not None:
            self._gate.learn(self.pace.allowance.most, self.pace.allowance.seconds or INTERVAL)
        if status not in range(200, 300):
            raise self._trouble(status, headers, raw)
        try:
            return Answer(status, answers.parse(raw) if raw else {}, headers)
        except Garbled as garbled:
            raise (Unclear(str(garbled)) if kind is Kind.WRITE else garbled) from None

    def _exchange(self, method: str, path: str, body: Any, query: Any) -> tuple[int, dict[str, str], bytes]:
        """Send and receive; what httpx raises holds the request with its token, so it goes no further."""
        headers = {"Authorization": f"Bearer {self._settings.token}"}
        content = None if body is None else orjson.dumps(body)
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            with self._http.stream(method, path, content=content, params=query, headers=headers) as reply:
                told = {name.lower(): value for name, value in reply.headers.items()}
                return reply.status_code, told, self._read(reply)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as problem:
            raise Unavailable(f"HubSpot could not be reached: {_plain(problem)}.") from None
        except httpx.TransportError as problem:
            raise Unclear(f"No answer came from HubSpot: {_plain(problem)}.") from None

    def _read(self, reply: httpx.Response) -> bytes:
        """The body, as sent and never more than the cap: compression was not asked for."""
        if reply.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise Unclear("HubSpot's answer is compressed, which was not asked for.")
        chunks, size = [], 0
        for chunk in reply.iter_raw(65536):
            size += len(chunk)
            if size > self._settings.max_body:
                raise Unclear(f"HubSpot's answer is over {self._settings.max_body // 1024:,} KB.")
            chunks.append(chunk)
        return b"".join(chunks)

    def _trouble(self, status: int, headers: Mapping[str, str], raw: bytes) -> Trouble:
        """A bad status as an exception."""
        try:
            data = answers.parse(raw)
        except Garbled:
            data = {}
        said = answers.complaint(data).replace(self._settings.token or "\0", "…")
        category = answers.printable(data.get("category") if isinstance(data.get("category"), str) else "")
        told = f"HubSpot answered {status}" + (f": {said}" if said else ".")
        if status in NOT_DONE:
            wait = retry_after(headers)
            return Unavailable(told, DAILY_WAIT if wait is None and data.get("policyName") == "DAILY" else wait)
        if status >= 500:
            return Unclear(told)
        if status in (401, 403):
            return Denied(told)
        return Refused(told, status, category)


def _for_reading(trouble: Trouble) -> Trouble:
    """Nothing that a read leaves undone is unclear."""
    return Unavailable(str(trouble)) if isinstance(trouble, Unclear) else trouble


def _plain(problem: Exception) -> str:
    """What httpx says, in one line and without the system's number, or the kind of problem when it says nothing."""
    return answers.printable(NUMBER.sub("", str(problem)).rstrip(".")) or type(problem).__name__
