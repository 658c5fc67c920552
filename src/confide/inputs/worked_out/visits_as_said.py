"""Whether traces were released as somebody says they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Bools, Ints
from confide.core.language import later
from confide.core.nouns import AnyMechanism
from confide.inputs.worked_out.both import same_points
from confide.inputs.worked_out.contrast import STILL, STRICT, Contrast, missing, otherwise
from confide.knowledge.traces import owners
from confide.mechanisms.anonymize.gaussian_places import GaussianPlaces
from confide.mechanisms.anonymize.rare_places import WithoutRarePlaces
from confide.mechanisms.anonymize.sampled_rows import SampledRows
from confide.mechanisms.anonymize.split_traces import SplitTraces
from confide.mechanisms.in_order import steps_of
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace
from confide.views.traces import Traces


def contrasts(
    mechanism: AnyMechanism, exact: Traces, shown: Traces, owner: Ints, *, named: bool
) -> Sequence[Contrast]:
    """Times, places and ids of a release that are not as the mechanism makes them.

    Args:
        mechanism: by which the release is said to be made.
        exact: the original visits.
        shown: the released ones, a person for each id, places under the same codes.
        owner: int64[ids], the person behind each id.
        named: whether places are known by their names.
    """
    both = _AsSaid.of(steps_of(mechanism), exact, shown, owner, named=named)
    found = [*both.times(exact), *both.places(exact), *both.ids(owner)]
    return found or both.left()  # what is left can be counted where it can be recognised


@dataclass(frozen=True, slots=True, eq=False)
class _AsSaid:
    """The visits as rules without chance make them, beside those of the release.

    Args:
        steps: one after the other.
        made: the visits after those of them that draw nothing and remove nothing.
        shown: the released visits.
        who, whose: int64[k] and int64[m], the person behind each of `made` and of `shown`.
        here, there: int64[k] and int64[m], codes of their places: equal where they are at one point.
        known: bool[m], whose person has an original.
        renamed: whether places became cells, and are known by their names: the reader refuses that.
    """

    steps: Sequence[AnyMechanism]
    made: Traces
    shown: Traces
    who: Ints
    whose: Ints
    here: Ints
    there: Ints
    known: Bools
    renamed: bool

    @classmethod
    def of(
        cls, steps: Sequence[AnyMechanism], exact: Traces, shown: Traces, owner: Ints, *, named: bool
    ) -> _AsSaid:
        made, behind = exact, np.arange(exact.people)
        for step in steps:
            if not isinstance(step, GaussianPlaces | PlanarLaplace | SampledRows | WithoutRarePlaces):
                behind = behind[owners(step, made)]
                made = step(made, rng=np.random.default_rng(0)).view
        whose = owner[shown.person]
        here, there = made.place.astype(np.int64), shown.place.astype(np.int64)
        if not named and made.where is not None and shown.where is not None:
            # The table of places is of both files: points of the release alone are none of the original's.
            (own, one), (other, at) = (np.unique(p, return_inverse=True) for p in (here, there))
            ours, theirs, _ = same_points(made.where[own], shown.where[other])
            here, there = ours[one], theirs[at]
        known = np.isin(whose, exact.person)  # of others nothing can be said
        renamed = named and made.places != exact.places
        return cls(steps, made, shown, behind[made.person], whose, here, there, known, renamed)

    def _has(self, *kinds: type) -> bool:
        return any(isinstance(step, kinds) for step in self.steps)

    @property
    def _noise(self) -> GaussianPlaces | PlanarLaplace | None:
        return next((s for s in self.steps if isinstance(s, GaussianPlaces | PlanarLaplace)), None)

    def times(self, exact: Traces) -> list[Contrast]:
        """Times that the same person does not have."""
        wrong = self.known & ~_among((self.who, self.made.time), (self.whose, self.shown.time))
        changed = not np.array_equal(np.unique(self.made.time), np.unique(exact.time))
        return otherwise(later("times"), wrong, said=changed)

    def places(self, exact: Traces) -> list[Contrast]:
        """Places where the same person is not; with noise, visits that it did not move."""
        if self.renamed:
            return []
        noise, same = self._noise, _among((self.who, self.here), (self.whose, self.there))
        if noise is None:
            return otherwise(later("places"), self.known & ~same, said=self.made.places != exact.places)
        drawn = noise(self.made, rng=np.random.default_rng(0)).view
        still = float((drawn.place == self.made.place).mean())
        return otherwise(later("places"), self.known & same, said=True, allowed=min(still + STILL, 1.0))

    def ids(self, owner: Ints) -> list[Contrast]:
        """Ids whose visits are in several parts, or several ids of one person that nobody speaks of."""
        split = next((step for step in self.steps if isinstance(step, SplitTraces)), None)
        if split is not None:
            part = (self.shown.time + split.ahead) // max(int(3600 * split.hours), 1)
            wrong = part != part[self.shown.start[self.shown.person]]
            return otherwise(later("user ids"), wrong, said=True)
        ids = np.unique(self.shown.person)
        several = np.bincount(owner[ids], minlength=int(self.whose.max(initial=0)) + 1) > 1
        return otherwise(later("user ids"), several[self.whose], said=False)

    def left(self) -> list[Contrast]:
        """Rare places that are still there, and known visits that are not."""
        if self.renamed or self._noise is not None or self._has(SplitTraces):
            return []  # who visited a place cannot be counted then as it was
        if self._has(SampledRows):
            return []  # a sample may have left rare places, and no attack uses its share
        fewest = max((s.people for s in self.steps if isinstance(s, WithoutRarePlaces)), default=0)
        many = 1 + int(max(self.here.max(initial=0), self.there.max(initial=0)))
        pairs = np.unique(self.who * many + self.here)
        count = np.bincount(pairs % many, minlength=many)
        few = (count > 0) & (count < fewest)
        asked = np.isin(self.who, self.whose) & ~few[self.here]
        visits = self.who[asked], self.made.time[asked] * many + self.here[asked]
        there = _among((self.whose, self.shown.time * many + self.there), visits)
        return [
            *otherwise(later("places"), few[self.there], said=True, allowed=STRICT),
            *missing(there, kept=None, wrong=self.known),
        ]


def _among(ours: tuple[Ints, Ints], asked: tuple[Ints, Ints]) -> Bools:
    """Which of the pairs that are asked for, of a person and a number, are among the others."""
    values, at = np.unique(np.concatenate([ours[1], asked[1]]), return_inverse=True)
    key = np.concatenate([ours[0], asked[0]]) * len(values) + at
    return np.isin(key[len(ours[0]) :], key[: len(ours[0])])
