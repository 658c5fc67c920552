"""Made-up null audits and known leaks through the doors to trainings: training, learner, rebuild, text.

Of a null audit nothing is there to be found. Of a known leak the truth is a closed form where there is one,
and the mean of further audits else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from null_doors import LIMITS, Door
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.audits.training.trainers import FAULTS, Trainer

import confide
from confide.core.arrays import Floats, Rng
from confide.learners.newton import NewtonRegression
from confide.models.linear import LinearModel
from confide.views.records import Records

if TYPE_CHECKING:
    from confide.audits import Held

HEAD, CODES = "my code is ", 10_000
STEPS, RATE = 20, 0.3
SIDE = 560
"""People a side: enough that a rate at 1 % is settled at three attacks."""


def people(rng: Rng, n: int, *, d: int = 10, noise: float = 1.0) -> Records:
    x = rng.standard_normal((n, d)).astype(np.float32)
    return Records(x, (x[:, :3].sum(1) + noise * rng.standard_normal(n) > 0).astype(np.int64))


def training(
    rng: Rng,
    *,
    multiplier: float = 1_000.0,
    rate: float = RATE,
    fault: str = "",
    access: Literal["gradients", "model"] = "gradients",
    epsilon: float = 1.0,
) -> Held:
    """A training with this noise, on people and canaries."""
    trainer = Trainer(multiplier=multiplier, rate=rate, steps=STEPS, hidden=96, classes=2, fault=fault)
    data = people(rng, 2 * SIDE if access == "model" else 400)
    return confide.Training(trainer, data=data, canaries=2 * SIDE, epsilon=epsilon, delta=1e-5, access=access)


@cache
def _schema(columns: int) -> Path:
    path = Path(mkdtemp()) / "schema.toml"
    found = "".join(f"[columns.c{i}]\nlow = 0\nhigh = 1\nknots = 4\n" for i in range(columns))
    path.write_text(f'[columns.label]\nvalues = ["no", "yes"]\n{found}')
    return path


def learner(rng: Rng, *, n: int = 800, columns: int = 5) -> Held:
    """People whose label is a coin."""
    drawn = {f"c{i}": rng.uniform(0, 1, n) for i in range(columns)}
    frame = pl.DataFrame({**drawn, "label": rng.choice(["no", "yes"], n)})
    return confide.Learner(frame, label="label", schema=_schema(columns), references=4)


def rebuild(rng: Rng, *, n: int = SIDE) -> Held:
    """A model of other people, with a radius at which guesses are often right."""
    model = LogisticRegression().fit(*_both(people(rng, 400, d=3)))
    sides = [_both(people(rng, n, d=3)) for _ in range(2)]
    return confide.Rebuild(model=model, members=sides[0], nonmembers=sides[1], radius=1.2)


def rebuilt(
    rng: Rng, *, n: int = 300, off: float = 3e-4, epsilon: float | None = None, delta: float | None = None
) -> Held:
    """A model of the members, each weight off its optimum by a normal number: some of them are rebuilt."""
    inside, outside = people(rng, n, d=3), people(rng, n, d=3)
    best = NewtonRegression(classes=2, penalty=1.0).fit(inside, rng=rng)
    moved = LinearModel(best.rows + off * rng.standard_normal(best.rows.shape))
    sides = _both(inside), _both(outside)
    return confide.Rebuild(
        model=moved, members=sides[0], nonmembers=sides[1], penalty=1.0, epsilon=epsilon, delta=delta
    )


def _both(records: Records) -> tuple[Floats, Floats]:
    return np.asarray(records.x, np.float64), records.y


def _codes(rng: Rng, n: int) -> list[str]:
    return [f"{HEAD}{{{code:04d}}}" for code in rng.permutation(CODES)[:n]]


def _bigrams(rng: Rng, lines: int = 1_000) -> Floats:
    """The log-probability of each code, by pairs of digits counted in others that have habits."""
    habit = rng.dirichlet(np.ones(10), 10)
    digits = np.zeros((lines, 4), np.int64)
    for place in range(4):
        before = digits[:, place - 1] if place else np.zeros(lines, np.int64)
        digits[:, place] = (habit[before].cumsum(1) < rng.random((lines, 1))).sum(1).clip(max=9)
    counted = np.ones((10, 10))
    np.add.at(counted, (digits[:, :-1].ravel(), digits[:, 1:].ravel()), 1)
    log_p = np.log(counted / counted.sum(1, keepdims=True))
    every = np.array([[int(sign) for sign in f"{code:04d}"] for code in range(CODES)])
    first = np.log((1 + np.bincount(digits[:, 0], minlength=10)) / (lines + 10))
    return first[every[:, 0]] + log_p[every[:, :-1], every[:, 1:]].sum(1)


def _scores(log_p: Floats) -> Callable[[Sequence[str]], list[float]]:
    """A language model for texts with a code, and for what comes before it."""
    return lambda texts: [
        -3.0 if text == HEAD else -3.0 + float(log_p[int(text.removeprefix(HEAD))]) for text in texts
    ]


def text(rng: Rng) -> Held:
    """Canaries, and a model that counted pairs of digits in other codes."""
    held = _codes(rng, SIDE)
    return confide.Text(model=_scores(_bigrams(rng)), canaries=held, controls=SIDE)


def continuations(rng: Rng) -> Held:
    """Codes on either side, and that model: about half of them come up among the samples."""
    held = _codes(rng, 2 * SIDE)
    return confide.Text(
        model=_scores(_bigrams(rng)), prefixes=held[:SIDE], heldout=held[SIDE:], samples=5_000
    )


def learnt(rng: Rng, *, d: float = 1.0) -> Held:
    """Canaries whose scores a model moved by d deviations of all scores."""
    held = _codes(rng, SIDE)
    score = rng.standard_normal(CODES)
    score[[int(line[len(HEAD) + 1 : -1]) for line in held]] += d
    log_p = score - np.logaddexp.reduce(score)
    return confide.Text(model=_scores(log_p), canaries=held, controls=SIDE)


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A known leak through a door.

    Args:
        what: leaks.
        held: draws what the user holds.
        d: how far the best scores of the two sides are apart, where they are normal; None where no closed
            form is known.
    """

    what: str
    held: Callable[[Rng], Held]
    d: float | None = None

    def truth(self, quantity: str) -> float | None:
        """The closed form of a number; None where there is none."""
        if self.d is None:
            return None
        if quantity == "auc":
            return float(norm.cdf(self.d / np.sqrt(2)))
        return float(norm.sf(norm.isf(float(quantity.removeprefix("tpr@"))) - self.d))


LEAKS: Mapping[str, Leak] = {
    "training": Leak(
        what="each of 20 full batches moves a canary's sum by 1 / sqrt 20 deviations of the noise",
        held=lambda rng: training(rng, multiplier=STEPS**0.5, rate=1.0, epsilon=6.0),
        d=1.0,
    ),
    "learner": Leak(
        what="a plain regression of random labels on 30 columns",
        held=lambda rng: learner(rng, n=900, columns=30),
    ),
    "rebuild": Leak(what="a model near its optimum", held=rebuilt),
    "text": Leak(what="canaries' scores are moved by one deviation", held=learnt, d=1.0),
}
NOISE = 7.0
"""Clipping norms: epsilon .95 at delta 1e-5 for the training above."""
BROKEN: Mapping[str, Callable[[Rng], Held]] = {
    **{
        f"training: {fault}": lambda rng, fault=fault: training(rng, multiplier=NOISE, fault=fault)
        for fault in FAULTS
    },
    "rebuild: the model above, said to keep epsilon 1": lambda rng: rebuilt(rng, epsilon=1.0, delta=1e-3),
}
"""Promises that are not kept."""
DOORS: Mapping[str, Door] = {
    "training": Door(why="noise of a thousand clipping norms", held=training),
    "training, final model": Door(
        why="noise of a thousand clipping norms", held=lambda rng: training(rng, access="model")
    ),
    "learner": Door(
        why="labels are coins, and the training promises epsilon .001",
        held=learner,
        options={"protect": "gradient:0.001"},
        limits=LIMITS[1:],  # of 320 people a side none settles a rate at 1 % for three attacks
    ),
    "rebuild": Door(why="the model learned from a third set; a radius that chance often meets", held=rebuild),
    "text": Door(why="the model counted pairs of digits in other codes", held=text),
    "text, continuations": Door(why="as before", held=continuations),
}
