"""A scikit-learn classifier with a promise: logistic or softmax regression, trained in one of three ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d

from confide.core.arrays import Array, Floats, Ints
from confide.core.budget import Budget
from confide.core.errors import DataError, PromiseError
from confide.mechanisms.learn.charging import charged
from confide.mechanisms.learn.fitting import PrivateEstimator
from confide.mechanisms.learn.gradient_descent import CLIP, STEPS, GradientDescent
from confide.mechanisms.learn.objective_perturbation import ObjectivePerturbation
from confide.mechanisms.learn.output_perturbation import OutputPerturbation
from confide.mechanisms.learn.people import codes_of_people
from confide.mechanisms.learn.public_columns import Bounds
from confide.mechanisms.noise.gaussian import gaussian_sigma
from confide.mechanisms.noise.source import Noise
from confide.models.linear import LinearModel
from confide.views.records import Records

OUTPUT = 3.0
"""The penalty of output perturbation, in units of the squared longest features over mu; found on ACS
records."""

HOPELESS = 10.0
"""Noise over gradients above which training is refused."""
USEFUL = 0.3
"""Noise over gradients at which it loses a few per cent: ACS at epsilon 0.1 in the benchmark."""

if TYPE_CHECKING:
    from confide.account.ledger import Ledger

Method: TypeAlias = Literal["gradient", "objective", "output"]
METHODS: tuple[Method, ...] = ("gradient", "objective", "output")
Maker: TypeAlias = GradientDescent | ObjectivePerturbation | OutputPerturbation


class PrivateLogisticRegression(ClassifierMixin, PrivateEstimator):
    """Logistic regression, softmax for three classes or more, trained under differential privacy.

    Fitting charges a ledger if one is given, trains once, and keeps nothing of the data but the weights. Two
    fits show two models, so their budgets add up: each charges again.

    Args:
        epsilon: of the promise for one fit, in nats.
        delta: of the promise; far below 1 over the number of records.
        bounds: (low, high) for arrays, numbers or one for each feature; or {column: (low, high), or a list of
            categories, or `Number(...)`} for frames, and for arrays by position. They are public: known
            without the data. Values outside count as the nearer bound, other categories as none.
        classes: the labels there can be, public as well.
        method: "gradient" for descent with noise in each step, the strong choice on tables; "objective" for a
            random tilt of the objective; "output" for noise on the weights.
        steps: of descent.
        clip: the length that gradients are shortened to in descent, as a share of the longest features.
        rate: of descent; None fits it to the noise.
        penalty: of half the squared weights: of the mean loss in descent (None for 0), of the sum of losses
            otherwise (None for one that follows from the budget).
        ledger: an open ledger that pays before the first step.
        analyst: whose part of the ledger pays, where it has parts.
        noise: "secure" for a real release; "rehearsal" draws it from `random_state`, for tests.
        random_state: of a rehearsal only.

    Attributes:
        classes_: the labels, sorted.
        coef_: weights of the encoded features, float64[k, D]; k is 1 for two classes.
        intercept_: float64[k].
        budget_: the promise of the fit, with its unit.

    Raises:
        PromiseError: from `fit`, if a setting cannot be kept.
        DataError: from `fit`, if a label is not among the classes.
        BudgetError: from `fit`, if the ledger does not pay; nothing was trained then.

    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-1, 1, (3000, 2))
    >>> y = np.where(X[:, 0] > 0, "yes", "no")
    >>> clf = PrivateLogisticRegression(epsilon=1.0, delta=1e-6, bounds=(-1, 1), classes=("no", "yes"))
    >>> clf.fit(X, y).score(X, y) > 0.9
    True
    """

    def __init__(
        self,
        epsilon: float = 1.0,
        delta: float = 1e-6,
        *,
        bounds: Bounds | None = None,
        classes: Sequence[Any] = (0, 1),
        method: Method = "gradient",
        steps: int = STEPS,
        clip: float = CLIP,
        rate: float | None = None,
        penalty: float | None = None,
        ledger: Ledger | None = None,
        analyst: str | None = None,
        noise: Noise = "secure",
        random_state: Any = None,
    ) -> None:
        self.epsilon = epsilon
        self.delta = delta
        self.bounds = bounds
        self.classes = classes
        self.method = method
        self.steps = steps
        self.clip = clip
        self.rate = rate
        self.penalty = penalty
        self.ledger = ledger
        self.analyst = analyst
        self.noise = noise
        self.random_state = random_state

    def fit(self, X: Any, y: Any, *, person: Any = None) -> Self:
        """Train once, under the budget.

        Args:
            X: features, an array [n, d] or a frame.
            y: labels [n], each one of the classes.
            person: whose each record is, [n]; the promise then hides all records of a person (descent only).
        """
        maker, data = self.prepared(X, y, person)
        rng = self._rng()

        def train() -> list[list[float]]:
            done = (
                maker(data, rng=rng, person=person)
                if isinstance(maker, GradientDescent)
                else maker(data, rng=rng)
            )
            return done.view.weights()[0].reshape(-1, data.x.shape[1] + 1).tolist()

        weights = charged(
            self.ledger,
            maker.budget,
            mu=None if isinstance(maker, ObjectivePerturbation) else self._mu(maker.budget),
            asked=f"train {type(self).__name__} by {self.method}",
            analyst=self.analyst,
            settings={"method": self.method, "epsilon": self.epsilon, "delta": self.delta},
            train=train,
        )
        self.budget_, self._model = maker.budget, LinearModel(np.array(weights), radius=maker.radius)
        self.coef_, self.intercept_ = self._model.rows[:, :-1], self._model.rows[:, -1]
        return self

    def prepared(self, X: Any, y: Any, person: Any) -> tuple[Maker, Records]:
        """The mechanism and the encoded records; refuses whatever can be refused, before any charge."""
        X, y = self._checked(X, y, numeric=False)
        codes = self._codes(y)
        encode, radius = self._encoder(X)
        maker = self._maker(self._budget(person, len(codes)), radius)
        data = Records(encode(X), codes)
        if isinstance(maker, GradientDescent):
            self._need_enough(maker, data, person)
        return maker, data

    def decision_function(self, X: Any) -> Floats:
        """Logits: float64[n] of the second class for two classes, else float64[n, C]."""
        logits = self._logits(X)
        return logits[:, 1] if len(self.classes_) == 2 else logits

    def predict_proba(self, X: Any) -> Floats:
        """The probability of each class, float64[n, C]."""
        return np.asarray(softmax(self._logits(X), axis=1), np.float64)

    def predict(self, X: Any) -> Array:
        """The most likely class of each record, [n]."""
        logits = self._logits(X)
        return self.classes_[logits.argmax(axis=1)]

    def _logits(self, X: Any) -> Floats:
        check_is_fitted(self)
        return self._model.predict(self._encoded(X))

    def _codes(self, y: Any) -> Ints:
        labels = column_or_1d(y, warn=True)
        if labels.dtype.kind == "f":
            check_classification_targets(labels)  # says so, where they are no classes at all
        given = [] if self.classes is None or isinstance(self.classes, str) else list(self.classes)
        self.classes_ = np.unique(np.asarray(given))
        if len(self.classes_) < 2 or len(self.classes_) < len(given):
            raise PromiseError(
                f"classes is {self.classes!r:.80}: give two or more different labels, as a list, as you know "
                "them without the data."
            )
        place = {label: code for code, label in enumerate(self.classes_.tolist())}
        codes = np.array([place.get(label, -1) for label in labels.tolist()], np.int64)
        if (codes < 0).any():
            raise DataError(
                f"{int((codes < 0).sum()):,} labels are not among the classes {given!r:.80}: give all labels "
                "there can be, as you know them without the data."
            )
        return codes

    def _maker(self, budget: Budget, radius: float) -> Maker:
        if self.method not in METHODS:
            raise PromiseError(f"method is {self.method!r:.40}: choose {', '.join(METHODS)}.")
        classes = len(self.classes_)
        if self.method == "gradient":
            return GradientDescent(
                budget=budget,
                classes=classes,
                radius=radius,
                steps=self.steps,
                clip=self.clip,
                rate=self.rate,
                penalty=self.penalty or 0.0,
                noise=self.noise,
            )
        if self.method == "objective":
            return ObjectivePerturbation(
                budget=budget, classes=classes, penalty=self.penalty, radius=radius, noise=self.noise
            )
        size = radius**2 + 1
        penalty = OUTPUT * size / self._mu(budget) if self.penalty is None else self.penalty
        return OutputPerturbation(
            budget=budget, classes=classes, penalty=penalty, radius=radius, noise=self.noise
        )

    def _need_enough(self, maker: GradientDescent, data: Records, person: Any) -> None:
        """Refuse a training that noise would drown, before anything is charged."""
        people = len(data) if person is None else len(np.unique(codes_of_people(person)))
        weights = (data.x.shape[1] + 1) * (maker.classes if maker.classes > 2 else 1)
        drowned = maker.drowned(people, weights)
        if drowned > HOPELESS:
            raise PromiseError(
                f"at epsilon {self.epsilon:g} the noise of a step is {drowned:,.0f} times as long as all "
                "gradients together can be, and nothing would be learned. Some "
                f"{people * drowned / USEFUL:,.0f} records would do in place of {people:,}; or give a larger "
                "epsilon, or fewer columns."
            )

    def _mu(self, budget: Budget) -> float:
        return 1 / gaussian_sigma(budget, sensitivity=1.0)
