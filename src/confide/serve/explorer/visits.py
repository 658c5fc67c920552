"""Visits: who is logged in with a browser, by a random name in a cookie."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from confide.serve.explorer.tokens import Visitor, digest_of_token

IDLE = 8 * 3600.0
"""Seconds after which somebody who asked nothing logs in again."""
MOST = 10_000
"""Visits at once; the one that was idle for longest ends first."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One browser of a person.

    Args:
        visitor: who it is.
        seen: when they last came, by the clock.
        form: what their forms carry, which no other site knows.
    """

    visitor: Visitor
    seen: float
    form: str


@dataclass(slots=True, kw_only=True)
class Visits:
    """All visits, in memory: a restart ends them.

    Args:
        clock: seconds that never go back.
    """

    clock: Callable[[], float]
    _open: OrderedDict[str, Visit] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, visitor: Visitor) -> str:
        """A new visit; the name in its cookie."""
        name = secrets.token_urlsafe(32)
        with self._lock:
            self._open[digest_of_token(name)] = Visit(visitor, self.clock(), secrets.token_urlsafe(32))
            while len(self._open) > MOST:
                self._open.popitem(last=False)
        return name

    def of(self, cookie: str) -> Visit | None:
        """The visit of a cookie; None if there is none, or it was idle for too long."""
        key = digest_of_token(cookie)
        with self._lock:
            found = self._open.get(key)
            if found is None:
                return None
            if self.clock() - found.seen > IDLE:
                del self._open[key]
                return None
            self._open[key] = replace(found, seen=self.clock())
            self._open.move_to_end(key)
            return found

    def end(self, cookie: str) -> None:
        """Log out."""
        with self._lock:
            self._open.pop(digest_of_token(cookie), None)

    def end_all(self, visitor: Visitor) -> None:
        """Log a person out everywhere."""
        with self._lock:
            for key in [k for k, visit in self._open.items() if visit.visitor == visitor]:
                del self._open[key]


def same_form(visit: Visit, given: str) -> bool:
    """Whether a form was made for this visit; compared in constant time."""
    return hmac.compare_digest(visit.form.encode(), given.encode("utf-8", "surrogatepass"))
