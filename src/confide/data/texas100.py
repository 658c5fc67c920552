"""Texas100: hospital stays in Texas with their main procedures."""

from __future__ import annotations

from confide.core.arrays import Rng
from confide.core.errors import DataError
from confide.data import twins
from confide.data.archives import integers, member, yes_no
from confide.data.card import Card
from confide.data.locating import File, locate
from confide.views.records import Records

ARCHIVE = File(path="membership/dataset_texas.tgz")
CARD = Card(
    name="texas100",
    title="Texas100 (hospital discharges; 100 classes)",
    people="in-patients of hospitals in Texas, 2006 to 2009",
    records=67_330,
    repeats=None,
    shape=(6_169,),
    features="6,169 yes/no: external causes of injury, diagnoses, procedures, age group, sex, race, hospital",
    task="the main procedure, among the 100 most frequent",
    classes=tuple(f"procedure {i}" for i in range(1, 101)),
    terms="derived from the public use file of the Texas Department of State Health Services, whose "
    "agreement forbids the identification of people; for research",
    redistribution=False,
    source="https://github.com/privacytrustlab/datasets",
    get="Get dataset_texas.tgz from https://github.com/privacytrustlab/datasets.",
    harm="that a person was in hospital, and why",
    citation="Shokri, Stronati, Song, Shmatikov: Membership Inference Attacks Against Machine Learning "
    "Models, S&P 2017",
)


def load(*, distinct: bool = True) -> Records:
    """Load all stays; x float32[n, 6169] of 0 and 1 (1.7 GB, 3 GB while reading), y the procedure minus 1.

    The parser follows the archive's layout; it was tested only on a small archive of that layout.

    Args:
        distinct: leave out records that equal an earlier one.

    Raises:
        DataError: if the archive is not here, or damaged.
    """
    path = locate(ARCHIVE, get=CARD.get)
    features, labels = member(path, "texas/100/feats", "texas/100/labels")
    bits = integers(features, CARD.shape[0], origin=f"texas/100/feats in {path}")
    classes = integers(labels, 1, origin=f"texas/100/labels in {path}")[:, 0]
    if len(bits) != len(classes):
        raise DataError(f"{path} has {len(bits)} stays but {len(classes)} labels: get it again.")
    del features, labels  # they are 0.8 GB of text
    return CARD.check(yes_no(bits, classes, distinct=distinct, origin=str(path)))


def twin(n: int, *, rng: Rng) -> Records:
    """Make n synthetic records of this shape (see `confide.data.twins`).

    >>> import numpy as np
    >>> twin(5, rng=np.random.default_rng(0)).x.shape
    (5, 6169)
    """
    return twins.bits(n, name=CARD.name, classes=100, features=6_169, density=0.01, rng=rng)
