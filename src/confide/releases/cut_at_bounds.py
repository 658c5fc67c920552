"""Numbers beyond the bounds of their noise: they are cut there, and what is estimated is of the cut ones."""

from __future__ import annotations

from confide.core.nouns import AnyMechanism
from confide.mechanisms.in_order import steps_of
from confide.mechanisms.randomize.bounds import numbers_of
from confide.mechanisms.randomize.noisy_numbers import NoisyNumbers
from confide.mechanisms.randomize.randomised_columns import RandomisedColumns
from confide.views.table import Table

CUT = (
    "{:,} of {:,} values of {} are beyond {:g}..{:g} and count as the nearer bound, so that estimates are of "
    "the numbers cut there. Choose bounds by what is possible, not by the data."
)


def cut_at_bounds(original: Table, mechanism: AnyMechanism) -> tuple[str, ...]:
    """Count the values of each noisy column that its bounds cut, a sentence each; for internal use alone.

    The counts are of the original and have no noise.
    """
    said: list[str] = []
    for step in steps_of(mechanism):
        for part in step.parts if isinstance(step, RandomisedColumns) else ():
            if not isinstance(part, NoisyNumbers):
                continue
            numbers, bounds = numbers_of(original, part.column), part.bounds
            beyond = int(((numbers < bounds.low) | (numbers > bounds.high)).sum())
            if beyond:
                said.append(CUT.format(beyond, len(numbers), part.column, bounds.low, bounds.high))
    return tuple(said)
