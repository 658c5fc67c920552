"""Labeled Faces in the Wild, the 62 people with twenty pictures and more."""

from __future__ import annotations

import io

import numpy as np
import polars as pl

from confide.core.arrays import Rng
from confide.core.errors import DataError
from confide.data import twins
from confide.data.card import Card
from confide.data.locating import File, locate
from confide.views.images import Pictures

PACKED = File(path="faces/lfw_min20.parquet")
CARD = Card(
    name="lfw62",
    title="Labeled Faces in the Wild, people with 20 pictures or more",
    people="62 public figures, photographed for the news up to 2004",
    records=3_023,
    shape=(125, 94),
    features="grey faces, 125 by 94 pixels, cut out of pictures of 250 by 250",
    task="who it is, among 62",
    classes=tuple(f"person {i}" for i in range(1, 63)),
    terms="no licence stated (pictures from news sites); research only",
    redistribution=False,
    source="http://vis-www.cs.umass.edu/lfw/",
    get="It has to be packed: rows of person_id, n and strip_webp, n faces one below another.",
    harm="faces: who is recognised in one picture is recognised in all",
    citation="Huang, Ramesh, Berg, Learned-Miller: Labeled Faces in the Wild, UMass Amherst 07-49, 2007",
    note="The most frequent person has 530 of the pictures: to name him always is right about 18 %.",
)


def load() -> Pictures:
    """All faces with people 0 to 61; their names are not read.

    Raises:
        DataError: if the set is not here, its file is damaged, or Pillow is missing.
    """
    path = locate(PACKED, get=CARD.get)
    try:
        from PIL import Image
    except ImportError as missing:
        raise DataError(f"{path} holds WebP pictures: pip install 'confide[data]'.") from missing
    try:
        table = pl.read_parquet(path, columns=["person_id", "n", "strip_webp"])
        strips = [
            np.asarray(Image.open(io.BytesIO(b), formats=["WEBP"]))[..., 0] for b in table["strip_webp"]
        ]
        pixels = np.concatenate([strip.reshape(-1, *CARD.shape) for strip in strips])
    except (pl.exceptions.PolarsError, OSError, ValueError, IndexError) as damage:
        why = str(damage).partition("\n")[0]
        raise DataError(f"{path} cannot be read as parquet of WebP strips ({why}): get it again.") from damage
    person = np.repeat(table["person_id"].to_numpy(), table["n"].to_numpy())
    return Pictures(pixels, np.unique(person, return_inverse=True)[1].astype(np.int64))


def twin(n: int, *, rng: Rng) -> Pictures:
    """n made-up pictures of this shape (see `confide.data.twins`); they look like nobody.

    >>> twin(2, rng=np.random.default_rng(0)).pixels.shape
    (2, 125, 94)
    """
    return twins.pictures(n, name=CARD.name, people=62, shape=(125, 94), rng=rng)
