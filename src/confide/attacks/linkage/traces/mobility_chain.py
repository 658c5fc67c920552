"""Gambs, Killijian, Núñez del Prado Cortez: De-anonymization attack on geolocated data (JCSS 2014)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from confide.attacks.linkage.traces._markov_chains import Chains, chains, log_ratios
from confide.attacks.linkage.traces._visits import ROWS, guess, nearest
from confide.core.arrays import Floats, Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.traces import MobilityKnowledge, as_released
from confide.views.traces import EARTH_RADIUS_M, Traces, unwrapped

# Pairs of places that are compared at once: about 50 MB.
CELLS = 4_000_000
# More pairs of places than this would take more than a few minutes.
MOST = 4_000_000_000
# Metres to a trace without any place: further than any two places on Earth that people move between.
FAR = 1e7


@dataclass(frozen=True, slots=True, kw_only=True)
class MobilityChain:
    """Mobility Markov chain: names the trace that moves between its places as the target did earlier.

    The adversary fits a Markov chain to every trace, earlier and new: its `states` most visited places, and
    how often one of them follows another, each count raised by `smoothing`. Two measures compare chains.
    Stationary distance: for each place of one chain, the metres to the nearest place of the other, weighted
    by the stationary distribution, averaged over both directions. Proximity: 1, 1/2, 1/4 ... for the first,
    second, third place that agrees, as a share of full agreement. The distance is the first times one minus
    half the second. The paper has the two ingredients, and joins them by a rule for ties. Its clustering of
    points into places is left to the cells of the release.

    `how="likelihood"` asks instead how much likelier each new trace's steps are under the target's own chain,
    whose last state is "elsewhere", than under the habits of all people.

    Score: the lead of the best trace over the second. Blocks of targets bound the memory.

    Args:
        how: "distance" as published (needs latitudes and longitudes), or "likelihood".
        states: the largest number of places of a chain.
        smoothing: added to each count of a transition.
    """

    name: ClassVar[str] = "mobility-chain"
    title: ClassVar[str] = later("Which trace moves between its favourite places as this person did?")
    paper: ClassVar[Paper] = Paper(
        authors="Sébastien Gambs and Marc-Olivier Killijian and Miguel Núñez del Prado Cortez",
        title="De-anonymization attack on geolocated data",
        venue="Journal of Computer and System Sciences",
        year=2014,
        url="https://doi.org/10.1016/j.jcss.2014.04.024",
    )

    how: Literal["distance", "likelihood"] = "distance"
    states: int = 5
    smoothing: float = 0.1

    def __call__(self, case: Case[Traces, MobilityKnowledge, Traces], *, rng: Rng) -> Guess:
        view = case.view
        past = as_released(case.known.mechanism, case.known.need_earlier(self.name), release=view, rng=rng)
        then = chains(past, states=self.states, smoothing=self.smoothing)
        if self.how == "likelihood":
            return guess([nearest(part) for part in log_ratios(then, view, block=ROWS)])
        if view.where is None:
            raise KnowledgeError(
                keep(
                    "{attack} needs latitudes and longitudes: give them, or choose how='likelihood'.",
                    attack=self.name,
                )
            )
        now = chains(view, states=self.states, smoothing=self.smoothing)
        pairs = past.people * view.people * self.states**2
        if pairs > MOST:
            raise KnowledgeError(
                keep(
                    "{attack} would compare {n:,} pairs of places, more than {most:,}: ask about fewer "
                    "targets.",
                    attack=self.name,
                    n=pairs,
                    most=MOST,
                )
            )
        at = in_plane(view.where)
        block = max(CELLS // (view.people * self.states**2), 1)
        return guess(
            [nearest(-distance(then.take(low, low + block), now, at)) for low in range(0, past.people, block)]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MobilityLikelihood:
    """Mobility Markov chain, likelihood form: scores a trace's steps under the target's own chain.

    The same as `MobilityChain(how="likelihood")`, under a name of its own, so that an audit can play both.

    Args:
        states: the largest number of places of a chain.
        smoothing: added to each count of a transition.
    """

    name: ClassVar[str] = "mobility-likelihood"
    title: ClassVar[str] = later("Under whose chain are this trace's steps likelier than under everybody's?")
    paper: ClassVar[Paper] = MobilityChain.paper

    states: int = 5
    smoothing: float = 0.1

    def __call__(self, case: Case[Traces, MobilityKnowledge, Traces], *, rng: Rng) -> Guess:
        return MobilityChain(how="likelihood", states=self.states, smoothing=self.smoothing)(case, rng=rng)


def distance(then: Chains, now: Chains, at: NDArray[np.float32]) -> Floats:
    """The distance of each earlier chain to each new one, float64[n, rows]; chains without places are far.

    Args:
        then: the earlier chains, n.
        now: the new chains, one for each row.
        at: float32[p, 2], the places in metres in a plane.
    """
    mine, theirs = at[then.top], at[now.top]
    apart = (mine[:, None, :, None, 0] - theirs[None, :, None, :, 0]) ** 2
    apart += (mine[:, None, :, None, 1] - theirs[None, :, None, :, 1]) ** 2
    # A missing place is far from all others, so that it is never the nearest.
    apart[~(then.there[:, None, :, None] & now.there[None, :, None, :])] = FAR**2
    stationary = (
        np.einsum("nk,nrk->nr", then.stationary, np.sqrt(apart.min(axis=3)))
        + np.einsum("rk,nrk->nr", now.stationary, np.sqrt(apart.min(axis=2)))
    ) / 2
    stationary[:, ~now.there[:, 0]] = FAR
    # The first place counts most, each further one half as much.
    value = 0.5 ** np.arange(then.top.shape[1])
    agree = (then.top[:, None] == now.top[None]) & then.there[:, None] & now.there[None]
    # One metre more: at distance 0 the second factor must still tell chains apart.
    return (stationary + 1.0) * (1 - agree @ value / value.sum() / 2)


def in_plane(where: Floats) -> NDArray[np.float32]:
    """Places in metres in the equirectangular plane around their middle, which suits a region."""
    where = np.column_stack([where[:, 0], unwrapped(where[:, 1])])
    middle = np.median(where, axis=0)
    shrink = np.array([1.0, np.cos(np.radians(middle[0]))])
    return (np.radians(where - middle) * shrink * EARTH_RADIUS_M).astype(np.float32)
