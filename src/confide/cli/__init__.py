"""The command line."""

import sys
from types import TracebackType


def _said(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A Ctrl-C while the commands are loaded is no fault that a traceback would explain."""
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("\nconfide: stopped before it began.\n")
    else:
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _said

from confide.cli.commands import main  # noqa: E402 - loading takes a second, and may be interrupted

__all__ = ["main"]
