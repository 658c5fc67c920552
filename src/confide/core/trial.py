"""Trial of a file: a parquet file is read first in a process of its own, which may die of it.

The reader of parquet files is native code. A damaged or hostile file can make it ask for more memory than
there is, and then it ends its whole process; and none can be told from a good one beforehand, because any
byte of any page may be the wrong one. So whatever comes from elsewhere is read to its end there, within
limits, before it is read here. The process is started by the first file and kept for the next.
"""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock

from confide.core.apart import Apart

READING = Path(__file__).with_name("trial_reading.py")

PATIENCE, SLOWEST = 60.0, 2e6
"""Seconds that reading may take, and bytes of the file for each further second."""
LARGE = 16_000_000
"""Bytes of a file after which the process ends: it would keep the memory, and starting another costs less."""

DIED = "reading it ended the process that tried it, or took more than 100 times its size and 2 GiB"
SLOW = "reading it does not come to an end"


class Trial:
    """A process that reads files to see whether they can be read; if it dies of one, another is started.

    Args:
        script: reads them.
        patience: seconds that reading may take, beside those for a large file.
    """

    def __init__(self, script: Path = READING, *, patience: float = PATIENCE) -> None:
        self._apart, self._patience = Apart(script), patience
        self._passed: set[tuple[str, int, int, int]] = set()
        self._lock = Lock()

    def fault(self, path: Path) -> str:
        """What is wrong with a parquet file, in a few words; empty if it can be read here.

        Raises:
            OSError: if the file cannot be opened, or no process can be started.
        """
        about = path.stat()
        # A file that is read twice, such as original and release in one, is tried once.
        this = (str(path.absolute()), about.st_ino, about.st_size, about.st_mtime_ns)
        with self._lock:
            if this in self._passed:
                return ""
            said = self._ask(path.absolute(), self._patience + about.st_size / SLOWEST)
            if about.st_size > LARGE:
                self._apart.stop()
            if not said:
                self._passed.add(this)
            return said

    def _ask(self, path: Path, patience: float) -> str:
        try:
            line = self._apart.line()
            line.send_bytes(os.fsencode(path))
            if line.poll(patience):
                return line.recv_bytes().decode("utf-8", "replace")
            said = SLOW
        except (EOFError, ConnectionError):
            said = DIED
        except BaseException:  # Ctrl-C: an answer that comes later would be taken for the next file's
            self._apart.stop()
            raise
        self._apart.stop()
        return said


TRIAL = Trial()
"""One for all files of this process: it takes longer to start than most files take to read."""
