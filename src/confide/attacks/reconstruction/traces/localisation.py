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
        seen: float64[O + 1, R], the probability of each symbol in each region; the last row is all ones.
        state: float64[U, T, K + 1], the probability of each state, given all that was shown.
        chosen: int64[U, T], the state at each step of the most probable path as a whole.
    """

    profiles: Profiles
    observed: Ints
    seen: Floats
    state: Floats
    chosen: Ints

    def at(self, person: Ints, step: Ints) -> tuple[Floats, Ints]:
        """What is believed at k moments.

        Returns:
            float64[k, R], the localisation attack: the probability of each region; and int64[k], the tracking
            attack: the region on the most probable path.
        """
        elsewhere = self.profiles.elsewhere(person, self.seen[self.observed[person, step]])
        belief = self.profiles.regions(person, self.state[person, step], elsewhere)
        chosen = self.chosen[person, step]
        own = np.column_stack([self.profiles.own[person], elsewhere.argmax(axis=1)])
        return belief, own[np.arange(len(person)), chosen]


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
    return Located(profiles, observed, np.vstack([shows.T, np.ones(len(shows))]), state, chosen)


def habits(profiles: Profiles) -> Floats:
    """Where the adversary would place people without any release: float64[U, R]."""
    person = np.arange(len(profiles.own))
    return profiles.regions(person, profiles.start, profiles.outside)


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
    >>> met_at_all(belief, np.array([0, 2]))[0, 1].tolist()  # the first person was at both
    0.75
    """
    with np.errstate(divide="ignore"):
        missed = np.log1p(-np.minimum(belief @ belief.T, 1.0))
    return -np.expm1(np.add.reduceat(np.add.reduceat(missed, starts, axis=0), starts, axis=1))
