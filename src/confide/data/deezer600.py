"""Deezer600: likes of 600 artists. It is built like Purchase100 on other data; it is not Purchase100."""

from __future__ import annotations

from confide.core.arrays import Rng
from confide.data import twins
from confide.data.archives import packed_bits
from confide.data.card import Card
from confide.data.locating import File, locate
from confide.views.records import Records

PACKED = File(path="membership/deezer600_k100_derived.npz")
CARD = Card(
    name="deezer600",
    title="Deezer600 (derived from Deezer Europe; 100 classes)",
    people="users of the music service Deezer in Europe, March 2020, who like 5 or more of the 600 artists",
    records=11_578,
    shape=(600,),
    features="600 yes/no: does the person like this artist (the 600 most liked)?",
    task="the person's cluster of taste among 100 (k-means; from 1 to 1,609 people in one)",
    classes=tuple(f"cluster {i}" for i in range(100)),
    terms="no licence stated; for research, cite the paper",
    redistribution=False,
    source="https://snap.stanford.edu/data/feather-deezer-social.html",
    get="This derived set is not published. Build a similar one by the recipe in docs/data.md.",
    harm="taste reveals language, origin, age and sex; a list of likes identifies a person in other data",
    citation="Rozemberczki, Sarkar: Characteristic Functions on Graphs, CIKM 2020",
)


def load() -> Records:
    """Load all users; x float32[11578, 600] of 0 and 1, y the cluster.

    Raises:
        DataError: if the file is not here, or damaged.
    """
    return CARD.check(Records(*packed_bits(locate(PACKED, get=CARD.get))))


def twin(n: int, *, rng: Rng) -> Records:
    """Make n synthetic records of this shape (see `confide.data.twins`).

    >>> import numpy as np
    >>> twin(5, rng=np.random.default_rng(0)).x.shape
    (5, 600)
    """
    return twins.bits(n, name=CARD.name, classes=100, features=600, density=0.043, rng=rng)
