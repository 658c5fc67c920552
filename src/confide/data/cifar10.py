"""CIFAR-10: small photographs of ten kinds of objects."""

from __future__ import annotations

from confide.core.arrays import Rng
from confide.data import cifar, twins
from confide.data.card import Card
from confide.data.cifar import CifarFiles
from confide.data.locating import File
from confide.data.splits import Split
from confide.views.records import Records

PACKED = (File(path="images/cifar10_train.parquet"), File(path="images/cifar10_test.parquet"))
ARCHIVE = File(
    path="images/cifar-10-binary.tar.gz",
    url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    checksum="md5:c32a1d4ab5d03f1284b67883e8d87530",  # its author states no other
)
FOLDER = "cifar-10-batches-bin"
PARTS = ([f"{FOLDER}/data_batch_{i}.bin" for i in range(1, 6)], [f"{FOLDER}/test_batch.bin"])
CARD = Card(
    name="cifar10",
    title="CIFAR-10",
    people="none on purpose: animals and vehicles, photographs found on the web",
    records=60_000,
    repeats=None,
    shape=(3, 32, 32),
    features="RGB, 32 by 32",
    task="what the photograph shows, among 10",
    classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    terms="no licence stated; cite the report",
    redistribution=False,
    source="https://www.cs.toronto.edu/~kriz/cifar.html",
    get="Get cifar-10-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html.",
    harm="slight; it represents private photographs",
    citation="Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009",
)


def load(*, split: Split = "all", distinct: bool = True) -> Records:
    """Load the photographs; see `confide.data.cifar.load`.

    Packed files can hold a subset; Krizhevsky's archive has 50,000 for training and 10,000 for testing.
    """
    files = CifarFiles(packed=PACKED, archive=ARCHIVE, parts=PARTS, skip=0)
    return cifar.load(files, CARD, split=split, distinct=distinct)


def twin(n: int, *, rng: Rng) -> Records:
    """Make n synthetic images of this shape (see `confide.data.twins`).

    >>> import numpy as np
    >>> twin(2, rng=np.random.default_rng(0)).x.shape
    (2, 3, 32, 32)
    """
    return twins.images(n, name=CARD.name, classes=10, shape=(3, 32, 32), levels=255, rng=rng)
