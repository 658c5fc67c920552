"""Matching of released pictures to the originals, by name, row or key; and whether they resemble them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Floats, Ints
from confide.core.errors import DataError
from confide.core.paths import is_folder
from confide.inputs.albums import Album, numbered
from confide.inputs.folders import pictures_in
from confide.inputs.keys import key_pairs
from confide.inputs.picture_files import named, opened, pixels_of_npz
from confide.inputs.resemblance import ahead, sampled, someones
from confide.inputs.sidecar import made_of
from confide.inputs.tables import Tabular
from confide.views.images import Pictures

Given: TypeAlias = Pictures | Path | str
COMPARED = 1_000
"""Pictures that are compared with the originals: enough to be sure, whatever the album's size."""


def matched(given: Given, album: Album, *, key: Tabular | None) -> tuple[Pictures, bool]:
    """The released pictures in the order of the album, and whether they resemble their originals.

    Raises:
        DataError: if a picture of either side has none on the other, if sizes differ, or if the released
            pictures resemble other originals than those that they are matched to, or none and there is no
            key.
    """
    title, files, pixels = _released(given)
    made = made_of(given, kind="images")
    if key is None and made is not None and made.renumbered:
        raise DataError(f"{title} was given random names when it was written: {_ask(title, album)}.")
    order = _rows(files, album, key=key, title=title)
    original = album.pictures.pixels
    if pixels.shape[1:] != original.shape[1:]:
        raise DataError(
            f"{title} has pictures of {_shape(pixels)}, and {album.source.name} of {_shape(original)}: give "
            "both in one size and mode (--resize changes the originals alone)."
        )
    released = pixels[order]
    alike = _alike(original, released, title=title, album=album, keyed=key is not None)
    return Pictures(released), alike


def _released(given: Given) -> tuple[str, Sequence[str], NDArray[np.uint8]]:
    """What to call the released pictures, their names, and their pixels."""
    if isinstance(given, Pictures):
        return "the released pictures", numbered(len(given)), given.pixels
    if not isinstance(given, str | Path):
        raise DataError(
            f"the released pictures are of type {type(given).__name__}: give a folder, an .npz file, or "
            "`Pictures`."
        )
    path = Path(given)
    if is_folder(path):
        files, _ = pictures_in(path)
        if not files:
            raise DataError(f"{path} holds no pictures: name the folder that holds the released ones.")
        return str(path), files, opened(path, files, None)
    pixels = pixels_of_npz(path)
    return str(path), numbered(len(pixels)), pixels


def _rows(files: Sequence[str], album: Album, *, key: Tabular | None, title: str) -> Ints:
    """Where among the released pictures each picture of the album is, int64[n]."""
    ours = list(album.files)
    if key is None:
        theirs = list(files)
        if set(theirs) != set(ours) and _distinct(ours) and _distinct(theirs):
            ours, theirs = [_bare(file) for file in ours], [_bare(file) for file in theirs]
    else:
        theirs = _by_key(files, key, title=title)
    known = set(ours)
    strangers = [file for file, name in zip(files, theirs, strict=True) if name not in known]
    if strangers:
        todo = _ask(title, album) if key is None else "correct the key"
        raise DataError(
            f"{title} holds {named(strangers)}, which is no picture of {album.source.name}: {todo}."
        )
    at = {name: row for row, name in enumerate(theirs)}
    lost = [file for file, name in zip(album.files, ours, strict=True) if name not in at]
    if lost:
        raise DataError(
            f"{title} lacks {named(lost)} of {album.source.name}: release all of its pictures, or none."
        )
    return np.array([at[name] for name in ours])


def _by_key(files: Sequence[str], key: Tabular, *, title: str) -> list[str]:
    """The original name of each released picture; a key may leave out the suffix of a released file."""
    pairs, what = key_pairs(key, split=False, who="picture")
    original = dict(zip(pairs["released"].to_list(), pairs["original"].to_list(), strict=True))
    lost = [file for file in files if file not in original and _bare(file) not in original]
    if lost:
        raise DataError(f"{what} lacks {named(lost)} of {title}: add a row.")
    return [original[file] if file in original else original[_bare(file)] for file in files]


def _alike(
    original: NDArray[np.uint8], released: NDArray[np.uint8], *, title: str, album: Album, keyed: bool
) -> bool:
    """Whether released pictures resemble their own originals more than other ones; if not, a key is believed.

    Raises:
        DataError: if they do not, and there is no key, or they are pictures of others: an audit of pictures
            under wrong names finds nothing, whatever they show.
    """
    if ahead(_gains(original, released)):
        return True
    if keyed and not _someones(original, released):
        return False
    todo = "check the rows of the key" if keyed else _ask(title, album)
    raise DataError(
        f"the pictures of {title} have the names of pictures of {album.source.name}, but do not resemble "
        f"them: {todo}. If they were obscured this strongly on purpose, audit {album.source.name} with "
        "`--protect` instead."
    )


def _someones(original: NDArray[np.uint8], released: NDArray[np.uint8]) -> bool:
    """Whether the released pictures are other originals, by their upper and lower halves."""
    every, rows = np.arange(len(original)), sampled(len(released), len(original))
    middle = original.shape[1] // 2
    halves = (np.s_[:, :middle], np.s_[:, middle:])

    def units(pixels: NDArray[np.uint8], of: Ints, half: tuple[slice, ...]) -> NDArray[np.float32]:
        usual = _mean(pixels, every)[half[1:]]
        # Not float64, which would take twice the memory of all originals.
        return np.stack([_unit(p - usual).astype(np.float32).ravel() for p in pixels[of][half]])

    def likeness(pixels: NDArray[np.uint8]) -> tuple[Floats, Floats]:
        one, other = (
            (units(pixels, rows, h) @ units(original, every, h).T).astype(np.float64) for h in halves
        )
        return one, other

    among = likeness(original)
    for one in among:
        one[np.arange(len(rows)), rows] = np.nan
    return someones([likeness(released)], [among])


def _gains(original: NDArray[np.uint8], released: NDArray[np.uint8]) -> Floats:
    """By how much each released picture correlates more with its own original than with another, float64[n].

    The mean picture is taken off first: all faces have it in common.
    """
    rows = np.unique(np.linspace(0, len(original) - 1, min(len(original), COMPARED)).astype(np.int64))
    usual, shown = (_mean(pixels, rows) for pixels in (original, released))
    others = np.roll(rows, len(rows) // 2)  # far away in the album, so mostly another person
    found = np.zeros(len(rows))
    for i, (row, other) in enumerate(zip(rows, others, strict=True)):
        own, alien = _unit(original[row] - usual), _unit(original[other] - usual)
        found[i] = ((own - alien) * _unit(released[row] - shown)).sum()
    return found


def _mean(pixels: NDArray[np.uint8], rows: Ints) -> Floats:
    total = np.zeros(pixels.shape[1:])
    for row in rows:  # one by one: as numbers with a fraction all together would take eight times the memory
        total += pixels[row]
    return total / len(rows)


def _unit(picture: Floats) -> Floats:
    return picture / max(float(np.sqrt((picture**2).sum())), 1e-12)


def _distinct(files: Sequence[str]) -> bool:
    return max(Counter(_bare(file) for file in files).values()) == 1


def _bare(file: str) -> str:
    """The name without its suffix."""
    return str(PurePosixPath(file).with_suffix(""))


def _shape(pixels: NDArray[np.uint8]) -> str:
    return f"{pixels.shape[1]}x{pixels.shape[2]} in {'colour' if pixels.ndim == 4 else 'grey'}"


def _ask(title: str, album: Album) -> str:
    return (
        f"give a key (`--key`) that the adversary never sees: a table of two columns, the picture in "
        f"{album.source.name} and the same picture in {title}"
    )
