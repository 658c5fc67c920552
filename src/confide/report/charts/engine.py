"""Drawing engine: Vega-Lite specifications become pictures in a process of their own.

The engine is native code that ends its whole process where memory is short or a label is one it cannot take.
A finished audit must not end with it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeAlias

from confide.core.apart import Apart

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | bool | None"
Spec: TypeAlias = dict[str, Json]

PATIENCE = 120.0
"""Seconds that one chart may take; on a slow machine the engine starts in ten."""


class Engine:
    """A process that draws. It is started by the first chart, and again after one that it died of."""

    def __init__(self) -> None:
        self._apart = Apart(Path(__file__).with_name("drawing.py"))

    def svg(self, chart: Spec, *, locale: Spec | None = None) -> str | None:
        """The chart as an SVG; None where the engine refuses it, dies of it, or takes too long.

        Args:
            locale: how numbers are written, in Vega's words; as in English by default.
        """
        drawn = self._drawn({"chart": chart, "locale": locale, "scale": None})
        return None if drawn is None else drawn.decode("utf-8")

    def png(self, chart: Spec, *, scale: float, locale: Spec | None = None) -> bytes | None:
        """The chart as a PNG; None as for an SVG.

        Args:
            scale: how many pixels of the picture one of the chart takes.
            locale: as for an SVG.
        """
        return self._drawn({"chart": chart, "locale": locale, "scale": scale})

    def _drawn(self, what: Spec) -> bytes | None:
        asked = json.dumps(what).encode("ascii")
        for _ in range(2):  # the process may have been killed since the last chart, by want of memory say
            try:
                line = self._apart.line()
                line.send_bytes(asked)
                if line.poll(PATIENCE):
                    return line.recv_bytes() or None
            except (OSError, EOFError):
                pass
            self._apart.stop()
        return None


ENGINE = Engine()
"""One for all charts of this process: it takes longer to start than to draw."""
