"""Privacy gain: the share of an attack's advantage that a defence removes.

Source: Pyrgelis, Troncoso, De Cristofaro: Knock Knock, Who's There? (NDSS 2018).
"""

from __future__ import annotations

from math import nan


def privacy_gain(raw: float, defended: float) -> float:
    """The share of the adversary's AUC above chance that a defence removes, at least 0.

    It is NaN if the AUC without the defence is not above chance.

    >>> privacy_gain(1.0, 0.75), privacy_gain(0.8, 0.9)
    (0.5, 0.0)
    """
    return max(0.0, (raw - defended) / (raw - 0.5)) if raw > 0.5 else nan
