"""Readers of publishers' formats: CSV in tar archives, npz arrays, WebP strips; no pickles, no extraction."""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.views.records import Records


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Report errors of reading in this block as damage of a file that should hold `what`.

    Raises:
        DataError: with the path and the first line of the error.
    """
    try:
        yield
    except (pl.exceptions.PolarsError, OSError, ValueError, IndexError) as damage:
        why = str(damage).partition("\n")[0]
        raise DataError(f"{path} cannot be read as {what} ({why}): get it again.") from damage


def strips(path: Path, code: str, *, size: tuple[int, int]) -> tuple[NDArray[np.uint8], Array]:
    """Read parquet rows of a code, `n` and `strip_webp`: n images of this code one below another, lossless.

    Args:
        code: the column of the class or the person.
        size: the height and width of one image.

    Returns:
        the images uint8[n, h, w, 3], and the code of each.

    Raises:
        DataError: if the file is damaged, its strips have another size, or Pillow is missing.
    """
    try:
        from PIL import Image
    except ImportError as missing:
        raise DataError(
            f"{path} holds WebP images, which need Pillow: pip install 'confide[data]'."
        ) from missing
    with reading(path, "parquet of WebP strips"):
        table = pl.read_parquet(path, columns=[code, "n", "strip_webp"])
        opened = [
            Image.open(io.BytesIO(strip), formats=["WEBP"]).convert("RGB") for strip in table["strip_webp"]
        ]
    counts, (height, width) = table["n"].to_numpy(), size
    # A strip of another height would move every image after it by some rows.
    if [image.size for image in opened] != [(width, height * n) for n in counts]:
        raise DataError(
            f"{path} has strips that are not {width} wide and {height} high for each image: get it again."
        )
    tall = np.concatenate([np.asarray(image) for image in opened])
    return tall.reshape(-1, height, width, 3), np.repeat(table[code].to_numpy(), counts)


def member(archive: Path, *names: str) -> list[bytes]:
    """Read these members of a tar archive by their exact names.

    Nothing is written, so no name in the archive can point outside a folder. Links and devices are refused.

    Raises:
        DataError: if the archive is damaged, lacks a member, or a member is not a plain file.
    """
    held: dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r:*") as tar:
            for entry in tar:
                name = entry.name.removeprefix("./")
                if name not in names or name in held:
                    continue  # a second member of the same name would overwrite the first
                opened = tar.extractfile(entry) if entry.isreg() else None
                if opened is None:
                    raise DataError(
                        f"{name} in {archive} is not a plain file: get the archive again from its publisher."
                    )
                held[name] = opened.read()
                if len(held) == len(names):
                    break  # the rest of a large archive need not be decompressed
    except (tarfile.TarError, EOFError, OSError, zlib.error) as damage:
        raise DataError(
            f"{archive} cannot be read as a tar archive ({damage}): delete it and get it again."
        ) from damage
    for name in names:
        if name not in held:
            raise DataError(f"{archive} has no file named {name}: get the archive again from its publisher.")
    return [held[name] for name in names]


def integers(text: bytes, columns: int, *, origin: str) -> NDArray[np.uint8]:
    """Read a CSV of small whole numbers without a header, quoted or not; uint8[n, columns].

    Raises:
        DataError: if a row has another number of columns or a value outside 0..255.
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
            f"{origin} is not a CSV of {columns} whole numbers in each row ({why}): get it again."
        ) from damage
    if frame.height == 0 or any(frame.null_count().row(0)):
        raise DataError(f"{origin} has rows with fewer than {columns} whole numbers: get it again.")
    return frame.to_numpy()


def yes_no(bits: NDArray[np.uint8], classes: Array, *, distinct: bool, origin: str) -> Records:
    """Records of answers 0 and 1: x float32 (the type that networks take), y the classes 1, 2, ... minus 1.

    Args:
        distinct: leave out records that equal an earlier one.

    Raises:
        DataError: if there is another value than 0 and 1.
    """
    if bits.size and bits.max() > 1:
        raise DataError(f"{origin} has the value {bits.max()}, but only 0 and 1 can occur: get it again.")
    # Repeats are removed before the conversion, which takes four times the memory.
    small = Records(bits, classes.astype(np.int64) - 1)
    if distinct:
        small = small.take(small.first_of_each())
    return Records(np.asarray(small.x).astype(np.float32, order="C"), small.y)


def arrays(path: Path, *names: str) -> list[Array]:
    """Read these arrays of an npz file, in upper or lower case; arrays of objects are refused, being pickles.

    Raises:
        DataError: if the file is damaged or lacks an array.
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
    """Read the features and labels of an npz with `X_bits` (np.packbits by row), `n_features` and `y`."""
    bits, width, y = arrays(path, "X_bits", "n_features", "y")
    if (
        bits.dtype != np.uint8
        or bits.ndim != 2
        or not 0 < int(width) <= 8 * bits.shape[1]
        or len(bits) != len(y)
    ):
        raise DataError(
            f"{path} does not hold packed bits with one label for each row: see docs/data.md for the layout."
        )
    return np.unpackbits(bits, axis=1, count=int(width)).astype(np.float32), y.astype(np.int64)
