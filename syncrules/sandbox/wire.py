"""Requests and replies between the server, which knows sockets, and the app, which does not."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .errors import ApiError

JSON = "application/json;charset=utf-8"
HTML = "text/html; charset=utf-8"


@dataclass
class Reply:
    """What to send, and how the connection misbehaves while it is sent."""

    status: int
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    reset: bool = False
    truncated: bool = False


def json_reply(status: int, body: Any, headers: dict[str, str] | None = None) -> Reply:
    """A JSON answer; none at all for 204."""
    if status == 204:
        return Reply(204, b"", dict(headers or {}))
    return Reply(status, json.dumps(body).encode(), {"Content-Type": JSON, **(headers or {})})


def html_reply(status: int, page: str) -> Reply:
    """A page without scripts or anything from elsewhere."""
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    return Reply(status, page.encode(), {"Content-Type": HTML, "Content-Security-Policy": policy})


@dataclass
class Request:
    """One HTTP request; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""
    peer: str = ""

    @property
    def path(self) -> str:
        """The path as it came, still percent-encoded: an encoded slash is no separator."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """Query parameters; repeated ``properties`` are joined, as HubSpot takes both forms."""
        query: dict[str, str] = {}
        for name, value in parse_qsl(urlsplit(self.target).query, keep_blank_values=True):
            query[name] = f"{query[name]},{value}" if name in query else value
        return query

    def json(self) -> dict[str, Any]:
        """The body, which must be a JSON object."""
        if self.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise ApiError(415, "The body must be application/json", "UNSUPPORTED_MEDIA_TYPE")
        try:
            body = json.loads(self.raw.decode("utf-8"), parse_constant=_refuse_constant)
            json.dumps(body, ensure_ascii=False).encode("utf-8")  # half a surrogate pair is no text
        except (ValueError, RecursionError):
            raise ApiError(400, "Invalid input JSON") from None
        if not isinstance(body, dict):
            raise ApiError(400, "Invalid input JSON: an object is needed")
        return body


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def decoded(parts: dict[str, str]) -> dict[str, str]:
    """Path segments without percent-encoding."""
    return {name: unquote(value) for name, value in parts.items()}
