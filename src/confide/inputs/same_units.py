"""The same unit in all files: measurements that one file holds in another unit are found and named."""

from __future__ import annotations

import numpy as np

from confide.core.errors import DataError
from confide.inputs.columns import listed
from confide.views.frequencies import Measurements

TIMES = 10.0
"""How many times as far the values of one file spread: two samples of one population never come near it in
most of their columns, and units mostly differ by powers of ten."""
MOST = 0.5
"""The share of columns above which it is the file, and not a few strange values."""


def refuse_other_units(
    first: tuple[str, Measurements], other: tuple[str, Measurements], columns: tuple[str, ...]
) -> None:
    """Refuse measurements whose spread is many times that of another file in most columns.

    Beside such a file all people of the other lie in one point, so that they would look like one person.

    Raises:
        DataError: with the factor and columns.
    """
    spread, their = first[1].values.std(axis=0), other[1].values.std(axis=0)
    varies = (spread > 0) & (their > 0)
    if not varies.any():
        return
    times = np.where(varies, their, 1.0) / np.where(varies, spread, 1.0)
    for far, ratio, (wide, narrow) in (
        (times > TIMES, times, (other[0], first[0])),
        (times < 1 / TIMES, 1 / times, (first[0], other[0])),
    ):
        if far.sum() > MOST * varies.sum():
            about = float(f"{np.median(ratio[far]):.2g}")
            named = [column for column, is_far in zip(columns, far, strict=True) if is_far]
            raise DataError(
                f"{wide} is in another unit than {narrow}: in {len(named):,} of {len(columns):,} columns its "
                f"values spread about {about:,.0f} times as far ({listed(named)}). Write all files in the "
                "same units."
            )
