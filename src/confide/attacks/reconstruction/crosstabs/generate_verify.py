"""Liu et al.: Generate-then-Verify: Reconstructing Data from Limited Published Statistics (2025)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from confide.attacks.reconstruction.crosstabs._combinations import Combinations, combinations
from confide.attacks.reconstruction.crosstabs._guess import counted_in
from confide.attacks.reconstruction.crosstabs._propagation import Bounds, propagated
from confide.attacks.reconstruction.crosstabs._solver import Answer, Clock, System, components, example
from confide.core.arrays import Bools, Ints, Rng
from confide.core.diagnostics import Diagnostics
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.views.crosstabs import Crosstabs
from confide.views.table import Table


@dataclass(frozen=True, slots=True, eq=False)
class Proved:
    """What holds in every data set that fits the tables.

    Args:
        found: the N combinations that people may have.
        bounds: of each combination, proved; its `least` are the claims.
        seen: int64[N], the smallest count in any data set that was found. A combination with a proved count
            below it is not decided: there may be a proof that was not found in time. NO_BOUND where no data
            set was found at all.
        examples: how many data sets that fit were found.
    """

    found: Combinations
    bounds: Bounds
    seen: Ints
    examples: int

    @property
    def least(self) -> Ints:
        """The proved counts, int64[N]: at least that many people have the combination."""
        return self.bounds.least

    @property
    def decided(self) -> Bools:
        """Whether no larger count can be proved, bool[N]: a data set that fits has no more."""
        return self.bounds.least >= self.seen

    @property
    def records(self) -> int:
        """How many people's whole records are proved."""
        return int(self.bounds.least.sum())


def proved(found: Combinations, *, seconds: float = 60.0, asked: Bools | None = None) -> Proved:
    """Generate, then verify: the records that are in every data set that fits the tables.

    Bounds are propagated first. What stays open falls into groups that share no cell. For each group a data
    set that fits is generated: its records are the candidates. Then one question verifies all candidates at
    once: is there a data set that has fewer people of at least one of them? If there is none, all are proved.
    If there is one, it rules out those that it lacks, and the question is asked again about the others. Where
    the joint question is not answered in time, each candidate is asked about alone.

    Args:
        found: from `combinations`.
        seconds: for all questions; what is not answered by then is not decided.
        asked: bool[N], of which combinations proofs are sought; by default of all.

    Raises:
        ContradictionError: if no data set fits.

    Source: Liu et al. 2025. A claim is "at least k people have these values".
    """
    bounds = propagated(found)
    clock, least = Clock(seconds), bounds.least.copy()
    seen = np.where(bounds.free, np.iinfo(np.int64).max, bounds.least)
    examples = 0
    groups = components(found, bounds.free)
    for i, group in enumerate(groups):
        system = System.of(found, bounds, group)
        # What earlier groups left over is shared by those to come.
        wanted = np.ones(len(group), np.bool_) if asked is None else asked[group]
        part = _verified(system, wanted, Clock(clock.left / (len(groups) - i)))
        least[group], seen[group] = part.least, part.seen
        examples += part.examples
    return Proved(found, Bounds(least, bounds.most), seen, examples)


@dataclass(slots=True, eq=False)
class _Search:
    """One group: what is proved of it, and the smallest counts that were seen."""

    system: System
    least: Ints
    seen: Ints
    asked: Bools
    examples: int = 0

    @property
    def candidates(self) -> Ints:
        return np.flatnonzero((self.seen > self.least) & self.asked)

    def see(self, x: Ints | None) -> bool:
        """Take a data set that fits into account; whether it rules anything out."""
        if x is None:
            return False
        before = self.seen
        self.seen, self.examples = np.minimum(before, x), self.examples + 1
        return bool((self.seen < before).any())


def _verified(system: System, asked: Bools, clock: Clock) -> _Search:
    unseen = np.full(system.size, np.iinfo(np.int64).max)
    search = _Search(system, system.least.copy(), unseen, asked)
    first = example(system, seconds=clock.left)
    if not search.see(first.example):
        return search  # no data set was found in time: nothing is a candidate yet
    # Half of the time at most: the single questions are smaller.
    joint = Clock(clock.left / 2)
    while len(at := search.candidates) and not joint.over:
        answer = _any_fewer(search, at, seconds=joint.left)
        if answer.none:
            search.least[at] = search.seen[at]
        elif not search.see(answer.example):
            break  # not answered in time
    _one_by_one(search, clock)
    return search


def _any_fewer(search: _Search, at: Ints, *, seconds: float) -> Answer:
    """A data set with fewer people of some candidate, or the proof that there is none."""
    system, k, n = search.system, len(at), search.system.size
    # z[j] = 1 says that the data set has fewer of candidate j than every one before.
    room, fewer = system.most[at], system.most[at] - search.seen[at] + 1
    row, ones = np.arange(k), np.ones(k)
    falls = sparse.hstack(
        [sparse.csr_array((ones, (row, at)), shape=(k, n)), sparse.csr_array((fewer, (row, row)), (k, k))]
    )
    some = sparse.csr_array(np.append(np.zeros(n), -ones)[None])
    return system.minimise(
        np.append(np.zeros(n), -ones),  # as many of them at once as can be
        seconds=seconds,
        beside=sparse.csr_array(sparse.vstack([falls, some])),
        at_most=np.append(room, -1),
        extra=ones,
        gap=0.5,
    )


def _one_by_one(search: _Search, clock: Clock) -> None:
    """Ask about each candidate that is left alone; the dual bound is what is proved."""
    asked: set[int] = set()
    while len(left := [c for c in search.candidates.tolist() if c not in asked]) and not clock.over:
        c = left[0]
        asked.add(c)
        cost = np.zeros(search.system.size)
        cost[c] = 1
        answer = search.system.minimise(cost, seconds=clock.left / len(left))
        search.see(answer.example)
        if answer.bound is not None:
            search.least[c] = max(search.least[c], min(answer.bound, search.seen[c]))


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateThenVerify:
    """Generate, then verify: claims the records that every data set that fits the tables contains.

    The adversary sees the tables and nothing else. It finds one data set that fits them, and asks of each of
    its records whether any data set fits without it. Where there is none, somebody with exactly these values
    was counted: that is no guess, and no knowledge of the population is needed for it.

    The score is 1 for a proved record and 0 for all others, also for those that were not decided in time.

    Args:
        seconds: for all questions about one release.
    """

    name: ClassVar[str] = "generate-verify"
    title: ClassVar[str] = later("Which records follow from the tables for certain?")
    paper: ClassVar[Paper] = Paper(
        authors="Terrance Liu and Eileen Xiao and Pratiksha Thaker and Adam Smith and Zhiwei Steven Wu",
        title="Generate-then-Verify: Reconstructing Data from Limited Published Statistics",
        venue="arXiv:2504.21199",
        year=2025,
        url="https://arxiv.org/abs/2504.21199",
    )

    seconds: float = 60.0

    def __call__(self, case: Case[Crosstabs, object, Table], *, rng: Rng) -> Guess:
        if not case.view.exact:
            raise KnowledgeError(
                keep(
                    "{attack} needs exact counts: from counts with noise nothing is proved.", attack=self.name
                )
            )
        found = combinations(case.view)
        claims = proved(found, seconds=self.seconds)
        score = counted_in(found, (claims.least > 0).astype(np.float64), case.targets)
        return Guess(None, score, _noticed(claims))


def _noticed(claims: Proved) -> Diagnostics:
    """What was not decided: a record may be provable all the same, so that a low number proves nothing."""
    open_ = int((~claims.decided).sum())
    if not open_:
        return Diagnostics()
    return Diagnostics(
        (
            keep(
                "Not every question was answered in time: {n} combinations of values were not decided.",
                n=open_,
            ),
        ),
        conclusive=False,
    )
