"""Trial of a file: a parquet file is read first in a process of its own, which may die of it.

The reader of parquet files is native code. A damaged or hostile file can make it ask for more memory than
there is, and then it ends its whole process; and none can be told from a good one beforehand, because any
byte of any page may be the wrong one. So whatever comes from elsewhere is read to its end there, within
limits, before it is read here. The process is started by the first file and kept for the next.
"""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock

TIMES, LEAST = 100, 2 * 2**30
"""Reading may take 100 times the size of the file, and 2 GiB in any case."""
PATIENCE, SLOWEST = 60.0, 2e6
"""Seconds that reading may take, and bytes of the file for each further second."""
LARGE = 16_000_000
"""Bytes of a file after which the process ends: it would keep the memory, and starting another costs less."""

DIED = "reading it ended the process that tried it, or took more than 100 times its size and 2 GiB"
SLOW = "reading it does not come to an end"


class Trial:
    """A process that reads files to see whether they can be read; if it dies of one, another is started."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection[bytes, bytes] | None = None
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
            said = self._ask(path.absolute(), PATIENCE + about.st_size / SLOWEST)
            if about.st_size > LARGE:
                self.stop()
            if not said:
                self._passed.add(this)
            return said

    def _ask(self, path: Path, patience: float) -> str:
        try:
            line = self._start()
            line.send_bytes(os.fsencode(path))
            if line.poll(patience):
                return line.recv_bytes().decode("utf-8", "replace")
            said = SLOW
        except EOFError:
            said = DIED
        except (BrokenPipeError, ConnectionError):
            said = DIED
        except BaseException:  # Ctrl-C: an answer that comes later would be taken for the next file's
            self.stop()
            raise
        self.stop()
        return said

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
        """End the process; the next file starts another."""
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._line = self._process = None


TRIAL = Trial()
"""One for all files of this process: it takes longer to start than most files take to read."""
atexit.register(TRIAL.stop)


def serve(line: Connection[bytes, bytes]) -> None:
    """Read each file whose path comes through this line until it is closed; answer with what is wrong."""
    while True:
        try:
            path = os.fsdecode(line.recv_bytes())
        except EOFError:
            return
        line.send_bytes(_fault(path).encode("utf-8", "replace"))


def _fault(path: str) -> str:
    import polars as pl

    most = TIMES * Path(path).stat().st_size + LEAST
    try:
        with _memory(most):
            # The footer tells how much there is; the limit holds it to what it tells.
            columns, rows = len(pl.read_parquet_schema(path)), pl.scan_parquet(path).select(pl.len())
            told = columns * rows.collect().item()
            if 8 * told > most:
                return f"it tells of {told:,} values, more than 100 times its size and 2 GiB can hold"
            pl.read_parquet_metadata(path)
            pl.read_parquet(path)
    except MemoryError:
        return DIED
    # A panic of a library in Rust is no `Exception`.
    except BaseException as error:
        return (str(error).splitlines() or [type(error).__name__])[0][:200] or type(error).__name__
    return ""


class _memory:  # noqa: N801
    """At most this much more memory in this block, where the system can hold a process to that."""

    def __init__(self, more: int) -> None:
        self._more = more

    def __enter__(self) -> None:
        try:
            import resource

            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        except (ImportError, OSError):  # no such system: the footer alone is a limit
            return
        self._before = soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = used + self._more
        resource.setrlimit(
            resource.RLIMIT_AS, (most if soft == resource.RLIM_INFINITY else min(soft, most), hard)
        )

    def __exit__(self, *_: object) -> None:
        if hasattr(self, "_before"):
            import resource

            resource.setrlimit(resource.RLIMIT_AS, self._before)


if __name__ == "__main__":
    # Ctrl-C is for the audit, which then closes the line.
    os.setpgid(0, 0)
    serve(Connection(int(sys.argv[1])))
