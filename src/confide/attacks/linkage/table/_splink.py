"""splink, an extra: it compares facts with released rows, names by their similarity, at size."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.core.arrays import Floats, Ints
from confide.core.errors import KnowledgeError
from confide.core.language import keep

NAMES = ("asked", "released")
"""Of the two tables. splink puts the first by the alphabet on the left."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The similarity of a fact and a cell of one column by levels, the most similar first and the rest last.

    Args:
        number: of the column; its fields in both tables end in it.
        levels: SQL over the fields with _l (fact) and _r (cell), without the rest. At the first level the
            fact is among the values of the cell.
        m, u: float64[levels + 1], the share of the true rows, and of all, on each level of similarity.
        rare: float64[q], the share of people with a value in the cell of each row. A fact that is in it
            counts by this in the place of the first `u`, as by splink's term frequencies of precise cells.
    """

    number: int
    levels: tuple[str, ...]
    m: Floats
    u: Floats
    rare: Floats

    def settings(self) -> dict[str, Any]:
        """What splink gets of it."""
        field = f"low{self.number}"
        # Codes are never null. Without a level for it splink warns on the terminal.
        levels: list[dict[str, Any]] = [
            {"sql_condition": f"{field}_l IS NULL OR {field}_r IS NULL", "is_null_level": True}
        ]
        for sql, m, u in zip((*self.levels, "ELSE"), self.m.tolist(), self.u.tolist(), strict=True):
            levels.append({"sql_condition": sql, "m_probability": m, "u_probability": u})
        return {"output_column_name": f"c{self.number}", "comparison_levels": levels}


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """The p pairs of a target and a released row that were compared, by target and row.

    Args:
        asked, row: int64[p].
        level: int8[p, d], how similar they are in each column, 0 the most.
        log_ratio: float64[p], how many times likelier they are for one person than for two.
    """

    asked: Ints
    row: Ints
    level: NDArray[np.int8]
    log_ratio: Floats


def need_splink(attack: str) -> None:
    """Refuse to go on where splink is missing.

    Raises:
        KnowledgeError: if it is not installed.
    """
    if find_spec("splink") is None:
        raise KnowledgeError(
            keep("{attack} compares names by splink: `pip install 'confide[splink]'`.", attack=attack)
        )


def compared(
    asked: pl.DataFrame, released: pl.DataFrame, comparisons: Sequence[Comparison], rules: Sequence[str]
) -> Pairs:
    """Compare the pairs that satisfy one of the rules.

    Args:
        asked, released: a row each, with `unique_id` from 0 and the fields that levels and rules name.
        rules: SQL over l (asked) and r (released).
    """
    # The prior is the chance that a pair is one person's: of each target one row in n, if any.
    prior = 1 / max(len(released), 2)
    settings = {
        "link_type": "link_only",
        "probability_two_random_records_match": prior,
        "comparisons": [one.settings() for one in comparisons],
        "blocking_rules_to_generate_predictions": [{"blocking_rule": rule} for rule in rules],
        "retain_matching_columns": True,  # and with them the levels
    }
    wanted = [f"gamma_c{one.number}" for one in comparisons]
    with duckdb.connect(config={"threads": 1}) as base, _generator_kept():
        # Nothing is fetched from elsewhere, whatever is asked.
        base.execute("SET autoinstall_known_extensions = false; SET enable_external_access = false")
        splink: Any = import_module("splink")
        api = splink.DuckDBAPI(connection=base)
        tables = [
            api.register(t, dataset_display_name=n) for n, t in zip(NAMES, (asked, released), strict=True)
        ]
        linker = splink.Linker(tables, settings, log_level=None)
        found = linker.inference.predict(warning_mode="never").as_duckdbpyrelation()
        fields = ", ".join(("unique_id_l", "unique_id_r", "match_weight", *wanted))
        cells = found.project(fields).order("unique_id_l, unique_id_r").fetchnumpy()
    most = np.array([len(one.levels) for one in comparisons], np.int8)
    left, right = (np.asarray(cells[f"unique_id_{side}"], np.int64) for side in "lr")
    # splink's levels rise with similarity.
    level = most - np.array([cells[one] for one in wanted], np.int8).reshape(len(wanted), -1).T
    log_ratio = np.asarray(cells["match_weight"], np.float64) * np.log(2) - np.log(prior / (1 - prior))
    for one, at in zip(comparisons, level.T, strict=True):
        log_ratio += np.where(at == 0, np.log(one.u[0] / one.rare)[right], 0)
    return Pairs(left, right, level, log_ratio)


@contextmanager
def _generator_kept() -> Iterator[None]:
    """splink draws the names of its tables from Python's generator, which is not its own."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)


def shares_of_levels(
    asked: pl.DataFrame, released: pl.DataFrame, levels: Sequence[Sequence[str]]
) -> list[Floats]:
    """Of each column float64[levels + 1], the share of all pairs on each level of similarity, smoothed.

    Args:
        asked, released: samples of both tables.
        levels: of each column, as in `Comparison`.
    """
    left, right = (
        table.rename({name: f"{name}_{side}" for name in table.columns})
        for table, side in ((asked, "l"), (released, "r"))
    )
    cases = [
        f"CASE {' '.join(f'WHEN {sql} THEN {i}' for i, sql in enumerate(one))} ELSE {len(one)} END"
        for one in levels
    ]
    shares: list[Floats] = []
    with duckdb.connect(config={"threads": 1}) as base:
        for name, table in zip(NAMES, (left, right), strict=True):
            base.register(name, table)
        for case, one in zip(cases, levels, strict=True):
            found = base.sql(f"SELECT {case}, count(*) FROM asked, released GROUP BY 1").fetchall()
            counts = np.full(len(one) + 1, 0.5)  # no level has the chance 0
            for level, count in found:
                counts[level] += count
            shares.append(counts / counts.sum())
    return shares
