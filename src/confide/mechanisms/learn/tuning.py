"""Tuning that is paid for: the best of a random number of private trainings, at one stated total."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state

from confide.core.arrays import Array, Bools, Floats
from confide.core.budget import Budget
from confide.core.errors import DataError, ModelError, PromiseError
from confide.measure.epsilon import gaussian_epsilon
from confide.mechanisms.learn.charging import charged
from confide.mechanisms.learn.classifier import PrivateLogisticRegression
from confide.mechanisms.learn.fitting import check_source
from confide.mechanisms.learn.number_of_runs import NumberOfRuns, tuning_mu
from confide.mechanisms.learn.people import codes_of_people, unit_of
from confide.mechanisms.learn.regressor import PrivateLinearRegression
from confide.mechanisms.noise.discrete_gaussian import discrete_gaussian, steps_of
from confide.mechanisms.noise.source import Noise, words_of
from confide.mechanisms.noise.words import BITS, Words, below

if TYPE_CHECKING:
    from confide.account.ledger import Ledger

Estimator: TypeAlias = PrivateLogisticRegression | PrivateLinearRegression
Grid: TypeAlias = Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]]
FIXED = ("epsilon", "delta", "ledger", "analyst", "noise", "random_state")
"""Settings that tuning itself gives to each training."""
PART = 1 << 10
"""Parts of a person's score, from 0 to 1, which is added up in whole numbers."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tuned:
    """The best of a random number of trainings.

    Args:
        model: fitted, on the records that were not held out.
        settings: that it was trained with.
        score: the sum over held-out people of their score, with noise: the share of right labels, or 1 - the
            squared error in units of the target's range. It is no mean, as their number is a secret too.
        budget: of everything, with its unit.
    """

    model: Any
    settings: Mapping[str, Any]
    score: float
    budget: Budget


def tune(
    estimator: Estimator,
    grid: Grid,
    X: Any,
    y: Any,
    *,
    budget: Budget,
    runs: float = 10.0,
    shape: float = 0.0,
    held_out: float = 0.2,
    person: Any = None,
    ledger: Ledger | None = None,
    analyst: str | None = None,
    noise: Noise = "secure",
    random_state: Any = None,
) -> Tuned:
    """Train with settings drawn from a grid, a random number of times, and show the best model alone.

    *Statement.* What is returned is (epsilon, delta)-differentially private for one record more or less, or
    for all records of a person where `person` is given; so for all trainings and the choice together.

    *Proof.* A coin of its own says whether a person's records train or are held out. One run draws settings
    from the grid, trains a mu-GDP model, and adds discrete Gaussian noise to the sum of scores of held-out
    people, each in [0, 1]: this is mu-GDP too. A person is in one part and moves one of both, so the run,
    model and noisy score together, is mu-GDP. The best noisy score of K runs, and nothing of the others, is
    shown: `tuning_epsilon` holds the theorem, and mu is the largest one that keeps the budget.

    *Conditions.* Nobody learns how many runs there were, also not by the time they took: keep that to
    yourself. A grid, like all settings, is chosen without the data.

    Args:
        estimator: whose settings are tuned; by gradient descent, by output perturbation, or linear. Of the
            objective's perturbation no Rényi bound is known here.
        grid: setting -> values, or a list of settings.
        X, y: as the estimator's `fit` takes them.
        budget: of everything together.
        runs: how many on average.
        shape: of the law of their number: 0 logarithmic, 1 geometric, infinity Poisson.
        held_out: the share of people whose records score the models.
        person: whose each record is, [n].
        ledger: that pays before the first run. Each call is charged.
        analyst: whose part of it pays, where it has parts.
        noise: "secure" for a real release; "rehearsal" draws it from `random_state`, for tests.
        random_state: of a rehearsal only.

    Raises:
        PromiseError: if the budget does not allow a choice, or a setting cannot be tuned.
        BudgetError: if the ledger does not pay; nothing was trained then.
        ModelError: if a Poisson number of runs was 0. The budget is spent then.
    """
    candidates = candidates_of(estimator, grid)
    check_source(noise, random_state)
    for name, value in (("runs", runs), ("shape", shape), ("held_out", held_out)):
        if isinstance(value, bool) or not isinstance(value, Real):
            raise PromiseError(f"{name} is {value!r:.40}: give a number.")
    if not 0 < held_out < 1:
        raise PromiseError(f"held_out is {held_out}: give a share above 0 and below 1.")
    if budget.unit.kind != unit_of(person).kind:
        raise PromiseError(
            f"the budget hides {budget.unit}: give `person` with a budget for people, and none for records."
        )
    number = NumberOfRuns(mean=runs, shape=shape)
    rng = np.random.default_rng(check_random_state(random_state).randint(2**31 - 1))
    words, mu = words_of(noise, rng), tuning_mu(budget, number)
    # The estimator gets an epsilon, from which it makes a mu that is no larger.
    each = gaussian_epsilon(mu, delta=budget.delta) * (1 - 1e-6)
    given = {"epsilon": each, "delta": budget.delta, "noise": noise}
    found: list[Tuned] = []
    away = _held_out(person, len(y), held_out, words)
    if len(away) != len(y):
        raise DataError(f"person names {len(away):,} records of {len(y):,}: give one name for each record.")
    kept, scored = _Part.of(X, y, person, ~away), _Part.of(X, y, person, away)
    for settings in candidates:  # what cannot be trained is refused before anything is charged
        tried: Any = clone(estimator)
        tried.set_params(**settings, **given, random_state=None if noise == "secure" else 0)
        tried.prepared(kept.X, kept.y, kept.person)

    many = number.drawn(words)  # before the charge too: not every law can be drawn from

    def train() -> dict[str, Any]:
        for _ in range(many):
            settings = candidates[int(below(len(candidates), 1, words)[0])]
            seed = int(rng.integers(2**31)) if noise == "rehearsal" else None
            model: Any = clone(estimator)
            model.set_params(**settings, **given, random_state=seed)
            run = _run(model, kept, scored, mu, words)
            found.append(Tuned(model=model, settings=settings, score=run, budget=budget))
        if not found:
            raise ModelError(
                "there was no run, as a Poisson number can be 0: the budget is spent, begin again."
            )
        best = max(found, key=lambda one: one.score)
        return {
            "settings": repr(best.settings),
            "score": best.score,
            "coef": np.asarray(best.model.coef_).tolist(),
        }

    asked = f"tune {type(estimator).__name__} over {len(candidates)} settings"
    # No rho: the best of a random number of runs has a Rényi bound that is no line.
    charged(
        ledger,
        budget,
        mu=None,
        asked=asked,
        settings={"grid": repr(candidates)},
        analyst=analyst,
        train=train,
    )
    return max(found, key=lambda one: one.score)


def candidates_of(estimator: Estimator, grid: Grid) -> list[dict[str, Any]]:
    """The settings that a grid stands for.

    Raises:
        PromiseError: if there are none, or one of them cannot be tuned.
    """
    if isinstance(grid, Mapping):
        for name, values in grid.items():
            if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray):
                raise PromiseError(f"the grid gives {values!r:.40} for {name}: give a list of values.")
        found = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    else:
        found = [dict(settings) for settings in grid if isinstance(settings, Mapping)]
        if len(found) < len(grid):
            raise PromiseError(
                "a grid is {setting: [values]}, or a list of {setting: value}: give one of both."
            )
    if not found:
        raise PromiseError("the grid holds no settings: give one or more values of each.")
    names = set().union(*found)
    known = estimator.get_params(deep=False)
    if unknown := sorted(names - set(known)):
        raise PromiseError(f"there is no setting {unknown[0]!r:.40}: choose among {', '.join(known)}.")
    if fixed := sorted(names & set(FIXED)):
        raise PromiseError(
            f"{fixed[0]} is given to `tune` itself, for all runs together: leave it out of the grid."
        )
    if estimator.ledger is not None:
        raise PromiseError("each run would charge the estimator's ledger: give the ledger to `tune` instead.")
    if "objective" in {s.get("method", known.get("method")) for s in found}:
        raise PromiseError(
            "method 'objective' has no bound that tuning can use: take 'gradient' or 'output'."
        )
    return found


def _held_out(person: Any, n: int, share: float, words: Words) -> Bools:
    """Whether each record is held out, by a coin of its own or of its person."""
    code = np.arange(n) if person is None else codes_of_people(person)
    coin = words(int(code.max(initial=-1)) + 1) < int(share * 2.0**BITS)
    return coin[code]


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The records of some people."""

    X: Any
    y: Array
    person: Array | None

    @classmethod
    def of(cls, X: Any, y: Any, person: Any, rows: Bools) -> _Part:
        return cls(_rows(X, rows), np.asarray(y)[rows], None if person is None else np.asarray(person)[rows])


def _run(model: Any, kept: _Part, scored: _Part, mu: float, words: Words) -> float:
    """Fit on some people, and score on the others, with noise."""
    model.fit(kept.X, kept.y, **({} if kept.person is None else {"person": kept.person}))
    sigma = steps_of(PART / mu, 1.0)
    return (_score(model, scored) + int(discrete_gaussian(1, sigma=sigma, words=words)[0])) / PART


def _score(model: Any, part: _Part) -> int:
    """The sum of people's scores in whole parts, each at most PART."""
    y = part.y
    guess = model.predict(part.X) if len(y) else y
    if isinstance(model, PrivateLogisticRegression):
        gain: Floats = (guess == y).astype(np.float64)
    else:
        low, high = model.target
        off = (guess - np.clip(y, low, high)) / (high - low)
        gain = 1 - np.minimum(off.astype(np.float64) ** 2, 1.0)
    if part.person is not None:
        code = codes_of_people(part.person)
        gain = np.bincount(code, weights=gain) / np.bincount(code)
    return int(np.floor(gain * PART).astype(np.int64).sum())


def _rows(X: Any, kept: Bools) -> Any:
    """These rows of an array, or of a frame of polars or pandas."""
    if isinstance(X, np.ndarray) or not hasattr(X, "filter") or not hasattr(X, "to_numpy"):
        return np.asarray(X)[kept]
    return X.loc[kept] if hasattr(X, "loc") else X.filter(kept)
