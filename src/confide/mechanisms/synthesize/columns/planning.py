"""Plans of a model: which columns are modelled, which follow from them, and which rules need checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from confide.core.errors import DataError
from confide.mechanisms.synthesize.columns.arithmetic import range_of
from confide.mechanisms.synthesize.columns.categories import Category, Key
from confide.mechanisms.synthesize.columns.kinds import Column, Date, Integer, Numeric, Real
from confide.mechanisms.synthesize.columns.looking_up import looked_up
from confide.mechanisms.synthesize.columns.rules import Compared, Derived, Lookup, Rule, check_rule


@dataclass(frozen=True, slots=True)
class Difference:
    """`greater >= lesser`, kept by a model of the difference.

    Args:
        greater, lesser: the columns.
        gap: the least difference, in steps: 1 for >.
        edges: of its bins, in steps; none for even ones.
        text: the rule as it was written.
    """

    greater: str
    lesser: str
    gap: int
    edges: tuple[int, ...]
    text: str

    @property
    def name(self) -> str:
        """Of the column of the model."""
        return f"{self.greater} - {self.lesser}"


@dataclass(frozen=True, slots=True)
class Plan:
    """How each column comes about.

    Args:
        order: the columns that are modelled, each by itself or as a difference, as in the file.
        differences: by the larger column.
        derived: what follows from other columns, in an order in which it can be computed.
        checks: the rules that are kept by drawing again.
    """

    order: tuple[str, ...]
    differences: Mapping[str, Difference]
    derived: tuple[Derived | Lookup, ...]
    checks: tuple[Compared, ...]


def planned(columns: Mapping[str, Column], rules: Sequence[Rule]) -> Plan:
    """Decide how each column comes about.

    Raises:
        DataError: for rules that name no column, contradict each other, or can never hold.
    """
    derived = _derived(columns, [r for r in rules if not isinstance(r, Compared)])
    modelled = [
        name for name, column in columns.items() if not isinstance(column, Key) and name not in derived
    ]
    compared = [r for r in rules if isinstance(r, Compared)]
    for rule in compared:
        check_rule(rule, columns)
    _refuse_circles(compared)
    differences: dict[str, Difference] = {}
    checks: list[Compared] = []
    for rule in compared:
        always = rule.always(columns)
        if always is False:
            raise DataError(
                f"the rule {rule.text!r:.100} holds for no values within the bounds: correct the bounds of "
                "its columns, or the rule."
            )
        if always and not rule.edges:
            continue
        made = _difference(rule, columns, modelled)
        if made is not None and made.greater not in differences:
            differences[made.greater] = made
        elif rule.edges:
            raise DataError(
                f"the rule {rule.text!r:.100} is kept by drawing again, so that it has no bins: leave out "
                "its edges."
            )
        else:
            checks.append(rule)
    return Plan(tuple(modelled), differences, tuple(derived.values()), tuple(checks))


def _constant(column: Category | Numeric) -> bool:
    """Whether a column can hold one value only."""
    if column.nulls:
        return False
    if isinstance(column, Category):
        return len(column) == 1
    low, high = column.ends()
    return low == high


def _derived(columns: Mapping[str, Column], rules: Sequence[Derived | Lookup]) -> dict[str, Derived | Lookup]:
    """What follows from other columns, in an order in which it can be computed."""
    found: dict[str, Derived | Lookup] = {}
    for rule in rules:
        if rule.target in found:
            raise DataError(
                f"{rule.target!r:.60} follows from two rules, {found[rule.target].text!r:.60} and "
                f"{rule.text!r:.60}: keep one of them."
            )
        _check_derived(rule, columns)
        found[rule.target] = rule
    graph = {target: [s for s in rule.sources if s in found] for target, rule in found.items()}
    try:
        return {target: found[target] for target in TopologicalSorter(graph).static_order()}
    except CycleError as error:
        circle = " -> ".join(error.args[1][::-1])
        raise DataError(f"rules give columns from each other in a circle, {circle}: leave one out.") from None


def _check_derived(rule: Derived | Lookup, columns: Mapping[str, Column]) -> None:
    for name in (rule.target, *rule.sources):
        if name not in columns:
            raise DataError(
                f"the rule {rule.text!r:.100} names {name!r:.60}, and the domain has "
                f"{', '.join(columns)[:200]}: correct it; names with signs in them stand in quotation marks, "
                '"capital-gain".'
            )
    target = columns[rule.target]
    if isinstance(target, Key):
        raise DataError(f"the rule {rule.text!r:.100} gives a key, which is made new: leave it out.")
    if isinstance(rule, Lookup):
        _check_lookup(rule, columns)
    else:
        _check_computed(rule, columns)
    empty = [s for s in rule.sources if not isinstance(c := columns[s], Key) and c.nulls]
    if empty and not target.nulls:
        raise DataError(
            f"the rule {rule.text!r:.100}: {empty[0]!r:.60} can be empty and {rule.target!r:.60} cannot: say "
            "nulls = true for both, or for none."
        )


def _check_lookup(rule: Lookup, columns: Mapping[str, Column]) -> None:
    source, target = columns[rule.source], columns[rule.target]
    if not isinstance(source, Category) or isinstance(target, Date | Key):
        raise DataError(
            f"the rule {rule.text!r:.100} looks up a category, and gives a category or a number: correct the "
            "kinds of its columns."
        )
    missing = [label for label in source.labels if label not in rule.table]
    if missing:
        raise DataError(
            f"the rule {rule.text!r:.100} says nothing about {missing[0]!r:.60}"
            f"{f' and {len(missing) - 1:,} more' if len(missing) > 1 else ''}: give its table a line for "
            f"each value of {rule.source!r:.60}."
        )
    for label, value in rule.table.items():
        if label not in source.labels or looked_up(target, value) is None:
            raise DataError(
                f"the rule {rule.text!r:.100} says '{label} = {value}', and one of these is no value of its "
                "column: correct the table, or the column."
            )


def _check_computed(rule: Derived, columns: Mapping[str, Column]) -> None:
    target = columns[rule.target]
    if not isinstance(target, Integer | Real | Date):
        raise DataError(f"the rule {rule.text!r:.100} gives a number, and {rule.target!r:.60} is a category.")
    check_rule(rule, columns)
    if isinstance(target, Date) and target.every != "day":
        raise DataError(f"the rule {rule.text!r:.100} computes days, and {rule.target!r:.60} holds times.")
    can = range_of(rule.expression, columns)
    if can.day != isinstance(target, Date):
        what = ("a day", "a number") if can.day else ("a number", "a day")
        raise DataError(f"the rule {rule.text!r:.100} gives {what[0]}, and {rule.target!r:.60} is {what[1]}.")
    low, high = (float(e * target.size) if target.whole else float(e) for e in target.ends())
    if can.high < low or can.low > high:
        raise DataError(
            f"the rule {rule.text!r:.100} gives {can.low:g} to {can.high:g}, all outside the bounds of "
            f"{rule.target!r:.60}: correct the bounds, or the rule."
        )


def _refuse_circles(compared: Sequence[Compared]) -> None:
    """Refuse a >= b with b >= a: that is no order."""
    graph: dict[str, list[str]] = {}
    for rule in compared:
        if rule.pair is not None:
            graph.setdefault(rule.pair[0], []).append(rule.pair[1])
    try:
        _ = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " >= ".join(error.args[1][::-1])
        raise DataError(
            f"rules contradict each other, or say that columns are equal: {circle}. Leave one of them out, "
            "or write a = b."
        ) from None


def _difference(rule: Compared, columns: Mapping[str, Column], modelled: Sequence[str]) -> Difference | None:
    """The difference that keeps a rule; None where it has to be kept by drawing again."""
    if rule.pair is None:
        return None
    greater, lesser, gap = rule.pair
    if greater not in modelled or lesser not in modelled:
        return None
    a, b = columns[greater], columns[lesser]
    assert not isinstance(a, Category | Key) and not isinstance(b, Category | Key)
    # Steps of one size count from one 0. Where the smaller one is empty there is no difference.
    alike = type(a) is type(b) and a.size == b.size and a.whole and b.whole
    if not alike or b.nulls:
        return None
    if int(a.ends()[1]) - int(b.ends()[0]) < gap:
        return None
    return Difference(greater, lesser, gap, rule.edges, rule.text)
