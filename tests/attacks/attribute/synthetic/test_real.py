"""Incomes of Adult that coins have drawn, from files that copy people and from files that keep a promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from confide.attacks.attribute import CorrectAttribution, LinearReconstruction
from confide.core.budget import Budget
from confide.core.play import play
from confide.data.adult import CARD, PACKED
from confide.data.locating import find, locate
from confide.games.attribute.synthetic import RandomisedSecrets
from confide.measure import measure
from confide.mechanisms.synthesize.bootstrap import Bootstrap
from confide.mechanisms.synthesize.mst import MST
from confide.views.table import Domain, Table


def people(n: int) -> Table:
    """Columns of over 16 numbers in 16 bins of one width, the income last."""
    frame = pl.read_parquet(locate(PACKED, get=CARD.get)).drop("split")
    names = [*(c for c in frame.columns if c != "income"), "income"]
    codes: list[Any] = []
    for name in names:
        column = frame[name]
        if column.dtype.is_numeric() and column.n_unique() > 16:
            low, high = float(column.min()), float(column.max())  # pyright: ignore[reportArgumentType]
            codes.append(np.minimum((column.to_numpy() - low) / (high - low) * 16, 15).astype(np.int32))
        else:
            codes.append(column.cast(pl.String).fill_null("?").rank("dense").to_numpy() - 1)
    domains = [Domain(c, tuple(map(str, range(int(a.max()) + 1)))) for c, a in zip(names, codes, strict=True)]
    return Table.of(domains, np.column_stack(codes)).take(
        np.random.default_rng(0).permutation(len(frame))[:n]
    )


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize(
    ("mechanism", "linear", "matching"),
    [
        (Bootstrap(noise="rehearsal"), (0.75, 1.0), (0.83, 1.0)),
        (Bootstrap(rows=10_000, noise="rehearsal"), (0.95, 1.0), (0.95, 1.0)),
        # 500 coins in each of 5 worlds: .04 are three standard errors of a mean of independent worlds.
        (MST(budget=Budget(1.0, 1e-9), noise="rehearsal"), (0.46, 0.54), (0.46, 0.54)),
    ],
    ids=["bootstrap", "ten times the rows", "MST"],
)
def test_incomes_drawn_by_coins(mechanism: Any, linear: Any, matching: Any) -> None:
    if find(PACKED) is None:
        pytest.skip("Adult is not here")
    table = people(1_000)
    game = RandomisedSecrets(
        mechanism=mechanism,
        records=table,
        known=table.names[:-1],
        secret="income",
        targets=np.arange(500),
    )
    attacks = (LinearReconstruction(), CorrectAttribution())
    played = play(game, attacks, worlds=5, rng=np.random.default_rng(1))
    for evidence, (low, high) in zip(played, (linear, matching), strict=True):
        assert low <= measure(evidence).auc.value <= high
