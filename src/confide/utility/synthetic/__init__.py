"""Utility of synthetic files: each measure beside the sampling floor and shuffled columns, and the gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from confide.core.arrays import Ints, Rng
from confide.core.errors import DataError
from confide.core.estimate import Estimate, Measured
from confide.core.language import Kept, later, t
from confide.core.sentence import said
from confide.utility.synthetic.associations import Associations, associations
from confide.utility.synthetic.distances import MarginDistances
from confide.utility.synthetic.gate import Gate, gate, gate_of
from confide.utility.synthetic.learning import Learned, learned
from confide.utility.synthetic.margins import MarginComparison, compare_margins, nist_score
from confide.utility.synthetic.telling_apart import ToldApart, told_apart
from confide.utility.table.marginals import ONE, THREE, TWO
from confide.views.table import Table

TRIPLES = 500
"""Margins of three columns that are looked at: all of up to 15 columns, and a sample of more."""
SCORE, ASSOCIATIONS = later("NIST k-marginal score"), later("difference of associations")
WAYS = (ONE, TWO, THREE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SyntheticUtility:
    """What a synthetic file is good for.

    Args:
        margins: of one, two and three columns, as far as the table has columns.
        gate: better than shuffled columns? None for a table of one column, as `associations`.
        associations: the dependence of each two columns.
        told_apart: from the real rows, by models.
        learned: about the named target, by each kind of model; empty without a target.
        not_learned: why there are none although a target was named.
    """

    margins: tuple[MarginComparison, ...]
    gate: Gate | None
    associations: Associations | None
    told_apart: ToldApart
    learned: tuple[Learned, ...]
    not_learned: str = ""

    @property
    def measured(self) -> Measured:
        """The measures of the synthetic file alone, by name."""
        found: dict[str, Estimate | float] = {WAYS[m.ways - 1]: m.synthetic.mean for m in self.margins}
        if len(self.margins) == len(WAYS):
            found[SCORE] = self.margins[-1].score
        if self.associations is not None:
            found[ASSOCIATIONS] = self.associations.apart
        found.update(self.told_apart.synthetic)
        return found | {
            t("AUC of {model}, trained on the file", model=t(m.model)): m.synthetic for m in self.learned
        }


def synthetic_utility(
    real: Table,
    synthetic: Table,
    hold_out: Table | None = None,
    *,
    rng: Rng,
    target: str = "",
    triples: int | None = TRIPLES,
    public: Mapping[str, Ints] | None = None,
    confidence: float = 0.95,
) -> SyntheticUtility:
    """Measure what a synthetic file is good for, by every measure of this room.

    Args:
        real: the real rows, precise, n of them.
        synthetic: m rows of the same domains.
        hold_out: other people of the same population, who did not train the generator; None: no sampling
            floor, and models are tested on real rows that the generator saw.
        rng: for shuffles, triples, folds and rows taken.
        target: a column that models are to foretell; empty for none.
        triples: margins of three columns to be looked at; None: all.
        public: published bins, by column.
        confidence: of the intervals.

    Raises:
        DataError: if the files cannot be compared, or have no such target.
    """
    names = rng.spawn(5)
    margins = tuple(
        compare_margins(
            real,
            synthetic,
            hold_out,
            ways=ways,
            rng=names[ways - 1],
            most=triples if ways == len(WAYS) else None,
            public=public,
            confidence=confidence,
        )
        for ways in range(1, min(len(real.domains), len(WAYS)) + 1)
    )
    several = len(margins) > 1
    by_models: tuple[Learned, ...] = ()
    why = ""
    if target:
        real.at(target)
        try:
            by_models = learned(
                real, synthetic, hold_out, target=target, rng=names[4], public=public, confidence=confidence
            )
        except DataError as error:  # of the other measures nothing is lost
            why = said(error.text) if isinstance(error.text, Kept) else str(error)
    return SyntheticUtility(
        margins=margins,
        gate=gate_of(margins[1]) if several else None,
        associations=associations(real, synthetic, hold_out, public=public, confidence=confidence)
        if several
        else None,
        told_apart=told_apart(real, synthetic, hold_out, rng=names[3], confidence=confidence),
        learned=by_models,
        not_learned=why,
    )


__all__ = [
    "Associations",
    "Gate",
    "Learned",
    "MarginComparison",
    "MarginDistances",
    "SyntheticUtility",
    "ToldApart",
    "associations",
    "compare_margins",
    "gate",
    "learned",
    "nist_score",
    "synthetic_utility",
    "told_apart",
]
