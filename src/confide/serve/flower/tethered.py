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
from contextlib import suppress

GRACE = 5.0
"""Seconds that the group has to end by itself."""


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
