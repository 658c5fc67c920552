"""Writing pictures in the form of the original, as a folder or an .npz file, and reading them back."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Ints
from confide.core.claims import Claim
from confide.core.errors import DataError
from confide.data.archives import arrays
from confide.inputs.albums import Album
from confide.inputs.picture_files import named, opened, picture_of
from confide.views.images import Pictures

KEPT = {".png": "PNG", ".pgm": "PPM", ".ppm": "PPM"}
"""Formats that are written as they came: none loses a pixel, and none need hold more than pixels."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PicturesFile:
    """All pictures of an album, and how a release of them is written.

    Args:
        album: the originals.
    """

    album: Album

    def write(self, view: Pictures, numbers: Ints | None, path: Path) -> None:
        """Write a release: pictures in the order of their numbers, so that no file's time says who is in it.

        Raises:
            DataError: if nothing is left in the pictures, or two would get one name.
        """
        if (view.pixels == view.pixels[:1]).all():
            raise DataError("nothing is left of the pictures, all are one and the same: protect them less.")
        order = np.arange(len(view)) if numbers is None else np.argsort(numbers)
        if self.album.source.form == "folder":
            self._write_folder(view.pixels, self.names(numbers), order, path)
        else:
            _write_npz(self._parts(view.pixels[order], numbers), path, packed=_packed(self.album))

    def reread(self, path: Path, numbers: Ints | None) -> Pictures:
        """What a release that `write` wrote shows, in the order of the originals.

        Raises:
            DataError: if something else was written than the pixels of these pictures.
        """
        if self.album.source.form != "folder":
            parts = self._parts(self.album.pictures.pixels, numbers)
            _refuse_others(_members(path), [f"{name}.npy" for name in parts])
            (pixels,) = arrays(path, self.album.source.arrays[0])
            return Pictures(pixels if numbers is None else pixels[numbers - 1])
        files = self.names(numbers)
        _refuse_others([p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file()], files)
        for file in files:
            with picture_of(path, file) as picture:
                if picture.info or len(picture.getexif()):
                    raise DataError(f"{file} was written with more than its pixels: nothing was kept.")
        return Pictures(opened(path, files, None))

    def same(self, view: Pictures, reread: Pictures) -> Claim:
        """The same pictures, to the last pixel."""
        holds = np.array_equal(view.pixels, reread.pixels)
        return Claim("the pixels written are the protected ones, and nothing else was written", holds)

    def counts(self, view: Pictures) -> Mapping[str, int]:
        """Pictures, and those that differ from all before them."""
        return {"pictures": len(view), "different pictures": len(view) - copies(view.pixels)}

    def key(self, numbers: Ints) -> Sequence[tuple[str, int]]:
        """Each original file with its number; of an .npz file each row with its new row, both from 1."""
        return list(zip(self.album.files, numbers.tolist(), strict=True))

    def names(self, numbers: Ints | None) -> list[str]:
        """The file of each picture in a release.

        Under numbers all files have one format: a format that few pictures have would tell them from others.

        Raises:
            DataError: if two pictures would get one name.
        """
        if numbers is not None:
            found = {PurePosixPath(file).suffix.lower() for file in self.album.files}
            suffix = found.pop() if len(found) == 1 and found <= KEPT.keys() else ".png"
            return [f"{number}{suffix}" for number in numbers]
        names = [_written(file) for file in self.album.files]
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            both = [file for file, name in zip(self.album.files, names, strict=True) if name == twice[0]]
            raise DataError(
                f"{' and '.join(both)} would both be written as {twice[0]}: rename one, or do without "
                "--ids keep."
            )
        return names

    def _write_folder(self, pixels: NDArray[np.uint8], names: Sequence[str], order: Ints, path: Path) -> None:
        from PIL import Image

        path.mkdir()
        for row in order:
            file = path / names[int(row)]
            file.parent.mkdir(parents=True, exist_ok=True)
            # a picture made of pixels alone has no other data that could be written with it
            Image.fromarray(pixels[row]).save(file, format=KEPT[file.suffix.lower()])

    def _parts(self, pixels: NDArray[np.uint8], numbers: Ints | None) -> dict[str, Array]:
        """The arrays of an .npz file; who is in each picture is one of them only where ids are kept."""
        shown, people = self.album.source.arrays
        return {shown: pixels} | ({people: self.album.named} if numbers is None else {})


def copies(pixels: NDArray[np.uint8]) -> int:
    """How many pictures equal an earlier one."""
    return len(pixels) - len({sha256(picture.tobytes()).digest() for picture in pixels})


def _written(file: str) -> str:
    """The name of a file in the format that it is written in."""
    name = PurePosixPath(file)
    return file if name.suffix.lower() in KEPT else str(name.with_suffix(".png"))


def _refuse_others(found: Sequence[str], wanted: Sequence[str]) -> None:
    odd = sorted(set(found) ^ set(wanted))
    if odd:
        raise DataError(f"{named(odd)} should not have been written, or is missing: nothing was kept.")


def _write_npz(parts: Mapping[str, Array], path: Path, *, packed: bool) -> None:
    with path.open("wb") as opened_file:
        (np.savez_compressed if packed else np.savez)(opened_file, **parts)  # pyright: ignore[reportArgumentType]


def _packed(album: Album) -> bool:
    """Whether the original .npz file is compressed."""
    if album.source.path is None:
        return False
    with zipfile.ZipFile(album.source.path) as held:
        return any(part.compress_type != zipfile.ZIP_STORED for part in held.infolist())


def _members(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as held:
        return held.namelist()
