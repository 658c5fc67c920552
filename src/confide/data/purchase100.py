"""Purchase100: purchases of 600 products."""

from __future__ import annotations

from confide.core.arrays import Rng
from confide.data import twins
from confide.data.archives import integers, member, yes_no
from confide.data.card import Card
from confide.data.locating import File, locate
from confide.views.records import Records

ARCHIVE = File(path="membership/dataset_purchase.tgz")
CARD = Card(
    name="purchase100",
    title="Purchase100 (Acquire Valued Shoppers; 100 classes)",
    people="customers of US shops, from the Kaggle challenge of 2014",
    records=197_324,
    repeats=None,
    shape=(600,),
    features="600 yes/no: did the person buy this product?",
    task="the person's type among 100 clusters of shopping behaviour",
    classes=tuple(f"type {i}" for i in range(1, 101)),
    terms="derived from a Kaggle competition, whose rules apply; no licence stated; for research",
    redistribution=False,
    source="https://github.com/privacytrustlab/datasets",
    get="Get dataset_purchase.tgz from https://github.com/privacytrustlab/datasets.",
    harm="purchases reveal pregnancy, illness, faith and wealth",
    citation="Shokri, Stronati, Song, Shmatikov: Membership Inference Attacks Against Machine Learning "
    "Models, S&P 2017",
)


def load(*, distinct: bool = True) -> Records:
    """Load all records; x float32[n, 600] of 0 and 1 (473 MB), y the type minus 1.

    The parser follows the archive's layout; it was tested only on a small archive of that layout.

    Args:
        distinct: leave out records that equal an earlier one.

    Raises:
        DataError: if the archive is not here, or damaged.
    """
    path = locate(ARCHIVE, get=CARD.get)
    (text,) = member(path, "dataset_purchase")
    table = integers(text, 1 + CARD.shape[0], origin=f"dataset_purchase in {path}")
    return CARD.check(yes_no(table[:, 1:], table[:, 0], distinct=distinct, origin=str(path)))


def twin(n: int, *, rng: Rng) -> Records:
    """Make n synthetic records of this shape (see `confide.data.twins`).

    >>> import numpy as np
    >>> twin(5, rng=np.random.default_rng(0)).x.shape
    (5, 600)
    """
    return twins.bits(n, name=CARD.name, classes=100, features=600, density=0.2, rng=rng)
