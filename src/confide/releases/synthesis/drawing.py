"""Rows of a file from what a mechanism released: drawn from its model, or those that it made itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from confide.core.arrays import Rng
from confide.mechanisms.synthesize.columns.decoding import Codes, Drawn, Schema, decode, drawn
from confide.mechanisms.synthesize.columns.domain import Impossible, PublicDomain
from confide.mechanisms.synthesize.conditioning import conditioned
from confide.mechanisms.synthesize.measured import Synthesised


def drawn_from(release: Synthesised, domain: PublicDomain, schema: Schema, *, seed: int) -> Drawn:
    """Rows that keep all rules, drawn from the model; where there is none, those that were released.

    Args:
        release: of the mechanism.
        domain: of its columns.
        schema: the types of the file.
        seed: the same seed, the same rows.

    Raises:
        DataError: if the model gives hardly any row that keeps the rules.
    """
    rng, codes = np.random.default_rng(seed), release.view.low
    if release.model is None:
        made = decode(codes, domain, rng=rng, schema=schema)
        return Drawn(frame=made.frame, codes=codes[made.kept], rejected=made.rejected, again=0.0)
    return drawn(rows_from(release, domain.impossible), len(codes), domain, rng=rng, schema=schema)


def rows_from(release: Synthesised, zeros: Sequence[Impossible]) -> Callable[[int, Rng], Codes]:
    """As many rows as one likes: from the model given its zeros, or again and again those released.

    Args:
        release: of the mechanism.
        zeros: codes of its table that cannot stand together.
    """
    model = None if release.model is None else conditioned(release.model, zeros)

    def rows(n: int, rng: Rng) -> Codes:
        if model is None:
            return release.view.low[rng.integers(0, len(release.view), n)]
        return model.rows(n, rng=rng)

    return rows
