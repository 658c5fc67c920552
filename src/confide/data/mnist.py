"""MNIST: handwritten digits of clerks and pupils."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Rng
from confide.core.errors import DataError
from confide.data import twins
from confide.data.archives import arrays
from confide.data.card import Card
from confide.data.locating import File, locate
from confide.data.splits import Split, in_split
from confide.views.records import Records

PACKED = File(path="images/mnist.npz")
KERAS = File(
    path="images/keras-mnist.npz",
    url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    checksum="sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
)
CARD = Card(
    name="mnist",
    title="MNIST",
    people="about 500 writers: clerks of the US Census Bureau and high-school pupils, unnamed",
    records=70_000,
    shape=(1, 28, 28),
    features="grey, 28 by 28",
    task="the digit",
    classes=tuple("0123456789"),
    terms="commonly given as CC BY-SA 3.0; not confirmed at the source",
    redistribution=False,
    source="https://yann.lecun.com/exdb/mnist/",
    get="Get https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz, Keras' copy.",
    harm="slight; handwriting could be matched with other writing",
    citation="LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning Applied to Document Recognition, 1998",
)


def load(*, split: Split = "all") -> Records:
    """Load the digits: x float32[n, 1, 28, 28] in steps of 1/255 from 0 (paper) to 1 (ink).

    Args:
        split: 60,000 digits for training, 10,000 for testing, or all.

    Raises:
        DataError: if the set is not here and cannot be downloaded, or its file is damaged.
    """
    path = locate(PACKED, KERAS, get=CARD.get)
    train, test, y_train, y_test = arrays(path, "X_train", "X_test", "y_train", "y_test")
    shapes = [(len(y_train), 28, 28), (len(y_test), 28, 28)]
    if [train.shape, test.shape] != shapes or not train.dtype == test.dtype == np.uint8:
        raise DataError(f"{path} does not hold 28 x 28 uint8 images with a label for each: get it again.")
    y = np.concatenate([y_train, y_test]).astype(np.int64)
    kept = in_split(np.arange(len(y)) < len(y_train), split)
    x = np.concatenate([train, test])[kept, None].astype(np.float32) / np.float32(255)
    return CARD.check(Records(x, y[kept]))


def twin(n: int, *, rng: Rng) -> Records:
    """Make n synthetic images of this shape (see `confide.data.twins`); they do not look like digits.

    >>> twin(2, rng=np.random.default_rng(0)).x.shape
    (2, 1, 28, 28)
    """
    return twins.images(n, name=CARD.name, classes=10, shape=(1, 28, 28), levels=255, rng=rng)
