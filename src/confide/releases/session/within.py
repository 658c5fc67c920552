"""The smallest epsilon for an error that the analyst can bear."""

from __future__ import annotations

import math
from collections.abc import Mapping

from confide.account.costs import MILLIONTH, MOST_EPSILON, decimal
from confide.core.errors import BudgetError, PromiseError
from confide.core.fields import shown
from confide.releases.session.planning import plan
from confide.releases.session.prices import Price
from confide.releases.session.quoting import widths_of
from confide.releases.sql import Query

GUESS = "a public guess of the rows of the smallest group (--rows 500, in Python rows=500)"


def price_within(
    query: Query, within: float | Mapping[str, float], *, rows: int | None, delta: int
) -> tuple[Price, tuple[str, ...]]:
    """The smallest price at which the noise moves no number by more, at 95 %.

    Args:
        query: of the question.
        within: for all numbers whose error is known beforehand, or by the names of columns of the answer.
        rows: a public guess of the rows of the smallest group that matters.
        delta: of the question, in 1e-15.

    Returns:
        The price, and a note on numbers for which it says nothing.

    Raises:
        BudgetError: if no price does, or nothing about the error is known beforehand.
    """
    known = _widths(query, MILLIONTH, rows, delta)
    asked = _asked(within, known)
    low, high = 1, MOST_EPSILON * MILLIONTH - 1
    if not _good(_widths(query, high, rows, delta), asked):
        raise BudgetError(
            f"no epsilon below {MOST_EPSILON:,} keeps the noise within {shown(within)}: bear a larger error."
        )
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _good(_widths(query, middle, rows, delta), asked) else (middle + 1, high)
    left_out = [name for name in known if name not in asked]
    note = (
        f"The error that you can bear says nothing about {', '.join(left_out)}: see the interval there. "
        f"For means, give {GUESS}."
    )
    return Price(epsilon=high, delta=delta), (note,) if left_out else ()


def bought(query: Query, epsilon: int, *, rows: int | None, delta: int) -> str:
    """What an epsilon buys: the error of each number that is known beforehand."""
    if not epsilon:
        return "nothing"
    widths = {n: w for n, w in _widths(query, epsilon, rows, delta).items() if w is not None}
    told = ", ".join(f"{n} within {w:g}" for n, w in widths.items() if math.isfinite(w))
    return f"epsilon {decimal(epsilon, MILLIONTH)} buys {told or 'noise beyond all use'}"


def _asked(within: float | Mapping[str, float], known: Mapping[str, float | None]) -> dict[str, float]:
    asked: dict[str, float]
    if isinstance(within, Mapping):
        for name in within:
            if name not in known:
                raise BudgetError(f"within names no number {name!r:.60}: there are {', '.join(known)}.")
            if known[name] is None:
                raise BudgetError(
                    f"the error of {name} depends on how many rows a group has: give {GUESS}, or an "
                    "epsilon in the place of within."
                )
        asked = dict(within)
    else:
        asked = {name: within for name, width in known.items() if width is not None}
    for width in asked.values():
        if isinstance(width, bool) or not isinstance(width, int | float) or not 0 < width < math.inf:
            raise BudgetError(f"within is {shown(width)}: give a finite number above 0.")
    if not asked:
        raise BudgetError(
            f"the error of {', '.join(known)} depends on how many rows a group has: give {GUESS}, or an "
            "epsilon in the place of within."
        )
    return asked


def _widths(query: Query, epsilon: int, rows: int | None, delta: int) -> dict[str, float | None]:
    try:
        return widths_of(plan(query, Price(epsilon=epsilon, delta=delta)), rows=rows)
    # Noise that is too large to be drawn is too large to be borne.
    except PromiseError:
        names = {name: math.inf for name, part, _ in query.columns if part == "aggregate"}
        return dict(names)


def _good(widths: Mapping[str, float | None], asked: Mapping[str, float]) -> bool:
    return all((width := widths[name]) is not None and width <= most for name, most in asked.items())
