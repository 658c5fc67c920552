"""Digits: small handwritten digits, which are part of scikit-learn."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Rng
from confide.data import twins
from confide.data.card import Card
from confide.views.records import Records

CARD = Card(
    name="digits",
    title="Optical recognition of handwritten digits (UCI; the test half)",
    people="13 of 43 writers, unnamed",
    records=1_797,
    shape=(64,),
    features="ink in each of 8 by 8 cells, 0 to 16, as a share",
    task="the digit",
    classes=tuple("0123456789"),
    terms="UCI, CC BY 4.0",
    redistribution=True,
    source="https://archive.ics.uci.edu/dataset/80",
    get="It is part of scikit-learn.",
    harm="slight",
    citation="Alpaydin, Kaynak: Optical Recognition of Handwritten Digits, UCI 1998",
)


def load() -> Records:
    """Load all digits; x float32[1797, 64] in steps of 1/16 from 0 to 1.

    >>> load().x.shape
    (1797, 64)
    """
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return CARD.check(Records(np.asarray(x, dtype=np.float32) / 16, np.asarray(y, dtype=np.int64)))


def twin(n: int, *, rng: Rng) -> Records:
    """Make n synthetic images of this shape (see `confide.data.twins`); they do not look like digits.

    >>> twin(5, rng=np.random.default_rng(0)).x.shape
    (5, 64)
    """
    made = twins.images(n, name=CARD.name, classes=10, shape=(1, 8, 8), levels=16, rng=rng)
    return Records(np.asarray(made.x).reshape(n, 64), made.y)
