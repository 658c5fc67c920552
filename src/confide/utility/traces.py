"""Utility of released traces: points kept, distances moved, and errors of visit and flow maps."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.core.estimate import Measured
from confide.core.language import later
from confide.mechanisms.anonymize.coarse_traces import cells
from confide.views.traces import Traces, metres

# Maps of a city are commonly drawn on cells of a kilometre.
GRID_M = 1_000.0

# The names of the measures, as the report prints them.
KEPT, MOVED, SHIFTED = later("points kept"), later("metres moved"), later("minutes shifted")
VISITS, FLOWS = later("visit-map error"), later("flow-map error")


def left_of(original: Traces, view: Traces) -> Measured:
    """Measure what a release of traces is still good for, for a person who draws maps of it.

    Args:
        original: the traces before the mechanism.
        view: the release. If it has as many visits, they are the same visits in the same order.

    Returns:
        the share of points kept; the average metres moved and minutes shifted, if no visit was dropped;
        the visit-map error, and the flow-map error over steps from one visit of a trace to the next. A map
        error is half the sum of the absolute differences of the maps' shares on cells of a kilometre: 0 for
        equal maps, 1 for maps with nothing in common. Without latitudes and longitudes maps count places.
        Nothing shows which of a person's visits at one time came first, so a flow takes them cell by cell.
    """
    found: dict[str, float] = {KEPT: len(view) / max(len(original), 1)}
    # With a visit dropped, the rows of both no longer match.
    if len(view) == len(original) and len(original):
        found[SHIFTED] = float(np.abs(view.time - original.time).mean()) / 60
        if original.where is not None and view.where is not None:
            found[MOVED] = float(metres(original.where[original.place], view.where[view.place]).mean())
    one, other = _on_grid(original, view)
    both = int(max(one.max(initial=0), other.max(initial=0))) + 1
    found[VISITS] = apart(one, other)
    found[FLOWS] = apart(_flows(original, one, both), _flows(view, other, both))
    return found


def apart(one: Ints, other: Ints) -> float:
    """Total variation distance of two empirical distributions over codes, in [0, 1].

    >>> apart(np.array([0, 0, 1, 2]), np.array([0, 0, 0, 0]))
    0.5
    """
    # Two empty maps are equal, an empty one and another have nothing in common.
    if not len(one) or not len(other):
        return float(len(one) != len(other))
    codes, at = np.unique(np.concatenate([one, other]), return_inverse=True)
    first, second = at[: len(one)], at[len(one) :]
    shares = [np.bincount(part, minlength=len(codes)) / len(part) for part in (first, second)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def _on_grid(original: Traces, view: Traces) -> tuple[Ints, Ints]:
    """The kilometre cell of each visit of both, in one numbering."""
    if original.where is None or view.where is None:
        return original.place.astype(np.int64), view.place.astype(np.int64)
    where: Floats = np.concatenate([original.where, view.where])
    # Both at once, so that a cell has the same number in both maps.
    cell, _ = cells(where, metres=GRID_M)
    return cell[original.place], cell[len(original.where) + view.place.astype(np.int64)]


def _flows(traces: Traces, cell: Ints, cells: int) -> Ints:
    """The codes of all steps from one visit of a person to the next visit."""
    # Binned visits may still stand in their true order, which the release will not show.
    order = np.lexsort((cell, traces.time, traces.person))
    traces, cell = traces.rows(order), cell[order]
    # The step from one person's last visit to the next person's first is none.
    same = traces.person[1:] == traces.person[:-1]
    return cell[:-1][same] * cells + cell[1:][same]
