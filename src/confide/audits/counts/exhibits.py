"""Beside the findings on counts: who is found, by how many visits they made."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from confide.audits.release import AuditedRelease
from confide.core.arrays import Ints
from confide.core.language import later, t
from confide.measure import auc, measure
from confide.report import Table
from confide.report.exhibits import Cell

PARTS = 4
"""Quarters of the people, from those with the fewest visits to those with the most."""
PUBLIC_GRID = later(
    "Cells and bins are taken as public. They were made from everybody's visits, counted or not."
)


def by_visits(release: AuditedRelease, visits: Ints) -> Table:
    """The AUC of the strongest attack, for people with few visits and with many.

    Args:
        release: as it was played.
        visits: int64[n], the number of cells and bins in which each person was.
    """
    best = max(release.evidence, key=lambda e: measure(e).auc.value)
    who, score = best.person, best.claims
    mine = visits[who]
    # Many people with equally few visits make two cuts equal: then there are fewer parts.
    cuts = np.unique([_round(int(q)) for q in np.quantile(visits, [i / PARTS for i in range(1, PARTS)])])
    part = np.searchsorted(cuts, mine)
    names = [_between(before + 1, cut) for before, cut in pairwise([0, *cuts])] + [
        t("more than {n}", n=cuts[-1])
    ]
    rows: list[tuple[Cell, ...]] = []
    rests: list[int] = []
    for number, name in enumerate(names):
        yes, no = (part == number) & best.exposed, (part == number) & ~best.exposed
        # An AUC compares two groups: with one of them empty there is none.
        if yes.any() and no.any():
            # The smaller side: on how many people an AUC rests.
            rests.append(min(len(np.unique(who[side])) for side in (yes, no)))
            rows.append(
                (name, int((part == number).sum()), auc(score[yes], score[no], people=(who[yes], who[no])))
            )
    return Table(
        title=t("Who is found, by how many visits"),
        reading=t(
            "By {attack}: people by their visits, of which each cell and bin of time in which a "
            "person was is one. The AUC compares people who were counted with others who have about "
            "as many.",
            attack=best.attack,
        ),
        head=(t("visits"), t("times asked"), t("AUC")),
        rows=tuple(rows),
        rests=tuple(rests),
    )


def _round(visits: int) -> int:
    """Two digits of a number of visits: all of them would be one person's.

    >>> _round(183), _round(7)
    (180, 7)
    """
    step = 10 ** max(0, len(str(visits)) - 2)
    return visits // step * step


def _between(low: int, high: int) -> str:
    return str(high) if low == high else t("{low} to {high}", low=low, high=high)
