"""Texts of other people's code, made fit to stand in one of our sentences."""

from __future__ import annotations

import errno
import os
import re

FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS)
_FULL = re.compile(r"os error (\d+)|No space left on device|File too large|Disk quota exceeded")

MOST = 200
"""The number of characters of a foreign text: more would print the records that an error quotes."""


def in_one_line(foreign: object) -> str:
    """The first line of a foreign text, at most 200 characters long, with control characters escaped.

    Args:
        foreign: an exception, or a text; an exception without a text is called by its class.

    >>> in_one_line(ValueError("bad\\x1b[2J row\\nof many"))
    'bad\\\\x1b[2J row'
    """
    try:
        text = str(foreign)
    # The text of a foreign error is made by foreign code.
    except Exception:
        text = ""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [type(foreign).__name__]
    # A terminal obeys control characters, and marks of direction turn a sentence round.
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in lines[0])
    return shown if len(shown) <= MOST else shown[: MOST - 3] + "..."


def disk_full(error: BaseException) -> str:
    """What a full disk is called in an error, also one that another library has put into words of its own.

    Empty where the error is about something else.

    >>> disk_full(RuntimeError("I/O error: No space left on device (os error 28)"))
    'No space left on device'
    """
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if isinstance(cause, OSError) and cause.errno in FULL:
            return os.strerror(cause.errno)
        if found := _FULL.search(str(cause)):
            number = int(found[1]) if found[1] else 0
            if number in FULL or not number:
                return os.strerror(number) if number else found[0]
        cause = cause.__cause__ or cause.__context__
    return ""
