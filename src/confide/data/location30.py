"""Location30: regions and kinds of places where people in Bangkok checked in."""

from __future__ import annotations

from confide.core.arrays import Rng
from confide.data import twins
from confide.data.archives import integers, member, packed_bits, yes_no
from confide.data.card import Card
from confide.data.locating import File, locate
from confide.views.records import Records

PACKED = File(path="membership/location30.npz")
ARCHIVE = File(
    path="membership/dataset_location.tgz",
    url="https://github.com/privacytrustlab/datasets/raw/169de9de00de049dd2e571cf7279e64698ac046a/dataset_location.tgz",
    checksum="sha256:927203f85a868f8ee17a0ded1dc61699efe602167beabe34fbf45b4b1de94b33",
)
CARD = Card(
    name="location30",
    title="Location (Foursquare, Bangkok; 30 classes)",
    people="Foursquare users in Bangkok, April 2012 to September 2013",
    records=5_010,
    shape=(446,),
    features="446 yes/no: did the person check in in this region or at this kind of place?",
    task="the person's type among 30 clusters of geosocial behaviour",
    classes=tuple(f"type {i}" for i in range(1, 31)),
    terms="no licence stated; for research, cite both papers",
    redistribution=False,
    source="https://github.com/privacytrustlab/datasets",
    get="Get dataset_location.tgz from https://github.com/privacytrustlab/datasets.",
    harm="visited places (clinics, temples, bars) reveal health, faith and habits, and times of absence",
    citation="Shokri, Stronati, Song, Shmatikov: Membership Inference Attacks Against Machine Learning "
    "Models, S&P 2017; "
    "Yang, Zhang, Qu: Participatory Cultural Mapping Based on Collective Behavior Data, ACM TIST 2016",
)


def load() -> Records:
    """Load all records; x float32[5010, 446] of 0 and 1, y the type minus 1.

    Raises:
        DataError: if the set is not here and cannot be downloaded, or its file is damaged.
    """
    path = locate(PACKED, ARCHIVE, get=CARD.get)
    if path.name != "dataset_location.tgz":
        return CARD.check(Records(*packed_bits(path)))
    (text,) = member(path, "bangkok")
    table = integers(text, 1 + CARD.shape[0], origin=f"bangkok in {path}")
    return CARD.check(yes_no(table[:, 1:], table[:, 0], distinct=False, origin=str(path)))


def twin(n: int, *, rng: Rng) -> Records:
    """Make n synthetic records of this shape (see `confide.data.twins`).

    >>> import numpy as np
    >>> twin(5, rng=np.random.default_rng(0)).x.shape
    (5, 446)
    """
    return twins.bits(n, name=CARD.name, classes=30, features=446, density=0.12, rng=rng)
