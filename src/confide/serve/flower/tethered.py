"""A command that ends with the one that started it, however that ends: by itself, by Ctrl-C or by a kill.

`python -m confide.serve.flower.tethered COMMAND...` runs the command in a group of processes of its own, and
ends the whole group when its standard input is closed, which the system does when the starting process dies.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

GRACE = 5.0
"""Seconds that a process, or a group of them, has to end by itself."""
PAUSE = 0.5
"""Seconds between two looks at who started this process."""


def main(words: list[str]) -> int:
    """Run the command; its exit code."""
    child = subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=True)

    def end() -> None:
        while os.read(0, 4096):
            pass
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            child.wait(GRACE)
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # those of the group that are still there

    threading.Thread(target=end, daemon=True).start()
    code = child.wait()
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    return code


def end_with_parent() -> None:
    """End this process soon after the one that started it, however that ended.

    Flower's own watch sends a signal, which a main thread that waits for others, who try a lost server again
    and again, never takes up (flwr 1.42, `superlink/grid/http_grid.py`): the app of a server that was killed
    would hold the folder of its run forever, and no run could go on there.
    """
    parent = os.getppid()

    def end() -> None:
        while os.getppid() == parent:
            time.sleep(PAUSE)
        time.sleep(GRACE)  # to end by itself
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
