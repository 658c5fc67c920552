"""The formats that CIFAR-10 and CIFAR-100 share: WebP strips in parquet, and Krizhevsky's binary archives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.data import archives
from confide.data.card import Card
from confide.data.locating import File, find, locate
from confide.data.splits import Split, in_split
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class CifarFiles:
    """The files of one of the two sets.

    Args:
        packed: the parquet files of train and test.
        archive: Krizhevsky's "binary version", used if the parquet files are missing.
        parts: its members for train and for test.
        skip: the bytes before the label byte (CIFAR-100 has a coarse label first).
    """

    packed: tuple[File, File]
    archive: File
    parts: tuple[list[str], list[str]]
    skip: int


def load(files: CifarFiles, card: Card, *, split: Split, distinct: bool) -> Records:
    """Load the images of this split: x float32[n, 3, 32, 32] in steps of 1/255 from 0 to 1.

    Args:
        files: the files of the set.
        card: its card.
        split: the part to load.
        distinct: leave out images that equal an earlier one, train before test, for any labels.

    Raises:
        DataError: if the set is not here and cannot be downloaded, or its file is damaged.
    """
    train, test = find(files.packed[0]), find(files.packed[1])
    if train and test:
        halves = [strips(train), strips(test)]
    else:
        path = locate(files.archive, get=card.get)
        raw = archives.member(path, *files.parts[0], *files.parts[1])
        cut = len(files.parts[0])
        halves = [rows(b"".join(half), skip=files.skip, origin=path) for half in (raw[:cut], raw[cut:])]
    return card.check(arrange(halves, split=split, distinct=distinct))


def arrange(halves: list[tuple[Array, Array]], *, split: Split, distinct: bool) -> Records:
    """Convert train and test (uint8 images and labels) to records of one split."""
    x = np.concatenate([images for images, _ in halves])
    y = np.concatenate([labels for _, labels in halves]).astype(np.int64)
    kept = in_split(np.arange(len(y)) < len(halves[0][1]), split)
    if distinct:  # by images alone: some repeats have another label
        kept = kept & Records(x, np.zeros_like(y)).first_of_each()
    return Records(x[kept].astype(np.float32) / np.float32(255), y[kept])


def strips(path: Path) -> tuple[NDArray[np.uint8], Array]:
    """Read images uint8[n, 3, 32, 32] and their classes from parquet rows of WebP strips."""
    x, y = archives.strips(path, "class_id", size=(32, 32))
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2)), y


def rows(raw: bytes, *, skip: int, origin: Path) -> tuple[NDArray[np.uint8], Array]:
    """Read Krizhevsky's binary layout: `skip` bytes, one label byte, 3,072 bytes red, green, blue by row."""
    width = skip + 1 + 3072
    if not raw or len(raw) % width:
        raise DataError(
            f"{origin} has {len(raw)} bytes of images, which is not a multiple of {width}: get it again."
        )
    table = np.frombuffer(raw, dtype=np.uint8).reshape(-1, width)
    return table[:, skip + 1 :].reshape(-1, 3, 32, 32), table[:, skip]
