"""Rabiner: A Tutorial on Hidden Markov Models and Selected Applications (Proceedings of the IEEE, 1989)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Bools, Floats, Ints

# As an observation: nothing was seen at this step. It picks the last row of `likelihood`, which is all ones.
NOT_SEEN = -1
# The likelihood of an observation that the chain holds for impossible. At 0 one such visit would rule a
# person out, although the chain was learned from few visits.
FLOOR = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Chains:
    """Hidden Markov chains: U of them, over S states that show O symbols.

    Args:
        start: float64[U, S], the distribution of the first state.
        transition: float64[U, S, S], rows sum to 1.
        emission: float64[U, O, S], the probability of each symbol in each state.
    """

    start: Floats
    transition: Floats
    emission: Floats

    def likelihood(self) -> Floats:
        """The emissions with a last row of ones, so that `NOT_SEEN` says nothing: float64[U, O + 1, S]."""
        ones = np.ones((len(self.start), 1, self.start.shape[1]))
        return np.concatenate([self.emission, ones], axis=1)


def log_likelihood(chains: Chains, observed: Ints) -> tuple[Floats, Bools]:
    """Log-likelihood of each sequence under each chain: the scaled forward pass.

    Args:
        chains: U of them.
        observed: int64[U or 1, J, T], symbols or `NOT_SEEN`; with 1 in front, every chain sees all J.

    Returns:
        log P(sequence | chain), float64[U, J]; and bool[U, J], where an observation was impossible for the
        chain. Its likelihood was set to `FLOOR`: the model does not fit there.
    """
    table = chains.likelihood()
    total, flagged = 0.0, np.zeros((len(chains.start), observed.shape[1]), np.bool_)
    # Scaled at every step, because a product of hundreds of chances is 0 in float64.
    ahead = np.broadcast_to(chains.start[:, None], (*flagged.shape, chains.start.shape[1]))
    for t in range(observed.shape[2]):
        here, scale, impossible = _weighed(ahead, _shown(table, observed[..., t]))
        total = total + np.log(scale)
        flagged |= impossible
        ahead = here @ chains.transition
    return np.broadcast_to(total, flagged.shape).astype(np.float64), flagged


def filtered(chains: Chains, observed: Ints) -> Floats:
    """Filtering: P(state at t | what was seen up to t), float64[T, U, J, S]."""
    table = chains.likelihood()
    shape = (observed.shape[2], len(chains.start), observed.shape[1], chains.start.shape[1])
    found = np.empty(shape)
    ahead = np.broadcast_to(chains.start[:, None], shape[1:])
    for t in range(shape[0]):
        found[t] = _weighed(ahead, _shown(table, observed[..., t]))[0]
        ahead = found[t] @ chains.transition
    return found


def posterior(chains: Chains, observed: Ints) -> Floats:
    """Smoothing: P(state at t | all that was seen), by forward and backward passes, float64[T, U, J, S]."""
    table, found = chains.likelihood(), filtered(chains, observed)
    back = np.ones(found.shape[1:])
    transposed = chains.transition.transpose(0, 2, 1)
    for t in range(len(found) - 1, -1, -1):
        both = found[t] * back
        weight = both.sum(axis=-1, keepdims=True)
        found[t] = np.where(weight > 0, both / np.where(weight > 0, weight, 1), found[t])
        shown = _weighed(back, _shown(table, observed[..., t]))[0]
        back = shown @ transposed
    return found


def likeliest_paths(chains: Chains, observed: Ints) -> Ints:
    """Viterbi's algorithm: the most probable path of states as a whole, int64[T, U, J]."""
    with np.errstate(divide="ignore"):
        table, step = np.log(chains.likelihood()), np.log(chains.transition)
        best = np.broadcast_to(
            np.log(chains.start)[:, None],
            (len(chains.start), observed.shape[1], chains.start.shape[1]),
        )
    came = np.zeros(
        (observed.shape[2], *best.shape), np.int16
    )  # the largest array here: states fit into 16 bits
    for t in range(observed.shape[2]):
        if t:
            reached = best[..., :, None] + step[:, None]
            came[t] = reached.argmax(axis=-2)
            best = reached.max(axis=-2)
        shown = best + _shown(table, observed[..., t])
        lost = np.isneginf(shown).all(axis=-1, keepdims=True)  # impossible: treat it as not seen
        best = np.where(lost, best + np.log(FLOOR), shown)
    path = np.empty(came.shape[:-1], np.int64)
    path[-1] = best.argmax(axis=-1)
    for t in range(len(path) - 1, 0, -1):
        path[t - 1] = np.take_along_axis(came[t], path[t][..., None], axis=-1)[..., 0]
    return path


def _shown(table: Floats, symbols: Ints) -> Floats:
    """The likelihood of one symbol for each state, [U, J, S]; `NOT_SEEN` is the last row."""
    if len(symbols) == 1:
        return table[:, symbols[0]]
    return table[np.arange(len(table))[:, None], symbols]


def _weighed(ahead: Floats, shown: Floats) -> tuple[Floats, Floats, Bools]:
    """The product scaled to sum to 1, its scale, and where it is zero in all states.

    There the observation is ignored, and its likelihood counts as `FLOOR`.
    """
    both = ahead * shown
    scale = both.sum(axis=-1)
    impossible = scale <= 0
    if impossible.any():
        both = np.where(impossible[..., None], ahead, both)
        whole = both.sum(axis=-1)
        return both / whole[..., None], np.where(impossible, FLOOR, scale), impossible
    return both / scale[..., None], scale, impossible
