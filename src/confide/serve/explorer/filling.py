"""What a form offers, and how it is filled in again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from confide.serve.explorer.explorer import Explorer
from confide.serve.explorer.forms import MAP
from confide.serve.explorer.groups import groups_of
from confide.serve.explorer.precisions import usual
from confide.serve.explorer.questions import Question
from confide.serve.explorer.schema import Categories, Numbers, PublicColumn


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column by which rows can be narrowed.

    Args:
        name, label, unit: of the column.
        values: labels of its values, if it has categories.
        low, high: its bounds in words, else.
        type: of the inputs.
    """

    name: str
    label: str
    unit: str = ""
    values: tuple[str, ...] = ()
    low: str = ""
    high: str = ""
    type: str = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Everything that a form offers: pairs of a value and its words."""

    measures: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str], ...]
    maps: tuple[tuple[str, str], ...]
    only: tuple[Field, ...]

    @classmethod
    def of(cls, explorer: Explorer) -> Choices:
        """What can be asked of this explorer."""
        schema = explorer.schema
        measures = [("rows", "how many rows")]
        if explorer.asking.unit is not None:
            measures.insert(0, ("people", "how many people"))
        for name, column in schema.numbers.items():
            measures.append((f"mean:{name}", f"mean of {column.label}"))
            measures.append((f"sum:{name}", f"sum of {column.label}"))
        return cls(
            measures=tuple(measures),
            columns=tuple((name, column.label) for name, column in schema.grouping.items()),
            maps=tuple((f"{MAP}{name}", f"map: {one.label}") for name, one in schema.maps.items()),
            only=tuple(_field(column) for column in schema.columns.values()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The values in a form.

    Args:
        fields: as they are sent.
        first: the measure that is shown where none is sent.
        precision: the place of the slider.
    """

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    first: str
    precision: int

    @classmethod
    def of(cls, explorer: Explorer, fields: Mapping[str, Sequence[str]]) -> Filled:
        """A form as it was sent."""
        precisions = explorer.precisions
        sent = (fields.get("precision") or [""])[0]
        place = int(sent) if sent.isascii() and sent.isdigit() and int(sent) < len(precisions) else None
        first = "rows" if explorer.asking.unit is None else "people"
        return cls(fields=fields, first=first, precision=usual(precisions) if place is None else place)

    @classmethod
    def again(cls, explorer: Explorer, question: Question) -> Filled:
        """The form that asks this question."""
        fields: dict[str, list[str]] = {
            "measure": [f"{question.measure}:{question.of}" if question.of else question.measure]
        }
        by = [f"{MAP}{question.map}"] if question.map else list(question.by)
        for name, value in zip(("by", "then"), by, strict=False):
            fields[name] = [value]
        for only in question.only:
            column = explorer.schema.columns[only.column]
            if isinstance(column, Categories):
                fields[f"is.{only.column}"] = [str(column.values.index(v)) for v in only.among]
            for word, bound in (("from", only.low), ("to", only.high)):
                fields[f"{word}.{only.column}"] = [] if bound is None else [_typed(bound)]
        fields["precision"] = [str(_nearest(explorer.precisions, question.precision))]
        return cls.of(explorer, fields)

    @property
    def measure(self) -> str:
        """What is counted."""
        return self._one("measure") or self.first

    @property
    def by(self) -> str:
        """The first column."""
        return self._one("by")

    @property
    def then(self) -> str:
        """The second column."""
        return self._one("then")

    @property
    def within(self) -> str:
        """The error that can be borne; empty where the slider counts."""
        return self._one("within")

    @property
    def narrowed(self) -> bool:
        """Whether only some rows are counted."""
        return any(any(v) for k, v in self.fields.items() if k.startswith(("is.", "from.", "to.")))

    def chosen(self, name: str) -> str:
        """The place of the value that is chosen of a column."""
        return self._one(f"is.{name}")

    def end(self, word: str, name: str) -> str:
        """The bound that was typed for a column."""
        return self._one(f"{word}.{name}")

    def _one(self, name: str) -> str:
        values = self.fields.get(name) or [""]
        return values[0].strip()[:200]


def _field(column: PublicColumn) -> Field:
    if isinstance(column, Categories):
        labels = groups_of(column).labels[: len(column.values)]
        return Field(name=column.name, label=column.label, values=labels)
    if isinstance(column, Numbers):
        return Field(
            name=column.name, label=column.label, unit=column.unit,
            low=f"{column.low:g}", high=f"{column.high:g}", type="number",
        )  # fmt: skip
    kind = "datetime-local" if isinstance(column.low, datetime) else "date"
    return Field(name=column.name, label=column.label, low=str(column.low), high=str(column.high), type=kind)


def _typed(bound: object) -> str:
    return bound.isoformat() if isinstance(bound, datetime) else str(bound)


def _nearest(precisions: Sequence[Decimal], precision: Decimal) -> int:
    return min(range(len(precisions)), key=lambda i: abs(precisions[i] - precision))
