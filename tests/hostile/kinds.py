"""Kinds of hostile input: each makes its own files, and what became of them is counted.

To add a kind, write a function that yields names and readings from a random generator and a folder, and a
`Kind` in one of the lists of `corpus.py`; `python -m tests.hostile --write` then adds its row to SECURITY.md.
"""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from zlib import crc32

import numpy as np

from confide.core.errors import ConfideError

Rng: TypeAlias = np.random.Generator
Inputs: TypeAlias = Iterator[tuple[str, Callable[[], object]]]
"""The name of each input, and what reads it."""

EVERY = 7
"""A part is every how many-th input. No door tries a multiple of it as values: each argument meets other ones
than that before it, and each value about as many arguments (`test_doors.py`)."""
LONGEST = 800
"""Characters of a refusal: a message that prints the file is no sentence."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Inputs of one kind.

    Args:
        title: of its row in the table.
        make: makes the inputs, one after the other, in a folder of their own.
        slow: whether it takes more than a few seconds.
        parted: whether it takes minutes: continuous integration reads a part.
    """

    title: str
    make: Callable[[Rng, Path], Inputs]
    slow: bool = False
    parted: bool = False

    @property
    def alone(self) -> bool:
        """Whether a process of its own meets it."""
        return self.slow or self.parted


@dataclass(slots=True)
class Counts:
    """What became of the inputs of a kind; a fault is named, because there must be none."""

    tried: int = 0
    refused: int = 0
    read: int = 0
    faults: list[str] | None = None

    def row(self, title: str) -> str:
        """The row of the table."""
        return f"| {title} | {self.tried:,} | {self.refused:,} | {self.read:,} | {len(self.faults or [])} |"


def meet(kind: Kind, folder: Path, *, every: int = 1) -> Counts:
    """Read all inputs of a kind, or every how many-th of them, and count; `tried` counts all in any case."""
    counts, faults = Counts(), []
    rng = np.random.default_rng(crc32(kind.title.encode()))
    for name, read in kind.make(rng, folder):
        counts.tried += 1
        if counts.tried % every:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                read()
            counts.read += 1
        except ConfideError as error:
            counts.refused += 1
            if len(str(error)) > LONGEST:
                faults.append(f"{name}: a refusal of {len(str(error)):,} characters")
        # A panic of a library is no `Exception`; an interrupt is the user's.
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            where = traceback.extract_tb(error.__traceback__)[-1]
            ours = [f for f in traceback.extract_tb(error.__traceback__) if "/confide/" in f.filename]
            at = ours[-1] if ours else where
            text = (str(error).splitlines() or [""])[0][:120]
            faults.append(f"{name}: {type(error).__name__}: {text} ({Path(at.filename).name}:{at.lineno})")
    counts.faults = faults
    return counts
