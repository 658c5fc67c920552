"""Sessions for tests: small tables of people who do not exist, noise that is none, and broken twins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from confide.core.arrays import Ints
from confide.core.budget import Budget, Unit
from confide.releases.session import private
from confide.releases.session.planning import Plan
from confide.releases.session.session import Session

WEEK = Unit.person("user_id", at_most=3)


@dataclass(frozen=True)
class NoNoise:
    """Exact sums, for comparisons with plain loops. No door leads here: a plan is changed by hand."""

    scale: float = 0.0
    variance: float = 0.0

    def half_width(self, level: float) -> int:
        return 0

    def __call__(self, exact: Sequence[int] | Ints) -> Ints:
        return np.array([int(n) for n in exact], dtype=object)  # pyright: ignore[reportReturnType]


def without_noise(plan: Plan) -> Plan:
    """The plan with exact sums."""
    quiet = {what: replace(part, noise=NoNoise(), bits=0) for what, part in plan.parts.items()}
    return replace(plan, parts=quiet)


def people(path: Path, *, rows: int = 3_000, persons: int = 1_000, seed: int = 0) -> Path:
    """A table of visits."""
    rng = np.random.default_rng(seed)
    frame = pl.DataFrame(
        {
            "user_id": rng.integers(0, persons, rows),
            "state": rng.choice(["NY", "TX", "CA"], rows, p=[0.5, 0.3, 0.2]),
            "income": np.round(rng.lognormal(10.5, 0.6, rows), 2),
            "age": rng.integers(18, 95, rows),
        }
    )
    frame.write_parquet(path)
    return path


def written(path: Path, rows: list[dict[str, Any]], **schema: Any) -> Path:
    """A table of these rows."""
    pl.DataFrame(rows, schema=schema or None, orient="row").write_parquet(path)
    return path


def session(path: Path, **how: Any) -> Session:
    """A session with its ledger beside the data."""
    settings: dict[str, Any] = {
        "unit": WEEK,
        "budget": Budget(1.0, 1e-6),
        "ledger": f"sqlite:///{path.parent}/people.ledger",
    }
    return private(path, **(settings | how))
