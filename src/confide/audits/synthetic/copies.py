"""Copies in a synthetic file: how many rows are real ones, and what the best attack on copies can reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from confide.audits.synthetic.games import Sides
from confide.core.arrays import Ints
from confide.core.estimate import Estimate
from confide.core.language import t
from confide.inputs.synthetic import SyntheticData
from confide.measure import proportion
from confide.measure.bootstrap import Ceiling
from confide.report import Exhibit, Table
from confide.views.table_keys import packed

APPLIES = 0.9
"""The share of synthetic rows that are real ones, from which the ceiling of a bootstrap is shown."""


@dataclass(frozen=True, slots=True, eq=False)
class Copies:
    """How often the rows of each table are rows of another.

    Args:
        of_real: int64[n], the synthetic rows that equal each real row.
        of_control: int64[m], the same of each control row.
        real: int64[s], the real rows that equal each synthetic row.
        control: int64[s], the control rows that do.
        same: int64[n], the real rows that equal each real row, itself among them.
    """

    of_real: Ints
    of_control: Ints
    real: Ints
    control: Ints
    same: Ints


def copies_in(data: SyntheticData, both: Sides) -> Copies:
    """Count equal rows."""
    tables = (both.real, both.control, data.synthetic)
    word = packed(np.concatenate([table.low for table in tables]), data.real.sizes)
    row = np.unique(word, return_inverse=True)[1]
    ends = np.cumsum([len(table) for table in tables])
    real, control, made = np.split(row, ends[:-1])
    often = [np.bincount(each, minlength=int(row.max()) + 1) for each in (real, control, made)]
    return Copies(often[2][real], often[2][control], often[0][made], often[1][made], often[0][real])


def copy_exhibits(data: SyntheticData, both: Sides) -> Sequence[Exhibit]:
    """How many rows are copies, and where that explains what attacks find, the most that they can find."""
    found = copies_in(data, both)
    rows: list[tuple[str, Estimate | None, Estimate | None]] = [
        (
            t("synthetic rows that equal a person's"),
            _share(found.real > 0),
            _held_out(found.control > 0, both),
        ),
        (
            t("people whose row is in the file"),
            _share(found.of_real > 0),
            _held_out(found.of_control > 0, both),
        ),
    ]
    tables: list[Exhibit] = [
        Table(
            title=t("Rows of the file that are somebody's"),
            reading=[
                t(
                    "Equal in all columns. People may have the same row by chance: people who were held out "
                    "show how often. Few equal rows are no all-clear: a file of changed copies has none."
                ),
                "" if both.held_out else t("Nobody was held out here, so chance is not known."),
            ],
            head=(t("what"), t("people behind the file"), t("people held out")),
            rows=tuple(rows),
            of=min(len(both.real), len(both.control)) if both.held_out else len(both.real),
        )
    ]
    if both.held_out and float((found.real > 0).mean()) >= APPLIES:
        tables.append(_ceiling_table(Ceiling(len(both.real), len(data.synthetic))))
    return tables


def _ceiling_table(most: Ceiling) -> Table:
    return Table(
        title=t("The most that copies can give away"),
        reading=t(
            "Nearly all rows are real ones. If they were drawn at random from the real ones with "
            "replacement, as a bootstrap draws them, not everybody was drawn: with as many draws as people "
            "1/e = 37 % are not. They left no row, and no attack can tell them from people held out. So an "
            "AUC near this ceiling, but for chance, means that everybody who can be found is found."
        ),
        head=(t("what"), t("share")),
        rows=(
            (t("people who are drawn at least once"), round(1 - most.never_drawn, 4)),
            (t("AUC of the best attack"), round(most.auc, 4)),
        ),
    )


def _share(which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Estimate:
    return proportion(int(which.sum()), len(which), confidence=0.95)


def _held_out(which: np.ndarray[tuple[int], np.dtype[np.bool_]], both: Sides) -> Estimate | None:
    return _share(which) if both.held_out else None
