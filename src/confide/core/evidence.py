"""Evidence: one tidy table of scores; all numbers of a report are queries on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from confide.core.arrays import Bools, Floats, Ints
from confide.core.diagnostics import Diagnostics
from confide.core.errors import EvidenceError
from confide.core.foreign import escaped
from confide.core.lazily import Lazily
from confide.core.notebook import card

if TYPE_CHECKING:
    import polars as pl
else:
    pl = Lazily("polars")


@cache
def schema() -> dict[str, pl.DataType]:
    """The columns that every table of evidence has, and their types."""
    return {
        "world": pl.Int64(),
        "target": pl.Int64(),
        "exposed": pl.Boolean(),
        "hit": pl.Boolean(),
        "score": pl.Float64(),
    }


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The scores of one attack in one game: a row for each target of each world.

    Args:
        table: columns world, target, exposed, hit, score (types as in `schema`), and perhaps person (int64).
        attack, access, game: names, for the report.
        randomised: whether a fair coin drew who was given to the mechanism. Only then can a bound be
            certified.
        no_coin: why no coin drew that, where there is a reason of its own: a clause for the report.
        crossed: whether each person was asked about by a model that learned from the others.
        excluded: how many targets the attack could not score.
        sample_of: among how many targets a sample was drawn, who alone were asked about; 0 where all were.
        seconds: the time that the attack took, over all worlds.
        diagnostics: how the attack made its guesses, for each world in which it recorded something.

    Raises:
        EvidenceError: if a column is missing, has another type, or a score is NaN.
    """

    table: pl.DataFrame
    attack: str = "scores"
    access: str = "unknown"
    game: str = "unknown"
    randomised: bool = False
    no_coin: str = ""
    crossed: bool = False
    excluded: int = 0
    sample_of: int = 0
    seconds: float = 0.0
    diagnostics: tuple[Diagnostics, ...] = ()

    def __post_init__(self) -> None:
        missing = [c for c in schema() if c not in self.table.columns]
        if missing:
            raise EvidenceError(
                f"the evidence has no column {', '.join(missing)} (it has "
                f"{', '.join(self.table.columns[:12])}): give world, target, exposed, hit, score."
            )
        wrong = [c for c, kind in schema().items() if self.table.schema[c] != kind]
        if wrong:
            raise EvidenceError(
                f"column {wrong[0]} is {self.table.schema[wrong[0]]}, not {schema()[wrong[0]]}: cast it."
            )
        # NaN compares with nothing: one such score would silently change every rate.
        holes = sum(self.table[c].null_count() for c in schema())
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
        """Build evidence from arrays [n]; by default one world, targets 0..n-1 and only hits.

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
        # The schema is given, so that an array of another type is cast or refused, never guessed.
        return cls(pl.DataFrame(columns, schema=schema()), attack=attack, randomised=randomised)

    @property
    def exposed(self) -> Bools:
        """Whether each row's target was in the data, bool[rows]."""
        return self.table["exposed"].to_numpy()

    @property
    def claims(self) -> Floats:
        """The score of each right claim, float64[rows]; -inf where the claim would be wrong."""
        # A wrong claim ranks below every threshold, so one threshold on this column counts right claims only.
        return (
            self.table.select(pl.when(pl.col("hit")).then(pl.col("score")).otherwise(-float("inf")))
            .to_series()
            .to_numpy()
        )

    @property
    def person(self) -> Ints:
        """Whom each row is about, int64[rows].

        Where no column says it, a target is one person, in however many rounds and worlds.
        """
        return self.table["person" if "person" in self.table.columns else "target"].to_numpy()

    def about(self, person: Ints) -> Evidence:
        """The same evidence, where several targets may be about one person.

        Args:
            person: int64[targets], whom each target is about.

        >>> evidence = Evidence.of(np.array([True, False, False]), np.array([0.9, 0.1, 0.2]))
        >>> evidence.about(np.array([5, 6, 6])).person.tolist()
        [5, 6, 6]
        """
        column = pl.Series("person", person[self.table["target"].to_numpy()], dtype=pl.Int64)
        return replace(self, table=self.table.with_columns(column))

    def in_one_world(self) -> Evidence:
        """The same evidence, where worlds are sides of one comparison: exposed in one, control in the other.

        The rows of a side share one draw of a file, so that all of them vary together: intervals are widened.

        >>> evidence = Evidence.of(np.array([True, False]), np.array([0.9, 0.1]), world=np.array([0, 1]))
        >>> evidence.worlds, evidence.in_one_world().worlds
        (2, 1)
        """
        one = pl.lit(0, dtype=self.table.schema["world"]).alias("world")
        return replace(self, table=self.table.with_columns(one), crossed=True)

    @property
    def worlds(self) -> int:
        """The number of worlds played."""
        return self.table["world"].n_unique()

    def __len__(self) -> int:
        return self.table.height

    def __repr__(self) -> str:
        """What it is about, in one or two lines; never its rows, which are people.

        >>> Evidence.of(np.array([True, False, False]), np.array([0.9, 0.1, 0.2]))
        <Evidence of scores (unknown access): 3 rows on 3 people, 1 exposed and 2 control, in 1 world>
        """
        excluded = f"; {self.excluded:,} could not be scored" if self.excluded else ""
        return escaped(f"<{self._said}{excluded}>", keep=())

    def _repr_html_(self) -> str:
        coin = "A coin decided who was exposed." if self.randomised else "No coin decided who was exposed."
        gone = [f"{self.excluded:,} could not be scored, and are left out."] if self.excluded else []
        return card(self._said, lines=[coin, *gone])

    @property
    def _said(self) -> str:
        exposed, worlds = int(self.table["exposed"].sum()), self.worlds
        person = "person" if "person" in self.table.columns else "target"
        return (
            f"Evidence of {self.attack} ({self.access} access): {len(self):,} rows on "
            f"{self.table[person].n_unique():,} people, {exposed:,} exposed and {len(self) - exposed:,} "
            f"control, in {worlds:,} world{'s' * (worlds != 1)}"
        )
