"""npz files from elsewhere: plain arrays of exactly the bytes their headers tell. Nothing is unpickled."""

from __future__ import annotations

import math
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.core.foreign import in_one_line
from confide.inputs.columns import listed

TIMES, LEAST = 100, 256 * 2**20
"""An array may take 100 times the size of the file, and 256 MiB in any case: a small file can unpack to more
than the memory."""
LONGEST_HEADER = 10_000
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What numpy writes. Other methods pack a file a million times smaller."""
DAMAGE = (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)
"""What the readers of zip files raise for one that is none."""

_DESCR = re.compile(rb"'descr':\s*'([<>|=]?[a-zA-Z]\d{0,6}(?:\[\d{0,3}\w{1,2}\])?)'")
_ORDER = re.compile(rb"'fortran_order':\s*(True|False)")
_SHAPE = re.compile(rb"'shape':\s*\(([\d,\s]*)\)")


def read_npz(path: Path, *needed: str, any_case: bool = False) -> list[Array]:
    """These arrays of an npz file, in this order.

    Args:
        any_case: whether an array may be named in upper or lower case.

    Raises:
        DataError: if the file is missing or damaged, lacks an array, holds objects, or is far smaller than
            its arrays.
    """
    try:
        with path.open("rb") as opened, zipfile.ZipFile(opened) as packed:
            called = _called(packed, any_case=any_case)
            if lacking := [n for n in needed if _key(n, any_case=any_case) not in called]:
                holds = listed([name.removesuffix(".npy") for name in called.values()]) or "no array"
                raise DataError(
                    f"{path.name} holds {holds}: it needs the arrays {' and '.join(needed)}, and "
                    f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} missing."
                )
            most = TIMES * path.stat().st_size + LEAST
            return [_member(packed, called[_key(n, any_case=any_case)], most) for n in needed]
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist: check the path.") from error
    except DAMAGE as error:
        raise DataError(
            f"{path.name} cannot be read as npz without unpickling ({in_one_line(error)}): save plain arrays "
            f"{' and '.join(needed)} with numpy.savez."
        ) from error


def arrays_in(path: Path) -> list[str]:
    """The names of the arrays in an npz file that can be read."""
    with zipfile.ZipFile(path) as packed:
        return [name.removesuffix(".npy") for name in _called(packed, any_case=False).values()]


def _key(name: str, *, any_case: bool) -> str:
    return name.lower() if any_case else name


def _called(packed: zipfile.ZipFile, *, any_case: bool) -> dict[str, str]:
    names = [name for name in packed.namelist() if name.endswith(".npy")]
    return {_key(name.removesuffix(".npy"), any_case=any_case): name for name in names}


def _member(packed: zipfile.ZipFile, name: str, most: int) -> Array:
    about = packed.getinfo(name)
    if about.flag_bits & 1:
        raise ValueError(f"{name} is encrypted")
    if about.compress_type not in METHODS:
        raise ValueError(f"{name} is packed by a method that numpy does not write")
    with packed.open(about) as opened:
        kind, fortran, shape = _header(opened, name)
        size = math.prod(shape) * kind.itemsize
        # Before anything is made: the header may tell of more than there is in the world.
        if size > most:
            raise ValueError(f"{name} takes {size:,} bytes, more than 100 times the file: save it unpacked")
        content = opened.read(size + 1)
        if len(content) != size:
            raise ValueError(f"{name} does not hold the {size:,} bytes that its header tells")
    flat = np.frombuffer(bytearray(content), kind)
    return flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)


def _header(opened: IO[bytes], name: str) -> tuple[np.dtype[np.generic], bool, Sequence[int]]:
    """Type, order and shape of an array, from the first bytes of its file.

    Read by patterns: numpy evaluates the header as Python, which a deep one ends.
    """
    start = opened.read(8)
    if start[:6] != b"\x93NUMPY" or start[6:7] not in (b"\1", b"\2", b"\3"):
        raise ValueError(f"{name} is no array of numpy")
    length = int.from_bytes(opened.read(2 if start[6] == 1 else 4), "little")
    if length > LONGEST_HEADER:
        raise ValueError(f"{name} has a header of {length:,} bytes")
    header = opened.read(length)
    descr, order, sides = (pattern.search(header) for pattern in (_DESCR, _ORDER, _SHAPE))
    if descr is None or order is None or sides is None:
        raise ValueError(f"{name} is no plain array: its header is {header[:60]!r}")
    try:
        kind = np.dtype(descr[1].decode("ascii"))
        shape = tuple(int(side) for side in sides[1].split(b",") if side.strip())
    except TypeError as error:
        raise ValueError(f"{name} is of type {descr[1]!r}") from error
    if kind.hasobject:
        raise ValueError(f"{name} holds objects, which numpy keeps as pickles")
    if not kind.itemsize or len(shape) > 32:
        raise ValueError(f"{name} has items without bytes, or {len(shape)} dimensions")
    return kind, order[1] == b"True", shape
