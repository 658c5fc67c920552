"""Demir, Kumar, Cunche, Lauradoux: The Pitfalls of Hashing for Privacy (IEEE Surveys & Tutorials 2018)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from confide.attacks.reconstruction.table._guesses import Guesses
from confide.core.arrays import Ints
from confide.core.language import t
from confide.core.sentence import Sentence
from confide.views.table import Domain

ALGORITHMS: dict[str, Callable[..., Any]] = {
    "MD5": hashlib.md5,
    "SHA-1": hashlib.sha1,
    "SHA-256": hashlib.sha256,
}
LENGTH = {"MD5": 16, "SHA-1": 20, "SHA-256": 32}
HEX, BASE64 = re.compile(r"[0-9a-fA-F]+"), re.compile(r"[0-9a-zA-Z+/_-]+={0,2}")


@dataclass(frozen=True, slots=True)
class Form:
    """How the digests of a column are made and written, as far as their looks say it.

    Args:
        algorithm: "MD5", "SHA-1" or "SHA-256".
        encoding: "hex" or "base64".
    """

    algorithm: str
    encoding: str

    def __str__(self) -> str:
        return t("{algorithm} in {encoding}", algorithm=self.algorithm, encoding=self.encoding)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reversed:
    """Digests of a column of which the value behind them was found.

    Args:
        column: its name.
        form: how they are made.
        digests: how many different ones the column holds.
        code: int64[f], the codes of those that were found.
        kind: of each, the kind of guess that found it.
        plain: of each, the value behind it. For the holder of the data alone: it is in no text of this class.
        tried: how many guesses were hashed.
        seconds: the time of the processor that this took.
    """

    column: str
    form: Form
    digests: int
    code: Ints
    kind: tuple[str, ...]
    plain: tuple[str, ...] = field(repr=False)
    tried: int
    seconds: float

    @property
    def remark(self) -> Sentence:
        """How many were found and what kind of value they are, without any value."""
        kinds = ", ".join(dict.fromkeys(self.kind))
        found = (f" were reversed: they stand for {kinds}",) if self.kind else (" were reversed",)
        return (
            f"Column {self.column!r} looks like {self.form} digests without a key: ",
            len(self.code),
            " of ",
            self.digests,
            *found,
            f" ({self.tried:,} values tried in {self.seconds:.1f} s of one processor).",
        )


def form_of(domain: Domain) -> Form | None:
    """How the digests of a column are made and written; None if some value does not look like one.

    >>> form_of(Domain("id", ("d41d8cd98f00b204e9800998ecf8427e", ""), missing=True))
    Form(algorithm='MD5', encoding='hex')
    >>> form_of(Domain("id", ("1", "2"))) is None
    True
    """
    labels = _values(domain)
    for form in [Form(name, encoding) for name in ALGORITHMS for encoding in ("hex", "base64")]:
        if labels and all(_decoded(label, form) is not None for label in labels):
            return form
    return None


def reversed_digests(domain: Domain, guesses: Guesses) -> Reversed | None:
    """Reverse a column of digests by enumeration: hash every value it may stand for, and look each up.

    A digest without a key is the same for everybody who computes it. So it hides a value only if values
    cannot be listed, and dates, numbers and names can. A pseudonym with a key, or with a salt for each row,
    is not found; nor is a value that was not guessed. So digests that are not found are not proven to be
    safe.

    Args:
        domain: the column; its labels are the digests.
        guesses: the values to try.

    Returns:
        None if the column does not look like digests.

    Source: Demir, Kumar, Cunche, Lauradoux 2018, section IV.
    """
    form = form_of(domain)
    if form is None:
        return None
    code = {_decoded(label, form): i for i, label in enumerate(_values(domain))}
    wanted, start, tried = set(code), time.process_time(), 0
    make, found = ALGORITHMS[form.algorithm], dict[int, tuple[str, str]]()
    for kind, chunks in guesses.kinds():
        for chunk in chunks:
            digests = [make(value).digest() for value in chunk]
            tried += len(chunk)
            if wanted.isdisjoint(digests):
                continue
            for value, digest in zip(chunk, digests, strict=True):
                if digest in wanted:
                    wanted.discard(digest)
                    found[code[digest]] = (kind, value.decode())
            if not wanted:
                break
        if not wanted:
            break
    codes = sorted(found)
    return Reversed(
        column=domain.name,
        form=form,
        digests=len(code),
        code=np.array(codes, np.int64),
        kind=tuple(found[i][0] for i in codes),
        plain=tuple(found[i][1] for i in codes),
        tried=tried,
        seconds=time.process_time() - start,
    )


def _values(domain: Domain) -> tuple[str, ...]:
    return domain.labels[: len(domain) - domain.missing]


def _decoded(text: str, form: Form) -> bytes | None:
    """The bytes of a digest, or None if the text is not one of this form."""
    size = LENGTH[form.algorithm]
    if form.encoding == "hex":
        return bytes.fromhex(text) if len(text) == 2 * size and HEX.fullmatch(text) else None
    if len(text.rstrip("=")) != -(-size * 4 // 3) or not BASE64.fullmatch(text):
        return None
    try:
        data = base64.b64decode(text.rstrip("=").translate(str.maketrans("-_", "+/")) + "=" * (-size % 3))
    except binascii.Error:
        return None
    return data if len(data) == size else None
