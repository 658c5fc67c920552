"""Reading what publishers pack: CSV in tar archives, npz arrays. Nothing is unpickled or extracted."""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.views.records import Records


def member(archive: Path, *names: str) -> list[bytes]:
    """The bytes of these members of a tar archive, asked for by their exact names.

    Nothing is written, so no name in the archive can lead out of a folder; links and devices are refused.

    Raises:
        DataError: if the archive is damaged, or lacks a member, or the member is not a plain file.
    """
    held: dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r:*") as tar:
            for entry in tar:
                name = entry.name.removeprefix("./")
                if name not in names or name in held:
                    continue
                opened = tar.extractfile(entry) if entry.isreg() else None
                if opened is None:
                    raise DataError(
                        f"{name} in {archive} is no plain file: get the archive again from its publisher."
                    )
                held[name] = opened.read()
                if len(held) == len(names):
                    break
    except (tarfile.TarError, EOFError, OSError, zlib.error) as damage:
        raise DataError(
            f"{archive} cannot be read as a tar archive ({damage}): delete it and get it again."
        ) from damage
    for name in names:
        if name not in held:
            raise DataError(
                f"{archive} holds no file called {name}: get the archive again from its publisher."
            )
    return [held[name] for name in names]


def integers(text: bytes, columns: int, *, origin: str) -> NDArray[np.uint8]:
    """A CSV of small whole numbers without a header, quoted or not; uint8[n, columns].

    Raises:
        DataError: if a row has another number of columns or something else than 0..255 in it.
    """
    try:
        frame = pl.read_csv(
            io.BytesIO(text),
            has_header=False,
            schema={f"c{i}": pl.UInt8 for i in range(columns)},
        )
    except pl.exceptions.PolarsError as damage:
        why = str(damage).partition("\n")[0]
        raise DataError(
            f"{origin} is no CSV of {columns} whole numbers a row ({why}): get it again."
        ) from damage
    if frame.height == 0 or any(frame.null_count().row(0)):
        raise DataError(f"{origin} has rows with fewer than {columns} whole numbers: get it again.")
    return frame.to_numpy()


def yes_no(bits: NDArray[np.uint8], classes: Array, *, distinct: bool, origin: str) -> Records:
    """Answers 0 and 1 as records, x float32 (the type that networks take), y the classes 1, 2, ... less one.

    Args:
        distinct: leave out records that equal an earlier one.

    Raises:
        DataError: if there is another value than 0 and 1.
    """
    if bits.size and bits.max() > 1:
        raise DataError(f"{origin} has the value {bits.max()} where only 0 and 1 can be: get it again.")
    small = Records(bits, classes.astype(np.int64) - 1)
    if distinct:
        small = small.take(small.first_of_each())
    return Records(np.asarray(small.x).astype(np.float32, order="C"), small.y)


def arrays(path: Path, *names: str) -> list[Array]:
    """These arrays of an npz file, upper and lower case alike; no objects, so nothing is unpickled.

    Raises:
        DataError: if the file is damaged or lacks one.
    """
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as held:
            called = {name.lower(): name for name in held}
            for name in names:
                if name.lower() not in called:
                    raise DataError(f"{path} has no array {name!r}, only {sorted(held)}: see docs/data.md.")
            return [held[called[name.lower()]] for name in names]
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as damage:
        raise DataError(f"{path} cannot be read as npz ({damage}): delete it and get it again.") from damage


def packed_bits(path: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Features and labels of an npz with `X_bits` (np.packbits by row), `n_features` and `y`."""
    bits, width, y = arrays(path, "X_bits", "n_features", "y")
    if (
        bits.dtype != np.uint8
        or bits.ndim != 2
        or not 0 < int(width) <= 8 * bits.shape[1]
        or len(bits) != len(y)
    ):
        raise DataError(
            f"{path} does not hold packed bits with one label a row: see docs/data.md for the layout."
        )
    return np.unpackbits(bits, axis=1, count=int(width)).astype(np.float32), y.astype(np.int64)
