"""Background knowledge of the informed adversary in a game of rebuilding: all training records but one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import KnowledgeError
from confide.views.records import Records


@dataclass(frozen=True, slots=True, eq=False)
class KnownRest:
    """All training records except the target: what the adversary of differential privacy's definition knows.

    There is one such adversary for each target, and the referee computes its sums for all of them, so that
    one model serves many targets. Two rules keep the secret: *the claim about a target uses that target's
    sum and no other one*, and the rest is not counted, since a member's is one record shorter.

    With `left_out` the record that an adversary lacks is named for each target, its own for a member. Of
    others it is some member's: then what is rebuilt is that member's record, and held against the target's.

    >>> records = Records(np.array([[1.0], [2.0], [4.0]]), np.array([0, 1, 1]))
    >>> rest = KnownRest(records, np.array([True, True, False]), np.array([0, 2]))
    >>> [s.item() for s in rest.outer_sums(lambda r: (np.ones((len(r), 1)), np.asarray(r.x)))]
    [2.0, 3.0]
    """

    # Kept out of sight: the records are the secret, and who is in is the other one.
    _records: Records = field(repr=False)
    _member: Bools = field(repr=False)
    _targets: Ints = field(repr=False)
    _left_out: Ints | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self._member.shape != (len(self._records),):
            raise KnowledgeError(
                f"membership of {len(self._member)} records is given for {len(self._records)}: give one each."
            )

    def outer_sums(self, parts: Callable[[Records], tuple[Floats, Floats]]) -> Iterator[Floats]:
        """For each target the sum over its rest of a b^T, float64[k, q].

        Args:
            parts: of n records their vectors a float64[n, k] and b float64[n, q]: the factors of a gradient.
        """
        inside = np.flatnonzero(self._member)
        a, b = parts(self._records.take(inside))
        whole = a.T @ b
        place = np.full(len(self._records), -1)
        place[inside] = np.arange(len(inside))
        for target in (self._targets if self._left_out is None else self._left_out).tolist():
            own = int(place[target])
            # Of a target that is no member the rest are all members.
            yield whole if own < 0 else whole - np.outer(a[own], b[own])


@dataclass(frozen=True, slots=True)
class InformedRebuilding:
    """What the informed adversary knows besides the model.

    Args:
        rest: for each target all other training records.
        penalty: of half the squared weights, beside the sum of losses (1/C of scikit-learn).
        free_intercept: whether the penalty left intercepts alone, where the model does not say.
        clip: the length that training shortened each gradient to; None where it did not.
        promised: whether noise was added under a promise; then no misfit speaks against the optimum.
    """

    rest: KnownRest
    penalty: float = 0.0
    promised: bool = False
    clip: float | None = None
    free_intercept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRange:
    """What an adversary knows that holds a network and no record: the range of the features.

    Args:
        low, high: of every feature, such as 0 and 1 for pictures.

    Raises:
        KnowledgeError: if low is not below high.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high < np.inf or self.low == -np.inf:
            raise KnowledgeError(f"features range from {self.low} to {self.high}: give low below high.")
