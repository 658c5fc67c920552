"""Pyrgelis, Troncoso, De Cristofaro: Knock Knock, Who's There? (NDSS 2018), the gain of a defence."""

from __future__ import annotations

from math import nan


def privacy_gain(raw: float, defended: float) -> float:
    """The share of the adversary's AUC above chance that a defence takes away, not below 0.

    NaN where there was nothing to take away.

    >>> privacy_gain(1.0, 0.75), privacy_gain(0.8, 0.9)
    (0.5, 0.0)
    """
    return max(0.0, (raw - defended) / (raw - 0.5)) if raw > 0.5 else nan
