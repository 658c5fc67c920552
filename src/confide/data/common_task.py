"""The common task: synthetic records and one trained target, for comparisons of attacks and tools."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Bools, Rng
from confide.data import twins
from confide.data.archives import arrays, packed_bits
from confide.data.card import Card
from confide.data.locating import File, locate
from confide.views.records import Records

PACKED = File(path="membership/common_task.npz")
CARD = Card(
    name="common_task",
    title="The common membership-inference task (made up)",
    people="none: drawn from a latent-factor model with k-means labels, in the style of Purchase100",
    records=50_000,
    shape=(600,),
    features="600 yes/no",
    task="the cluster, among 100",
    classes=tuple(f"cluster {i}" for i in range(100)),
    terms="made for this project's benchmarks",
    redistribution=False,
    source="none: it is not published",
    get="This set is not published; use `confide.data.common_task.twin` for a task of the same kind.",
    harm="none",
    citation="none",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """The pool, the members, the population and the target of an attack on the common task.

    Args:
        pool: the 20,000 records that may be in the target's training.
        member: bool[20000], whether each was.
        population: 20,000 other records, which the adversary knows.
        weights: the target, an MLP 600-128-100 with tanh: weight and bias of each layer ([out, in], [out]).
    """

    pool: Records
    member: Bools
    population: Records
    weights: tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]


def load() -> Records:
    """Load all 50,000 records; x float32[50000, 600] of 0 and 1.

    Raises:
        DataError: if the file is not here, or damaged.
    """
    return CARD.check(Records(*packed_bits(locate(PACKED, get=CARD.get))))


def sitting() -> Sitting:
    """Load the pool, the members, the population and the target's weights.

    Raises:
        DataError: if the file is not here, or damaged.
    """
    records = load()
    names = ("member", "target_0_weight", "target_0_bias", "target_2_weight", "target_2_bias")
    member, w0, b0, w2, b2 = arrays(locate(PACKED, get=CARD.get), *names)
    return Sitting(
        pool=records.take(np.arange(20_000)),
        member=member,
        population=records.take(np.arange(20_000, 40_000)),
        weights=((w0, b0), (w2, b2)),
    )


def twin(n: int, *, rng: Rng) -> Records:
    """Make n synthetic records of this shape (see `confide.data.twins`).

    >>> twin(5, rng=np.random.default_rng(0)).x.shape
    (5, 600)
    """
    return twins.bits(n, name=CARD.name, classes=100, features=600, density=0.33, rng=rng)
