"""The meter's exhibits: error in metres rises with the noise and stays below that of habits alone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from confide.audits.traces.localisation import localisation_exhibits
from confide.core.errors import EvidenceError
from confide.core.nouns import Mechanism
from confide.data.commuters import Commuters
from confide.games.linkage.traces import EarlierKnown, TracesWorld
from confide.measure.distortion import expected_error, over_people, uncertainty
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.split_traces import SplitTraces
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace
from confide.views.traces import Traces

TRACES = Commuters(people=80)(rng=np.random.default_rng(0))


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def world(traces: Traces, mechanism: Mechanism[Traces]) -> TracesWorld:
    """A release of nearly everybody."""
    return EarlierKnown(traces=traces, mechanism=mechanism, targets=2).deal(0, rng=rng())


@pytest.mark.slow
def test_error_rises_with_obfuscation_and_stays_below_that_of_habits():
    found = []
    for mechanism in (
        Published(),
        *(PlanarLaplace(within_m=m, noise="rehearsal") for m in (200, 600, 1_800)),
    ):
        errors, meetings = localisation_exhibits(TRACES, world(TRACES, mechanism), rng=rng())
        prior, local, tracked = (row[1].value for row in errors.rows)
        assert max(local, tracked) < prior
        found.append((local, tracked))
        assert errors.of == 50 and meetings.rows[1][3].value > meetings.rows[0][3].value
    assert (np.diff(np.array(found), axis=0) > 0).all()
    assert found[0][0] < 10 and found[0][1] == 0, "what is published as it is is found"


def test_places_without_coordinates_and_too_few_people():
    plain = Traces.of(TRACES.person, TRACES.time, TRACES.place)
    errors, _ = localisation_exhibits(plain, world(plain, Published()), rng=rng(), people=10)
    assert "wrong region" in errors.head[1]
    assert errors.rows[0][1].value == pytest.approx(1 - errors.rows[0][2].value)
    one = TRACES.take(np.array([0]))
    assert localisation_exhibits(one, world(TRACES, Published()), rng=rng()) == ()


@pytest.mark.slow
def test_only_people_in_the_release_are_looked_for_and_their_pieces_are_put_together():
    """An adversary that knows whose each row is finds split traces as surely as whole ones."""
    game = EarlierKnown(traces=TRACES, mechanism=SplitTraces(hours=24), targets=60)
    dealt = game.deal(0, rng=rng())
    errors, _ = localisation_exhibits(TRACES, dealt, rng=rng(), people=80)
    assert errors.of == 80 - (~dealt.exposed).sum()
    assert errors.rows[2][1].value == 0


def test_distortion_by_hand():
    belief = np.array([[0.5, 0.5, 0.0], [0.0, 0.25, 0.75]])
    distance = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 4.0], [2.0, 4.0, 0.0]])
    assert expected_error(belief, np.array([2, 0]), distance).tolist() == [3.0, 1.75]
    assert uncertainty(belief) == pytest.approx([1.0, 0.25 * 2 + 0.75 * math.log2(4 / 3)])
    found = over_people(np.array([1.0, 3.0, 4.0]), np.array([0, 0, 5]))
    half = 12.706 * math.sqrt(2) / math.sqrt(2)  # people's means are 2 and 4; t with one degree
    assert found.value == 3 and (found.low, found.high) == (0.0, pytest.approx(3 + half, abs=1e-2))
    with pytest.raises(EvidenceError, match="2 or more"):
        over_people(np.array([1.0]), np.array([0]))
