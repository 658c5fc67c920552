"""Records whose exposure rose from one release to another, with a controlled false-discovery rate."""

from __future__ import annotations

from math import ceil, log

import numpy as np
import polars as pl

from confide.core.arrays import Bools, Floats
from confide.core.errors import EvidenceError

LEAST = log(2)
"""The smallest rise that is named: half as many lookalikes as before. Less would matter to nobody."""
CONTROLS = 300
"""Control people common to both audits, from which on people are named.

All members are ranked among the same controls: with few of them one control person moves many members at
once, so that rises depend on each other. Where nobody changed, 40 controls named somebody in 22 of 100
comparisons of 1,000 members and 100 in 15, where 10 are stated; 300 in 7.
"""
MEMBERS_A_CONTROL = 3
"""At most this many members for one control person, for the same reason."""


def controls_needed(members: int) -> int:
    """Control people, common to both, that it takes to name any of these members.

    >>> controls_needed(500), controls_needed(3_000)
    (300, 1000)
    """
    return max(CONTROLS, ceil(members / MEMBERS_A_CONTROL))


def more_exposed(before: pl.DataFrame, after: pl.DataFrame, *, rate: float = 0.1) -> pl.DataFrame:
    """Select the people who are more exposed after than before: the largest rise first.

    A person's exposure is the share of controls with a claim at least as sure (`fpr` of
    `confide.measure.records`). Its rise is log(before / after). If nothing changed for a person, what differs
    is the chance of two trainings and two attacks, and before and after could as well be swapped: the rise is
    as likely to be negative as positive, whatever its size. So those who fell by t and more say how many rose
    as much by chance. The least t from log 2 on (half as many lookalikes) is taken at which
    (1 + fallen) / risen is `rate` or less. Then of those who are selected an expected share of `rate` or less
    did not change, if people are independent [Barber and Candes 2015, Theorem 3]. If nobody changed, then
    with probability 1 - rate nobody is selected. Members that are ranked among the same few controls are not
    independent: see `controls_needed`.

    One person alone is never selected: it takes 1 / rate people who rose to tell them from chance.

    Args:
        before, after: columns `key` (who it is, each once) and `fpr`, of people who were in the data.
        rate: the false-discovery rate.

    Returns:
        key, before, after, rise.

    Raises:
        EvidenceError: if the rate is not between 0 and 1.

    >>> keys = [f"{i}" for i in range(30)]
    >>> old = pl.DataFrame({"key": keys, "fpr": [0.5] * 30})
    >>> new = pl.DataFrame({"key": keys, "fpr": [0.01] * 20 + [0.6] * 10})
    >>> more_exposed(old, new).height
    20
    """
    if not 0 < rate < 1:
        raise EvidenceError(
            f"the false-discovery rate is {rate}; give a number between 0 and 1, such as 0.1."
        )
    both = before.select("key", before="fpr").join(after.select("key", after="fpr"), on="key")
    both = both.with_columns(rise=(pl.col("before") / pl.col("after")).log())
    chosen = _risen(both["rise"].to_numpy(), rate)
    return both.filter(pl.Series(chosen)).sort("rise", "after", "key", descending=[True, False, False])


def _risen(rise: Floats, rate: float) -> Bools:
    """Which rises are too many, against as large falls, to be chance."""
    sizes = np.unique(np.abs(rise[np.abs(rise) >= LEAST]))
    risen, fallen = (np.sort(side[side > 0]) for side in (rise, -rise))
    up = len(risen) - np.searchsorted(risen, sizes, side="left")
    down = len(fallen) - np.searchsorted(fallen, sizes, side="left")
    enough = np.flatnonzero((1 + down) <= rate * up)
    return rise >= sizes[enough[0]] if len(enough) else np.zeros(len(rise), np.bool_)
