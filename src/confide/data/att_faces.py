"""The AT&T faces: ten grey portraits of each of forty people of a laboratory."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Rng
from confide.core.errors import DataError
from confide.data import twins
from confide.data.archives import arrays
from confide.data.card import Card
from confide.data.locating import File, locate
from confide.views.images import Pictures

PACKED = File(path="faces/att_orl.npz")
CARD = Card(
    name="att-faces",
    title="AT&T (ORL) database of faces",
    people="40 members of the Olivetti Research Laboratory, Cambridge, 1992 to 1994",
    records=400,
    shape=(112, 92),
    features="grey portraits, 112 by 92 pixels, upright, evenly lit",
    task="who it is, among 40",
    classes=tuple(f"person {i}" for i in range(1, 41)),
    terms="research, with credit to Olivetti Research Laboratory",
    redistribution=False,
    source="https://cam-orl.co.uk/facedatabase.html",
    get="Get att_faces.zip, and save its images as uint8 arrays X [400, 112, 92] and y [400] of an npz.",
    harm="faces: a person recognised in one image is recognised in all",
    citation="Samaria, Harter: Parameterisation of a Stochastic Model for Human Face Identification, 1994",
)


def load() -> Pictures:
    """Load all portraits with people 0 to 39.

    Raises:
        DataError: if the set is not here, or its file is damaged.
    """
    path = locate(PACKED, get=CARD.get)
    x, y = arrays(path, "X", "y")
    if x.shape != (CARD.records, *CARD.shape) or x.dtype != np.uint8 or y.shape != (CARD.records,):
        raise DataError(f"{path} does not hold 400 grey uint8 portraits with a person for each. {CARD.get}")
    return Pictures(x, np.unique(y, return_inverse=True)[1].astype(np.int64))


def twin(n: int, *, rng: Rng) -> Pictures:
    """Make n synthetic images of this shape (see `confide.data.twins`); they show no real person.

    >>> twin(2, rng=np.random.default_rng(0)).pixels.shape
    (2, 112, 92)
    """
    return twins.pictures(n, name=CARD.name, people=40, shape=(112, 92), rng=rng)
