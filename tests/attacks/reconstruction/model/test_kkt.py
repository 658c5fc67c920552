"""KKT reconstruction against KKT points that are known: by hand, in the plane, and of trained networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from confide.attacks.reconstruction.model import KktReconstruction
from confide.attacks.reconstruction.model._differences import directions
from confide.attacks.reconstruction.model._stationarity import multipliers, stationarity
from confide.core.errors import DataError, KnowledgeError, ModelError
from confide.core.nouns import Case, Guess
from confide.core.play import play
from confide.games.reconstruction.candidates import CandidateRebuilding, ReleasedNetwork, sought
from confide.knowledge.rebuilding import KnownRange
from confide.learners.torch.margin import MarginDescent
from confide.measure.rebuilding import cosines, nearest_cosine
from confide.mechanisms.learn.fit import Fit
from confide.models.hidden_layer import HiddenLayer
from confide.models.torch.model import TorchModel
from confide.views.records import Records

RNG = np.random.default_rng
RANGE = KnownRange(low=-5.0, high=5.0)
TURN = 2 * np.pi * np.arange(3) / 3
SUPPORT = 2 * np.column_stack([np.cos(TURN), np.sin(TURN)])
"""Three records 120 degrees apart: with the 1 behind them any two have the product 4 cos(120) + 1 = -1."""
SIGN = np.array([1.0, -1.0, 1.0])


def hard_margin() -> HiddenLayer:
    """The network of largest margin on `SUPPORT`, in closed form: a unit for each record, closed for others.

    A unit w, v that is open for one record r = [x, 1] alone has the margin |v| w . r of it. With margin 1 the
    least |w|^2 + v^2 is at |v| = |w| and w along r, so that |w|^2 |r| = 1; its multiplier is |w| / (|v| |r|).
    """
    rows = np.column_stack([SUPPORT, np.ones(3)])
    length = np.linalg.norm(rows, axis=1)
    return HiddenLayer(incoming=rows / length[:, None] ** 1.5, outgoing=SIGN / length**0.5)


def module(net: HiddenLayer) -> TorchModel:
    units, features = net.incoming[:, :-1].shape
    made = nn.Sequential(nn.Linear(features, units), nn.ReLU(), nn.Linear(units, 1, bias=False))
    state = (net.incoming[:, :-1], net.incoming[:, -1], net.outgoing[None])
    for parameter, value in zip(made.parameters(), state, strict=True):
        parameter.data = torch.tensor(value).float()
    return TorchModel(made)


def margin(**how: Any) -> Any:
    return Fit(MarginDescent(**how))


def guessed(view: TorchModel, targets: int = 1, **settings: Any) -> Guess:
    return KktReconstruction(**settings)(Case(view, RANGE, np.arange(targets)), rng=RNG(0))


def nearest(guess: Guess, truth: np.ndarray) -> np.ndarray:
    """The distance of each record to the nearest candidate."""
    assert guess.value is not None
    made = guess.value[0][:, :-1]
    return np.sqrt(((truth[:, None] - made) ** 2).sum(axis=2)).min(axis=1)


def test_the_residual_is_nothing_at_a_kkt_point_and_its_multipliers_are_known() -> None:
    net = hard_margin()
    found = stationarity(net, SUPPORT, SIGN)
    assert found.residual < 1e-6 and found.right == 1
    assert found.margin == pytest.approx(1)
    assert found.multipliers == pytest.approx(5**-0.5)  # |[x, 1]| is the root of 5
    # Records farther out have a margin above the least one, and the multiplier 0.
    more = stationarity(net, np.vstack([SUPPORT, 2 * SUPPORT]), np.tile(SIGN, 2))
    assert more.residual < 1e-6 and more.multipliers[3:] == pytest.approx(0, abs=1e-5)
    # With wrong labels no multiplier of at least 0 explains anything.
    assert stationarity(net, SUPPORT, -SIGN).residual == pytest.approx(1)


def test_a_record_on_the_edge_of_a_unit_may_have_any_derivative() -> None:
    """One unit that record 2 is on the edge of, with derivative .4: with 0 or 1 alone a residual is left."""
    a = np.array([2.0, 0.0, 1.0])
    b = np.array([-1.0, 1.5, 1.0])
    # w = v (a + .4 c b) with w . b = 0 asks c = -a . b / (.4 |b|^2).
    factor = -(a @ b) / (0.4 * (b @ b))
    direction = a + 0.4 * factor * b
    assert direction @ b == pytest.approx(0)
    # v = lambda_a w . a asks lambda_a direction . a = 1.
    pull = 1 / np.sqrt(direction @ a)
    net = HiddenLayer(incoming=(pull * direction)[None], outgoing=np.array([1.0]))
    x, sign = np.stack([a, b])[:, :-1], np.ones(2)
    scaled = HiddenLayer(incoming=net.incoming, outgoing=np.array([1.0]))
    _, hard = multipliers(scaled, x, (net.before(x) > 1e-9).astype(np.float64), sign)
    soft = stationarity(scaled, x, sign)
    assert hard / scaled.square > 0.01
    assert soft.residual < 0.1 * np.sqrt(hard / scaled.square)


def test_the_residual_of_a_subset_is_never_smaller() -> None:
    """Against a naive search: multipliers on a grid leave no less than the ones that are found."""
    net = HiddenLayer(incoming=RNG(1).normal(size=(4, 3)), outgoing=RNG(2).normal(size=4))
    x, sign = RNG(3).normal(size=(2, 2)), np.array([1.0, -1.0])
    open_ = (net.before(x) > 0).astype(np.float64)
    _, left = multipliers(net, x, open_, sign)
    rows = np.column_stack([x, np.ones(2)])
    grid = []
    for first in np.linspace(0, 3, 61):
        for second in np.linspace(0, 3, 61):
            pull = np.array([first, second]) * sign
            inner = net.incoming - np.einsum("i,ij,j,id->jd", pull, open_, net.outgoing, rows)
            outer = net.outgoing - pull @ np.maximum(net.before(x), 0)
            grid.append((inner**2).sum() + (outer**2).sum())
    assert left <= min(grid) + 1e-9 and left == pytest.approx(min(grid), rel=0.02)


def test_the_support_vectors_of_a_hard_margin_are_recovered() -> None:
    """All three, to a hundredth of their length, with their labels and nothing else."""
    guess = guessed(module(hard_margin()))
    assert (nearest(guess, SUPPORT) < 0.02).all()
    assert guess.value is not None and guess.value.shape[1:] == (3, 3)
    order = [int(np.linalg.norm(guess.value[0][:, :-1] - s, axis=1).argmin()) for s in SUPPORT]
    assert (guess.value[0][order, -1] == (SIGN > 0)).all()


def test_differences_hold_a_record_that_two_units_disagree_on() -> None:
    """Units with the sums A and A + 2 [x, 1] differ by x, wherever A points."""
    rest, own = RNG(0).normal(size=(5, 4)), np.array([0.3, -1.0, 2.0, 1.0])
    sums = np.vstack([rest, rest + 2 * own])
    outgoing = RNG(1).normal(size=len(sums))
    found = directions(HiddenLayer(incoming=sums * outgoing[:, None], outgoing=outgoing), most=1)
    assert found[0] @ own / np.linalg.norm(own) > 0.99  # the mean of those that point nearly the same way


def test_what_it_cannot_read_it_says() -> None:
    for net, says in (
        (nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1)), "and this is another model"),
        (nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 3, bias=False)), "one output"),
        (nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1, bias=False)), "no sign that records"),
        (nn.Linear(2, 1), "another model"),
        (nn.Sequential(nn.Linear(2, 8, bias=False), nn.ReLU(), nn.Linear(8, 1, bias=False)), "with biases"),
    ):
        with pytest.raises(KnowledgeError, match=says):
            guessed(TorchModel(net))


def test_a_network_without_weights_is_no_all_clear() -> None:
    net = HiddenLayer(incoming=np.array([[0.0, 0.0, 1e-9]]), outgoing=np.zeros(1))
    guess = guessed(module(net))
    assert guess.diagnostics is not None and not guess.diagnostics.conclusive


def test_a_claim_is_right_where_it_is_nearer_than_any_other_record() -> None:
    """Four records around their mean, neighbours 20 degrees apart: half that square is 14 degrees."""
    angle = np.deg2rad([0.0, 20.0, 180.0, 200.0])
    x = np.column_stack([np.cos(angle), np.sin(angle)])
    seen = sought(Records(x, np.array([0, 1, 0, 1])))
    assert seen.others == pytest.approx(np.cos(np.deg2rad(20)), abs=1e-6)
    game = CandidateRebuilding(mechanism=margin(), records=Records(x, np.zeros(4)), known=RANGE)
    # 1 - cos 14.1 = (1 - cos 20) / 2.
    for degrees, right in (
        (10.0, [True, True, False, False]),
        (-13.9, [True, False, False, False]),
        (-14.3, [False] * 4),
    ):
        way = np.deg2rad(degrees)
        claim = np.array([[[3 * np.cos(way), 3 * np.sin(way), 1.0]]])
        assert game.hits(Guess(np.repeat(claim, 4, axis=0), np.zeros(4)), seen).tolist() == right
    assert not game.hits(Guess(np.empty((4, 0, 3)), np.zeros(4)), seen).any()


def test_cosines_are_those_of_a_naive_loop() -> None:
    a, b = RNG(0).normal(size=(5, 3)), RNG(1).normal(size=(4, 3))
    naive = [[u @ v / np.sqrt((u @ u) * (v @ v)) for v in b] for u in a]
    assert cosines(a, b) == pytest.approx(np.array(naive))
    assert nearest_cosine(a, np.vstack([a[:1], b]))[0] == pytest.approx(max(naive[0]))


def test_a_network_that_cannot_learn_its_records_is_refused() -> None:
    same = Records(np.ones((2, 2)), np.array([0, 1]))
    with pytest.raises(ModelError, match="wrong side"):
        MarginDescent(hidden=5, steps=20).fit(same, rng=RNG(0))


def test_ranges_and_worlds_that_are_none_are_refused() -> None:
    for low, high in ((1.0, 1.0), (0.0, np.inf), (np.nan, 1.0)):
        with pytest.raises(KnowledgeError, match="give low below high"):
            KnownRange(low=low, high=high)
    with pytest.raises(DataError, match="must be numbers"):
        import polars as pl

        sought(Records(pl.DataFrame({"a": ["x"]}), np.array([0])))


@pytest.mark.slow
def test_records_that_trained_are_rebuilt_and_others_are_not() -> None:
    """Thirty records of twenty features, half of them in, in eight worlds.

    Of the controls a hit is chance: if it were 5 in 100, more than 17 hits of 124 would come once in 10,000
    runs.
    """
    records = Records(RNG(0).normal(size=(30, 20)), RNG(1).integers(0, 2, 30))
    game = CandidateRebuilding(mechanism=margin(hidden=100, steps=2_000), records=records, known=RANGE)
    table = play(game, KktReconstruction(candidates=40, steps=300), worlds=8, rng=RNG(5)).table
    inside = table.filter("exposed")["hit"].to_numpy()
    outside = table.filter(~table["exposed"])["hit"].to_numpy()
    assert inside.mean() > 0.3
    assert outside.sum() <= 17


def test_a_released_network_has_one_world() -> None:
    x = RNG(0).normal(size=(8, 3))
    game = ReleasedNetwork(
        view=module(hard_margin()), records=Records(x, np.zeros(8, int)), member=np.arange(8) < 4,
        asked=np.arange(8)[::-1], known=RANGE,
    )  # fmt: skip
    world = game.deal(0, rng=RNG(0))
    assert world.exposed.tolist() == [False] * 4 + [True] * 4 and not game.randomised
    with pytest.raises(Exception, match="world 0 only"):
        game.deal(1, rng=RNG(0))
