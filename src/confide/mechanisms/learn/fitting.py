"""What private estimators share: public encoding, labels of people, sources of noise, and the account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_random_state, validation

from confide.core.arrays import Array, Floats, Rng
from confide.core.budget import Budget
from confide.core.errors import DataError, PromiseError
from confide.mechanisms.learn.people import unit_of
from confide.mechanisms.learn.public_columns import Bounds, Box, PublicColumns
from confide.mechanisms.noise.source import refuse_unknown

if TYPE_CHECKING:
    from confide.account.ledger import Ledger


NUMBERS = ("epsilon", "delta", "steps", "clip", "rate", "penalty", "ridge")
"""Settings that are numbers."""
_validated: Any = validation.validate_data
"""As `Any`, because its types take features for a word."""


class PrivateEstimator(BaseEstimator):
    """What private estimators do in the same way: check, encode by public bounds, and choose the noise."""

    epsilon: float
    delta: float
    bounds: Bounds | None
    ledger: Ledger | None
    analyst: str | None
    noise: Any
    random_state: Any
    n_features_in_: int
    _frames: bool
    _encode: Callable[[Any], Floats]

    def __sklearn_clone__(self) -> Self:
        # A clone pays from the same ledger: an open ledger cannot be copied, and must not be.
        given = self.get_params(deep=False)
        copied = {name: v if name == "ledger" else clone(v, safe=False) for name, v in given.items()}
        return type(self)(**copied)

    def _checked(self, X: Any, y: Any, *, numeric: bool) -> tuple[Any, Array]:
        """Features and targets as scikit-learn checks them."""
        if self.bounds is None:
            raise PromiseError(
                "bounds is missing: give (low, high) for arrays, or {column: (low, high) or [categories]}, "
                "as you know them without the data. The largest value of a column is one person's."
            )
        check_source(self.noise, self.random_state)
        for name, value in self.get_params(deep=False).items():
            needed = name in ("epsilon", "delta")
            if name in NUMBERS and (needed or value is not None) and not _is_number(value):
                raise PromiseError(f"{name} is {value!r:.40}: give a number.")
        if self.ledger is not None and not hasattr(self.ledger, "charge"):
            raise PromiseError(
                f"ledger is {self.ledger!r:.60}: open it first, by confide.account.opening.open_ledger."
            )
        if isinstance(self.bounds, Mapping) and hasattr(X, "columns"):
            _, y = _validated(self, X, y, skip_check_array=True)
            if not len(X):
                raise DataError("there are no records: give one or more.")
            return X, np.asarray(y)
        x, y = _validated(self, X, y, dtype=np.float64, y_numeric=numeric)
        return x, y

    def _encoder(self, X: Any) -> tuple[Callable[[Any], Floats], float]:
        """The encoding, kept for predictions, and the length of its longest rows."""
        if isinstance(self.bounds, Mapping):
            columns = PublicColumns.of(self.bounds)
            columns.check(X)
            self._frames, self._encode = True, columns
            return columns, columns.radius
        self._frames, self._encode = False, Box.of(self.bounds)
        return self._encode, float(np.sqrt(self.n_features_in_))

    def _encoded(self, X: Any) -> Floats:
        """Features of records to predict for."""
        if self._frames and hasattr(X, "columns"):
            _validated(self, X, reset=False, skip_check_array=True)
            return self._encode(X)
        return self._encode(_validated(self, X, reset=False, dtype=np.float64))

    def _budget(self, person: Any, n: int) -> Budget:
        if not self.delta * n < 1:
            raise PromiseError(
                f"delta is {self.delta:g} for {n:,} records: a delta of 1/n allows to publish one person's "
                f"record as it is. Give less than {1 / n:.1g}, best far less."
            )
        return Budget(self.epsilon, self.delta, unit_of(person))

    def _rng(self) -> Rng:
        """Of a rehearsal; secure noise comes from elsewhere."""
        if isinstance(self.random_state, np.random.Generator):
            return self.random_state
        return np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1))


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def check_source(noise: Any, random_state: Any) -> None:
    """Refuse a source of noise that is none, and a seed for a real release.

    Raises:
        PromiseError: if it is one of both.
    """
    refuse_unknown(noise)
    if noise == "secure" and random_state is not None:
        raise PromiseError(
            f"random_state is {random_state!r:.40}: who knows a seed can take the noise off. Leave it out, "
            "or say noise='rehearsal' for a test that releases nothing."
        )
