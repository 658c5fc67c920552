"""Foretells how much a regression's noise costs, from what is public: made-up records of the same number."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from confide.core.arrays import Floats, Ints, Rng
from confide.mechanisms.learn.cross_entropy import probabilities
from confide.mechanisms.learn.gradient_descent import GradientDescent
from confide.mechanisms.learn.public_columns import Categories, PublicColumns
from confide.models.linear import features_of

MADE, NUMBERS = 1_000, 150_000
"""Made-up records at most, and numbers in them: noise is scaled to the true number of records, and more would
only take longer."""
SHARPNESS = 6.0
"""Deviation of the made-up rule's logits: its own labels are right in about nine of ten."""
RULES = 3
"""Made-up rules whose shares are averaged."""
ENOUGH, LITTLE = 0.9, 0.05
"""What is kept of what can be learned: enough, and so little that nothing is learned."""
LARGER, FURTHEST = 2.0, 6
"""By which the number of records is raised in search of one that would do, and how often at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """What a training with this noise makes of records that follow a rule it can learn.

    Args:
        right: the share of new records of which it predicts the label.
        without: the same of training without noise.
        chance: that of the most frequent label.
        enough: a number of records with which it keeps about nine tenths of what can be learned.
    """

    right: float
    without: float
    chance: float
    enough: float

    @property
    def kept(self) -> float:
        """What is left of what can be learned beyond chance, from 0 to 1."""
        return kept_of(self.right, self.without, self.chance)

    def __str__(self) -> str:
        return (
            "made-up records of this number and these columns, whose labels follow a rule, make a model that "
            f"is right in {self.right:.0%} of others, without noise {self.without:.0%}, by chance "
            f"{self.chance:.0%}"
        )

    @property
    def remedy(self) -> str:
        """What would do."""
        return f"some {float(f'{self.enough:.2g}'):,.0f} records would do, or a larger epsilon"


def kept_of(right: float, without: float, chance: float) -> float:
    """The share of what can be learned beyond chance that is learned.

    >>> kept_of(0.75, 1.0, 0.5)
    0.5
    """
    return min(max((right - chance) / max(without - chance, 1e-9), 0.0), 1.0)


def foretold(maker: GradientDescent, columns: PublicColumns, *, people: int, rng: Rng) -> Foretold:
    """Simulate trainings on made-up records; nothing of the data but their number is used.

    Values are drawn evenly from each column's bounds or categories, labels from a softmax of random weights.
    A step's noise is normal, of the length that it has against the mean gradient of that many people.

    Args:
        maker: the mechanism, with its budget.
        columns: how records are encoded.
        people: how many records, or persons, there are.
        rng: for the made-up records and the noise.

    >>> from confide.core.budget import Budget
    >>> columns = PublicColumns.of({"age": (0, 100)})
    >>> make = GradientDescent(budget=Budget(1.0, 1e-6), classes=2, radius=columns.radius)
    >>> told = [foretold(make, columns, people=n, rng=np.random.default_rng(0)).kept for n in (100, 100_000)]
    >>> told[0] < 0.9 < told[1]
    True
    """
    width = len(columns.names) + 1
    n = max(min(people, MADE, NUMBERS // (width * maker.classes)), 50)
    worlds = [_made(maker, columns, n, rng) for _ in range(RULES)]
    chance = float(np.mean([np.bincount(world.y).max() / len(world.y) for world in worlds]))

    def right(people: float) -> float:
        return float(np.mean([_right(maker, world, people, rng) for world in worlds]))

    without, here = right(math.inf), right(people)
    enough, share = float(people), here
    # Noise as long as the longest gradients can be is too much: the search begins where it is.
    drowned = maker.drowned(people, width * (maker.classes if maker.classes > 2 else 1))
    for tried in range(FURTHEST):
        if kept_of(share, without, chance) >= ENOUGH:
            break
        enough = max(people, people * drowned) * LARGER**tried
        share = right(enough)
    return Foretold(right=here, without=without, chance=chance, enough=enough)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _World:
    """Made-up records: n to train on, with the labels as bool[n, k], and others with codes of classes."""

    x: Floats
    truth: Floats
    others: Floats
    y: Ints


def _made(maker: GradientDescent, columns: PublicColumns, n: int, rng: Rng) -> _World:
    """Records and labels by a rule of the columns' own random effects."""
    parts: list[Floats] = []
    logits = np.zeros((2 * n, maker.classes))
    for column in columns.columns.values():
        if isinstance(column, Categories):
            code = rng.integers(len(column.levels), size=2 * n)
            encoded = np.eye(len(column.levels))[code]
            effect = rng.normal(size=(len(column.levels), maker.classes))[code]
        else:
            share = rng.uniform(size=2 * n)
            encoded = column.placed(share)
            effect = (share - 0.5)[:, None] * 12**0.5 * rng.normal(size=maker.classes)
        parts.append(encoded)
        logits += effect
    logits *= SHARPNESS / math.sqrt(2 * len(columns.columns))
    # A label is drawn with the softmax's probabilities: the largest of logits with Gumbel noise.
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    x = features_of(np.hstack(parts), maker.radius)
    binary = maker.classes == 2
    truth = np.eye(maker.classes)[y][:, 1:] if binary else np.eye(maker.classes)[y]
    return _World(x=x[:n], truth=truth[:n], others=x[n:], y=y[n:])


def _right(maker: GradientDescent, world: _World, people: float, rng: Rng) -> float:
    """The share of other records that a training with the noise of that many people gets right."""
    shape = (world.truth.shape[1], world.x.shape[1])
    size = math.prod(shape)
    noise = 0.0 if people == math.inf else maker.sigma(size) / (people * maker.longest)
    length = np.sqrt((world.x**2).sum(axis=1))

    def slope(weights: Floats) -> Floats:
        logits = world.x @ weights.T
        errors = (expit(logits) if shape[0] == 1 else probabilities(logits)) - world.truth
        steep = np.sqrt((errors**2).sum(axis=1)) * length
        short = errors * np.minimum(1 / maker.longest, 1 / np.maximum(steep, 1e-300))[:, None]
        return short.T @ world.x / len(world.x) + noise * rng.normal(size=shape)

    found = maker.path(slope, shape=shape, people=min(people, 1e300))
    logits = world.others @ found.T
    label = (logits[:, 0] > 0) if shape[0] == 1 else logits.argmax(axis=1)
    return float(np.mean(label == world.y))
