"""Progress with the time left, on stderr, so that results can be piped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click


@contextmanager
def progress_bar(label: str) -> Generator[Callable[[int, int], None]]:
    """A callback `(done, total)` that draws a bar while it is called; silent where nobody watches."""
    with click.progressbar(length=1, label=label, file=sys.stderr, show_eta=True) as bar:

        def tell(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield tell
