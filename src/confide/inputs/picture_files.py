"""Picture files and .npz files as pixels: opened with care, of one size and one mode."""

from __future__ import annotations

import warnings
from collections.abc import Container, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.core.foreign import in_one_line
from confide.core.paths import is_there
from confide.inputs.columns import SHOWN
from confide.inputs.npz import arrays_in, read_npz

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "PPM", "TIFF")
"""The formats that Pillow may try. Its other readers are rarely used, and so less tested."""
MOST_PIXELS = 50_000_000
"""A larger picture is not opened: a small file can unpack to more than the memory."""
MOST_BYTES = 2_000_000_000
"""The bytes that all pictures together may take, after resizing."""
MODES = {"1": "L", "L": "L", "RGB": "RGB", "P": "RGB"}
"""Pillow's mode of a file -> grey (L) or RGB. Transparency and 16 bits are refused: they would be lost."""

ANY_MODE = (*MODES, "LA", "RGBA", "I", "F", "I;16", "I;16B", "CMYK", "YCbCr", "PA")
"""Those that a user's own function may be given, which sees the picture as Pillow opens it."""

ORIENTATION = 0x0112
"""Of EXIF: how a camera was held. Viewers turn a picture by it, so the pixels alone are not what is seen."""


def opened(
    folder: Path, files: Sequence[str], resize: tuple[int, int] | None, *, instead: str = ""
) -> NDArray[np.uint8]:
    """All files as pixels of one size and one mode.

    Args:
        instead: what to do about several sizes; by default to give `--resize`.

    Raises:
        DataError: for files that cannot be read, or of several sizes or modes; they are named.
    """
    shapes: dict[tuple[int, int], list[str]] = {}
    modes: dict[str, list[str]] = {}
    for file in files:
        with picture_of(folder, file) as picture:
            shapes.setdefault(_size(picture), []).append(file)
            modes.setdefault(MODES[picture.mode], []).append(file)
    if len(modes) > 1:
        which = " and ".join(f"{'grey' if m == 'L' else 'colour'}: {named(f)}" for m, f in modes.items())
        raise DataError(f"the pictures are of mixed modes ({which}): save all as grey or all as colour.")
    if len(shapes) > 1 and resize is None:
        usual = max(shapes, key=lambda shape: len(shapes[shape]))
        others = "; ".join(f"{h}x{w}: {named(f)}" for (h, w), f in shapes.items() if (h, w) != usual)
        raise DataError(
            f"the pictures are of mixed sizes, most {usual[0]}x{usual[1]}, but {others}: cut them to "
            f"one size, or {instead or f'give resize, such as --resize {usual[0]}x{usual[1]}'}."
        )
    mode = next(iter(modes))
    h, w = resize or next(iter(shapes))
    _fits(len(files) * h * w * (3 if mode == "RGB" else 1))
    pixels = np.empty((len(files), h, w, *((3,) if mode == "RGB" else ())), np.uint8)
    for k, file in enumerate(files):
        with picture_of(folder, file) as picture:
            try:
                plain = _upright(picture).convert(mode)
            # Of a damaged file Pillow raises whatever its reader of that part does.
            except Exception as damage:
                raise unreadable(folder / file, damage) from damage
            pixels[k] = np.asarray(plain if plain.size == (w, h) else plain.resize((w, h)))
    return pixels


def unreadable(file: Path, damage: Exception) -> DataError:
    """The error for a file whose pixels Pillow cannot read."""
    return DataError(f"{file} cannot be read as a picture ({in_one_line(damage)}): save it again.")


def picture_of(folder: Path, file: str, *, modes: Container[str] = MODES) -> Image:
    """The file opened, its pixels not yet read.

    Args:
        modes: of Pillow, which may be read.

    Raises:
        DataError: if it cannot be opened, is too large, or of an unknown mode.
    """
    try:
        from PIL import Image
    except ImportError as absent:
        raise DataError("reading picture files needs Pillow: pip install 'confide[data]'.") from absent
    path = folder / file
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(path, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise DataError(f"{path} is too large to be opened ({bomb}): save it smaller.") from bomb
    except Exception as damage:
        why = in_one_line(str(damage).replace(str(path), file))
        raise DataError(f"{path} cannot be read as a picture ({why}): save it again or drop it.") from damage
    if picture.format == "TIFF":
        # Pillow maps such a file into memory with sides that it has swapped already, and gets noise.
        picture.filename = ""
    size, mode = f"{picture.width}x{picture.height}", picture.mode
    large = picture.width * picture.height > MOST_PIXELS
    if large or mode not in modes:
        picture.close()
    if large:
        raise DataError(f"{path} is {size} pixels, more than {MOST_PIXELS:,}: save it smaller.")
    if mode not in modes:
        raise DataError(f"{path} is of mode {mode}: save it as grey (L) or RGB with 8 bits a colour.")
    return picture


def size_of(folder: Path, file: str) -> tuple[int, int]:
    """The height and width of a picture file, as a viewer shows it."""
    with picture_of(folder, file) as picture:
        return _size(picture)


def is_turned(folder: Path, file: str) -> bool:
    """Whether a viewer shows the picture turned or mirrored, since the camera was held so."""
    with picture_of(folder, file) as picture:
        return _turn(picture) != 1


def _turn(picture: Image) -> int:
    """The orientation that a camera wrote beside the pixels, 1 to 8; 1 is upright."""
    if picture.format == "TIFF":  # Pillow turns these when it opens them
        return 1
    try:
        found = picture.getexif().get(ORIENTATION, 1)
    # What cannot be read is no orientation, for viewers neither.
    except Exception:
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _size(picture: Image) -> tuple[int, int]:
    """Height and width of the picture when it is upright."""
    across = _turn(picture) >= 5
    return (picture.width, picture.height) if across else (picture.height, picture.width)


def _upright(picture: Image) -> Image:
    from PIL.Image import Transpose

    turns = (
        *(None, Transpose.FLIP_LEFT_RIGHT, Transpose.ROTATE_180, Transpose.FLIP_TOP_BOTTOM),
        *(Transpose.TRANSPOSE, Transpose.ROTATE_270, Transpose.TRANSVERSE, Transpose.ROTATE_90),
    )
    turn = turns[_turn(picture) - 1]
    return picture if turn is None else picture.transpose(turn)


def from_npz(path: Path) -> tuple[NDArray[np.uint8], Array]:
    """The pictures and who is in each, from an .npz file.

    Raises:
        DataError: if it is no such file.
    """
    x, y = _packed(path, "X", "y")
    if not _are_pictures(x) or y.ndim != 1 or len(x) != len(y) or y.dtype.kind not in "iufU":
        raise DataError(
            f"{path.name} holds X {x.dtype}{list(x.shape)} and y {y.dtype}{list(y.shape)}: give uint8 "
            "X [n, h, w] or [n, h, w, 3], and y [n], the person in each."
        )
    return x, y


def _are_pictures(x: Array) -> bool:
    return x.dtype == np.uint8 and (x.ndim == 3 or (x.ndim == 4 and x.shape[3] == 3))


def pixels_of_npz(path: Path) -> NDArray[np.uint8]:
    """The pictures alone, from an .npz file that need not say who is in them.

    Raises:
        DataError: if it is no such file.
    """
    (x,) = _packed(path, "X")
    if not _are_pictures(x):
        raise DataError(
            f"{path.name} holds X {x.dtype}{list(x.shape)}: give uint8 X [n, h, w] or [n, h, w, 3]."
        )
    return x


def names_in_npz(path: Path, *roles: str) -> list[str]:
    """The names of the arrays in an .npz file: first those with these roles, in upper or lower case."""
    names = arrays_in(path)
    called = {name.lower(): name for name in names}
    first = [called[role.lower()] for role in roles]
    return [*first, *(name for name in names if name not in first)]


def _packed(path: Path, *names: str) -> list[Array]:
    if not is_there(path):
        raise DataError(f"{path} does not exist: check the path.")
    if path.suffix.lower() != ".npz":
        raise DataError(f"{path} is neither a folder nor an .npz file: give one of these.")
    return read_npz(path, *names, any_case=True)


def resized(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The pictures at this height and width."""
    try:
        from PIL import Image
    except ImportError as absent:
        raise DataError("resizing needs Pillow: pip install 'confide[data]'.") from absent
    h, w = size
    _fits(len(pixels) * h * w * (3 if pixels.ndim == 4 else 1))
    return np.stack([np.asarray(Image.fromarray(p).resize((w, h))) for p in pixels])


def _fits(size: int) -> None:
    if size > MOST_BYTES:
        raise DataError(
            f"the pictures take {size:,} bytes, more than {MOST_BYTES:,}: resize them, or give fewer."
        )


def named(files: Sequence[str]) -> str:
    """The first few file names, and how many more there are."""
    more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
    return ", ".join(files[:SHOWN]) + more
