"""Utility of released tables: how far a release is from the original, and what can still be learned from it.

In all measures a range counts spread evenly over its values, or one of them is drawn; each says which.
"""

from confide.core.arrays import Rng
from confide.core.estimate import Measured
from confide.utility.table.marginals import CORRELATIONS, correlation_distance, marginal_distances
from confide.utility.table.overlaps import OVERLAP, interval_overlap
from confide.utility.table.propensity import propensity
from confide.utility.table.range_losses import certainty_penalty, losses
from confide.utility.table.training import trained
from confide.views.table import Table


def quality(
    original: Table,
    released: Table,
    *,
    rng: Rng,
    secret: str = "",
    held_out: Table | None = None,
    k: int | None = None,
    confidence: float = 0.95,
) -> Measured:
    """Measure what a release of a table is still good for, by every measure of this room.

    Args:
        original: the people of the release before the mechanism, precise.
        released: the release, of the same columns and domains.
        rng: for values of ranges and for folds.
        secret: a column to be foretold; empty for none.
        held_out: other people, about whom models are asked for the secret; None: nothing is foretold.
        k: of a k-anonymous release.
        confidence: of the intervals.

    Raises:
        DataError: if the tables cannot be compared.
    """
    first, second = rng.spawn(2)
    found = {
        **losses(original, released, k=k),
        **marginal_distances(original, released),
        CORRELATIONS: correlation_distance(original, released),
        OVERLAP: interval_overlap(original, released, confidence=confidence),
        **propensity(original, released, rng=first, confidence=confidence),
    }
    if not secret or held_out is None:
        return found
    more = trained(original, released, held_out, secret=secret, rng=second, confidence=confidence)
    return {**found, **more}


__all__ = [
    "certainty_penalty",
    "correlation_distance",
    "interval_overlap",
    "losses",
    "marginal_distances",
    "propensity",
    "quality",
    "trained",
]
