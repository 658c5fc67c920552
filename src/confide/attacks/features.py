"""Features of a record for an adversary's own model: numbers, projected where there are too many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats, Rng
from confide.learners.encoding import Encoder, fit_encoding
from confide.views.records import Records


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Description of records as a matrix: their features, randomly projected if too many, and their label.

    Args:
        encode: features -> numbers [n, d].
        projection: float64[d, w], or None.
        classes: labels become this many 0/1 columns; 1, for a regression, keeps the value.
    """

    encode: Encoder
    projection: Floats | None
    classes: int

    @classmethod
    def of(cls, records: Records, *, classes: int, widest: int, rng: Rng) -> Features:
        """Fit a description of such records in at most `widest` numbers and the label."""
        encode = fit_encoding(records.x)
        width = encode(records.x[:1]).shape[1]
        if width <= widest:
            return cls(encode, None, classes)
        # A Gaussian projection keeps inner products in expectation, whatever the features are.
        return cls(encode, rng.standard_normal((width, widest)) / np.sqrt(width), classes)

    def __call__(self, records: Records) -> Floats:
        """float64[n, w + C]"""
        x = self.encode(records.x).astype(np.float64)
        if self.projection is not None:
            x = x @ self.projection
        y = records.y[:, None]
        label = y if self.classes < 2 else y == np.arange(self.classes)
        return np.hstack([x, label.astype(np.float64)])
