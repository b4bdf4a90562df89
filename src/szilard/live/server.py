"""The server of the page: on this machine's own address, to whoever has the token, and to no page of another origin."""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, final
from urllib.parse import parse_qs, urlsplit

from szilard.errors import SzilardError
from szilard.live.board import Board
from szilard.live.news import News
from szilard.live.page import ASSETS, asset, shell
from szilard.records import strict_json

HOST = "127.0.0.1"
NAMES = {"127.0.0.1", "localhost"}
"""By which a browser on this machine may call it: a foreign name that leads here is how other pages would get in."""
PATIENCE = 30.0
"""Seconds that a connection may say nothing, or take nothing."""
HEARTBEAT = 10.0
"""Seconds after which something is sent where there is no news, so that a page that is gone is noticed."""
LISTENERS = 32
"""Pages at one time."""
MOST_WANTED = 48
"""Quantities that a page may ask for."""
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""What the page may do: run these very files, ask this server, and nothing else."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Sent with every answer."""


class PortError(SzilardError):
    """The page cannot be served at a port."""


@final
class LiveServer(ThreadingHTTPServer):
    """Serves a board at a random address of this machine.

    Args:
        board: the runs, which somebody refreshes.
        port: 0 for any that is free.

    Raises:
        PortError: if it is taken or may not be had.
    """

    daemon_threads = True
    allow_reuse_address = os.name == "posix"  # elsewhere it would share a port that is in use

    def __init__(self, board: Board, port: int = 0) -> None:
        self.board, self.token = board, secrets.token_urlsafe(18)
        self.listeners = threading.BoundedSemaphore(LISTENERS)
        try:
            super().__init__((HOST, port), _Answer)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise PortError(
                f"port {port} cannot be had ({why}): choose another one by --port, or leave that out for one that is"
                " free."
            ) from error

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_address[1]}/{self.token}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is no error; anything else is told as usual."""
        import sys

        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


@final
class _Answer(BaseHTTPRequestHandler):
    """One request."""

    server: LiveServer
    server_version, sys_version = "szilard", ""
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE

    def do_GET(self) -> None:
        """Page, script, style and news; whatever else is refused in a sentence."""
        try:
            parts = urlsplit(self.path)
        except ValueError:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        if refused := self._refused(parts.path):
            self._say(HTTPStatus.FORBIDDEN, refused)
            return
        name = parts.path.split("/", 2)[2]
        if name == "":
            self._send(HTTPStatus.OK, "text/html; charset=utf-8", shell().encode())
        elif name == "news":
            self._news(parse_qs(parts.query, max_num_fields=4).get("show", [""])[0])
        elif name in ASSETS:
            self._send(HTTPStatus.OK, ASSETS[name], asset(name))
        else:
            self._say(HTTPStatus.NOT_FOUND, "There is nothing here: open the address that szilard live printed.")

    def _refused(self, path: str) -> str | None:
        """Why a request is not answered; None where it is."""
        host = self.headers.get("Host", "")
        if host.partition(":")[0].lower() not in NAMES:
            return "This page is for this machine only: open the address that szilard live printed, by its number."
        origin = self.headers.get("Origin")
        if origin is not None and origin != f"http://{host}":
            return "Another page asked for this, which is refused: open the address that szilard live printed."
        elsewhere = self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")
        if elsewhere and self.headers.get("Sec-Fetch-Mode") != "navigate":
            return "Another page asked for this, which is refused: open the address that szilard live printed."
        given = path.split("/", 2)
        if len(given) != 3 or not hmac.compare_digest(given[1].encode(), self.server.token.encode()):
            return (
                "The token in this address is wrong, or of an earlier start: open the address that szilard live"
                " printed when it was last started."
            )
        return None

    def _news(self, show: str) -> None:
        """Server-sent events for as long as the page listens."""
        server, board = self.server, self.server.board
        if not server.listeners.acquire(blocking=False):
            said = f"More than {LISTENERS} pages listen already: close some of them and load this one again."
            self._say(HTTPStatus.SERVICE_UNAVAILABLE, said)
            return
        try:
            self._head(HTTPStatus.OK, "text/event-stream", None)
            self.close_connection = True
            self.wfile.write(b"retry: 1000\n\n")
            news = News(board, [key for key in show.split(",") if key][:MOST_WANTED])
            while not board.ended:
                version = board.version
                told = news.told()
                line = b": nothing new" if told is None else b"data: " + strict_json.dumps(told).encode()
                self.wfile.write(line + b"\n\n")
                board.wait(version, HEARTBEAT)
        finally:
            server.listeners.release()

    def _say(self, status: HTTPStatus, sentence: str) -> None:
        self._send(status, "text/plain; charset=utf-8", f"{sentence}\n".encode())

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self._head(status, kind, len(content))
        self.wfile.write(content)

    def _head(self, status: HTTPStatus, kind: str, length: int | None) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header(*(("Connection", "close") if length is None else ("Content-Length", str(length))))
        self.end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Requests that are none, in a sentence."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self._say(HTTPStatus(code), "This server only shows its page: open the address that szilard live printed.")

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing: the address, and with it the token, would stand in logs."""
