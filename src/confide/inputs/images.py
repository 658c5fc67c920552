"""Pictures of people as a user holds them: a folder, an .npz file, or `Pictures`; read and checked."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.core.flags import HOLD, HOW, KNOWS, Flag, Held, Table
from confide.data.archives import arrays
from confide.inputs.columns import SHOWN, coded, need
from confide.inputs.lengths import parse_size
from confide.inputs.tables import Tabular, read_table
from confide.views.images import Pictures

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".pgm", ".ppm", ".tif", ".tiff"}
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "PPM", "TIFF")
"""The formats that Pillow may try. Its other readers are rarely used, and so less tested."""
MOST_PIXELS = 50_000_000
"""A larger picture is not opened: a small file can unpack to more than the memory."""
MOST_BYTES = 2_000_000_000
"""The bytes that all pictures together may take, after resizing."""
MODES = {"1": "L", "L": "L", "RGB": "RGB", "P": "RGB"}
"""Pillow's mode of a file -> grey (L) or RGB. Transparency and 16 bits are refused: they would be lost."""
FEWEST_PEOPLE = 4
"""Half of the people are kept out of the gallery, and two are needed to confuse one with the other."""


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """Pictures of people, who is in each, and how many of them the adversary already has.

    The adversary has some clear pictures of half of the people, with their names. The other pictures are
    released, protected in a way that it knows. It is to put a name to each released picture. It is judged on
    pictures of people whom it knows, and on pictures of the other half, for which every name is a false
    match.

    Args:
        pictures: A folder with a sub-folder for each person, or with files that the labels name; an .npz
            file with uint8 X [n, h, w] or [n, h, w, 3] and y [n]; or `Pictures` with names.
        labels: For a folder of files: a table with the columns file and person.
        resize: Bring all pictures to this height and width, for example 112x92.
        gallery: The share of each person's pictures that the adversary has.
        worlds: How often pictures and people are divided again; 5 times by default, 20 where there are few
            pictures.

    Raises:
        DataError: for a share that leaves one side without pictures, a size of no pixels, or no world.

    Source: McPherson, Shokri, Shmatikov 2016.
    """

    pictures: Held
    _: KW_ONLY
    labels: Table | None = None
    resize: Annotated[tuple[int, int] | None, Flag(group=HOLD, metavar="HxW", parse=parse_size)] = None
    gallery: Annotated[float, Flag(group=KNOWS, metavar="SHARE")] = 0.8
    worlds: Annotated[int | None, Flag(group=HOW, least=1)] = None

    def __post_init__(self) -> None:
        if self.resize is not None and min(self.resize) < 1:
            raise DataError(f"resize is {self.resize}: give a height and a width of 1 pixel or more.")
        if not 0 < self.gallery < 1:
            raise DataError(f"gallery is {self.gallery}: give a share between 0 and 1.")
        if self.worlds is not None and self.worlds < 1:
            raise DataError(f"{self.worlds} worlds cannot be played: give 1 or more.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImagesData:
    """Pictures, with the names of the files and of the people.

    Args:
        pictures: with people 0, 1, ...
        files: the name of each picture.
        people: the name of each person, in the order of the codes.
        alone: how many people were left out because there is only one picture of them.
        name: of the whole, for the report.
    """

    pictures: Pictures
    files: tuple[str, ...]
    people: tuple[str, ...]
    alone: int
    name: str


def read_images(held: Images) -> ImagesData:
    """Read the pictures and who is in them; people with a single picture are left out.

    Raises:
        DataError: if the pictures or the labels are not like this; files are named.
    """
    given, labels, resize = held.pictures, held.labels, held.resize
    if labels is not None and (isinstance(given, Pictures) or not Path(given).is_dir()):
        raise DataError(
            "labels go with a folder of picture files, but these pictures bring their names: give no labels."
        )
    if isinstance(given, Pictures):
        if given.person is None:
            raise DataError("the pictures carry no names: give `person`, who is in each.")
        pixels, person, files = given.pixels, given.person, [str(i) for i in range(len(given))]
        title = "pictures"
    elif Path(given).is_dir():
        title, labelled = Path(given).name, _labelled(Path(given), labels)
        files, person = [file for file, _ in labelled], np.array([who for _, who in labelled])
        pixels = _opened(Path(given), files, resize)
    else:
        title = Path(given).name
        pixels, person = _from_npz(Path(given))
        files = [str(i) for i in range(len(pixels))]
    if resize is not None and pixels.shape[1:3] != tuple(resize):
        pixels = _resized(pixels, resize)
    if 0 in pixels.shape[1:3]:
        raise DataError(f"{title} has pictures without pixels, {list(pixels.shape)}: give larger ones.")
    who = coded(pl.Series("person", [str(p) for p in person]))
    album = ImagesData(
        pictures=Pictures(pixels, who.codes),
        files=tuple(files),
        people=tuple(who.labels.to_list()),
        alone=0,
        name=title,
    )
    return _with_two(album)


def _with_two(album: ImagesData) -> ImagesData:
    """Only people with two pictures or more: one for the gallery, one for the release."""
    person = album.pictures.person
    assert person is not None
    many = np.bincount(person, minlength=len(album.people)) >= 2
    if many.sum() < FEWEST_PEOPLE:
        raise DataError(
            f"{album.name} has {int(many.sum())} people with 2 pictures or more: give {FEWEST_PEOPLE} such "
            "people or more, because half of the people are kept out of the gallery for comparison."
        )
    kept = many[person]
    number = np.cumsum(many) - 1
    return replace(
        album,
        pictures=Pictures(album.pictures.pixels[kept], number[person[kept]]),
        files=tuple(f for f, k in zip(album.files, kept, strict=True) if k),
        people=tuple(p for p, k in zip(album.people, many, strict=True) if k),
        alone=int((~many).sum()),
    )


def _labelled(folder: Path, labels: Tabular | None) -> list[tuple[str, str]]:
    """(file, person) of each picture under the folder, in the order of the files' names."""
    found = sorted(
        p.relative_to(folder).as_posix()
        for p in folder.rglob("*")
        if p.is_file() and p.suffix.lower() in SUFFIXES
    )
    if not found:
        kinds = ", ".join(sorted(SUFFIXES))
        raise DataError(f"{folder} holds no pictures ({kinds}): name the folder that holds them.")
    if labels is None:
        loose = [file for file in found if "/" not in file]
        if loose:
            raise DataError(
                f"who is in {_named(loose)} of {folder}? Put the pictures of each person into a "
                "sub-folder, or give labels: a table with the columns file and person."
            )
        return [(file, file.rpartition("/")[0]) for file in found]
    table = read_table(labels, name="the labels")
    frame, called = table.frame, table.name
    need(frame, ("file", "person"), name=called)
    if frame["file"].is_duplicated().any():
        twice = frame["file"].filter(frame["file"].is_duplicated()).unique().sort().to_list()
        raise DataError(f"{called} names {_named(twice)} more than once: give each picture one person.")
    named = dict(zip(frame["file"].cast(pl.String).to_list(), frame["person"].to_list(), strict=True))
    unknown = sorted(set(named) - set(found))
    if unknown:
        raise DataError(
            f"{called} names {_named(unknown)}, not to be found in {folder}: correct the column file."
        )
    nameless = [file for file in found if file not in named]
    if nameless:
        raise DataError(f"{called} has no person for {_named(nameless)}: add rows, or move these files away.")
    return [(file, str(named[file])) for file in found]


def _opened(folder: Path, files: Sequence[str], resize: tuple[int, int] | None) -> NDArray[np.uint8]:
    """All files as pixels of one size and one mode."""
    shapes: dict[tuple[int, int], list[str]] = {}
    modes: dict[str, list[str]] = {}
    for file in files:
        with _picture(folder, file) as picture:
            shapes.setdefault((picture.height, picture.width), []).append(file)
            modes.setdefault(MODES[picture.mode], []).append(file)
    if len(modes) > 1:
        which = " and ".join(f"{'grey' if m == 'L' else 'colour'}: {_named(f)}" for m, f in modes.items())
        raise DataError(f"the pictures are of mixed modes ({which}): save all as grey or all as colour.")
    if len(shapes) > 1 and resize is None:
        usual = max(shapes, key=lambda shape: len(shapes[shape]))
        others = "; ".join(f"{h}x{w}: {_named(f)}" for (h, w), f in shapes.items() if (h, w) != usual)
        raise DataError(
            f"the pictures are of mixed sizes, most {usual[0]}x{usual[1]}, but {others}: cut them to "
            f"one size, or give resize, such as --resize {usual[0]}x{usual[1]}."
        )
    mode = next(iter(modes))
    h, w = resize or next(iter(shapes))
    _fits(len(files) * h * w * (3 if mode == "RGB" else 1))
    pixels = np.empty((len(files), h, w, *((3,) if mode == "RGB" else ())), np.uint8)
    for k, file in enumerate(files):
        with _picture(folder, file) as picture:
            try:
                plain = picture.convert(mode)
            except (OSError, SyntaxError, ValueError) as damage:
                raise DataError(f"{file} cannot be read as a picture ({damage}): save it again.") from damage
            pixels[k] = np.asarray(plain if plain.size == (w, h) else plain.resize((w, h)))
    return pixels


def _picture(folder: Path, file: str) -> Image:
    """The file opened, its pixels not yet read; refused if it is too large or of an unknown mode."""
    try:
        from PIL import Image
    except ImportError as absent:
        raise DataError("reading picture files needs Pillow: pip install 'confide[data]'.") from absent
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(folder / file, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise DataError(f"{file} is too large to be opened ({bomb}): save it smaller.") from bomb
    except (OSError, SyntaxError, ValueError) as damage:
        why = str(damage).replace(str(folder / file), file)
        raise DataError(f"{file} cannot be read as a picture ({why}): save it again or drop it.") from damage
    size, mode = f"{picture.width}x{picture.height}", picture.mode
    large = picture.width * picture.height > MOST_PIXELS
    if large or mode not in MODES:
        picture.close()
    if large:
        raise DataError(f"{file} is {size} pixels, more than {MOST_PIXELS:,}: save it smaller.")
    if mode not in MODES:
        raise DataError(f"{file} is of mode {mode}: save it as grey (L) or RGB with 8 bits a colour.")
    return picture


def _from_npz(path: Path) -> tuple[NDArray[np.uint8], Array]:
    if not path.exists():
        raise DataError(f"{path} does not exist: check the path.")
    if path.suffix.lower() != ".npz":
        raise DataError(f"{path} is neither a folder nor an .npz file: give one of these.")
    with (
        suppress(OSError, zipfile.BadZipFile),
        zipfile.ZipFile(path) as packed,
    ):  # `arrays` then says what is wrong
        _fits(sum(part.file_size for part in packed.infolist()))
    x, y = arrays(path, "X", "y")
    if x.dtype != np.uint8 or y.ndim != 1 or len(x) != len(y):
        raise DataError(
            f"{path.name} holds X {x.dtype}{list(x.shape)} and y {y.dtype}{list(y.shape)}: give uint8 "
            "X [n, h, w] or [n, h, w, 3], and y [n], the person in each."
        )
    return x, y


def _resized(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
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


def _named(files: Sequence[str]) -> str:
    more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
    return ", ".join(files[:SHOWN]) + more
