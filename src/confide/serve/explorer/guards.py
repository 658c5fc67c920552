"""Guards around every request: host, size, headers, errors without rows, and one line in the log.

They are the outermost layer, so that nothing of an error gets past them. The text of an error can quote a
row; only its class and the lines of code where it came from are logged.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import time
import traceback
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse

from confide.core.foreign import escaped

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOG = logging.getLogger("confide.serve")
LARGEST = 64 * 1024
"""Bytes of a request: a form or a question is far smaller."""
SLOWEST = 15.0
"""Seconds in which a request has to be there."""
POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
OUR_FAULT = "A fault of ours. Nothing of the data is in this message; the log names the place."


@dataclass(frozen=True, slots=True)
class Guards:
    """The guards of an application.

    Args:
        app: that they guard.
        hosts: names under which it may be called; empty for any that is an address and no name. Another name
            is that of an attacker's page that points to this machine.
        secure: whether it speaks TLS.
    """

    app: ASGIApp
    hosts: Collection[str]
    secure: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Guard one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status, started = time.perf_counter(), 500, False

        async def sent(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if "cache-control" not in headers:
                    headers["cache-control"] = "no-store"
                if self.secure:
                    headers["strict-transport-security"] = "max-age=31536000"
            await send(message)

        try:
            await self._guarded(scope, receive, sent)
        except Exception as error:
            log_fault(error)
            if not started:
                await _say(scope, OUR_FAULT, 500)(scope, receive, sent)
        finally:
            log_request(scope, status, time.perf_counter() - began)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if not self._is_ours(headers.get("host", "")):
            words = "This page has another address: use the one that it was started with."
            await _say(scope, words, 421)(scope, receive, send)
            return
        # Browsers say where a form comes from. One that logs somebody in has no visit yet whose secret it
        # could carry.
        from_ = headers.get("sec-fetch-site", "none")
        if scope["method"] not in ("GET", "HEAD") and from_ not in ("none", "same-origin"):
            await _say(scope, "This form is of another page: open this one.", 403)(scope, receive, send)
            return
        try:
            body = await asyncio.wait_for(_body(headers, receive), SLOWEST)
        except TimeoutError:
            await _say(scope, "The request came too slowly: send it again.", 408)(scope, receive, send)
            return
        if body is None:
            words = f"The request is larger than {LARGEST:,} bytes: ask for less at once."
            await _say(scope, words, 413)(scope, receive, send)
            return
        await self.app(scope, _once(body, receive), send)

    def _is_ours(self, host: str) -> bool:
        name = host.lower().rsplit(":", 1)[0] if not host.endswith("]") else host.lower()
        name = name.strip("[]")
        if self.hosts:
            return name in self.hosts
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def log_fault(error: BaseException) -> None:
    """Log the class of an error, and where it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno} {f.name}" for f in reversed(frames))
    LOG.error("fault %s at %s", type(error).__name__, places)


def log_request(scope: Scope, status: int, seconds: float) -> None:
    """One line: what was called, by whom, with what result; never a query, a form or a token."""
    # The route and not the path, which is a text of the caller.
    route = scope.get("route")
    path = getattr(route, "path", None) or escaped(str(scope.get("path", "")), keep=())[:80]
    who = scope.get("state", {}).get("visitor_name", "-")
    LOG.info("%s %s %s %s %.0f ms", escaped(scope["method"][:10]), path, status, who, seconds * 1000)


async def _body(headers: Headers, receive: Receive) -> bytes | None:
    """The whole body; None if it is too large."""
    told = headers.get("content-length", "0")
    if not told.isdigit() or int(told) > LARGEST:
        return None
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST:
            return None
        if message["type"] != "http.request" or not message.get("more_body", False):
            return bytes(body)


def _once(body: bytes, receive: Receive) -> Receive:
    """The body that was read already, and then whatever comes, such as the end of the connection."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _say(scope: Scope, words: str, status: int) -> JSONResponse | PlainTextResponse:
    if str(scope.get("path", "")).startswith("/api/"):
        return JSONResponse({"detail": words}, status)
    return PlainTextResponse(words, status)
