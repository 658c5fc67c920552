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
        belief: float64[U, T, R], the localisation attack: the probability of each region, given all that was
            shown.
        path: int64[U, T], the tracking attack: the region at each step of the most probable path as a whole.
    """

    belief: Floats
    path: Ints


def located(profiles: Profiles, observed: Ints, shows: Floats) -> Located:
    """Localisation and tracking of U people from their released traces.

    Args:
        profiles: how each of them moves.
        observed: int64[U, T], released symbols or -1.
        shows: float64[R, O], the probability that a visit to a region is shown as each symbol.
    """
    chains, alone = profiles.chains(shows), observed[:, None]
    state = posterior(chains, alone)[:, :, 0].transpose(1, 0, 2)
    belief = profiles.regions(state, observed, shows)
    chosen = likeliest_paths(chains, alone)[:, :, 0].T
    sure = (chosen[..., None] == np.arange(state.shape[2])).astype(np.float64)
    return Located(belief, profiles.regions(sure, observed, shows).argmax(axis=2))


def habits(profiles: Profiles) -> Floats:
    """Where the adversary would place people without any release: float64[U, R]."""
    nothing = np.full((len(profiles.own), 1), -1)
    return profiles.regions(profiles.start[:, None], nothing, np.ones((profiles.outside.shape[1], 1)))[:, 0]


def met(one: Floats, other: Floats) -> Floats:
    """Probability that two people are in the same region, from the beliefs about each: float64[...].

    >>> float(met(np.array([0.5, 0.5]), np.array([1.0, 0.0])))
    0.5
    """
    return (one * other).sum(axis=-1)
