"""A server for one person on this machine: `serve`.

Of the standard library. It listens on 127.0.0.1 alone, its address holds a secret, it serves one page and answers one
question at a time, and it reads no file.
"""

from __future__ import annotations

import os
import secrets
import socketserver
import sys
import threading
import webbrowser
from collections.abc import Callable, Mapping
from typing import Any

from conjac.errors import InvalidInputError
from conjac.views.explorer.live import Answers
from conjac.views.explorer.server.handler import Handler
from conjac.views.explorer.server.refusals import RefusalError
from conjac.views.summary.scene import Packed

MOST_AT_ONCE = 8
"""Requests that are read at a time; more are closed unread."""
WAITS = 60.0
"""Seconds that a question waits for the one before it."""


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Serves a page, and answers what it asks.

    Parameters
    ----------
    page : str
    source : Answers or None
    port : int
        0 takes a free one.

    Raises
    ------
    InvalidInputError
        A port that is taken or none.
    """

    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # there, it would let two programs listen at once
    request_queue_size = 32

    def __init__(self, page: str, source: Answers | None, port: int = 0) -> None:
        self.page, self.source, self.token = page.encode(), source, secrets.token_urlsafe(32)
        self._slots, self._computing = threading.BoundedSemaphore(MOST_AT_ONCE), threading.Lock()
        try:
            super().__init__(("127.0.0.1", port), Handler)
        except (OSError, OverflowError) as error:
            raise InvalidInputError(f"port={port} cannot be listened on: {error}; 0 takes a free one") from None

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def address(self) -> str:
        """What to open, with its token."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    def answer(self, request: Mapping[str, Any]) -> Packed:
        """Answer one question at a time.

        Raises
        ------
        ConjacError
            A question that cannot be answered.
        RefusalError
            Nothing to ask, or another question that takes too long.
        """
        if self.source is None:
            raise RefusalError(404, "this page was made of scores; nothing can be scored again without a model")
        if not self._computing.acquire(timeout=WAITS):
            raise RefusalError(503, "another question takes long; ask again")
        try:
            return self.source.answer(request)
        finally:
            self._computing.release()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Read few requests at a time, each in its thread."""
        if not self._slots.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except Exception:  # no thread could be started; at the end, by Ctrl-C, its thread may run and release it
            self._slots.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one request."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that went away, nor of a request that the end of the server closed."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError) and request.fileno() >= 0:
            super().handle_error(request, client_address)


def serve(
    page: str,
    source: Answers | None,
    *,
    port: int = 0,
    browser: bool = False,
    told: Callable[[str], object] = print,
) -> None:
    """Serve a page until Ctrl-C, which frees the port.

    Parameters
    ----------
    page : str
        HTML.
    source : Answers or None
    port : int
        0 takes a free one.
    browser : bool
        Open the page in it.
    told : callable
        Is told the address, which holds a secret.

    Raises
    ------
    InvalidInputError
        A port that is taken or none.
    """
    with Server(page, source, port) as server:
        try:
            told(server.address)
            if browser:
                webbrowser.open(server.address)
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            return
