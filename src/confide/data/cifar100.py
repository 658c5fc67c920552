"""CIFAR-100: small photographs of a hundred kinds of objects, of which five are people."""

from __future__ import annotations

from confide.core.arrays import Rng
from confide.data import cifar, twins
from confide.data.card import Card
from confide.data.cifar import CifarFiles
from confide.data.locating import File
from confide.data.splits import Split
from confide.views.records import Records

PACKED = (File(path="images/cifar100_train.parquet"), File(path="images/cifar100_test.parquet"))
ARCHIVE = File(
    path="images/cifar-100-binary.tar.gz",
    url="https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    checksum="md5:03b5dce01913d631647c71ecec9e9cb8",  # its author states no other
)
PARTS = (["cifar-100-binary/train.bin"], ["cifar-100-binary/test.bin"])
CLASSES = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel
    can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur
    dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion
    lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter
    palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road
    rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower
    sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale
    willow_tree wolf woman worm
"""
CARD = Card(
    name="cifar100",
    title="CIFAR-100",
    people="photographs found on the web, unnamed people among them (baby, boy, girl, man, woman)",
    records=60_000,
    repeats=None,
    shape=(3, 32, 32),
    features="RGB, 32 by 32",
    task="what the photograph shows, among 100",
    classes=tuple(CLASSES.split()),
    terms="no licence stated; cite the report",
    redistribution=False,
    source="https://www.cs.toronto.edu/~kriz/cifar.html",
    get="Get cifar-100-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html.",
    harm="slight at this size; it represents private photographs",
    citation="Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009",
    note="49,986 of the 50,000 training images are distinct, 10 test images are also among them; some "
    "repeats have another label",
)


def load(*, split: Split = "all", distinct: bool = True) -> Records:
    """Load the photographs; see `confide.data.cifar.load`.

    Packed files can hold a subset; Krizhevsky's archive has 50,000 for training and 10,000 for testing.
    """
    files = CifarFiles(packed=PACKED, archive=ARCHIVE, parts=PARTS, skip=1)
    return cifar.load(files, CARD, split=split, distinct=distinct)


def twin(n: int, *, rng: Rng) -> Records:
    """Make n synthetic images of this shape (see `confide.data.twins`).

    >>> import numpy as np
    >>> twin(2, rng=np.random.default_rng(0)).x.shape
    (2, 3, 32, 32)
    """
    return twins.images(n, name=CARD.name, classes=100, shape=(3, 32, 32), levels=255, rng=rng)
