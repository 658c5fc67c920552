"""Rate limits: a bucket of tokens for each name, filled by a clock that is given."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_NAMES = 10_000
"""Names that are remembered; the one not seen for longest is forgotten first, and has a full bucket again."""


@dataclass(slots=True, kw_only=True)
class RateLimit:
    """At most `burst` requests at once, and `rate` a second in the long run, for each name.

    Args:
        rate: a second.
        burst: at once.
        clock: seconds that never go back.

    >>> seconds = [0.0]
    >>> limit = RateLimit(rate=1.0, burst=2, clock=lambda: seconds[0])
    >>> [limit.wait("ada") for _ in range(3)]
    [0.0, 0.0, 1.0]
    """

    rate: float
    burst: int
    clock: Callable[[], float]
    _full: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, name: str) -> float:
        """Seconds until the next request of a name; 0 if it may come now, and is counted then."""
        with self._lock:
            now = self.clock()
            held, at = self._full.get(name, (float(self.burst), now))
            held = min(float(self.burst), held + (now - at) * self.rate)
            granted = held >= 1
            self._full[name] = (held - granted, now)
            self._full.move_to_end(name)
            if len(self._full) > MOST_NAMES:
                self._full.popitem(last=False)
            return 0.0 if granted else (1 - held) / self.rate
