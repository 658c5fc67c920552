"""What a user fills in to begin a domain file; the fields are the options of `confide domain`."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from math import isfinite
from pathlib import Path
from typing import Annotated

from confide.core.budget import Budget, Unit
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import GET, HOLD, HOW, Flag, Held
from confide.releases.session.settings import budget_of, unit_of

RECORD = Unit.record()


@dataclass(frozen=True, slots=True)
class DomainSettings:
    """Begin a domain file, which says what each column of a table may hold.

    The domain of a synthetic table is public, so it must not be read from the records: the template is made
    from the names and types of columns alone. Bounds and categories are for you to fill in from what
    everybody may know. With --private a part of the budget is spent on finding them instead.

    Args:
        data: The table: .parquet or .csv.
        private: Spend this epsilon on bounds and categories that nobody knows.
        delta: And this delta, below 1 in the number of records: without it only categories of very many
            people are found.
        unit: What the spent budget hides: record, or the person's column and the most rows of one person,
            person_id:5.
        ledger: Where it stands what everything costs: a FILE, or postgresql://HOST/DATABASE.
        budget: Of a new ledger: EPSILON,DELTA for everything together. Leave it out to go on with one.
        analyst: Whose part of the ledger pays.
        out: The domain file.
        force: Put the new file in the place of one that is there.
        rehearse: Draw the noise from this seed: for tests, and nothing to be published.

    Raises:
        DataError: for settings that cannot be.
    """

    data: Held
    _: KW_ONLY
    private: Annotated[float | None, Flag(group=HOW, metavar="EPSILON")] = None
    delta: Annotated[float, Flag(group=HOW)] = 0.0
    unit: Annotated[Unit, Flag(group=HOLD, metavar="COLUMN:ROWS", parse=unit_of)] = RECORD
    ledger: Annotated[str | None, Flag(group=HOLD, metavar="ADDRESS")] = None
    budget: Annotated[Budget | None, Flag(group=HOLD, metavar="EPSILON,DELTA", parse=budget_of)] = None
    analyst: Annotated[str | None, Flag(group=HOLD)] = None
    out: Annotated[Path, Flag(group=GET, metavar="FILE")]
    force: Annotated[bool, Flag(group=GET)] = False
    rehearse: Annotated[int | None, Flag(group=HOW, least=0)] = None

    def __post_init__(self) -> None:
        check_fields(self)
        if not isinstance(self.data, str | Path):
            # The value is not shown, as it may hold rows.
            raise DataError(f"data is of type {type(self.data).__name__}: give the path of a file.")
        object.__setattr__(self, "out", Path(self.out))
        if self.out.suffix.lower() != ".toml":
            raise DataError(f"--out {self.out} is no .toml: name the domain file so, such as domain.toml.")
        if self.private is None:
            spending = {
                "--delta": self.delta, "--ledger": self.ledger, "--budget": self.budget,
                "--analyst": self.analyst, "--rehearse": self.rehearse is not None,
            }  # fmt: skip
            if unused := [name for name, given in spending.items() if given]:
                raise DataError(
                    f"{', '.join(unused)} is of a budget that is spent: give --private EPSILON too."
                )
            return
        if not (self.private > 0 and isfinite(self.private)):
            raise DataError(f"--private is {self.private}: give a finite epsilon above 0, such as 0.1.")
        if not 0 <= self.delta < 1:
            raise DataError(f"delta is {self.delta}: give a number from 0 to below 1, such as 1e-9.")
        if self.ledger is None and self.budget is not None:
            raise DataError("--budget is that of a ledger: give --ledger too, or leave it out.")
        if self.ledger is not None and self.rehearse is not None:
            raise DataError("--rehearse makes no release, so there is nothing to charge: leave out --ledger.")

    @property
    def promise(self) -> Budget:
        """What the domain file promises."""
        return Budget(self.private or 0.0, self.delta, self.unit)
