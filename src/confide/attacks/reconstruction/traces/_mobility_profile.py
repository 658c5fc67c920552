"""Shokri, Theodorakopoulos, Le Boudec, Hubaux: Quantifying Location Privacy (S&P 2011), the knowledge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.attacks.reconstruction.traces._gaps import Gaps
from confide.attacks.reconstruction.traces._hidden_markov import NOT_SEEN, Chains
from confide.core.arrays import Array, Floats, Ints, Rng

# People who are sampled at once, sorted by length, so that little is sampled beyond the end of a trace.
TOGETHER = 128


@dataclass(frozen=True, slots=True, eq=False)
class Profiles:
    """Mobility profiles: how each of U people moves between R regions, learned from earlier traces.

    A person's K most visited regions are states of their own. All other regions are one further state,
    "elsewhere", within which the person is where people are. So a person's R x R matrix needs (K + 1)^2
    numbers, and all that is computed with it is exact.

    Args:
        own: int64[U, K], the person's own regions; -1 where they have fewer.
        start: float64[U, K + 1], the share of time in each state.
        transition: float64[U, K + 1, K + 1], rows sum to 1; the last state is elsewhere.
        outside: float64[U, R], where the person is when elsewhere; 0 at their own regions, rows sum to 1.
    """

    own: Ints
    start: Floats
    transition: Floats
    outside: Floats

    def chains(self, shows: Floats) -> Chains:
        """The chains as seen through a mechanism.

        Args:
            shows: float64[R, O], the probability that a visit to a region is shown as each symbol.
        """
        mine = np.where((self.own < 0)[..., None], 1.0, shows[self.own])
        elsewhere = self.outside @ shows
        emission = np.concatenate([mine, elsewhere[:, None]], axis=1)
        return Chains(self.start, self.transition, emission.transpose(0, 2, 1))

    def elsewhere(self, person: Ints, seen: Floats) -> Floats:
        """Where a person is when elsewhere, given what was seen at k moments: float64[k, R].

        Args:
            person: int64[k].
            seen: float64[k, R], the probability of what was seen in each region; all ones where nothing was.
        """
        usual = self.outside[person]
        weighed = usual * seen
        whole = weighed.sum(axis=1, keepdims=True)
        impossible = whole[:, 0] <= 0
        weighed /= np.where(whole > 0, whole, 1)
        weighed[impossible] = usual[impossible]
        return weighed

    def regions(self, person: Ints, state: Floats, elsewhere: Floats) -> Floats:
        """Probability of each region from that of each state, at k moments: float64[k, R].

        Args:
            person: int64[k].
            state: float64[k, K + 1].
            elsewhere: float64[k, R], where they are when elsewhere.
        """
        found = state[:, -1:] * elsewhere
        moment, rank = np.nonzero(self.own[person] >= 0)
        found[moment, self.own[person[moment], rank]] += state[moment, rank]
        return found

    def matrices(self) -> tuple[Floats, Floats]:
        """The start float64[U, R] and the row-stochastic P float64[U, R, R] that these stand for."""
        people, regions = self.outside.shape
        member = np.zeros((people, self.start.shape[1], regions))  # how each state spreads over regions
        person, place = np.nonzero(self.own >= 0)
        member[person, place, self.own[person, place]] = 1
        member[:, -1] = self.outside
        state = np.full((people, regions), self.own.shape[1])
        state[person, self.own[person, place]] = place
        rows = np.take_along_axis(self.transition, state[..., None], axis=1)
        return np.einsum("us,usr->ur", self.start, member), rows @ member


def learned(
    observed: Ints,
    *,
    regions: int,
    own: int = 15,
    prior: float = 2.0,
    burn_in: int = 100,
    keep: int = 100,
    rng: Rng,
) -> Profiles:
    """Profiles from sequences of regions with gaps: Gibbs sampling of the gaps, in turn with the chain.

    Each round draws the missing regions given the chain (forward filtering, backward sampling). Then it draws
    the chain given all regions, row by row from Dirichlet(counts + prior). The result is the mean of (counts
    + prior), scaled, over the rounds after the burn-in. Without gaps it is plain counts plus the prior.

    Args:
        observed: int64[U, T], a region or `NOT_SEEN`; what follows a person's last visit is no gap.
        regions: R.
        own: the largest number of states of each person's own.
        prior: the weight of the Dirichlet prior on each row; its mean is the person's share of visits in each
            state.
        burn_in: rounds that are dropped.
        keep: rounds that are kept.
        rng: draws the gaps and the chains.
    """
    # K own states and one more: the matrices stay small, whatever R is.
    shares, mine, local = _states(observed, regions, own)
    seen = np.concatenate([mine >= 0, np.ones((len(mine), 1), np.bool_)], axis=1)
    # Half a visit for each state that there is: a state must stay possible.
    visits = _counted(local[..., None], (seen.shape[1],)) + 0.5 * seen
    alpha = prior * visits / visits.sum(axis=1, keepdims=True)
    # Steps after a person's last visit are not part of the trace.
    within = np.arange(local.shape[1]) < _lengths(local)[:, None]
    if (within & (local == NOT_SEEN)).any():
        start, transition = _gibbs(local, alpha, within, burn_in=burn_in, keep=keep, rng=rng)
    else:
        start, transition = _scaled(visits), _scaled(_moves(local, within, visits.shape[1]) + alpha[:, None])
    popular = shares * ~_held(mine, regions)
    popular += popular.sum(axis=1, keepdims=True) <= 0  # all regions are the person's own
    return Profiles(mine, start, transition, _scaled(popular))


def _states(observed: Ints, regions: int, own: int) -> tuple[Floats, Ints, Ints]:
    """How popular regions are [R], each person's own ones [U, K], and their sequence in their own states."""
    count = _counted(observed[..., None], (regions,))
    by_count = np.argsort(-count, axis=1, kind="stable")[:, : min(own, regions)]
    mine = np.where(np.take_along_axis(count, by_count, axis=1) > 0, by_count, -1)
    states = np.full((len(observed), regions + 1), mine.shape[1])
    states[:, -1] = NOT_SEEN
    person, place = np.nonzero(mine >= 0)
    states[person, mine[person, place]] = place
    return count.sum(axis=0) + 1.0, mine, np.take_along_axis(states, observed % (regions + 1), axis=1)


def _held(mine: Ints, regions: int) -> Array:
    """bool[U, R]: is it one of the person's own?"""
    found = np.zeros((len(mine), regions), np.bool_)
    person, place = np.nonzero(mine >= 0)
    found[person, mine[person, place]] = True
    return found


def _gibbs(
    local: Ints, alpha: Floats, within: Array, *, burn_in: int, keep: int, rng: Rng
) -> tuple[Floats, Floats]:
    """Start and transition of each person; people with traces of similar length are sampled together."""
    start, transition = np.empty_like(alpha), np.empty((*alpha.shape, alpha.shape[1]))
    order = np.argsort(within.sum(axis=1), kind="stable")
    blocks = [order[first : first + TOGETHER] for first in range(0, len(order), TOGETHER)]
    for rows, child in zip(blocks, rng.spawn(len(blocks)), strict=True):
        steps = max(int(within[rows].sum(axis=1).max()), 1)
        start[rows], transition[rows] = _rounds(
            local[rows, :steps], alpha[rows], within[rows, :steps], burn_in=burn_in, keep=keep, rng=child
        )
    return start, transition


def _rounds(
    local: Ints, alpha: Floats, within: Array, *, burn_in: int, keep: int, rng: Rng
) -> tuple[Floats, Floats]:
    states, gaps = alpha.shape[1], Gaps.of(local)
    start = _scaled(alpha)
    transition = np.repeat(start[:, None], states, axis=1)
    begun, moved = np.zeros_like(start), np.zeros_like(transition)
    for turn in range(burn_in + keep):
        path = gaps.filled(start, transition, rng=rng)
        counts = _moves(path, within, states) + alpha[:, None]
        visits = _counted(np.where(within, path, NOT_SEEN)[..., None], (states,)) + alpha
        start, transition = _scaled(rng.standard_gamma(visits)), _scaled(rng.standard_gamma(counts))
        # The mean of the parameters of the Dirichlet, which varies less than the mean of draws from it.
        if turn >= burn_in:
            begun, moved = begun + _scaled(visits), moved + _scaled(counts)
    return begun / keep, moved / keep


def _moves(path: Ints, within: Array, states: int) -> Floats:
    """Moves between states, where both steps are known and within the trace, float64[U, S, S]."""
    both = within[:, 1:] & (path[:, 1:] >= 0) & (path[:, :-1] >= 0)
    pairs = np.stack([np.where(both, path[:, :-1], NOT_SEEN), path[:, 1:]], axis=-1)
    return _counted(pairs, (states, states))


def _counted(codes: Ints, shape: tuple[int, ...]) -> Floats:
    """How often each person shows each tuple of codes [U, T, len(shape)]; -1 in the first is not counted."""
    size = int(np.prod(shape))
    flat = codes[..., 0] if len(shape) == 1 else codes[..., 0] * shape[1] + codes[..., 1]
    person, step = np.nonzero(codes[..., 0] >= 0)
    found = np.bincount(person * size + flat[person, step], minlength=len(codes) * size)
    return found.reshape(len(codes), *shape).astype(np.float64)


def _lengths(observed: Ints) -> Ints:
    """The number of steps up to each person's last visit, int64[U]."""
    seen = observed >= 0
    return np.where(seen.any(axis=1), observed.shape[1] - seen[:, ::-1].argmax(axis=1), 0)


def _scaled(weights: Floats) -> Floats:
    """Rows that sum to 1; a row of zeros (a state that the person does not have) becomes uniform."""
    whole = weights.sum(axis=-1, keepdims=True)
    return np.where(whole > 0, weights / np.where(whole > 0, whole, 1), 1 / weights.shape[-1])
