"""Forms of the page to questions: every field is checked, and a wrong one is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qsl

from confide.core.errors import DataError
from confide.serve.explorer.questions import Bound, Measure, Only, Question
from confide.serve.explorer.schema import Categories, Numbers, PublicColumn, PublicSchema

MOST_FIELDS = 1_000
MAP = "map:"
"""Before the name of a map, where a column could be."""


def fields_of(body: bytes) -> dict[str, list[str]]:
    """The fields of a form that was sent.

    Raises:
        DataError: if it is no form.
    """
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise DataError("the form cannot be read: load the page again.") from error
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def question_of(
    form: Mapping[str, Sequence[str]], schema: PublicSchema, precisions: Sequence[Decimal]
) -> Question:
    """The question that a form asks.

    Args:
        form: its fields.
        schema: that is public.
        precisions: of the slider, which gives a place among them.

    Raises:
        DataError: for a field that says what cannot be.
    """
    measure, of = _measure(_one(form, "measure", "rows"))
    by = [name for name in (_one(form, "by"), _one(form, "then")) if name]
    maps = [name.removeprefix(MAP) for name in by if name.startswith(MAP)]
    if maps and len(by) > 1:
        raise DataError("a map has its own two columns: choose no other column beside it.")
    if len(by) == 2 and by[0] == by[1]:
        by = by[:1]
    only = [made for column in schema.columns.values() if (made := _only(form, column)) is not None]
    return Question(
        measure=measure,
        of=of,
        by=() if maps else tuple(by),
        only=tuple(only),
        precision=_precision(_one(form, "precision"), precisions),
        within=_within(_one(form, "within")),
        map=maps[0] if maps else None,
    )


def bound_of(column: PublicColumn, text: str) -> Bound:
    """A bound as it was typed.

    Raises:
        DataError: if it is none.
    """
    try:
        if isinstance(column, Numbers):
            number = float(text.replace(",", "."))
            return int(number) if number.is_integer() else number
        assert not isinstance(column, Categories)
        return datetime.fromisoformat(text) if isinstance(column.low, datetime) else date.fromisoformat(text)
    except (ValueError, OverflowError):
        form = "a number" if isinstance(column, Numbers) else f"a time such as {column.low}"  # pyright: ignore[reportAttributeAccessIssue]
        raise DataError(f"{text!r:.40} is no bound of {column.label}: write {form}.") from None


def _one(form: Mapping[str, Sequence[str]], name: str, default: str = "") -> str:
    values = form.get(name, [])
    return values[0].strip() if values else default


def _measure(text: str) -> tuple[Measure, str | None]:
    """`rows`, `people`, `sum:column` or `mean:column`."""
    word, _, of = text.partition(":")
    for measure in ("rows", "people", "sum", "mean"):
        if word == measure and bool(of) is (measure in ("sum", "mean")):
            return measure, of or None
    raise DataError(f"{text!r:.40} cannot be counted: choose what is listed.")


def _precision(text: str, precisions: Sequence[Decimal]) -> Decimal:
    """By its place on the slider, or in digits as an epsilon."""
    try:
        if text.startswith("e"):
            return Decimal(text[1:])
        place = int(text)
    except (ValueError, InvalidOperation):
        raise DataError(f"{text!r:.20} is no precision: move the slider.") from None
    if not 0 <= place < len(precisions):
        raise DataError(f"the slider has no place {place}: move it.")
    return precisions[place]


def _within(text: str) -> float | None:
    """The error that can be borne; None where none is given, and the slider counts."""
    try:
        return float(text.replace(",", ".")) if text else None
    except ValueError:
        raise DataError(f"{text!r:.40} is no error to be borne: write a number, or leave it empty.") from None


def _only(form: Mapping[str, Sequence[str]], column: PublicColumn) -> Only | None:
    if isinstance(column, Categories):
        # Places in the list, so that texts of every kind come through a form as they are.
        chosen = [text for text in form.get(f"is.{column.name}", []) if text]
        if not chosen:
            return None
        try:
            places = [int(text) for text in chosen]
        except ValueError:
            raise DataError(
                f"{chosen[0]!r:.40} is no choice of {column.label}: choose what is listed."
            ) from None
        if not all(0 <= place < len(column.values) for place in places):
            raise DataError(f"{column.label} has {len(column.values)} values: choose what is listed.")
        return Only(column=column.name, among=tuple(column.values[p] for p in dict.fromkeys(places)))
    low, high = _one(form, f"from.{column.name}"), _one(form, f"to.{column.name}")
    if not low and not high:
        return None
    return Only(
        column=column.name,
        low=bound_of(column, low) if low else None,
        high=bound_of(column, high) if high else None,
    )
