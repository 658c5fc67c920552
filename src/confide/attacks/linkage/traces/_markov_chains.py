"""Markov chains of many traces at once: favourite places, transitions, and likelihoods of other traces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from confide.core.arrays import Bools, Floats, Ints
from confide.views.traces import Traces


@dataclass(frozen=True, slots=True, eq=False)
class Chains:
    """Markov chains, one for each of n traces over its k most visited places.

    Args:
        top: int64[n, k], the places, the most visited first; 0 where there is none.
        there: bool[n, k], whether there is one.
        counts: float64[n, k + 1, k + 1], steps between these states; the last one is "elsewhere".
        smoothing: added to each count.
    """

    top: Ints
    there: Bools
    counts: Floats
    smoothing: float

    def take(self, low: int, high: int) -> Chains:
        """The chains of these traces."""
        part = slice(low, high)
        return Chains(self.top[part], self.there[part], self.counts[part], self.smoothing)

    @property
    def transitions(self) -> Floats:
        """Row-stochastic float64[n, k + 1, k + 1]: (count + smoothing) / sum; 0 for missing states."""
        states = np.concatenate([self.there, np.ones((len(self.there), 1), np.bool_)], axis=1)
        raised = (self.counts + self.smoothing) * states[:, None, :]
        return raised / raised.sum(axis=2, keepdims=True)

    @property
    def stationary(self) -> Floats:
        """The share of time in each place in the long run, float64[n, k]; 0 where there is none.

        The chain is restricted to the places. It is made lazy, which keeps its stationary distribution and
        removes periods. Then it is squared until it no longer depends on where it began.
        """
        k = self.top.shape[1]
        raised = (self.counts[:, :k, :k] + self.smoothing) * self.there[:, None, :]
        step = raised / np.maximum(raised.sum(axis=2, keepdims=True), 1e-300)
        # Lazy: it stays where it is half of the time.
        step = (step + np.eye(k)) / 2
        for _ in range(16):  # 2^16 steps: even slow chains have mixed
            step = step @ step
        return step[:, 0] * self.there


def chains(traces: Traces, *, states: int, smoothing: float) -> Chains:
    """The chains of all traces, without a loop over people."""
    pair, count = np.unique(traces.person.astype(np.int64) * traces.places + traces.place, return_counts=True)
    person = pair // traces.places
    # By person, then by visits, then by place: ties are the same in every run.
    order = np.lexsort((pair, -count, person))
    pair, person = pair[order], person[order]
    rank = np.arange(len(pair)) - np.searchsorted(person, person)
    pair, person, rank = pair[rank < states], person[rank < states], rank[rank < states]
    top, there = np.zeros((traces.people, states), np.int64), np.zeros((traces.people, states), np.bool_)
    top[person, rank], there[person, rank] = pair % traces.places, True
    # Sorted by pair again, for the search in `_state`.
    by_pair = np.argsort(pair)
    state = _state(traces, pair[by_pair], rank[by_pair], states)
    # Visits stand one after the other; a step from one person's last to the next one's first is no step.
    same = traces.person[1:] == traces.person[:-1]
    cell = (traces.person[1:].astype(np.int64) * (states + 1) + state[:-1]) * (states + 1) + state[1:]
    flat = np.bincount(cell[same], minlength=traces.people * (states + 1) ** 2)
    return Chains(top, there, flat.reshape(-1, states + 1, states + 1).astype(np.float64), smoothing)


def _state(traces: Traces, pair: Ints, rank: Ints, states: int) -> Ints:
    """The rank of each visit's place among the person's places; `states` for elsewhere."""
    asked = traces.person.astype(np.int64) * traces.places + traces.place
    if not len(pair):
        return np.full(len(asked), states)
    at = np.minimum(np.searchsorted(pair, asked), len(pair) - 1)
    return np.where(pair[at] == asked, rank[at], states)


def log_ratios(then: Chains, view: Traces, *, block: int) -> Iterator[Floats]:
    """For each block of chains: log P(steps | chain) - log P(steps | all people), float64[block, rows].

    A chain moves between its states; when elsewhere, it goes where all people go. The table of a chain's log
    ratios over (from, to) is a constant, plus a part for `from`, a part for `to`, and a part for both among
    its places. So three sparse products score all traces: with how often they leave, enter, and step.
    """
    p = view.places
    same = view.person[1:] == view.person[:-1]
    row, a, b = view.person[1:][same].astype(np.int64), view.place[:-1][same], view.place[1:][same]
    ones, shape = np.ones(len(row)), (view.people, p)
    leave, enter = csr_array((ones, (row, a)), shape), csr_array((ones, (row, b)), shape)
    # Half a visit more for each place, so that a place seen in one chain only is rare and not impossible.
    usual = np.asarray((np.bincount(view.place, minlength=p) + 0.5) / (len(view) + 0.5 * p), np.float64)
    step, number = np.unique(a.astype(np.int64) * p + b, return_inverse=True)
    steps = csr_array((ones, (row, number)), (view.people, max(len(step), 1)))
    length = np.bincount(row, minlength=view.people).astype(np.float64)
    for low in range(0, len(then.top), block):
        part = then.take(low, low + block)
        yield _scored(part, usual, step, leave, enter, steps, length)


def _scored(
    part: Chains,
    usual: Floats,
    step: Ints,
    leave: csr_array,
    enter: csr_array,
    steps: csr_array,
    length: Floats,
) -> Floats:
    n, k = part.top.shape
    odds = _log_odds(part, usual)
    base = odds[:, k, k]
    who = np.broadcast_to(np.arange(n)[:, None], (n, k))
    own = part.there

    def over(values: Floats, mask: Bools, place: Ints, person: Ints, columns: int) -> csr_array:
        return csr_array((values[mask], (person[mask], place[mask])), (n, columns))

    p = len(usual)
    by_from = over(odds[:, :k, k] - base[:, None], own, part.top, who, p)
    by_to = over(odds[:, k, :k] - base[:, None], own, part.top, who, p)
    # What is left of the table after the constant, the row and the column parts.
    both = odds[:, :k, :k] - odds[:, :k, k:] - odds[:, k:, :k] + base[:, None, None]
    # Only steps that occur in the release need a column.
    key = part.top[:, :, None] * p + part.top[:, None, :]
    at = np.minimum(np.searchsorted(step, key), max(len(step) - 1, 0))
    met = own[:, :, None] & own[:, None, :]
    met &= (step[at] == key) if len(step) else False
    pairs = over(both, met, at, np.broadcast_to(who[:, :, None], both.shape), max(len(step), 1))
    total = by_from @ leave.T + by_to @ enter.T + pairs @ steps.T
    return total.toarray() + base[:, None] * length


def _log_odds(part: Chains, usual: Floats) -> Floats:
    """Log-odds of a chain's steps against the habits of all people, float64[n, k + 1, k + 1].

    It is the log of a transition over the chance of that state among all people.
    """
    known = usual[part.top] * part.there
    everybody = np.concatenate([known, 1 - known.sum(axis=1, keepdims=True)], axis=1)
    return np.log(np.maximum(part.transitions, 1e-12)) - np.log(np.maximum(everybody, 1e-12))[:, None, :]
