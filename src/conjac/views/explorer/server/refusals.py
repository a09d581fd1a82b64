"""Which requests are refused, and how: nothing that another page or another machine sends is answered."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from email.message import Message
from typing import Any
from urllib.parse import parse_qs, urlsplit

MOST_BYTES = 64 * 1024
"""Of the body of a request."""
PATHS = {"/": "GET", "/ask": "POST"}


class RefusalError(Exception):
    """A request that is not served: its status, and why in one line."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


def check_head(method: str, target: str, head: Message, port: int, token: str) -> None:
    """Refuse by the first line and the headers.

    Parameters
    ----------
    method, target : str
    head : Message
    port : int
        The server's.
    token : str
        What the address, or of a question its ``Authorization``, must hold.

    Raises
    ------
    RefusalError
        Another host than this one (as where a foreign name was made to point here), a wrong token, a path or a method
        that there is not, or a question that another page asks.
    """
    host = _only(head, "Host")
    if host not in (f"127.0.0.1:{port}", f"localhost:{port}"):
        raise RefusalError(403, "this server answers to 127.0.0.1 and localhost alone")
    asked = urlsplit(target)
    if not secrets.compare_digest(_told(method, asked.query, head), token.encode()):
        raise RefusalError(403, "the address lacks its token, or has another one: open the one that was printed")
    if asked.path not in PATHS:
        raise RefusalError(404, "there is nothing here but / and /ask")
    if PATHS[asked.path] != method:
        raise RefusalError(405, f"{asked.path} takes {PATHS[asked.path]} alone")
    if method == "POST" and (
        head.get("Origin", f"http://{host}") != f"http://{host}"
        or head.get("Sec-Fetch-Site", "same-origin") != "same-origin"
    ):
        raise RefusalError(403, "a question of another page")


def length_of(head: Message) -> int:
    """Return the length of a question's body.

    Raises
    ------
    RefusalError
        No JSON, no length or two of them, or one above `MOST_BYTES`.
    """
    if head.get_content_type() != "application/json" or "Content-Type" not in head:
        raise RefusalError(415, "expected Content-Type: application/json")
    told = _only(head, "Content-Length")
    if told is None or "Transfer-Encoding" in head:
        raise RefusalError(411, "expected one Content-Length")
    if not (told.isascii() and told.isdigit()):
        raise RefusalError(400, "Content-Length is no number")
    if len(told) > len(str(MOST_BYTES)) or int(told) > MOST_BYTES:
        raise RefusalError(413, f"expected at most {MOST_BYTES} bytes")
    return int(told)


def question(body: bytes) -> Mapping[str, Any]:
    """Return the JSON object that a body holds.

    Raises
    ------
    RefusalError
        Something else.
    """
    try:
        found = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise RefusalError(400, "expected JSON") from None
    if not isinstance(found, dict):
        raise RefusalError(400, "expected a JSON object")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _only(head: Message, name: str) -> str | None:
    """Return a header that is there once."""
    found = head.get_all(name, [])
    return str(found[0]) if len(found) == 1 else None


def _told(method: str, query: str, head: Message) -> bytes:
    """Return the token of a request: of a page in its address, of a question in a header no other page can set."""
    if method == "POST":
        found = (_only(head, "Authorization") or "").removeprefix("Bearer ")
    else:
        try:
            found = parse_qs(query, max_num_fields=8).get("token", [""])[0]
        except ValueError:
            found = ""
    return found.encode("utf-8", "surrogatepass")
