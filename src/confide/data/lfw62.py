"""Labeled Faces in the Wild: the 62 people with at least twenty images."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Rng
from confide.data import twins
from confide.data.archives import strips
from confide.data.card import Card
from confide.data.locating import File, locate
from confide.views.images import Pictures

PACKED = File(path="faces/lfw_min20.parquet")
CARD = Card(
    name="lfw62",
    title="Labeled Faces in the Wild, people with 20 images or more",
    people="62 public figures, photographed for the news up to 2004",
    records=3_023,
    shape=(125, 94),
    features="grey faces, 125 by 94 pixels, cut out of images of 250 by 250",
    task="who it is, among 62",
    classes=tuple(f"person {i}" for i in range(1, 63)),
    terms="no licence stated (images from news sites); research only",
    redistribution=False,
    source="http://vis-www.cs.umass.edu/lfw/",
    get="Save it as a table with rows of person_id, n and strip_webp, n faces one below another.",
    harm="faces: a person recognised in one image is recognised in all",
    citation="Huang, Ramesh, Berg, Learned-Miller: Labeled Faces in the Wild, UMass Amherst 07-49, 2007",
    note="The most frequent person has 530 of the images: to name always this person is right for 18 %.",
)


def load() -> Pictures:
    """Load all faces with people 0 to 61; their names are not read.

    Raises:
        DataError: if the set is not here, its file is damaged, or Pillow is missing.
    """
    pixels, person = strips(locate(PACKED, get=CARD.get), "person_id", size=(125, 94))
    grey = np.ascontiguousarray(pixels[..., 0])  # the three channels of a grey image are equal
    return Pictures(grey, np.unique(person, return_inverse=True)[1].astype(np.int64))


def twin(n: int, *, rng: Rng) -> Pictures:
    """Make n synthetic images of this shape (see `confide.data.twins`); they show no real person.

    >>> twin(2, rng=np.random.default_rng(0)).pixels.shape
    (2, 125, 94)
    """
    return twins.pictures(n, name=CARD.name, people=62, shape=(125, 94), rng=rng)
