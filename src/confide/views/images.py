"""Images of people: grey or colour, of one size, with names where they are known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Ints
from confide.core.errors import DataError
from confide.core.language import later


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """n images of one size and mode.

    Args:
        pixels: uint8[n, h, w] (grey) or uint8[n, h, w, 3] (colour).
        person: int64[n], the person in each image; None if the images have no names.

    Raises:
        DataError: if the pixels have another shape or type, or the names another length.
    """

    shown: ClassVar[str] = later("images")

    pixels: NDArray[np.uint8]
    person: Ints | None = None

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        if self.pixels.dtype != np.uint8 or len(shape) not in (3, 4) or (len(shape) == 4 and shape[3] != 3):
            raise DataError(
                f"the pixels are {self.pixels.dtype}{list(shape)}: give uint8[n, h, w] or uint8[n, h, w, 3]."
            )
        if self.person is not None and len(self.person) != len(self.pixels):
            raise DataError(f"{len(self.pixels)} images but {len(self.person)} names: give one name each.")

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, rows: Array) -> Pictures:
        """The images at these positions (or under this mask), in that order."""
        return Pictures(self.pixels[rows], None if self.person is None else self.person[rows])

    def nameless(self) -> Pictures:
        """The same images without names."""
        return Pictures(self.pixels)

    def digest(self) -> str:
        """A SHA-256 over pixels and names, which identifies the content in a cache."""
        sha = hashlib.sha256(repr(self.pixels.shape).encode())
        sha.update(np.ascontiguousarray(self.pixels).data)
        # Nameless pictures and pictures of one person differ: nothing is added for no names.
        if self.person is not None:
            sha.update(np.ascontiguousarray(self.person).data)
        return sha.hexdigest()
