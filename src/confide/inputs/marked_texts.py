"""Texts with a secret part in braces, a line each: read, and held against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from confide.core.arrays import Ints
from confide.core.errors import DataError
from confide.core.fields import shown
from confide.core.paths import is_folder, is_there
from confide.views.text import Continuations, Template

MOST_BYTES = 2**28
MOST_TEXTS = 1_000_000
LONGEST = 100_000
"""Signs of one text."""


@dataclass(frozen=True, slots=True, eq=False)
class MarkedTexts:
    """Texts, each with one secret part.

    Args:
        name: of the file, or what to call the list.
        rows: int64[n], the line of each text, from 1.
        before, secrets, after: the parts of each.
    """

    name: str
    rows: Ints
    before: tuple[str, ...]
    secrets: tuple[str, ...]
    after: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.secrets)

    def text(self, i: int) -> str:
        """Text number i without its braces."""
        return f"{self.before[i]}{self.secrets[i]}{self.after[i]}"

    def templates(self) -> tuple[tuple[Template, ...], Ints]:
        """The different templates, and that of each text."""
        found: dict[Template, int] = {}
        which = [
            found.setdefault(Template.of(*parts), len(found))
            for parts in zip(self.before, self.secrets, self.after, strict=True)
        ]
        return tuple(found), np.asarray(which, np.int64)

    def parts(self) -> Continuations:
        """The texts as prefix and suffix."""
        return Continuations(self.before, self.secrets)

    def need_open(self) -> None:
        """Refuse a canary whose secret has no digit and no letter, so that nothing of it is open.

        Raises:
            DataError: with its line, never with the text.
        """
        for row, secret in zip(self.rows, self.secrets, strict=True):
            if Template.of("", secret).size < 2:
                raise DataError(
                    f"line {row} of {self.name}: the part in braces has no digit and no letter from a to z, "
                    "so no other secret is possible: put the part there that was drawn at random."
                )

    def need_last(self) -> None:
        """Refuse a prefix that is empty, or a text that goes on after its braces.

        Raises:
            DataError: with its line.
        """
        for row, before, after in zip(self.rows, self.before, self.after, strict=True):
            if not before:
                raise DataError(f"line {row} of {self.name} begins with its secret part: give a prefix.")
            if after:
                raise DataError(
                    f"line {row} of {self.name} goes on after the braces: the part to be got out comes last."
                )


def read_marked_texts(given: Any, *, name: str) -> MarkedTexts:
    """Read texts from a file, a line each, or from a list.

    Raises:
        DataError: if there is no such file, it is no text in UTF-8, a line has not one part in braces, two
            lines are the same text, or there are none. Texts are named by their lines alone.
    """
    if isinstance(given, str | Path):
        called, lines = Path(given).name, _lines(Path(given), name)
    else:
        called, lines = name, _listed(given, name)
    # In a list every text counts; in a file an empty line is one between others.
    kept = [(i + 1, line) for i, line in enumerate(lines) if line.strip()]
    if not kept:
        raise DataError(f"{called} holds no text: give one a line, such as my code is {{4821}}.")
    if len(kept) > MOST_TEXTS:
        raise DataError(f"{called} holds {len(kept):,} texts: give {MOST_TEXTS:,} at most.")
    parts = [_parts(line, row, called) for row, line in kept]
    _refuse_twice([("".join(p), row) for p, (row, _) in zip(parts, kept, strict=True)], called)
    before, secrets, after = zip(*parts, strict=True)
    return MarkedTexts(called, np.array([row for row, _ in kept], np.int64), before, secrets, after)


def refuse_common(one: MarkedTexts, other: MarkedTexts) -> None:
    """Refuse texts that are in both files.

    Raises:
        DataError: with the lines of the first.
    """
    place = {one.text(i): int(one.rows[i]) for i in range(len(one))}
    for i in range(len(other)):
        if other.text(i) in place:
            raise DataError(
                f"line {other.rows[i]} of {other.name} is line {place[other.text(i)]} of {one.name} too: a "
                "text cannot both have trained the model and not."
            )


def _lines(path: Path, name: str) -> list[str]:
    if not is_there(path):
        raise DataError(f"there is no file {shown(str(path))} of {name}: check the path.")
    if is_folder(path):
        raise DataError(f"{shown(str(path))} is a folder: give the file of {name}, one text a line.")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{path.name} has more than {MOST_BYTES:,} bytes: give fewer texts.")
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path.name} is no text in UTF-8 (byte {error.start:,}): save it in that encoding."
        ) from error
    except OSError as error:
        raise DataError(f"{path.name} cannot be read ({error.strerror}): check the file.") from error
    # Not `splitlines`, which also parts a line at signs that a text may hold.
    return text.replace("\r\n", "\n").split("\n")


def _listed(given: Any, name: str) -> list[str]:
    if hasattr(given, "to_list") or hasattr(given, "tolist"):
        given = given.to_list() if hasattr(given, "to_list") else given.tolist()
    if not isinstance(given, Sequence) or isinstance(given, bytes):
        raise DataError(f"{name} is {shown(given)}: give a file with a text a line, or a list of texts.")
    for i, text in enumerate(given):
        if not isinstance(text, str):
            raise DataError(f"text {i + 1} of {name} is {shown(text)}: give texts.")
    return list(given)


def _parts(line: str, row: int, name: str) -> tuple[str, str, str]:
    where = f"line {row} of {name}"
    if len(line) > LONGEST:
        raise DataError(f"{where} has {len(line):,} signs: give {LONGEST:,} at most.")
    try:
        line.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{where} holds half of a pair of signs: it is no text.") from error
    before, opened, rest = line.partition("{")
    secret, closed, after = rest.partition("}")
    if not opened or not closed or not secret:
        raise DataError(f"{where} has no part in braces: write the secret so, my code is {{4821}}.")
    if any(brace in part for brace in "{}" for part in (before, secret, after)):
        raise DataError(f"{where} has more than one part in braces: mark one secret a line.")
    return before, secret, after


def _refuse_twice(texts: list[tuple[str, int]], name: str) -> None:
    first: dict[str, int] = {}
    for text, row in texts:
        if text in first:
            raise DataError(
                f"line {row} of {name} is the same text as line {first[text]}: list each once, however often "
                "it stands in the training text."
            )
        first[text] = row
