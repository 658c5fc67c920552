"""Answers to random half subsets, as tests of several files make them."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Bools
from confide.core.nouns import Case, Guess
from confide.knowledge.answers import AnswersKnowledge
from confide.views.answers import Answers, Subsets


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def asked(
    people: int, count: int, c: float, *, seed: int, wrong: float = 0.0, share: float = 0.5
) -> tuple[Answers, Bools]:
    """m answers about n random bits with noise of deviation c sqrt(n), a share of them arbitrary."""
    draw = rng(seed)
    subsets, bits = Subsets.random(count, people, rng=draw), draw.random(people) < share
    noise = c * people**0.5
    answers = subsets.sums(bits) + draw.normal(0, noise, count)
    lost = draw.random(count) < wrong
    answers[lost] = draw.uniform(0, people, lost.sum())
    return Answers(subsets=subsets, answers=answers, noise=noise), bits


def guessed(attack, view: Answers, **known) -> Guess:
    return attack(Case(view, AnswersKnowledge(**known), np.arange(view.people)), rng=rng())


def right(attack, people: int, count: int, c: float, *, times: int, **how: float) -> float:
    """The share of bits that are right, over several data sets."""
    found = []
    for seed in range(times):
        view, bits = asked(people, count, c, seed=seed, **how)
        found.append((guessed(attack, view).value == bits).mean())
    return float(np.mean(found))
