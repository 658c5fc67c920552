"""A folder as a party has it: the one plan of a test, its schema, its public keys and made-up records."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from tests.serve.flower import made_up

from confide.core.version import VERSION

HERE = "tests.serve.flower.made_up"
WIDTH = made_up.FEATURES


def write_plan(
    folder: Path,
    *,
    port: int = 1,
    rounds: int = 2,
    cohort: int | None = None,
    seconds: float = 60,
    protocol: str = 'name = "fedavg"',
    learner: str = f'model = "{HERE}:build"',
    secure: str | None = None,
    more: str = "",
    deployed: bool = True,
) -> Path:
    """The plan, with all files that it names; keys are in the folder `keys`."""
    schema = "".join(f"[columns.x{i}]\nlow = -2\nhigh = 2\nknots = 2\n" for i in range(WIDTH))
    (folder / "schema.toml").write_text(schema + '[columns.y]\nvalues = ["0", "1", "2"]\n')
    for name in made_up.NAMES:
        _frame(made_up.of(name)).write_parquet(folder / f"{name}.parquet")
    _frame(made_up.drawn(120, np.random.default_rng(9))).write_parquet(folder / "holdout.parquet")
    machines = f'[deployed]\naddress = "localhost:{port}"\nversion = "{VERSION}"\nkeys = "keys/keys.toml"\n'
    text = "\n".join((
        f'rounds = {rounds}\nlabel = "y"\nschema = "schema.toml"\ntest = "holdout.parquet"',
        "" if cohort is None else f"cohort = {cohort}",
        "[parties]\n" + "\n".join(f'{name} = "{name}.parquet"' for name in made_up.NAMES),
        f"[learner]\n{learner}\n[protocol]\n{protocol}\n[deadlines]\nround = \"{seconds:g}s\"",
        "" if secure is None else f"[secure]\n{secure}",
        more,
        machines if deployed else "",
    ))  # fmt: skip
    (folder / "plan.toml").write_text(text)
    return folder / "plan.toml"


def _frame(records) -> pl.DataFrame:
    values = {f"x{i}": np.clip(records.x[:, i].astype(float), -2, 2) for i in range(WIDTH)}
    return pl.DataFrame({**values, "y": [str(one) for one in records.y]})
