"""Choosing by the table of rules, with what the planner says of the cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.durations import in_bytes
from confide.core.errors import ConfideError, PromiseError
from confide.releases.advising.rules import RULES
from confide.releases.advising.situation import Situation


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What fits a case.

    Args:
        mechanism: its name; "" where nothing fits.
        because, cost, open: why it fits, what it costs, and what it does not protect.
        commands: what to type.
        page: of the documentation.
        also: other mechanisms that fit.
    """

    mechanism: str
    because: str
    cost: str
    open: str
    commands: tuple[str, ...]
    page: str
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.mechanism:
            return f"Nothing here fits. {self.because}"
        lines = [
            f"Use: {self.mechanism}",
            f"Because: {self.because}",
            f"Cost: {self.cost}",
            f"Not protected: {self.open}",
            "Type:",
            *(f"  {command}" for command in self.commands),
            f"Page: docs/{self.page}",
        ]
        return "\n".join([*lines, *([f"Also possible: {', '.join(self.also)}"] if self.also else [])])


def advise(situation: Situation) -> Advice:
    """Name the mechanism that fits a case.

    >>> advise(Situation("scores", model="another")).mechanism
    'outsource'
    """
    fitting = [rule for rule in RULES if rule.when(situation)]
    if not fitting:
        return Advice(
            mechanism="", because=_missing(situation), cost="", open="", commands=(), page="index.md"
        )
    first, *others = fitting
    try:
        cost = first.cost or _forecast(situation)
    except PromiseError as error:
        return Advice(mechanism="", because=str(error), cost="", open="", commands=(), page=first.page)
    also = dict.fromkeys(rule.mechanism for rule in others if rule.mechanism != first.mechanism)
    return Advice(
        mechanism=first.mechanism,
        because=first.because,
        cost=cost,
        open=first.open,
        commands=first.commands,
        page=first.page,
        also=tuple(also),
    )


def _missing(s: Situation) -> str:
    """Why no rule fits, and what would have to change."""
    if s.want == "answers":
        return (
            "Questions that come later are answered by one holder of all records. Agree on the statistics "
            "beforehand (--want statistics), or let each holder answer for itself (--records one)."
        )
    needed = 2 * s.colluding + 1
    return (
        f"Of {s.all_parties} parties {s.colluding} may collude, and fewer than half must: with "
        f"{s.colluding} it takes {needed} parties. Helpers without records count."
    )


def _forecast(s: Situation) -> str:
    """What the planner says of scores on encrypted rows, of a linear model whose weights are 1.

    Raises:
        PromiseError: if no layout keeps the limit.
    """
    if s.features is None:
        return "Give --features and --outputs to have time, bytes and error of a linear model foretold."
    from confide.mechanisms.encrypt.arithmetic import Affine, Arithmetic
    from confide.mechanisms.encrypt.comparing import Limits, compare_layouts

    model = Arithmetic((Affine(np.ones((s.outputs, s.features)), np.zeros(s.outputs)),))
    try:
        options = compare_layouts(model, rows=s.rows, bound=1.0, limits=Limits(latency=s.seconds))
    except ConfideError as error:
        return f"No forecast: {error}"
    best = options[0]
    cost = best.forecast
    if cost is None or not best.fits:
        raise PromiseError(
            f"Scores on encrypted rows do not keep the limit: {'; '.join(best.obstacles)}. Allow more "
            "seconds, or ask about fewer rows."
        )
    return (
        f"For a linear model and {s.rows:,} rows, in layout {best.name} on this machine: {cost.cpu:.2g} s of "
        f"one processor on both sides together, {in_bytes(cost.up)} up, {in_bytes(cost.down)} down, and an "
        f"error of {cost.worst_error:.1g} at most, where inputs are between -1 and 1."
    )
