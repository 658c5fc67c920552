"""Work apart: a process that answers questions through a line, and may die of one.

Its script is a file with a function `reply`, bytes -> bytes. Neither it nor this file imports anything of
confide, which would take longer to load than most answers.
"""

from __future__ import annotations

import atexit
import os
import runpy
import socket
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path


class Apart:
    """A process that runs a script. It is started when it is first needed, and again after it died.

    It ends with this process, and when `stop` is called.

    Args:
        script: the file that has `reply`.
    """

    def __init__(self, script: Path) -> None:
        self._script = script
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection[bytes, bytes] | None = None
        atexit.register(self.stop)

    def line(self) -> Connection[bytes, bytes]:
        """The line to the process.

        Raises:
            OSError: if no process can be started.
        """
        if self._line is None or self._process is None or self._process.poll() is not None:
            self.stop()
            mine, its = socket.socketpair()
            self._line = Connection(mine.detach())
            with its:
                # -P: nothing beside the script, or in the working folder, may stand in for a module.
                self._process = subprocess.Popen(
                    [sys.executable, "-P", __file__, str(self._script), str(its.fileno())],
                    pass_fds=[its.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
        return self._line

    def stop(self) -> None:
        """End the process; the next question starts another."""
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._line = self._process = None


def _serve(reply: Callable[[bytes], bytes], line: Connection[bytes, bytes]) -> None:
    """Answer each question until the other end closes the line."""
    while True:
        try:
            asked = line.recv_bytes()
        except EOFError:
            return
        line.send_bytes(reply(asked))


if __name__ == "__main__":
    os.setpgid(0, 0)  # Ctrl-C is for the audit, which then closes the line
    _serve(runpy.run_path(sys.argv[1])["reply"], Connection(int(sys.argv[2])))
