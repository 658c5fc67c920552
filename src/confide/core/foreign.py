"""Texts of other people's code and files, made fit to stand in our sentences and reports."""

from __future__ import annotations

import errno
import os
import re
from unicodedata import category

FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS)
_FULL = re.compile(r"os error (\d+)|No space left on device|File too large|Disk quota exceeded")

MOST = 200
"""The number of characters of a foreign text: more would print the records that an error quotes."""

TEXT = ("\n", "\t")
"""Control characters that mean what they say."""
JOINERS = ("\u200c", "\u200d", "\u00ad")
"""Signs without a shape that names in Persian and Hindi need, and the soft hyphen."""


def escaped(text: str, *, keep: tuple[str, ...] = TEXT) -> str:
    """The text with control characters and marks of direction written out.

    A terminal obeys control characters: they can set its title, wipe the screen, and forge a line. Marks of
    direction turn a sentence round, in a browser too.

    Args:
        keep: the control characters that stay.

    >>> escaped("a\\x1b[2J\\u202eb")
    'a\\\\x1b[2J\\\\u202eb'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c.encode("unicode_escape").decode() if _acts(c) and c not in keep else c for c in text)


def _acts(c: str) -> bool:
    # Controls, formats, halves of a pair, and separators of lines and paragraphs; blanks (Zs) only show.
    return category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in JOINERS


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
    shown = escaped(lines[0], keep=())
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
