"""Shokri, Theodorakopoulos, Le Boudec, Hubaux: Quantifying Location Privacy (IEEE S&P 2011)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from confide.attacks.reconstruction.traces._hidden_markov import Chains, log_likelihood
from confide.attacks.reconstruction.traces._mobility_profile import learned
from confide.attacks.reconstruction.traces._observation import Regions, on_its_clock, sequences, shown_as
from confide.core.arrays import Floats, Ints, Rng
from confide.core.diagnostics import Diagnostics
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.lazily import Lazily
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.traces import MobilityKnowledge
from confide.views.traces import Traces

_optimize: Any = Lazily("scipy.optimize")  # it has no types

PAPER = Paper(
    authors="Reza Shokri and George Theodorakopoulos and Jean-Yves Le Boudec and Jean-Pierre Hubaux",
    title="Quantifying Location Privacy",
    venue="IEEE Symposium on Security and Privacy",
    year=2011,
    url="https://doi.org/10.1109/SP.2011.18",
)
# Numbers held at once in a forward pass: about 16 MB for each of three arrays.
CELLS = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationMeter:
    """Location-privacy meter: assigns each person the trace that their own way of moving explains best.

    The adversary learns from each target's earlier traces how they move: a Markov chain over regions, with
    gaps filled in by Gibbs sampling. It tries out how the mechanism shows each region. Then each trace of the
    release is a hidden Markov chain. A forward pass gives its likelihood under each target, which is compared
    with that under an average person, who is where people are. The adversary gives each target a different
    trace, so that the sum of the gains is largest. A target may stay without a trace, if none fits them
    better than an average person.

    Score: how much likelier the named trace is under this person than under an average person and under every
    other target, in nats; negative where another explains it better. A person absent from the release can
    thus only get a trace that nobody else fits. Only the most promising traces of each person, judged by
    where they are and not by how they move, get a forward pass. Time: people x candidates x steps x (own +
    1)^2.

    Args:
        regions: the largest number of regions. The most visited places are regions; other places count as the
            nearest region.
        step_s: seconds from one step of the chain to the next; visits within that time are a step each.
        forget: longer gaps count as this many steps.
        longest: the number of steps of each trace that are used.
        own: the largest number of regions that are a person's own states; all others are one state.
        burn_in: rounds of Gibbs sampling that are dropped.
        keep: rounds that are kept.
        candidates: traces of each person that get a forward pass.
        draws: made-up visits to each region that go through the mechanism.
    """

    name: ClassVar[str] = "location-meter"
    title: ClassVar[str] = later("Which trace does this person's way of moving explain best?")
    paper: ClassVar[Paper] = PAPER

    regions: int = 1_000
    step_s: int = 3_600
    forget: int = 24
    longest: int = 1_000
    own: int = 15
    burn_in: int = 100
    keep: int = 100
    candidates: int = 200
    draws: int = 1_000

    def __call__(self, case: Case[Traces, MobilityKnowledge, Traces], *, rng: Rng) -> Guess:
        past = case.known.need_earlier(self.name)
        if not len(past):
            raise KnowledgeError(
                keep(
                    "{attack} needs earlier visits of the targets, and there is not a single one: give an "
                    "earlier period with some.",
                    attack=self.name,
                )
            )
        learning, trying, timing = rng.spawn(3)
        regions = Regions.most_visited(past, self.regions)
        before = self._sequences(on_its_clock(case.known.mechanism, past, rng=timing), regions.of)
        profiles = learned(
            before, regions=len(regions), own=self.own, burn_in=self.burn_in, keep=self.keep, rng=learning
        )
        shows = shown_as(case.known.mechanism, past, regions, draws=self.draws, rng=trying)
        symbol, _ = regions.symbols(case.view)
        seen = self._sequences(case.view, symbol)
        # One visit more for each region, so that an average person may be anywhere.
        popular = np.bincount(before[before >= 0], minlength=len(regions)) + 1.0
        anybody = np.log((popular / popular.sum()) @ shows)
        gain, flagged = fits(profiles.chains(shows), seen, anybody, candidates=self.candidates)
        claim, score = named(gain)
        return Guess(claim, score, _remark(flagged))

    def _sequences(self, traces: Traces, symbol: Ints) -> Ints:
        return sequences(traces, symbol, step=self.step_s, forget=self.forget, longest=self.longest)


def fits(chains: Chains, seen: Ints, anybody: Floats, *, candidates: int) -> tuple[Floats, float]:
    """Gain of each trace under each person: how much likelier it is than under an average person.

    Args:
        chains: of the U people.
        seen: int64[J, T], the traces.
        anybody: float64[O], the log chance of each symbol among all people.
        candidates: forward passes for each person. Other traces get the gain from places alone, but no more
            than the least gain of the candidates.

    Returns:
        log P(trace | person) - log P(trace | average person), float64[U, J]; and the share of the compared
        pairs in which the model held an observation for impossible.
    """
    people, traces = len(chains.start), len(seen)
    count = np.zeros((traces, len(anybody)))
    person, step = np.nonzero(seen >= 0)
    np.add.at(count, (person, seen[person, step]), 1)
    usual = np.einsum("uos,us->uo", chains.emission, chains.start)
    # A cheap gain, as if steps were independent: it picks the candidates for the forward pass.
    gain = np.log(np.maximum(usual, 1e-300)) @ count.T - count @ anybody
    chosen = np.argsort(-gain, axis=1, kind="stable")[:, :candidates]
    exact, odd, states = np.empty(chosen.shape), 0, chains.start.shape[1]
    block = max(CELLS // (chosen.shape[1] * max(states, seen.shape[1])), 1)
    for first in range(0, people, block):
        rows = slice(first, first + block)
        some = Chains(chains.start[rows], chains.transition[rows], chains.emission[rows])
        exact[rows], flagged = log_likelihood(some, seen[chosen[rows]])
        odd += int(flagged.sum())
    exact -= (count @ anybody)[chosen]
    if traces:
        # A trace without a forward pass must not beat one that had it.
        gain = np.minimum(gain, exact.min(axis=1, keepdims=True))
        np.put_along_axis(gain, chosen, exact, axis=1)
    return gain, odd / max(exact.size, 1)


def named(gain: Floats) -> tuple[Ints, Floats]:
    """The trace of each person and its score, from how much it fits them better than an average person.

    The assignment is the best one as a whole (Jonker and Volgenant). A person may also have no trace, for a
    gain of 0. Such a person is named the trace that fits them best, with a score that is not above 0.

    >>> claim, score = named(np.array([[5.0, 4.0], [9.0, 1.0]]))
    >>> claim.tolist(), score.tolist()
    ([1, 0], [3.0, 4.0])
    """
    people, traces = gain.shape
    if not traces:
        return np.full(people, -1), np.full(people, -np.inf)
    # One private column for each person stands for "no trace"; the others' columns cost more than any gain.
    nobody = np.where(np.eye(people, dtype=np.bool_), 0.0, -1e12)
    person, place = _optimize.linear_sum_assignment(np.hstack([gain, nobody]), maximize=True)
    claim = np.empty(people, np.int64)
    claim[person] = np.where(place < traces, place, gain.argmax(axis=1)[person])
    mine = gain[np.arange(people), claim]
    # The two largest gains of each trace: a person's strongest rival is one of them.
    ranked = -np.sort(-gain, axis=0)[:2]
    best, second = ranked[0], ranked[-1] if people > 1 else np.full(traces, -np.inf)
    others = np.where(mine >= best[claim], second[claim], best[claim])
    return claim, mine - np.maximum(others, 0.0)


def _remark(share: float) -> Diagnostics | None:
    if not share:
        return None
    remark = keep(
        "In {share:.1%} of the compared pairs, a chain held a visit for impossible.", share=float(share)
    )
    return Diagnostics((remark,))
