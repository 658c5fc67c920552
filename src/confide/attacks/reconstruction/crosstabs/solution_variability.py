"""Abowd et al.: A Simulated Reconstruction and Reidentification Attack on the 2010 U.S. Census (2023)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from confide.attacks.reconstruction.crosstabs._combinations import Combinations
from confide.attacks.reconstruction.crosstabs._propagation import propagated
from confide.attacks.reconstruction.crosstabs._solver import Clock, System, example
from confide.core.arrays import Ints


@dataclass(frozen=True, slots=True, eq=False)
class Variability:
    """How far a data set that fits may be from another one.

    Args:
        solution: int64[N], a data set that fits; None if none was found in time.
        records: how many records it holds.
        differ: proved: in every data set that fits, at most this number of its records is missing.
        example: in some data set that fits, at least this number of them is missing.
    """

    solution: Ints | None
    records: int
    differ: int
    example: int

    @property
    def share(self) -> float:
        """The share of the records that may be wrong at most; 0 says that the reconstruction is exact."""
        return self.differ / self.records if self.records else 0.0

    @property
    def decided(self) -> bool:
        """Whether no smaller bound can be proved."""
        return self.differ == self.example


def solution_variability(found: Combinations, *, seconds: float = 60.0) -> Variability:
    """Solution variability: the largest share of a reconstruction's records that can be wrong.

    The adversary solves for one data set that fits the tables. The true one fits too. So if no data set that
    fits misses more than a few records of the solution, all but these few are right, and the adversary knows
    it without seeing the truth. The question is one integer program: the data set that shares the fewest
    records with the solution, record by record. The bound is the dual one.

    Args:
        found: from `combinations`.
        seconds: for both questions.

    Raises:
        ContradictionError: if no data set fits.

    Source: Abowd et al. 2023, "solution variability", there as the distance of two solutions over twice the
    number of records, which is the same number where the tables fix how many people there are.
    """
    bounds, clock = propagated(found), Clock(seconds)
    system = System.of(found, bounds)
    base = example(system, seconds=clock.left).example
    settled = np.where(bounds.free, 0, bounds.least)
    if base is None:
        most = int(bounds.most.sum())
        return Variability(None, most, most, 0)
    solution = settled.copy()
    solution[system.open] = base
    bound, other = _fewest_shared(system, np.flatnonzero(base > 0), base[base > 0], seconds=clock.left)
    own = int(base.sum())
    # In common at least: nothing, as long as nothing is proved.
    shared = 0 if bound is None else max(0, bound)
    met = own if other is None else int(np.minimum(other, base).sum())
    return Variability(solution, int(solution.sum()), own - shared, own - met)


def _fewest_shared(
    system: System, mine: Ints, theirs: Ints, *, seconds: float
) -> tuple[int | None, Ints | None]:
    """The fewest records in common with the solution: a proved bound, and a data set.

    In common is min(x, t) of each combination that the solution holds t times. Where x may exceed t it is
    written as x - o, with o what is beyond t: o <= (most - t) z and o <= x - t z, for z of 0 or 1. With z = 0
    nothing is beyond; with z = 1 it is what exceeds t. The solver takes what is cheaper, and that is the
    smaller of x and t.

    Args:
        mine: int64[k], the combinations that the solution holds; theirs: int64[k], how often.
    """
    n = system.size
    room = system.most[mine] - theirs
    over = np.flatnonzero(room > 0)
    e, row = len(over), np.arange(len(over))
    held = sparse.csr_array((np.ones(e), (row, mine[over])), shape=(e, n))
    eye, t = sparse.eye_array(e), sparse.diags_array(theirs[over].astype(np.float64), shape=(e, e))
    above = sparse.hstack(
        [sparse.csr_array((e, n)), -sparse.diags_array(room[over] * 1.0, shape=(e, e)), eye]
    )
    beyond = sparse.hstack([-held, t, eye])
    cost = np.concatenate([np.zeros(n), np.zeros(e), -np.ones(e)])
    cost[mine] = 1
    answer = system.minimise(
        cost,
        seconds=seconds,
        beside=sparse.csr_array(sparse.vstack([above, beyond])),
        at_most=np.zeros(2 * e),
        extra=np.append(np.ones(e), room[over]),
    )
    return answer.bound, answer.example
