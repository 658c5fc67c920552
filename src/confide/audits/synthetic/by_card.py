"""What the card beside a synthetic file says of its tables: how far each may be from the real one."""

from __future__ import annotations

from collections.abc import Sequence

from confide.core.language import t
from confide.inputs.synthetic_card import SyntheticCard
from confide.report import Exhibit, Table

SHOWN = 15
"""Tables of columns, the worst first."""


def by_card(card: SyntheticCard | None) -> Sequence[Exhibit]:
    """Which tables of the file are right, for its users: by what was measured, and without the real rows."""
    if card is None or not card.errors:
        return ()
    known = sorted((one for one in card.errors if one.bounded), key=lambda one: -one.high)
    open_ = len(card.errors) - len(known)
    without = t("Of {n:,} more nothing bounds the error: they were not looked at.", n=open_) if open_ else ""
    return (
        Table(
            title=t("How right the tables of the file are, by its card"),
            reading=[
                t(
                    "For each table of these columns the largest error of any count in it, as a share of "
                    "the rows, at most (95 %): what noise explains of it, and how far the file is from what "
                    "was counted. It follows from the release alone, so that anyone who uses the file can "
                    "know it."
                ),
                without,
            ],
            head=(t("table"), t("at most"), t("noise"), t("model")),
            rows=tuple((", ".join(one.columns), one.high, one.noise, one.model) for one in known[:SHOWN]),
        ),
    )
