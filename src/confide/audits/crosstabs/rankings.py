"""Rows that are likely without being certain, beside what the population alone would rank first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from confide.attacks.reconstruction.crosstabs._combinations import combinations
from confide.attacks.reconstruction.crosstabs._population import frequencies, match_rate
from confide.attacks.reconstruction.crosstabs.ranked_rows import nearest, ranked
from confide.core.arrays import Floats, Rng
from confide.core.errors import DataError, KnowledgeError
from confide.core.language import t
from confide.inputs.crosstab_people import BlockPeople
from confide.report import Table
from confide.views.crosstabs import Crosstabs

MOST_BLOCKS = 5
"""Blocks that are ranked: each takes seconds."""
DRAWS = 20
"""Data sets that are drawn for a ranking."""


def ranking_table(views: Mapping[str, Crosstabs], behind: BlockPeople, *, rng: Rng) -> Sequence[Table]:
    """Of the first rows of a ranking, the share that is in the block; the population stands beside it.

    The people of the other blocks are the population. With one block nobody else is known, and nothing is
    shown.

    Args:
        views: the tables of each block.
        behind: the people behind them.
        rng: for the data sets that are drawn.
    """
    if len(views) < 2:
        return ()
    ours: list[float] = []
    theirs: list[float] = []
    first = list(views.items())[:MOST_BLOCKS]
    for (name, view), child in zip(first, rng.spawn(len(first)), strict=True):
        block, others = behind.of(name), behind.table.take(behind.block != behind.names.index(name))
        known = np.unique(others.low, axis=0)
        try:
            found = combinations(view, prune=view.exact)
            share = (ranked if view.exact else nearest)(found, draws=DRAWS, rng=child).share
        except (DataError, KnowledgeError):
            return ()  # what takes too many combinations, or fits nothing, cannot be ranked
        k = min(max(len(block) // 2, 1), len(known), len(found))
        ours.append(match_rate(_first(found.codes, share, k), block))
        theirs.append(match_rate(_first(known, frequencies(others, known), k), block))
    return (
        Table(
            title=t("Likely rows, beside the population"),
            reading=t(
                "Rows are ranked by how often they occur in {draws} random data sets that fit the "
                "tables, and by how common they are among the people of the other blocks. Of half as "
                "many rows as a block has people: the share that somebody in the block has. Where the "
                "population ranks as well, the tables give nothing away by it. Means over {blocks} "
                "blocks.",
                draws=DRAWS,
                blocks=len(ours),
            ),
            head=(t("ranked by"), t("in the block")),
            rows=(
                (t("data sets that fit the tables"), float(np.mean(ours))),
                (t("the population"), float(np.mean(theirs))),
            ),
        ),
    )


def _first(
    codes: np.ndarray[tuple[int, ...], np.dtype[np.int32]], score: Floats, k: int
) -> list[tuple[int, ...]]:
    """The k rows with the highest scores; of equal ones the first."""
    return [tuple(codes[i].tolist()) for i in np.argsort(-score, kind="stable")[:k]]
