"""What is left of traces, against hand-computed maps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from confide.utility.traces import FLOWS, KEPT, MOVED, SHIFTED, VISITS, left_of
from confide.views.traces import Traces

WHERE = np.array([[0.001, 0.001], [0.001, 0.0511], [0.001, 0.1011], [0.0012, 0.0012]])


def walk(place: list[int], person: list[int] | None = None) -> Traces:
    who = np.zeros(len(place), np.int64) if person is None else np.array(person)
    return Traces(
        who.astype(np.int32),
        60 * np.arange(len(place)),
        np.array(place, np.int32),
        int(who.max()) + 1,
        4,
        WHERE,
    )


def test_nothing_changed_is_nothing_lost() -> None:
    data = walk([0, 1, 2, 0])
    assert left_of(data, data) == {KEPT: 1, SHIFTED: 0, MOVED: 0, VISITS: 0, FLOWS: 0}


def test_maps_by_hand() -> None:
    """Flows 0-1, 1-2, 2-0 against 0-1, 1-0, 0-0 in thirds: 2/3.

    Visits 2, 1, 1 against 3, 1 in quarters: 1/4.
    """
    found = left_of(walk([0, 1, 2, 0]), walk([0, 1, 3, 0]))  # place 3 is in the cell of place 0
    assert found[FLOWS] == pytest.approx(2 / 3) and found[VISITS] == pytest.approx(1 / 4)
    assert found[MOVED] == pytest.approx(0.0999 * 111_195.08 / 4, rel=1e-3)


def test_cut_traces_lose_flows_and_no_visits() -> None:
    found = left_of(walk([0, 1, 2, 0]), walk([0, 1, 2, 0], [0, 0, 1, 1]))
    assert found[VISITS] == 0 and found[FLOWS] == pytest.approx(1 / 3)


def test_fewer_points_are_counted_and_not_said_to_have_moved() -> None:
    found = left_of(walk([0, 1, 2, 0]), walk([0, 1]))
    assert found[KEPT] == 0.5 and MOVED not in found and SHIFTED not in found


def test_flows_follow_no_order_that_the_release_does_not_show() -> None:
    """In one bin the visits 2, 0, 1 stand as 0, 1, 2: flows 0-1, 1-2 against 2-0, 0-1 are half apart."""
    data = walk([2, 0, 1])
    found = left_of(data, replace(data, time=data.time // 600 * 600))
    assert found[FLOWS] == pytest.approx(1 / 2) and found[VISITS] == found[MOVED] == 0
