"""One request from arrival to reply: token, limits, fault, route, transaction, log."""

from __future__ import annotations

import hmac
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import pages, routes
from .clock import Clock
from .desk import Desk
from .errors import ApiError, not_found
from .faults import Fault, Faults, FaultSpecError, parse
from .limits import Limits, too_many
from .log import WriteLog
from .storage import Store
from .webhooks import Target, Webhooks
from .wire import Reply, Request, decoded, html_reply, json_reply


@dataclass
class Sandbox:
    """The sandbox MAP without its sockets."""

    token: str
    store: Store = field(default_factory=Store)
    faults: Faults = field(default_factory=Faults)
    limits: Limits = field(default_factory=Limits)
    log: WriteLog = field(default_factory=WriteLog)
    target: Target | None = None

    def __post_init__(self) -> None:
        self._desk = Desk(self.store)
        told = self.target
        self.webhooks = Webhooks(told, self.store, lambda: self.clock, lambda: self.faults) if told else None

    def start(self) -> None:
        """Begin to tell of changes, where somebody is to be told."""
        if self.webhooks:
            self.webhooks.start()

    def stop(self) -> None:
        """Tell nothing more."""
        if self.webhooks:
            self.webhooks.stop()

    @property
    def clock(self) -> Clock:
        """The clock as the faults set it."""
        return Clock(self.faults.clock)

    def respond(self, request: Request) -> Reply:
        """The reply to anything; a mistake of ours is a 500 with its traceback on standard error."""
        try:
            page = self._desk.respond(request, self.clock, self._figures() if request.path == "/" else {})
            if page is not None:
                self._wake()
                return page
            self._check_token(request)
            if request.path.startswith("/_sandbox/"):
                return self._control(request)
            return self._api(request)
        except ApiError as problem:
            return json_reply(problem.status, problem.body())
        except Exception:  # the server must outlive any one request
            traceback.print_exc(file=sys.stderr)
            return json_reply(500, ApiError(500, "internal error", "INTERNAL_ERROR").body())

    def _wake(self) -> None:
        if self.webhooks:
            self.webhooks.wake()

    def _check_token(self, request: Request) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(given.strip().encode(), self.token.encode())
        if scheme.lower() != "bearer" or not right:
            raise ApiError(401, "Authentication credentials missing or wrong.", "INVALID_AUTHENTICATION")

    def _api(self, request: Request) -> Reply:
        route, parts = routes.find(request.method, request.path)
        number = self.log.count()
        entry = self.log.write(number, request, self.clock.now_ms()) if route.writes else {}
        try:
            headers = self.limits.admit(search=route.search)
        except ApiError as problem:
            reply = json_reply(problem.status, problem.body())
        else:
            fault = self.faults.draw(number, writes=route.writes)
            entry["fault"] = fault.kind if fault else None
            reply = _strike(fault, lambda: self._serve(route, parts, request, entry))
            reply.headers |= headers
        entry["status"] = reply.status or None
        return reply

    def _serve(self, route: routes.Route, parts: dict[str, str], request: Request, entry: dict[str, Any]) -> Reply:
        """Do the work, in one transaction; the log says ``applied`` only after the commit."""
        try:
            body = request.json() if request.method in ("POST", "PATCH") and request.raw else {}
            with self.store.transaction():
                now = self.clock.now_ms()
                indexed = now - int(self.faults.lag * 1000) if self.faults.lag else None
                call = routes.Call(self.store, now, decoded(parts), request.query, body, indexed)
                status, answer = route.handler(call)
        except ApiError as problem:
            return json_reply(problem.status, problem.body())
        entry["applied"] = True
        if route.writes:
            self._wake()
        return json_reply(status, answer)

    # What HubSpot does not have: for tests and for the person at the keyboard.

    def _control(self, request: Request) -> Reply:
        match request.method, request.path:
            case "GET", "/_sandbox/requests":
                since = request.query.get("since", "0")
                return json_reply(200, self.log.since(int(since) if since.isdecimal() and len(since) < 19 else 0))
            case "POST", "/_sandbox/reset":
                self.store.reset()
                self.limits.reset()
                self.log.reset()
                return json_reply(204, None)
            case "GET", "/_sandbox/webhooks":
                return json_reply(200, self.webhooks.figures() if self.webhooks else {})
            case "GET", "/_sandbox/faults":
                return json_reply(200, {"faults": str(self.faults)})
            case "POST", "/_sandbox/faults":
                return self._change_faults(request.json())
        raise not_found("/_sandbox/ has GET requests, GET webhooks, POST reset, and GET or POST faults.")

    def _change_faults(self, body: dict[str, Any]) -> Reply:
        try:
            self.faults = parse(str(body.get("faults", "")))
        except FaultSpecError as problem:
            raise ApiError(400, str(problem)) from None
        return json_reply(200, {"faults": str(self.faults)})

    def _figures(self) -> dict[str, str]:
        counts = {name.replace("_", " ").capitalize(): f"{n:,}" for name, n in self.store.counts().items()}
        limit = f"{self.limits.ten_seconds} requests in 10 seconds" if self.limits.ten_seconds else "none"
        return counts | {
            "Requests since start": f"{self.log.requests:,}",
            "Writes among them": f"{self.log.writes:,}",
            "Limit": limit,
            "Faults": str(self.faults) or "none",
            "Webhooks": self._told(),
            "Storage": self.store.path,
        }

    def _told(self) -> str:
        if not self.target or not self.webhooks:
            return "none"
        figures = ", ".join(f"{n:,} {name}" for name, n in self.webhooks.figures().items())
        return f"to {self.target.url} ({figures})"


def _strike(fault: Fault | None, serve: Callable[[], Reply]) -> Reply:
    """The reply as the fault leaves it; some faults let the work be done first."""
    if fault is None:
        return serve()
    if fault.kind not in ("slow", "truncated", "reset_after_write"):
        return _refusal(fault)
    reply = serve()
    reply.delay = fault.seconds
    reply.truncated, reply.reset = fault.kind == "truncated", fault.kind == "reset_after_write"
    return reply


def _refusal(fault: Fault) -> Reply:
    """What comes instead of the work."""
    if fault.kind in ("hang", "reset"):
        return Reply(0, delay=fault.seconds, reset=True)
    if fault.kind in ("429", "429_bare"):
        headers = {"Retry-After": str(max(1, round(fault.seconds)))} if fault.seconds else {}
        return json_reply(429, too_many("TEN_SECONDLY_ROLLING").body(), headers)
    if fault.kind in ("423", "477", "500"):
        status = int(fault.kind)
        return json_reply(status, ApiError(status, "The sandbox was told to fail.", "FAULT").body())
    status = 200 if fault.kind == "html" else int(fault.kind)
    return html_reply(status, pages.gateway_error(status))


def token_from(environment: dict[str, str], host: str) -> str:
    """SANDBOX_TOKEN, with a well-known default only where nobody else can call (ValueError)."""
    token = environment.get("SANDBOX_TOKEN", "")
    if token:
        return token
    if host in ("127.0.0.1", "::1", "localhost"):
        return "sandbox-token"
    raise ValueError(f"SANDBOX_TOKEN must be set when the sandbox listens on {host}.")
