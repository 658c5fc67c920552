"""What a user fills in to synthesise records; the fields are the options of `confide synthesize`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from decimal import Decimal
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


OF_CHILDREN = ("children_domain", "link", "at_most", "children_out")


@dataclass(frozen=True, slots=True)
class SynthesizeSettings:
    """Write synthetic records that hide any one record, or all rows of any one person.

    The whole cost is charged to the ledger before the first count. Kinds, bounds and categories are public:
    they come from a domain that you write (`confide domain` gives a template), never from the data. The file
    appears whole or not at all.

    With --children there are two linked files, such as patients and their stays. The promise hides a parent
    with all its children, and half of its rho goes to each file.

    Args:
        data: Records to learn from: .parquet or .csv.
        domain: A domain.toml: the columns with their bounds, categories and rules.
        epsilon: The promise: epsilon.
        delta: And delta, below 1 in the number of records.
        unit: What the promise hides: record, or the person's column and the most rows of one person,
            user_id:20.
        children: A second file, of the children of these records: the stays of each patient.
        children_domain: The domain.toml of the children, without the link.
        link: The column of the children that holds the key of their parent.
        at_most: How many children of one parent count; of more, that many are kept at random.
        given: Columns of the parents that children depend on, sex,age; the most important one first.
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
        breaches: Spend this much more epsilon on noisy counts of the records that break each rule.
        ledger: Where it stands what everything costs: a FILE, or postgresql://HOST/DATABASE.
        budget: Of a new ledger: EPSILON,DELTA for everything together. Leave it out to go on with one.
        analyst: Whose part of the ledger pays.
        plan: Foretell time, memory and error, from the domain alone, and stop: nothing is charged.
        out: The file of the synthetic records, .parquet or .csv.
        children_out: The file of the synthetic children; their links are keys of the other file.
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
    children: Annotated[Path | None, Flag(group=HOLD, metavar="FILE")] = None
    children_domain: Annotated[Path | None, Flag(group=HOLD, metavar="FILE")] = None
    link: Annotated[str | None, Flag(group=HOLD, metavar="COLUMN")] = None
    at_most: Annotated[int | None, Flag(group=HOLD, least=1)] = None
    given: Annotated[str | Sequence[str], Flag(group=HOW, metavar="COLUMNS")] = ()
    mechanism: Annotated[Maker, Flag(group=HOW)] = "aim"
    workload: Annotated[str | None, Flag(group=HOW, metavar="TABLES")] = None
    model_mb: Annotated[float | None, Flag(group=HOW)] = None
    keep: Annotated[int | None, Flag(group=HOW, least=0)] = None
    rows: Annotated[int | None, Flag(group=GET, least=1)] = None
    seed: Annotated[int, Flag(group=GET, least=0)] = 0
    breaches: Annotated[float | None, Flag(group=GET, metavar="EPSILON")] = None
    ledger: Annotated[str | None, Flag(group=HOLD, metavar="ADDRESS")] = None
    budget: Annotated[Budget | None, Flag(group=HOLD, metavar="EPSILON,DELTA", parse=budget_of)] = None
    analyst: Annotated[str | None, Flag(group=HOLD)] = None
    plan: Annotated[bool, Flag(group=GET)] = False
    out: Annotated[Path | None, Flag(group=GET, metavar="FILE")] = None
    children_out: Annotated[Path | None, Flag(group=GET, metavar="FILE")] = None
    force: Annotated[bool, Flag(group=GET)] = False
    rehearse: Annotated[int | None, Flag(group=HOW, least=0)] = None

    def __post_init__(self) -> None:
        check_fields(self)
        if not isinstance(self.data, str | Path):
            # A ledger is bound to a file's bytes; the value is not shown, as it may hold rows.
            raise DataError(f"data is of type {type(self.data).__name__}: give the path of a file.")
        for name in ("domain", "out", "children", "children_domain", "children_out"):
            given: Any = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, Path(given))
        for name in ("epsilon", "model_mb", "breaches"):
            value: float | None = getattr(self, name)
            if value is not None and not (value > 0 and isfinite(value)):
                raise DataError(f"{name} is {value}: give a finite number above 0.")
        if not 0 < self.delta < 1:
            raise DataError(f"delta is {self.delta}: give a number above 0 and below 1, such as 1e-9.")
        if self.out is None and not self.plan:
            raise DataError(
                "--out is missing: name the file of the synthetic records, or ask for the --plan."
            )
        for option, place in (("--out", self.out), ("--children-out", self.children_out)):
            if place is not None and place.suffix not in FORMATS:
                raise DataError(
                    f"{option} {place} is no {' or '.join(FORMATS)}: choose one of these formats."
                )
        if self.ledger is None and self.budget is not None:
            raise DataError("--budget is that of a ledger: give --ledger too, or leave it out.")
        if self.ledger is not None and self.rehearse is not None:
            raise DataError("--rehearse makes no release, so there is nothing to charge: leave out --ledger.")
        for name, maker in (("workload", "aim"), ("model_mb", "aim"), ("keep", "plausible")):
            if getattr(self, name) is not None and self.mechanism != maker:
                raise DataError(f"{_option(name)} is of {maker}, and this is {self.mechanism}: leave it out.")
        if self.breaches is not None and self.mechanism == "plausible":
            raise DataError("--breaches needs a promise for the whole table: choose --mechanism aim.")
        _check_children(self)

    @property
    def columns_given(self) -> tuple[str, ...]:
        """The columns that children depend on, each by itself."""
        given = self.given.split(",") if isinstance(self.given, str) else self.given
        return tuple(name.strip() for name in given if name.strip())

    @property
    def promise(self) -> Budget:
        """What the synthetic records promise, unless the mechanism promises less."""
        return Budget(self.epsilon, self.delta, self.unit)

    @property
    def whole(self) -> Budget:
        """What the records and the counts of broken rules promise together."""
        # Of decimal numbers, as a ledger adds them up: 0.1 and 0.2 are 0.3.
        epsilon = Decimal(str(self.epsilon)) + Decimal(str(self.breaches or 0.0))
        return Budget(float(epsilon), self.delta, self.unit)


def _check_children(settings: SynthesizeSettings) -> None:
    """Refuse settings of two linked files that do not fit together.

    Raises:
        DataError: with what to add or to leave out.
    """
    there = [name for name in OF_CHILDREN if getattr(settings, name) is not None]
    if settings.children is None:
        if there or settings.given:
            raise DataError(
                f"{_option((there or ['given'])[0])} is of two linked files: name --children too."
            )
        return
    missing = [name for name in OF_CHILDREN if name not in there]
    if missing:
        raise DataError(f"{_option(missing[0])} is missing, which --children needs: give it a value.")
    if settings.breaches is not None:
        raise DataError("--breaches is of a single file: leave it out, or --children.")
    if settings.plan:
        raise DataError("--plan is of a single file: leave out --children, or --plan.")
    if settings.unit != RECORD:
        raise DataError("--children hides a parent with all its children: leave out --unit.")
    if settings.mechanism == "plausible":
        raise DataError(
            "plausible deniability has no model that children could be drawn from: choose --mechanism aim."
        )
    if settings.workload is not None and not settings.workload.isdecimal():
        raise DataError("--workload names columns of one file, and these are two: write 2 or 3.")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
