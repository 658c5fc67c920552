"""Evidence: one tidy table, from which everything downstream is a query."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from confide.core.arrays import Bools, Floats, Ints
from confide.core.atomic import atomic_write
from confide.core.diagnostics import Diagnostics
from confide.core.errors import DataError, EvidenceError

SCHEMA: dict[str, pl.DataType] = {
    "world": pl.Int64(),
    "target": pl.Int64(),
    "exposed": pl.Boolean(),
    "hit": pl.Boolean(),
    "score": pl.Float64(),
}


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What one attack scored in one game: a row for each target of each world.

    Args:
        table: columns world, target, exposed, hit, score (types as in `SCHEMA`).
        attack, access, game: names, for the report.
        randomised: was exposure drawn by a fair coin? Only then can a bound be certified.
        excluded: targets that the attack could not score.
        seconds: time that the attack took, over all worlds.
        diagnostics: how the attack came to its guesses, for each world in which it had something to say.

    Raises:
        EvidenceError: if a column is missing, has another type, or a score is NaN.
    """

    table: pl.DataFrame
    attack: str = "scores"
    access: str = "unknown"
    game: str = "unknown"
    randomised: bool = False
    excluded: int = 0
    seconds: float = 0.0
    diagnostics: tuple[Diagnostics, ...] = ()

    def __post_init__(self) -> None:
        missing = [c for c in SCHEMA if c not in self.table.columns]
        if missing:
            raise EvidenceError(
                f"the evidence has no column {', '.join(missing)} (it has "
                f"{', '.join(self.table.columns)}): give world, target, exposed, hit, score."
            )
        wrong = [c for c, kind in SCHEMA.items() if self.table.schema[c] != kind]
        if wrong:
            raise EvidenceError(
                f"column {wrong[0]} is {self.table.schema[wrong[0]]}, not {SCHEMA[wrong[0]]}: cast it."
            )
        holes = sum(self.table[c].null_count() for c in SCHEMA)
        if holes or self.table["score"].is_nan().any():
            raise EvidenceError(
                "the evidence has empty or NaN cells; drop those rows, or give every target a score."
            )

    @classmethod
    def of(
        cls,
        exposed: Bools,
        score: Floats,
        *,
        world: Ints | None = None,
        target: Ints | None = None,
        hit: Bools | None = None,
        randomised: bool = False,
        attack: str = "scores",
    ) -> Evidence:
        """Evidence from plain arrays [n]; one world, targets 0..n-1 and all hits by default.

        >>> Evidence.of(np.array([True, False]), np.array([0.9, 0.1])).table.shape
        (2, 5)
        """
        n = len(score)
        columns = {
            "world": np.zeros(n, np.int64) if world is None else world,
            "target": np.arange(n) if target is None else target,
            "exposed": exposed,
            "hit": np.ones(n, np.bool_) if hit is None else hit,
            "score": np.asarray(score, np.float64),
        }
        return cls(pl.DataFrame(columns, schema=SCHEMA), attack=attack, randomised=randomised)

    @property
    def exposed(self) -> Bools:
        """bool[rows]"""
        return self.table["exposed"].to_numpy()

    @property
    def claims(self) -> Floats:
        """The score of each right claim, float64[rows]; -inf where the claim would be wrong."""
        return (
            self.table.select(pl.when(pl.col("hit")).then(pl.col("score")).otherwise(-float("inf")))
            .to_series()
            .to_numpy()
        )

    @property
    def worlds(self) -> int:
        """The number of worlds played."""
        return self.table["world"].n_unique()

    def __len__(self) -> int:
        return self.table.height


def save(parts: Sequence[Evidence], path: Path, *, who: Mapping[str, pl.DataFrame] | None = None) -> None:
    """Write one or more attacks' evidence to a parquet file, whole or not at all.

    Args:
        who: by the attack's name, a row for each target, with the column `target` and whatever else tells who
            that is; these columns are added for the reader's use, and mean nothing to `load`.
    """
    frames = [e.table.select(pl.lit(e.attack).alias("attack"), *SCHEMA) for e in parts]
    frames = [
        f
        if who is None or e.attack not in who
        else f.join(who[e.attack], on="target", how="left", maintain_order="left")
        for e, f in zip(parts, frames, strict=True)
    ]
    about = {
        e.attack: {
            "access": e.access,
            "game": e.game,
            "randomised": e.randomised,
            "excluded": e.excluded,
            "seconds": e.seconds,
            "diagnostics": [asdict(w) for w in e.diagnostics],
        }
        for e in parts
    }
    with atomic_write(path) as draft:
        pl.concat(frames, how="diagonal").write_parquet(draft, metadata={"confide": json.dumps(about)})


def load(path: Path, *, kind: str | None = None) -> list[Evidence]:
    """Read evidence from .parquet or .csv, one entry for each attack.

    `world`, `target`, `hit` and `attack` may be missing. `kind` says which of the two it is where the name
    does not.

    Raises:
        DataError: if the file is not a readable parquet table.
        EvidenceError: if its columns cannot be understood.
    """
    path = Path(path)
    about: dict[str, dict[str, Any]] = {}
    if not path.exists():
        raise DataError(f"{path} does not exist: check the path.")
    try:
        if (kind or path.suffix.lower()) == ".csv":
            table = pl.read_csv(path, infer_schema_length=None)
        else:
            table = pl.read_parquet(path)
            about = json.loads(pl.read_parquet_metadata(path).get("confide", "{}"))
    except (OSError, pl.exceptions.PolarsError, ValueError) as error:
        raise DataError(
            f"{path} is not a readable parquet file ({_first_line(error)}): save the evidence as .parquet "
            "or .csv."
        ) from error
    if "score" not in table.columns or "exposed" not in table.columns:
        raise EvidenceError(
            f"{path} needs at least the columns exposed and score; it has {', '.join(table.columns)}."
        )
    if "world" not in table.columns:
        table = table.with_columns(world=pl.lit(0))
    if "hit" not in table.columns:
        table = table.with_columns(hit=pl.lit(True))
    if "attack" not in table.columns:
        table = table.with_columns(attack=pl.lit("scores"))
    if "target" not in table.columns:
        table = table.with_columns(target=pl.int_range(pl.len()).over("attack", "world"))
    try:
        table = table.with_columns(pl.col(c).cast(kind, strict=True) for c, kind in SCHEMA.items())
    except pl.exceptions.PolarsError as error:
        raise EvidenceError(f"{path}: a column cannot be read as its type ({_first_line(error)}).") from error
    found: list[Evidence] = []
    for (name,), part in table.group_by("attack", maintain_order=True):
        evidence = Evidence(part.select(*SCHEMA), attack=str(name))
        told = dict(about.get(str(name), {}))
        told["diagnostics"] = tuple(Diagnostics.of(record) for record in told.get("diagnostics", ()))
        found.append(replace(evidence, **told))
    return found


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
