"""The API's records: questions, prices and answers as JSON."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from confide.core.errors import DataError
from confide.serve.explorer.explorer import Offer
from confide.serve.explorer.gain import right_guesses
from confide.serve.explorer.questions import Bound, Measure, Only, Question, named
from confide.serve.explorer.results import Result
from confide.serve.explorer.schema import Categories, Numbers, PublicColumn, PublicSchema, Times

Name = Annotated[str, Field(min_length=1, max_length=200)]
Value = StrictBool | StrictInt | Annotated[StrictStr, Field(max_length=200)]
End = StrictInt | StrictFloat | Annotated[StrictStr, Field(max_length=40)]


class Strict(BaseModel):
    """A record without further keys."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class OnlyJson(Strict):
    """Rows that are counted: those with one of some values, or in a range from `from` to below `to`."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, populate_by_name=True)
    column: Name
    among: list[Value] = Field(default=[], max_length=1000, description="Values of a column of categories.")
    low: End | None = Field(default=None, alias="from", description="A number, or a date or time as text.")
    high: End | None = Field(default=None, alias="to", description="As `from`; not counted itself.")


class QuestionJson(Strict):
    """What is counted, by which columns, of whom, and how precisely."""

    measure: Measure = "rows"
    of: Name | None = Field(default=None, description="Of a sum or mean, its column.")
    by: list[Name] = Field(default=[], max_length=2, description="Columns that make the groups.")
    map: Name | None = Field(default=None, description="A map in place of `by`.")
    only: list[OnlyJson] = Field(default=[], max_length=50)
    within: float | None = Field(
        default=None,
        gt=0,
        le=1e15,
        description="In the place of a precision: how far the noise may move a number, at 95 %; of a mean, "
        "in a group of 1,000 rows. The smallest precision that keeps it is found.",
    )
    precision: Annotated[
        Decimal | None,
        Field(
            default=None,
            ge=Decimal("0.000001"),
            le=100,
            decimal_places=6,
            description="An epsilon, paid with Laplace noise; where the ledger adds up rho, Gaussian noise "
            "of rho = precision^2 / 2. Twice the precision halves the error.",
        ),
    ]

    def question(self, schema: PublicSchema) -> Question:
        """The question that it is.

        Raises:
            DataError: for a bound that cannot be, or not one of precision and within.
        """
        if (self.precision is None) == (self.within is None):
            raise DataError("give a precision, or the error that you can bear (within): one of both.")
        return Question(
            measure=self.measure,
            of=self.of,
            by=tuple(self.by),
            only=tuple(_only(one, named(schema.columns, one.column, "column")) for one in self.only),
            precision=Decimal(1) if self.precision is None else self.precision,
            map=self.map,
            within=self.within,
        )


class PriceJson(BaseModel):
    """A price; nothing is charged for it."""

    cost: str
    error: float | None = Field(description="Half of the 95 % interval for privacy noise, of each group.")
    rows: int | None = Field(description="Of the group that the error is of, where it depends on them.")
    precision: str = Field(description="That would be paid for.")
    known: bool = Field(description="Whether it was answered before, and costs nothing.")
    refusal: str = Field(description="Why it would be refused; empty if it would not.")
    share: float = Field(description="Of your part, what it costs.")
    left: float = Field(description="Of your part, what is left afterwards.")
    right_guesses_alone: float = Field(description="How often a guess is right at most after this answer.")
    right_guesses_after: float = Field(description="The same after everything that was answered.")
    right_guesses_whole: float = Field(description="The same after all that this budget can answer.")

    @classmethod
    def of(cls, offer: Offer) -> PriceJson:
        """A price as JSON."""
        price = offer.price
        return cls(
            cost=price.cost,
            error=price.error,
            rows=price.rows,
            precision=str(offer.precision),
            known=offer.known,
            refusal=price.refusal,
            share=price.share,
            left=price.left,
            right_guesses_alone=right_guesses(price.gain.alone),
            right_guesses_after=right_guesses(price.gain.after),
            right_guesses_whole=right_guesses(price.gain.whole),
        )


class CellJson(BaseModel):
    """One number with its intervals at 95 %."""

    groups: list[str]
    value: float | None
    low_privacy: float | None
    high_privacy: float | None
    low_sampling: float | None
    high_sampling: float | None


class AnswerJson(BaseModel):
    """An answer."""

    name: str
    title: str
    sql: str
    cost: str
    known: bool
    columns: list[str]
    cells: list[CellJson]
    notes: list[str]

    @classmethod
    def of(cls, result: Result) -> AnswerJson:
        """A result as JSON."""
        cells = [
            CellJson(
                groups=list(labels),
                value=cell.value,
                low_privacy=cell.low,
                high_privacy=cell.high,
                low_sampling=cell.low_sampling,
                high_sampling=cell.high_sampling,
            )
            for labels, cell in zip(result.labels, result.answer.cells, strict=True)
        ]
        return cls(
            name=result.name,
            title=result.title,
            sql=result.sql,
            cost=result.answer.cost,
            known=result.answer.known,
            columns=list(result.heads),
            cells=cells,
            notes=list(result.answer.notes),
        )


def _only(one: OnlyJson, column: PublicColumn) -> Only:
    return Only(
        column=one.column,
        among=tuple(one.among),
        low=None if one.low is None else _bound(column, one.low),
        high=None if one.high is None else _bound(column, one.high),
    )


def _bound(column: PublicColumn, end: float | str) -> Bound:
    if isinstance(column, Categories):
        raise DataError(f"{column.label} has categories: give `among`.")
    if isinstance(column, Numbers) and not isinstance(end, str):
        return end
    if isinstance(column, Times) and isinstance(end, str):
        try:
            return (
                datetime.fromisoformat(end) if isinstance(column.low, datetime) else date.fromisoformat(end)
            )
        except ValueError:
            pass
    form = "a number" if isinstance(column, Numbers) else f"a text such as {column.low}"
    raise DataError(f"{end!r:.40} is no bound of {column.label}: give {form}.")
