"""What a release shows that is not as somebody says it was made: in a clause, and by its rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.arrays import Bools, Ints
from confide.core.language import t
from confide.inputs.columns import named_rows
from confide.inputs.worked_out.making import RULED

STRICT = 0.01
"""The share of rows that may be left of what is said to be removed."""
STILL = 0.5
"""Where this share of rows more than by the noise is where it was, it was not moved by that noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """One thing that the release should show, and does not.

    Args:
        clause: what it shows instead.
        said: whether the making that somebody states speaks of it; else nobody says that it was changed.
        wrong: bool[m], the released rows that are otherwise; none where rows are missing.
    """

    clause: str
    said: bool
    wrong: Bools

    def rows(self, number: Ints) -> str:
        """The first of these rows in words, such as "rows 2 and 5"; empty where there are none.

        Args:
            number: int64[m], the row of the file behind each row of the release, from 0.
        """
        mask = np.zeros(int(number.max(initial=-1)) + 1, np.bool_)
        mask[number[self.wrong]] = True
        return named_rows(pl.Series(mask)) if mask.any() else ""


def otherwise(what: str, wrong: Bools, *, said: bool, allowed: float = 1 - RULED) -> list[Contrast]:
    """A contrast, if more rows are otherwise than may be.

    Args:
        what: is otherwise, such as "times"; translated where it is shown.
        wrong: bool[m], the released rows that are otherwise.
        said: as of a contrast.
        allowed: the share of rows that may be otherwise.
    """
    share = float(wrong.mean()) if len(wrong) else 0.0
    if share <= allowed:
        return []
    if said:
        clause = t(
            "the {what} of the released file are otherwise in {share:.0%} of the rows",
            what=t(what),
            share=share,
        )
    else:
        clause = t(
            "the {what} of the released file are others than those of the same person in the original in "
            "{share:.0%} of the rows",
            what=t(what),
            share=share,
        )
    return [Contrast(clause, said, wrong)]


def missing(there: Bools, *, kept: float | None, wrong: Bools) -> list[Contrast]:
    """A contrast, if not as many known rows are in the release as should be.

    Args:
        there: bool[k], which rows of people in the release it shows, of those that nobody says are removed.
        kept: the share that a random sample is said to leave; None where nobody says that rows were left out.
        wrong: bool[m], the released rows of these people.
    """
    share = float(there.mean()) if len(there) else 1.0
    if kept is None:
        clause = t("{share:.0%} of the known rows are not in the released file", share=1 - share)
        return [Contrast(clause, False, np.zeros_like(wrong))] if share < RULED else []
    if abs(share - kept) <= (1 - RULED) / 2 + 3 * np.sqrt(kept * (1 - kept) / max(len(there), 1)):
        return []
    clause = t("{share:.0%} of the known rows are in the released file", share=share)
    return [Contrast(clause, True, wrong if share > kept else np.zeros_like(wrong))]
