"""What a user fills in to synthesise records; the fields are the options of `confide synthesize`."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from confide.core.budget import Budget, Unit
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import GET, HOLD, HOW, Flag, Held
from confide.releases.session.settings import budget_of, unit_of

RECORD = Unit.record()
Maker: TypeAlias = Literal["aim", "mst", "privbayes", "plausible", "independent"]
FORMATS = (".parquet", ".csv")


@dataclass(frozen=True, slots=True)
class SynthesizeSettings:
    """Write synthetic records that hide any one record, or all rows of any one person.

    The whole cost is charged to the ledger before the first count. Kinds, bounds and categories are public:
    they come from a domain that you write (`confide domain` gives a template), never from the data. The file
    appears whole or not at all.

    Args:
        data: Records to learn from: .parquet or .csv.
        domain: A domain.toml: the columns with their bounds, categories and rules.
        epsilon: The promise: epsilon.
        delta: And delta, below 1 in the number of records.
        unit: What the promise hides: record, or the person's column and the most rows of one person,
            user_id:20.
        mechanism: aim (marginals chosen one after the other; the most exact), mst (a tree of pairs; quick),
            privbayes (a Bayesian network), independent (no pairs at all), or plausible (plausible
            deniability: its promise is for each released record alone, and none for the table).
        workload: Of aim: which tables are to be right: 2 or 3 (all pairs, all triples), or columns,
            age,sex;age,income.
        model_mb: Of aim: the largest model, in megabytes.
        keep: Of plausible: how many columns of a record are kept from the record that it is made from.
        rows: How many synthetic records to write; a noised count of yours, unless you say it. More cost
            nothing, and tell nothing more.
        seed: Rows are drawn from the model by this seed: the same seed gives the same rows.
        ledger: Where it stands what everything costs: a FILE, or postgresql://HOST/DATABASE.
        budget: Of a new ledger: EPSILON,DELTA for everything together. Leave it out to go on with one.
        analyst: Whose part of the ledger pays.
        plan: Foretell time, memory and error, from the domain alone, and stop: nothing is charged.
        out: The file of the synthetic records, .parquet or .csv.
        force: Put the new file in the place of one that is there.
        rehearse: Draw the noise from this seed: for tests, and no release, as anyone who knows it can take
            the noise off.

    Raises:
        DataError: for settings that cannot be.
    """

    data: Held
    _: KW_ONLY
    domain: Annotated[Path, Flag(group=HOLD, metavar="FILE")]
    epsilon: Annotated[float, Flag(group=HOLD)]
    delta: Annotated[float, Flag(group=HOLD)]
    unit: Annotated[Unit, Flag(group=HOLD, metavar="COLUMN:ROWS", parse=unit_of)] = RECORD
    mechanism: Annotated[Maker, Flag(group=HOW)] = "aim"
    workload: Annotated[str | None, Flag(group=HOW, metavar="TABLES")] = None
    model_mb: Annotated[float | None, Flag(group=HOW)] = None
    keep: Annotated[int | None, Flag(group=HOW, least=0)] = None
    rows: Annotated[int | None, Flag(group=GET, least=1)] = None
    seed: Annotated[int, Flag(group=GET, least=0)] = 0
    ledger: Annotated[str | None, Flag(group=HOLD, metavar="ADDRESS")] = None
    budget: Annotated[Budget | None, Flag(group=HOLD, metavar="EPSILON,DELTA", parse=budget_of)] = None
    analyst: Annotated[str | None, Flag(group=HOLD)] = None
    plan: Annotated[bool, Flag(group=GET)] = False
    out: Annotated[Path | None, Flag(group=GET, metavar="FILE")] = None
    force: Annotated[bool, Flag(group=GET)] = False
    rehearse: Annotated[int | None, Flag(group=HOW, least=0)] = None

    def __post_init__(self) -> None:
        check_fields(self)
        if not isinstance(self.data, str | Path):
            # A ledger is bound to a file's bytes; the value is not shown, as it may hold rows.
            raise DataError(f"data is of type {type(self.data).__name__}: give the path of a file.")
        for name in ("domain", "out"):
            given: Any = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, Path(given))
        for name in ("epsilon", "model_mb"):
            value: float | None = getattr(self, name)
            if value is not None and not (value > 0 and isfinite(value)):
                raise DataError(f"{name} is {value}: give a finite number above 0.")
        if not 0 < self.delta < 1:
            raise DataError(f"delta is {self.delta}: give a number above 0 and below 1, such as 1e-9.")
        if self.out is None and not self.plan:
            raise DataError(
                "--out is missing: name the file of the synthetic records, or ask for the --plan."
            )
        if self.out is not None and self.out.suffix not in FORMATS:
            raise DataError(f"--out {self.out} is no {' or '.join(FORMATS)}: choose one of these formats.")
        if self.ledger is None and self.budget is not None:
            raise DataError("--budget is that of a ledger: give --ledger too, or leave it out.")
        if self.ledger is not None and self.rehearse is not None:
            raise DataError("--rehearse makes no release, so there is nothing to charge: leave out --ledger.")
        for name, maker in (("workload", "aim"), ("model_mb", "aim"), ("keep", "plausible")):
            if getattr(self, name) is not None and self.mechanism != maker:
                option = f"--{name.replace('_', '-')}"
                raise DataError(f"{option} is of {maker}, and this is {self.mechanism}: leave it out.")

    @property
    def promise(self) -> Budget:
        """What is promised, unless the mechanism promises less."""
        return Budget(self.epsilon, self.delta, self.unit)
