"""The client's connection to an evaluator: TLS, retries while the server is away, and one plan throughout."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from confide.core.durations import in_time
from confide.core.errors import DataError
from confide.core.foreign import in_one_line
from confide.mechanisms.encrypt.messages import VERSION
from confide.mechanisms.encrypt.plan import Plan
from confide.serve.evaluator.routes import ABOUT, BINARY, KEY_HEADER, PLAN_HEADER, ROWS, largest_message

PAUSE = 1.0
"""Seconds between two tries."""
FASTEST = 60.0
"""Seconds in which no answer is called late, however fast the plan is."""
UNSAID = "it gives no reason; ask who runs it."
SLOWER = 20
"""How often longer than the forecast a batch may take: the server may be another machine."""


class AwayError(Exception):
    """The server did not answer: it may be started again."""


@dataclass(slots=True, kw_only=True)
class Server:
    """An evaluator behind a URL.

    Args:
        url: https://HOST:PORT.
        plan: that it must serve.
        key: the id of the client's key, whose kit it must have.
        tls: that checks its certificate.
        wait: seconds in which it is tried again.
        patience: seconds for one answer.
        tell: says a line to the user.
        clock, pause: of the retries.
    """

    url: str
    plan: Plan
    key: str
    tls: ssl.SSLContext
    wait: float
    patience: float
    tell: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    _open: HTTPSConnection | None = field(default=None, init=False)

    def answered(self, make: Callable[[], bytes]) -> bytes:
        """The answer to one batch. After an interruption the batch is made again, under a new id.

        Args:
            make: encrypts it.

        Raises:
            DataError: if the server refuses it, serves another plan, or stays away.
        """
        away_since: float | None = None
        while True:
            try:
                self._greet()
                return self._asked("POST", ROWS, make())
            except AwayError as error:
                self.close()
                now = self.clock()
                if away_since is None:
                    away_since = now
                    self.tell(f"the server does not answer ({error}): trying again for {in_time(self.wait)}.")
                if now - away_since >= self.wait:
                    raise DataError(
                        f"{self.url} did not answer for {in_time(self.wait)} ({error}), and nothing was "
                        "written: start the server and ask again, or give a longer --wait."
                    ) from error
                self.pause(min(PAUSE, self.wait))

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _greet(self) -> None:
        """Connect, and compare plan, key and version before a row is sent."""
        if self._open is not None:
            return
        where = urlsplit(self.url)
        self._open = HTTPSConnection(
            where.hostname or "", where.port or 443, timeout=self.patience, context=self.tls
        )
        try:
            said: Any = json.loads(self._asked("GET", ABOUT, None))
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise DataError(f"{self.url} is no evaluator of confide: check the address.")
        expected = {"version": VERSION, "plan": self.plan.hash, "model": self.plan.model}
        for name, ours in expected.items():
            if said.get(name) != ours:
                theirs = f"{said.get(name)!s:.12}"
                raise DataError(
                    f"the server has another {name} ({theirs}, here {ours:.12}): it must serve the plan of "
                    "these keys, with their kit."
                )

    def _asked(self, method: str, path: str, body: bytes | None) -> bytes:
        assert self._open is not None
        most = largest_message(self.plan, self.plan.score_parts)
        headers = {KEY_HEADER: self.key} | ({"content-type": BINARY} if body is not None else {})
        try:
            self._open.request(method, path, body, headers)
            got = self._open.getresponse()
            raw = got.read(most + 1)
        except ssl.SSLCertVerificationError as error:
            raise DataError(
                f"the certificate of {self.url} is not trusted ({in_one_line(error.verify_message)}): give "
                "it, or that of who signed it, by --ca cert.pem; it must name this host."
            ) from error
        except (OSError, HTTPException) as error:
            raise AwayError(type(error).__name__) from error
        if got.length and len(raw) <= most:  # `read` says nothing of an early end
            raise AwayError("its answer was cut off")
        if got.status == HTTPStatus.SERVICE_UNAVAILABLE:
            raise AwayError("it is busy")
        named = got.headers.get(PLAN_HEADER)
        if named is None:
            raise DataError(f"{self.url} is no evaluator of confide: check the address.")
        if named != self.plan.hash:
            raise DataError(
                f"the server's plan changed ({named:.12}, here {self.plan.hash:.12}), and nothing was "
                "written: make keys for that plan, and ask again from the first row."
            )
        if len(raw) > most:
            raise DataError(f"an answer of over {most:,} bytes: it is none of this plan.")
        if got.status != HTTPStatus.OK:
            raise DataError(f"nothing was written: the server refused this ({got.status}): {_detail(raw)}")
        return raw


def connected(
    url: str,
    *,
    plan: Plan,
    key: str,
    ca: Path | str | None,
    wait: float,
    seconds_a_batch: float,
    tell: Callable[[str], None],
) -> Server:
    """A server that is asked from now on.

    Raises:
        DataError: for an address without TLS, or a certificate that cannot be read.
    """
    try:
        where = urlsplit(url)
        usable = bool(where.hostname) and (where.port or 443) > 0 and where.path in ("", "/")
    except ValueError:
        where, usable = urlsplit(""), False
    if not usable or where.scheme != "https" or where.username:
        raise DataError(f"{url!r:.80} is no address with TLS: give https://HOST:PORT.")
    try:
        tls = ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ssl.SSLError) as error:
        raise DataError(f"--ca {ca} is no certificate in PEM: give the server's, or its signer's.") from error
    return Server(
        url=url.rstrip("/"),
        plan=plan,
        key=key,
        tls=tls,
        wait=wait,
        patience=max(FASTEST, SLOWER * seconds_a_batch),
        tell=tell,
    )


def _detail(raw: bytes) -> str:
    """What the server says, cut to one line: it is foreign text."""
    try:
        said: Any = json.loads(raw)
    except ValueError:
        said = None
    return in_one_line(said.get("detail", UNSAID) if isinstance(said, dict) else UNSAID)[:300]
