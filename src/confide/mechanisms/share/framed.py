"""Lists of bytes as one, so that there is one thing to sign and no two lists give the same."""

from __future__ import annotations

import struct
from collections.abc import Iterable


def joined(parts: Iterable[bytes]) -> bytes:
    """Join parts, each after its length, so that no two lists of parts give the same bytes.

    >>> parted(joined([b"a", b"", b"bc"]))
    [b'a', b'', b'bc']
    """
    return b"".join(struct.pack(">Q", len(part)) + part for part in parts)


def parted(data: bytes) -> list[bytes]:
    """The parts that were joined.

    Raises:
        ValueError, struct.error: if the bytes are of no such list.
    """
    parts, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from(">Q", data, at)
        at += 8
        if length > len(data) - at:
            raise ValueError
        parts.append(data[at : at + length])
        at += length
    return parts
