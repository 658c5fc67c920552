"""A reader that ends its process at some inputs: a broken one, by which the fuzz itself is tested."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from hypothesis import strategies as st

from .given import File
from .oracle import READ, Outcome
from .running import Reader


def inputs() -> st.SearchStrategy[File]:
    return st.binary(max_size=9).map(lambda content: File("any", content, ".bin"))


def meet(given: File, folder: Path) -> Outcome:
    given.put(folder)
    if len(given.content) > 5:
        os.kill(os.getpid(), signal.SIGSEGV)
    return READ


READER = Reader("dying", inputs, meet, most=lambda size: 2**26)
