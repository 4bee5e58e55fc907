"""A server that answers what a test tells it, byte by byte, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DATE = "Mon, 23 Nov 2026 09:00:00 GMT"


@dataclass
class Said:
    """One answer."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answering = Callable[[Asked], Said]


@dataclass
class Server:
    """A running server."""

    url: str
    asked: list[Asked]


@contextmanager
def serving(answer: Answering) -> Iterator[Server]:
    """Serve until the block ends."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, raw)
            asked.append(request)
            said = answer(request)
            try:
                self.send_response_only(said.status)
                for name, value in {"Date": DATE, "Content-Length": str(len(said.body)), **said.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said.body)
            except OSError:  # the other side had enough
                pass

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - names set by http.server

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield Server(f"http://127.0.0.1:{server.server_port}", asked)
    finally:
        server.shutdown()
        server.server_close()


def always(status: int = 200, body: bytes | dict | list = b"{}", **headers: str) -> Answering:
    """The same answer to everything."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda _: Said(status, raw, {name.replace("_", "-"): value for name, value in headers.items()})
