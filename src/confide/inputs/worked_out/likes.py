"""What was done to likes before they were released."""

from __future__ import annotations

from confide.inputs.worked_out.making import Making, making
from confide.inputs.worked_out.pairs import Pairs, rows_left
from confide.views.interactions import Interactions


def worked_out(records: Interactions, released: Interactions) -> Making:
    """What was suppressed or invented.

    Args:
        records: the original, of the people of whom the audit knows.
        released: the release of the same people under the same codes.
    """
    steps, doubt = rows_left(Pairs.of(records, released))
    return making(steps, [doubt])
