"""Bytes on the wire: a threaded HTTP/1.1 server of the standard library.

Connections are threads and end with the process, so a stop never waits for a caller; the only thing
waited for is the transaction at work. Faults of the connection itself happen here: a late answer, a
reset (a real RST), half a body.
"""

from __future__ import annotations

import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .app import Sandbox
from .errors import ApiError
from .wire import Reply, Request, json_reply

MAX_BODY = 5 * 1024 * 1024
IDLE_SECONDS = 60


class SandboxServer(ThreadingHTTPServer):
    """The sandbox on a port; port 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sandbox: Sandbox, *, verbose: bool = False) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.sandbox = sandbox
        self.verbose = verbose
        self.stopping = threading.Event()
        self.to_reset: set[Any] = set()
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        """Where callers find it."""
        host, port = self.server_address[0], self.server_address[1]
        return f"http://[{host}]:{port}" if ":" in str(host) else f"http://{host}:{port}"

    def server_bind(self) -> None:
        """As TCPServer; HTTPServer would look up our name in the DNS, which can take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def run(self, poll_seconds: float = 0.1) -> None:
        """Serve until ``stop``, which is noticed within ``poll_seconds``."""
        self.sandbox.start()
        try:
            self.serve_forever(poll_seconds)
        finally:
            self.stopping.set()
            self.sandbox.stop()
            self.server_close()
            self.sandbox.store.close()

    def stop(self) -> None:
        """End ``run`` soon; returns at once and may be called from a signal handler."""
        self.stopping.set()
        threading.Thread(target=self.shutdown, daemon=True).start()

    def shutdown_request(self, request: Any) -> None:
        """Close a connection; one that a fault resets is closed without goodbye."""
        if request in self.to_reset:
            self.to_reset.discard(request)
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no news; anything else is, unless we are closing down."""
        if not isinstance(sys.exc_info()[1], OSError) and not self.stopping.is_set():
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Reads one request after the other from a connection."""

    server: SandboxServer
    protocol_version = "HTTP/1.1"
    server_version = "CRMHubSandboxMAP"
    sys_version = ""
    timeout = IDLE_SECONDS
    wbufsize = 65536  # head and body leave together

    def _serve(self) -> None:
        try:
            raw = self._body()
        except ApiError as problem:
            self.close_connection = True
            self._send(json_reply(problem.status, problem.body()))
            self._discard()
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.sandbox.respond(Request(self.command, self.path, headers, raw, self.client_address[0]))
        if reply.delay:
            self.server.stopping.wait(reply.delay)
        if reply.reset:
            self._reset()
        else:
            self._send(reply)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815 - names set by http.server

    def _body(self) -> bytes:
        """The request's body, never more than the cap; a length is needed to read it at all."""
        if "Transfer-Encoding" in self.headers:
            raise ApiError(411, "The sandbox needs a Content-Length", "LENGTH_REQUIRED")
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdecimal()):
            raise ApiError(400, "Content-Length is not a number")
        if len(length) > 12 or int(length) > MAX_BODY:
            raise ApiError(413, "The body is over 5 MB", "PAYLOAD_TOO_LARGE")
        raw = self.rfile.read(int(length))
        if len(raw) < int(length):
            raise ApiError(400, "The body is shorter than its Content-Length")
        return raw

    def _discard(self) -> None:
        """Read what is left of a refused body: closing on unread bytes would take the refusal with it."""
        self.wfile.flush()
        left = 4 * MAX_BODY
        while left > 0 and (chunk := self.rfile.read1(65536)):
            left -= len(chunk)

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.content)))
        if self.close_connection or reply.truncated:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.content[: len(reply.content) // 2] if reply.truncated else reply.content)

    def _reset(self) -> None:
        """Close with a RST instead of a FIN: lingering for zero seconds."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.to_reset.add(self.request)
        self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header, by the sandbox's clock."""
        now_ms = self.server.sandbox.clock.now_ms()
        return super().date_time_string(int(now_ms / 1000 if timestamp is None else timestamp))

    def log_message(self, format: str, *args: Any) -> None:
        """A line per request only when asked for."""
        if self.server.verbose:
            super().log_message(format, *args)
