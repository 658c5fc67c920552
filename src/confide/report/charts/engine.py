"""Drawing engine: Vega-Lite specifications become SVGs in a process of their own.

The engine is native code that ends its whole process where memory is short or a label is one it cannot take.
A finished audit must not end with it.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | bool | None"
Spec: TypeAlias = dict[str, Json]

VERSION = "5.20"
"""Of Vega-Lite: another draws the same file a little differently, and then no report repeats itself."""
PATIENCE = 120.0
"""Seconds that one chart may take; on a slow machine the engine starts in ten."""


class Engine:
    """A process that draws. It is started by the first chart, and again after one that it died of."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection[bytes, bytes] | None = None

    def svg(self, chart: Spec) -> str | None:
        """The chart as an SVG; None where the engine refuses it, dies of it, or takes too long."""
        asked = json.dumps(chart).encode("ascii")
        for _ in range(2):  # the process may have been killed since the last chart, by want of memory say
            try:
                line = self._start()
                line.send_bytes(asked)
                if line.poll(PATIENCE):
                    return line.recv_bytes().decode("utf-8") or None
            except (OSError, EOFError):
                pass
            self.stop()
        return None

    def _start(self) -> Connection[bytes, bytes]:
        if self._line is None or self._process is None or self._process.poll() is not None:
            self.stop()
            mine, its = socket.socketpair()
            self._line = Connection(mine.detach())
            with its:
                # By its path, as it needs nothing else of the package. -P: nothing beside it, or in
                # the working folder, may stand in for a module.
                self._process = subprocess.Popen(
                    [sys.executable, "-P", __file__, str(its.fileno())],
                    pass_fds=[its.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
        return self._line

    def stop(self) -> None:
        """End the process; the next chart starts another."""
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._line = self._process = None


ENGINE = Engine()
"""One for all charts of this process: it takes longer to start than to draw."""
atexit.register(ENGINE.stop)


def serve(line: Connection[bytes, bytes]) -> None:
    """Draw what comes through this line until it is closed; answer nothing where the engine refuses."""
    import vl_convert  # 30 MB: loaded only where something is drawn

    while True:
        try:
            chart = json.loads(line.recv_bytes())
        except EOFError:
            return
        try:
            # No base URLs: drawing must load nothing from anywhere.
            svg: str = vl_convert.vegalite_to_svg(chart, vl_version=VERSION, allowed_base_urls=[])
        except ValueError:
            svg = ""
        line.send_bytes(svg.encode("utf-8"))


if __name__ == "__main__":
    # Ctrl-C is for the audit, which then closes the line.
    os.setpgid(0, 0)
    serve(Connection(int(sys.argv[1])))
