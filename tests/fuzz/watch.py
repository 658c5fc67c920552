"""A watch over what reading a file causes: programs, unpickling, files, connections."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from typing import Any

FORBIDDEN = (
    *("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "pickle.find_class"),
    *("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.chmod", "os.symlink", "os.link", "os.truncate"),
    *("socket.connect", "socket.bind", "urllib.Request", "shutil.copyfile", "shutil.rmtree", "os.putenv"),
)
"""Events of Python's own watch that no model may cause; `open` for writing is another."""


@dataclass(slots=True)
class _Watch:
    """What a model has caused while it was read and asked."""

    armed: bool = False
    seen: list[str] | None = None

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if self.armed and (event in FORBIDDEN or (event == "open" and _writes(args))):
            self.seen = [*(self.seen or ()), f"{event}{args!r:.200}"]


def _writes(args: tuple[Any, ...]) -> bool:
    path, mode, flags = str(args[0]), args[1], args[2]
    plain = isinstance(mode, str) and not set(mode) & set("wax+")
    return not (plain or path.endswith(".pyc") or ".pyc." in path or (mode is None and not flags & 3))


@cache
def watch() -> _Watch:
    """The watch of this process. A hook cannot be taken away, so there is one, armed for a while."""
    made = _Watch()
    sys.addaudithook(made)
    return made
