"""Gaps in chains are drawn from their exact law, whatever is beyond their ends."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from confide.attacks.reconstruction.traces._gaps import Gaps, drawn

S = 3


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def chain(people: int) -> tuple[np.ndarray, np.ndarray]:
    """A start and a transition of their own for each of the people."""
    draw = rng(1)
    return draw.dirichlet(np.ones(S), people), draw.dirichlet(np.ones(S), (people, S))


def law(seen: list[int], start: np.ndarray, transition: np.ndarray) -> np.ndarray:
    """P(path | what was seen) of all S^T paths, term by term, from the definition."""
    weight = []
    for path in itertools.product(range(S), repeat=len(seen)):
        steps = math.prod(transition[a, b] for a, b in itertools.pairwise(path))
        fits = all(s in (-1, state) for s, state in zip(seen, path, strict=True))
        weight.append(start[path[0]] * steps * fits)
    return np.array(weight) / sum(weight)


def excess(found: np.ndarray, expected: np.ndarray) -> float:
    """The chi-square of these paths, in standard deviations: above 5 once in a million runs."""
    code = found @ (S ** np.arange(found.shape[1])[::-1])
    count, expected = np.bincount(code, minlength=len(expected)), expected * len(found)
    many = expected >= 5
    assert count[expected == 0].sum() == 0
    statistic = ((count - expected)[many] ** 2 / expected[many]).sum()
    return float((statistic - many.sum()) / math.sqrt(2 * many.sum()))


SEEN = ([0, -1, -1, 2, -1, 1], [-1, -1, 1, -1, -1, 2], [2, -1, -1, -1, -1, 0])
"""Gaps of one to four steps, one before anything was seen."""


def test_gaps_follow_their_law_and_another_law_is_told_apart() -> None:
    """20,000 draws for each of three people, whose gaps are drawn side by side."""
    start, transition = chain(3)
    whose = np.repeat(np.arange(3), 20_000)
    path = Gaps.of(np.array(SEEN)[whose]).filled(start[whose], transition[whose], rng=rng(3))
    for person, seen in enumerate(SEEN):
        found = path[whose == person]
        assert excess(found, law(seen, start[person], transition[person])) < 5
        assert excess(found, law(seen, start[person], transition[person - 1])) > 50


def test_a_person_with_many_gaps_has_each_from_its_own_ends() -> None:
    """Where each state has one successor, a gap can be filled in one way."""
    transition = np.roll(np.eye(S), 1, axis=1)[None]
    truth = (np.arange(60) + 2) % S
    hidden = rng(5).random(60) < 0.7
    hidden[-1] = False
    start = np.eye(S)[[2]]
    seen = np.where(hidden, -1, truth)[None]
    assert (Gaps.of(seen).filled(start, transition, rng=rng()) == truth).all()


def test_what_was_seen_stays_and_what_follows_the_last_visit_is_no_gap() -> None:
    start, transition = chain(3)
    seen = np.array([[0, 1, 2, -1, -1], [-1, -1, -1, -1, -1], [1, -1, 2, -1, -1]])
    path = Gaps.of(seen).filled(start, transition, rng=rng())
    assert (path[:2] == seen[:2]).all()
    assert path[2, [0, 2, 3, 4]].tolist() == [1, 2, -1, -1] and path[2, 1] >= 0


def test_an_index_is_drawn_in_proportion_and_a_coin_that_rounds_to_the_sum_draws_the_last() -> None:
    weight = np.broadcast_to(np.array([1.0, 0.0, 3.0]), (40_000, S))
    share = np.bincount(drawn(weight, rng().random(40_000)), minlength=S) / 40_000
    assert share == pytest.approx([0.25, 0, 0.75], abs=0.012)  # 5 standard errors
    assert drawn(np.array([[1.0, 1.0, 0.0]]), np.array([1.0])).tolist() == [2]
