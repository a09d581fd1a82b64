"""One request to the server: read within bounds, and answered or refused."""

from __future__ import annotations

import json
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from conjac.errors import ConjacError
from conjac.views.explorer.server.refusals import RefusalError, check_head, length_of, question

if TYPE_CHECKING:
    from conjac.views.explorer.server.server import Server

READ_SECONDS = 10.0
"""In which a request must be here, however slowly it is sent."""
MOST_DRAINED = 2**20
"""Bytes of a refused body that are taken: closing on what is unread would cut off the answer."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every answer; what a page may load stands in the page."""


class Handler(BaseHTTPRequestHandler):
    """The page for GET, and for POST an answer: the length of its JSON in 4 bytes, that JSON, and its arrays."""

    server: Server
    timeout = READ_SECONDS
    server_version, sys_version = "conjac", ""

    def setup(self) -> None:
        """Give a request a while to arrive, all of it: a limit between two bytes alone would never end."""
        super().setup()
        self._unread = True
        self._deadline = threading.Timer(READ_SECONDS, self._give_up)
        self._deadline.daemon = True
        self._deadline.start()

    def finish(self) -> None:
        """Close, whether or not the other side listens."""
        self._deadline.cancel()
        super().finish()

    def do_GET(self) -> None:
        """Send the page."""
        self._serve(lambda: self._send(200, self.server.page, "text/html; charset=utf-8"))

    def do_POST(self) -> None:
        """Answer a question."""
        self._serve(self._answer)

    def _serve(self, serve: Any) -> None:
        try:
            check_head(self.command, self.path, self.headers, self.server.port, self.server.token)
            serve()
        except RefusalError as refused:
            self._refuse(refused.status, refused.why)
            told = self.headers.get("Content-Length", "")
            if self._unread and told.isascii() and told.isdigit():
                self.rfile.read(min(int(told[:8]), MOST_DRAINED))

    def _answer(self) -> None:
        length = length_of(self.headers)
        body = self.rfile.read(length)
        self._unread = False
        self._deadline.cancel()
        if len(body) < length:
            raise RefusalError(400, "the body is shorter than its Content-Length")
        try:
            packed = self.server.answer(question(body))
        except ConjacError as error:
            raise RefusalError(400, str(error)) from None
        except RefusalError:
            raise
        except Exception:
            self._refuse(500, "a bug: the terminal that serves this page says more")
            raise
        tree = json.dumps(packed.tree, allow_nan=False, separators=(",", ":")).encode()
        self._send(200, struct.pack("<I", len(tree)) + tree + packed.blob, "application/octet-stream")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refuse(self, status: int, why: str) -> None:
        self.close_connection = True
        line = json.dumps({"error": " ".join(why.split())[:2000]}).encode()
        self._send(status, line, "application/json")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request as everything else is refused, without a page."""
        del explain
        self.request_version = self.request_version or "HTTP/1.0"
        self._refuse(405 if code == 501 else code, message or "no request that can be read")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: addresses hold the token."""

    def _give_up(self) -> None:
        try:
            self.connection.shutdown(socket.SHUT_RD)
        except OSError:  # it has ended
            return
