"""Progress with the time left, on stderr, so that results can be piped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Any

import click


@contextmanager
def progress_bar(label: str) -> Generator[Callable[[int, int], None]]:
    """A callback `(done, total)` that draws a bar from its first call on; silent where nobody watches."""
    with ExitStack() as stack:
        bars: list[Any] = []

        def tell(done: int, total: int) -> None:
            # In a log file a bar would be thousands of lines.
            if not sys.stderr.isatty():
                return
            if not bars:
                bars.append(
                    stack.enter_context(click.progressbar(length=total, label=label, file=sys.stderr))
                )
            # click counts steps and not positions.
            bars[0].update(done - bars[0].pos)

        yield tell
