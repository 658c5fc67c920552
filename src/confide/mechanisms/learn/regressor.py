"""A scikit-learn regressor with a promise: linear regression from noisy sums of products."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted, column_or_1d

from confide.core.arrays import Floats
from confide.core.errors import PromiseError
from confide.mechanisms.learn.charging import charged
from confide.mechanisms.learn.fitting import PrivateEstimator
from confide.mechanisms.learn.public_columns import Bounds
from confide.mechanisms.learn.sufficient_statistics import RIDGE, SufficientStatistics
from confide.mechanisms.noise.source import Noise
from confide.views.records import Records

if TYPE_CHECKING:
    from confide.account.ledger import Ledger


class PrivateLinearRegression(RegressorMixin, PrivateEstimator):
    """Linear regression with a little ridge, under differential privacy.

    Fitting charges a ledger if one is given, and keeps nothing of the data but the weights. Two fits show two
    models, so their budgets add up: each charges again.

    Args:
        epsilon: of the promise for one fit, in nats.
        delta: of the promise; far below 1 over the number of records.
        bounds: of the features, as in `PrivateLogisticRegression`.
        target: (low, high), the bounds of what is predicted, known without the data. Predictions stay within.
        ridge: as a share of the length of the noise.
        ledger: an open ledger that pays before anything is released.
        analyst: whose part of the ledger pays, where it has parts.
        noise: "secure" for a real release; "rehearsal" draws it from `random_state`, for tests.
        random_state: of a rehearsal only.

    Attributes:
        coef_: weights of the encoded features, float64[D].
        intercept_: a number.
        budget_: the promise of the fit, with its unit.

    Raises:
        PromiseError: from `fit`, if a setting cannot be kept.
        BudgetError: from `fit`, if the ledger does not pay; nothing was released then.

    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(0, 10, (3000, 1))
    >>> fit = PrivateLinearRegression(bounds=(0, 10), target=(0, 50)).fit(X, 5 * X[:, 0])
    >>> 35 < float(fit.predict([[8.0]])[0]) < 45
    True
    """

    def __init__(
        self,
        epsilon: float = 1.0,
        delta: float = 1e-6,
        *,
        bounds: Bounds | None = None,
        target: tuple[float, float] | None = None,
        ridge: float = RIDGE,
        ledger: Ledger | None = None,
        analyst: str | None = None,
        noise: Noise = "secure",
        random_state: Any = None,
    ) -> None:
        self.epsilon = epsilon
        self.delta = delta
        self.bounds = bounds
        self.target = target
        self.ridge = ridge
        self.ledger = ledger
        self.analyst = analyst
        self.noise = noise
        self.random_state = random_state

    def fit(self, X: Any, y: Any, *, person: Any = None) -> Self:
        """Fit once, under the budget.

        Args:
            X: features, an array [n, d] or a frame.
            y: numbers [n].
            person: whose each record is, [n]; the promise then hides all records of a person.
        """
        maker, data = self.prepared(X, y, person)
        low, high, rng = maker.low, maker.high, self._rng()
        weights = charged(
            self.ledger,
            maker.budget,
            mu=maker.mu,
            asked=f"fit {type(self).__name__}",
            analyst=self.analyst,
            settings={"epsilon": self.epsilon, "delta": self.delta, "target": [low, high]},
            train=lambda: maker(data, rng=rng, person=person).view.tolist(),
        )
        self.budget_, self._within = maker.budget, (low, high)
        self.coef_, self.intercept_ = np.array(weights[:-1]), float(weights[-1])
        return self

    def prepared(self, X: Any, y: Any, person: Any) -> tuple[SufficientStatistics, Records]:
        """The mechanism and the encoded records; refuses whatever can be refused, before any charge."""
        X, y = self._checked(X, y, numeric=True)
        values = np.asarray(column_or_1d(y, warn=True), np.float64)
        bounds = self.target if isinstance(self.target, tuple | list) else ()
        if len(bounds) != 2 or not all(isinstance(bound, Real) for bound in bounds):
            raise PromiseError(
                f"target is {self.target!r:.60}: give (low, high) of what is predicted, as you know it "
                "without the data."
            )
        encode, radius = self._encoder(X)
        low, high = bounds
        maker = SufficientStatistics(
            budget=self._budget(person, len(values)),
            low=low,
            high=high,
            radius=radius,
            ridge=self.ridge,
            noise=self.noise,
        )
        return maker, Records(encode(X), values)

    def predict(self, X: Any) -> Floats:
        """The predicted value of each record, within the target's bounds, float64[n]."""
        check_is_fitted(self)
        return np.clip(self._encoded(X) @ self.coef_ + self.intercept_, *self._within)
