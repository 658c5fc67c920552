"""The formats that CIFAR-10 and CIFAR-100 share: WebP strips in parquet, and Krizhevsky's binary archives."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.data.archives import member
from confide.data.locating import File, find, locate
from confide.data.splits import Split, in_split
from confide.views.records import Records


def load(
    packed: tuple[File, File],
    archive: File,
    parts: tuple[list[str], list[str]],
    *,
    skip: int,
    get: str,
    split: Split,
    distinct: bool,
) -> Records:
    """The images of this split, x float32[n, 3, 32, 32] in steps of 1/255 from 0 to 1.

    Args:
        packed: the parquet files of train and test.
        archive: Krizhevsky's "binary version", used where the parquet files are missing.
        parts: its members for train and for test.
        skip: bytes before the label byte (CIFAR-100 has a coarse label first).
        get: where to get the archive.
        split: which part.
        distinct: leave out images that equal an earlier one, train before test, whatever their labels.
    """
    train, test = find(packed[0]), find(packed[1])
    if train and test:
        halves = [strips(train), strips(test)]
    else:
        path = locate(archive, get=get)
        raw = member(path, *parts[0], *parts[1])
        cut = len(parts[0])
        halves = [rows(b"".join(half), skip=skip, origin=path) for half in (raw[:cut], raw[cut:])]
    return arrange(halves, split=split, distinct=distinct)


def arrange(halves: list[tuple[Array, Array]], *, split: Split, distinct: bool) -> Records:
    """Train and test (uint8 images and labels) as records of one split."""
    x = np.concatenate([images for images, _ in halves])
    y = np.concatenate([labels for _, labels in halves]).astype(np.int64)
    kept = in_split(np.arange(len(y)) < len(halves[0][1]), split)
    if distinct:
        kept = kept & Records(x, np.zeros_like(y)).first_of_each()
    return Records(x[kept].astype(np.float32) / np.float32(255), y[kept])


def strips(path: Path) -> tuple[NDArray[np.uint8], Array]:
    """Parquet rows of `class_id`, `n` and `strip_webp`: n images of a class one below another, losslessly."""
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as missing:
        raise DataError(
            f"{path} holds WebP images, which need Pillow: pip install 'confide[data]'."
        ) from missing
    try:
        table = pl.read_parquet(path, columns=["class_id", "n", "strip_webp"])
        opened = [
            Image.open(io.BytesIO(strip), formats=["WEBP"]).convert("RGB") for strip in table["strip_webp"]
        ]
    except (pl.exceptions.PolarsError, OSError, UnidentifiedImageError) as damage:
        why = str(damage).partition("\n")[0]
        raise DataError(f"{path} cannot be read as parquet of WebP strips ({why}): get it again.") from damage
    counts = table["n"].to_numpy()
    if [image.size for image in opened] != [(32, 32 * n) for n in counts]:
        raise DataError(f"{path} has strips that are not 32 wide and 32 high an image: get it again.")
    tall = np.concatenate([np.asarray(image) for image in opened])
    x = np.ascontiguousarray(tall.reshape(-1, 32, 32, 3).transpose(0, 3, 1, 2))
    return x, np.repeat(table["class_id"].to_numpy(), counts)


def rows(raw: bytes, *, skip: int, origin: Path) -> tuple[NDArray[np.uint8], Array]:
    """Krizhevsky's binary layout: `skip` bytes, one label byte, 3,072 bytes red, green, blue by row."""
    width = skip + 1 + 3072
    if not raw or len(raw) % width:
        raise DataError(f"{origin} has {len(raw)} bytes of images, no multiple of {width}: get it again.")
    table = np.frombuffer(raw, dtype=np.uint8).reshape(-1, width)
    return table[:, skip + 1 :].reshape(-1, 3, 32, 32), table[:, skip]
