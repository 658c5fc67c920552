"""Measures of interactions: the columns of a table that say how an item was rated, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.core.errors import DataError
from confide.core.language import t
from confide.inputs.columns import numbers
from confide.inputs.reading import Reading
from confide.inputs.tables import Table
from confide.inputs.times import TimeForm, read_times

A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Measures:
    """What a table says of each rating besides who and what: float32[k], or None where it does not.

    Not float64: of a hundred million ratings the two columns would take another 800 MB while they are sorted.
    """

    rating: NDArray[np.float32] | None
    day: NDArray[np.float32] | None
    form: TimeForm | None
    truths: bool = False
    """Are the ratings true and false?"""

    @property
    def notes(self) -> tuple[str, ...]:
        """How they were read, in sentences."""
        said = (t("The ratings are true and false: they were read as 1 and 0."),) * self.truths
        return (*said, *(() if self.form is None else self.form.notes))

    @classmethod
    def of(cls, table: Table, rating: str | None, time: str | None, reading: Reading) -> Measures:
        stars, truths = None, False
        if rating is not None:
            truths = table.frame.schema[rating] == pl.Boolean
            stars = numbers(table.frame, rating, name=table.name).astype(np.float32)
        if time is None:
            return cls(stars, None, None, truths)
        times = read_times(
            table.frame, time, name=table.name, form=reading.time_format, zone=reading.time_zone
        )
        if len(times.seconds) > 1 and times.seconds.min() == times.seconds.max():
            raise DataError(
                f"{table.name}: column {time!r} holds one time for everybody: name the column that says "
                "when, or leave it out."
            )
        return cls(stars, (times.seconds / A_DAY).astype(np.float32), times.form, truths)
