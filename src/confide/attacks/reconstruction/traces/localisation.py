"""Shokri, Theodorakopoulos, Le Boudec, Hubaux: Quantifying Location Privacy (S&P 2011), the attacks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.attacks.reconstruction.traces._hidden_markov import likeliest_paths, posterior
from confide.attacks.reconstruction.traces._mobility_profile import Profiles
from confide.core.arrays import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """Location estimates of people whose traces are known to be theirs.

    Args:
        profiles: how each of them moves.
        observed: int64[U, T], released symbols or -1.
        shows: float64[R, O], the probability that a visit to a region is shown as each symbol.
        state: float64[U, T, K + 1], the probability of each state, given all that was shown.
        chosen: int64[U, T], the state at each step of the most probable path as a whole.
    """

    profiles: Profiles
    observed: Ints
    shows: Floats
    state: Floats
    chosen: Ints

    def belief(self, person: Ints, step: Ints) -> Floats:
        """The localisation attack: the probability of each region at k moments, float64[k, R]."""
        state, shown = self.state[person, step], self.observed[person, step]
        return self.profiles.regions(person, state, shown, self.shows)

    def path(self, person: Ints, step: Ints) -> Ints:
        """The tracking attack: the region on the most probable path at k moments, int64[k]."""
        sure = np.eye(self.state.shape[2])[self.chosen[person, step]]
        shown = self.observed[person, step]
        return self.profiles.regions(person, sure, shown, self.shows).argmax(axis=1)


def located(profiles: Profiles, observed: Ints, shows: Floats) -> Located:
    """Localisation and tracking of U people from their released traces.

    Args:
        profiles: how each of them moves.
        observed: int64[U, T], released symbols or -1.
        shows: float64[R, O], the probability that a visit to a region is shown as each symbol.
    """
    chains, alone = profiles.chains(shows), observed[:, None]
    state = posterior(chains, alone)[:, :, 0].transpose(1, 0, 2)
    chosen = likeliest_paths(chains, alone)[:, :, 0].T
    return Located(profiles, observed, shows, state, chosen)


def habits(profiles: Profiles) -> Floats:
    """Where the adversary would place people without any release: float64[U, R]."""
    people, regions = profiles.outside.shape
    nothing = np.full(people, -1)
    return profiles.regions(np.arange(people), profiles.start, nothing, np.ones((regions, 1)))


def met(one: Floats, other: Floats) -> Floats:
    """Probability that two people are in the same region, from the beliefs about each: float64[...].

    >>> float(met(np.array([0.5, 0.5]), np.array([1.0, 0.0])))
    0.5
    """
    return (one * other).sum(axis=-1)


def met_at_all(belief: Floats, starts: Ints) -> Floats:
    """Probability that any two visits of two people are in the same region: float64[n, n].

    Visits count as independent given the release.

    Args:
        belief: float64[k, R], about each of the k visits of n people in one step, each person's together.
        starts: int64[n], the first visit of each person.

    >>> belief = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    >>> met_at_all(belief, np.array([0, 2]))[0, 1].tolist()  # the first person was at both, one after the other
    0.75
    """
    with np.errstate(divide="ignore"):
        missed = np.log1p(-np.minimum(belief @ belief.T, 1.0))
    return -np.expm1(np.add.reduceat(np.add.reduceat(missed, starts, axis=0), starts, axis=1))
