"""What a reader may do with an input: read it, or refuse it in one sentence. All else is a fault."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from tests.hostile.kinds import LONGEST

from confide.core.errors import ConfideError
from confide.core.foreign import escaped, in_one_line

from .memory import Peak

Outcome: TypeAlias = str
READ, AS_WRITTEN, REFUSED = "read", "as written", "refused"


class Fault(Exception):  # noqa: N818
    """Something that no reader may do.

    Args:
        kind: the same for faults of one cause, as far as can be seen from outside.
        text: what happened.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind


class Wrong(AssertionError):  # noqa: N818
    """What was read is not what was written."""


def need(right: object, what: str) -> None:
    """Check that what was read is right.

    Raises:
        Wrong: if not.
    """
    if not right:
        raise Wrong(what)


def judged(meet: Callable[[], Outcome], *, most: int) -> tuple[Outcome, str]:
    """What became of an input, and where it was refused.

    Args:
        meet: reads the input and looks at what was read.
        most: bytes of memory that this may take.

    Raises:
        Fault: for anything but a result or a `ConfideError` of one sentence.
    """
    with Peak() as peak:
        found = _judged(meet)
    if peak.bytes > most:
        raise Fault("memory", f"{peak.bytes:,} bytes where {most:,} may be taken")
    return found


def _judged(meet: Callable[[], Outcome]) -> tuple[Outcome, str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return meet(), ""
    except ConfideError as error:
        _need_sentence(str(error))
        return REFUSED, _place(error)
    except Wrong as error:
        raise Fault(f"wrong value: {str(error).partition(':')[0]}", str(error)[:2_000]) from error
    except KeyboardInterrupt:
        raise
    # A panic of a library is no `Exception`.
    except BaseException as error:
        raise Fault(f"{type(error).__name__} at {_place(error)}", in_one_line(error)) from error


def _need_sentence(text: str) -> None:
    shown = repr(text[:LONGEST])
    if not text.strip() or len(text) > LONGEST:
        raise Fault("refusal of no or many characters", f"{len(text):,}: {shown}")
    if text != escaped(text, keep=()):
        raise Fault("refusal with signs that act", shown)


def _place(error: BaseException) -> str:
    """The line of confide that raised an error, or called what did."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/confide/" in frame.filename] or list(frames)
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
