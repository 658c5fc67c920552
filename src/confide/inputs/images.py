"""Pictures of people as a user holds them: read and checked; and released pictures matched to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl

from confide.core.arrays import Ints
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import HOLD, HOW, KNOWS, Flag, Held, Table
from confide.core.who import standing
from confide.inputs.albums import Album, read_album
from confide.inputs.lengths import parse_size
from confide.inputs.released_pictures import matched
from confide.inputs.resemblance import unsettled
from confide.views.images import Pictures

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
            file with uint8 X [n, h, w] or [n, h, w, 3] and y [n]; in Python also `Pictures` with names.
        labels: For a folder of files: a table with the columns file and person.
        resize: Bring all pictures to this height and width, for example 112x92.
        gallery: The share of each person's pictures that the adversary has.
        worlds: How often pictures and people are divided again; 5 times by default, 20 where there are few
            pictures.
        released: What will be published of these pictures, obscured: another folder, .npz file or `Pictures`.
            A picture keeps its name, up to the suffix, or its row.
        key: A table of two columns: a picture of the original (its file, or its row, counted from 1), and the
            same picture among the released ones. Needed where these have other names.
        made_by: How the released pictures were made, as the adversary knows it: NAME:SETTINGS, as of
            --protect. By default what their sidecar says, or else what a comparison with the originals shows.

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
    released: Annotated[Any, Flag(group=HOLD, metavar="PATH")] = None
    key: Table | None = None
    made_by: Annotated[str | None, Flag(group=KNOWS, metavar="NAME:SETTINGS")] = None

    def __post_init__(self) -> None:
        check_fields(self)
        if self.resize is not None and min(self.resize) < 1:
            raise DataError(f"resize is {self.resize}: give a height and a width of 1 pixel or more.")
        if not 0 < self.gallery < 1:
            raise DataError(f"gallery is {self.gallery}: give a share between 0 and 1.")
        if self.worlds is not None and self.worlds < 1:
            raise DataError(f"{self.worlds} worlds cannot be played: give 1 or more.")
        if self.released is None and (self.made_by is not None or self.key is not None):
            word = "--made-by" if self.key is None else "a key"
            raise DataError(f"{word} speaks of released pictures: give these too (`--released`).")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImagesData:
    """Pictures of people with two pictures or more: one for the gallery, one for the release.

    Args:
        pictures: with people 0, 1, ...
        files: the name of each picture.
        people: the name of each person, in the order of the codes.
        who: where each picture is, and who is in it (`confide.core.who.standing`).
        alone: how many people were left out because there is only one picture of them.
        name: of what is released, for the report.
        album: all pictures, those of people with one picture among them.
        rows: int64[n], where the pictures stand in the album.
        released: what is released of each picture; None where the pictures themselves are.
        unsettled: what no audit of this release can settle, in a few words -> why.
    """

    pictures: Pictures
    files: tuple[str, ...]
    people: tuple[str, ...]
    who: pl.DataFrame
    alone: int
    name: str
    album: Album
    rows: Ints
    released: Pictures | None = None
    unsettled: Mapping[str, str] = field(default_factory=dict)


def read_images(held: Images) -> ImagesData:
    """Read the pictures and who is in them; people with a single picture are left out.

    Raises:
        DataError: if the pictures or the labels are not like this, or the released ones cannot be matched;
            files are named.
    """
    album = read_album(held.pictures, labels=held.labels, resize=held.resize)
    data = _with_two(album)
    if held.released is None:
        return data
    released, alike = matched(held.released, album, key=held.key)
    title = album.source.name if isinstance(held.released, Pictures) else Path(held.released).name
    return replace(
        data,
        released=released.take(data.rows),
        name=title,
        unsettled=unsettled(alike, pictures=True),
    )


def _with_two(album: Album) -> ImagesData:
    person, name = album.pictures.person, album.source.name
    assert person is not None
    many = np.bincount(person, minlength=len(album.people)) >= 2
    if many.sum() < FEWEST_PEOPLE:
        raise DataError(
            f"{name} has {int(many.sum())} people with 2 pictures or more: give {FEWEST_PEOPLE} such "
            "people or more, because half of the people are kept out of the gallery for comparison."
        )
    rows = np.flatnonzero(many[person])
    number = np.cumsum(many) - 1
    return ImagesData(
        pictures=Pictures(album.pictures.pixels[rows], number[person[rows]]),
        files=tuple(album.files[row] for row in rows),
        people=tuple(p for p, k in zip(album.people, many, strict=True) if k),
        who=_standing(album, rows),
        alone=int((~many).sum()),
        name=name,
        album=album,
        rows=rows,
    )


def _standing(album: Album, rows: Ints) -> pl.DataFrame:
    """The file of each picture; of pictures in one file or in memory, its name and the row."""
    person = album.pictures.person
    assert person is not None
    ids = pl.Series([album.people[p] for p in person[rows]])
    if album.source.form == "folder":
        return standing([album.files[row] for row in rows], ids=ids)
    return standing(album.source.name, row=rows + 1, ids=ids)
