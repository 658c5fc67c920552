"""Zip archives whose directories lie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from .mutating import NUMBERS

Draw = Callable[[Any], Any]

_FIELDS = {
    b"PK\3\4": ((6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2)),
    b"PK\1\2": ((8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (42, 4)),
    b"PK\5\6": ((8, 2), (10, 2), (12, 4), (16, 4), (20, 2)),
}
"""Where the entries of a zip file keep numbers: flags, method, checksum, sizes, lengths of names, offsets."""


@st.composite
def lying(draw: Draw, whole: bytes, *, most: int = 2) -> bytes:
    """The archive with other numbers in up to `most` fields of its entries."""
    raw = bytearray(whole)
    for mark in draw(st.lists(st.sampled_from(list(_FIELDS)), max_size=most)):
        starts = [at for at in range(len(raw) - 3) if raw[at : at + 4] == mark]
        offset, width = draw(st.sampled_from(_FIELDS[mark]))
        at = starts[draw(st.integers(0, len(starts) - 1))] + offset
        there = int.from_bytes(raw[at : at + width], "little")
        new = draw(st.one_of(st.sampled_from(NUMBERS), st.sampled_from([there + 1, there - 1, there * 2])))
        raw[at : at + width] = (new % 2**64).to_bytes(8, "little")[:width]
    return bytes(raw)
