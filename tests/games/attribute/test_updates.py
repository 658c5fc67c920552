"""The game of property inference: who is behind an update, what is shown, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.core.nouns import Guess
from confide.games.attribute.updates import BatchProperty
from confide.knowledge.properties import BatchMix, shared_by
from confide.learners.first_weights import dense_layers
from confide.mechanisms.learn.batch_gradient import BatchGradient
from confide.views.records import Records
from confide.views.shared_round import SharedRound

RNG = np.random.default_rng
LAYERS = dense_layers((3, 4, 2), rng=RNG(0))


def at(rng: np.random.Generator) -> BatchGradient:
    return BatchGradient(network=LAYERS)


def everybody(n: int = 60) -> tuple[Records, np.ndarray]:
    """Every third person has the property."""
    return Records(RNG(1).random((n, 3)), np.arange(n) % 2), np.arange(n) % 3 == 0


def game(**how: Any) -> BatchProperty:
    records, has = everybody()
    settings = {"round": at, "records": records, "has": has, "mix": BatchMix(batch=6, inside=3)}
    return BatchProperty(**{**settings, **how})


@pytest.mark.parametrize("parties", [1, 3])
def test_a_batch_holds_as_many_as_it_is_said_to(parties: int) -> None:
    mix, (_, has) = BatchMix(batch=6, inside=2, parties=parties), everybody()
    for seed in range(50):
        for present in (True, False):
            rows = mix.drawn(has, present=present, rng=RNG(seed))
            assert len(rows) == 6 * parties == len(set(rows.tolist()))
            assert has[rows[:6]].sum() == 2 * present


def test_the_other_parties_have_people_as_they_come() -> None:
    """A third has the property: 400 draws of 12 miss it by .05 (seven standard errors) hardly ever."""
    mix, (_, has) = BatchMix(batch=6, inside=2, parties=3), everybody(6_000)
    share = np.mean([has[mix.drawn(has, present=True, rng=RNG(s))[6:]].mean() for s in range(400)])
    assert abs(share - 1 / 3) < 0.05


def test_the_gradient_of_all_records_is_the_mean_over_parties() -> None:
    mix, (records, has) = BatchMix(batch=6, inside=2, parties=3), everybody()
    sent, labels = shared_by(at(RNG(0)), mix, records, has, np.array([True]), rng=RNG(5))
    rows = mix.drawn(has, present=True, rng=RNG(5).spawn(2)[0])
    each = [at(RNG(0))(records.take(part), rng=RNG(0)).view.vector for part in rows.reshape(3, 6)]
    assert np.allclose(sent.gradients[0], np.mean(each, axis=0), atol=1e-12)
    assert sent.records == 18 and labels.tolist() == [np.bincount(records.y[rows]).tolist()]


def test_a_fair_coin_decides_for_each_update() -> None:
    dealt = [game(asked=40).deal(world, rng=RNG(world)) for world in range(10)]
    # 400 coins miss a half by .15 (six standard errors) hardly ever.
    assert abs(np.mean([one.exposed.mean() for one in dealt]) - 0.5) < 0.15
    assert len({int(i) for one in dealt for i in one.ids}) == 400  # type: ignore[union-attr]
    assert all(np.array_equal(one.secrets, one.exposed) for one in dealt)
    assert dealt[0].case.view.gradients.shape == (40, 26) and dealt[0].case.targets.shape == (40, 2)
    assert (dealt[0].case.targets.sum(axis=1) == 6).all()
    assert game().hits(Guess(None, np.zeros(40)), dealt[0].secrets).all()
    assert "no party is left out" in game().no_coin and not game().randomised


def test_the_adversary_makes_updates_at_the_model_of_the_round() -> None:
    """At its own people as the parties at theirs: the same seed and people give the same updates."""
    records, has = everybody()
    known = game(people=records, people_have=has).deal(0, rng=RNG(0)).case.known
    present = np.array([True, False, True])
    made = known.made("test", present, rng=RNG(3))
    again, _ = shared_by(at(RNG(0)), BatchMix(batch=6, inside=3), records, has, present, rng=RNG(3))
    assert np.array_equal(made.gradients, again.gradients)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"has": np.ones(3, np.bool_)}, r"\(3,\) truths for 60 people"),
        ({"people": everybody()[0]}, "say of each person"),
        ({"people": everybody()[0], "people_have": np.ones(3, np.bool_)}, "the adversary's people"),
        ({"has": np.zeros(60, np.bool_)}, "0 people with the property, 60 without"),
        ({"has": np.ones(60, np.bool_)}, "60 people with the property, 0 without"),
        ({"mix": BatchMix(batch=6, inside=3, parties=11)}, "fill 11 batches of 6"),
        ({"asked": 0}, "and 0 updates"),
    ],
)
def test_what_cannot_be_dealt_is_refused(how: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        game(**how)


@pytest.mark.parametrize("how", [{"inside": 0}, {"inside": 33}, {"parties": 0}, {"batch": 0}])
def test_a_mix_that_is_none_is_refused(how: dict[str, int]) -> None:
    with pytest.raises(DataError, match="give at least 1 of each"):
        BatchMix(**how)


def test_a_round_is_of_one_model_and_of_equal_batches() -> None:
    records, _ = everybody()
    one = at(RNG(0))(records.take(range(4)), rng=RNG(0)).view
    other = BatchGradient(network=dense_layers((3, 4, 2), rng=RNG(9)))(
        records.take(range(4)), rng=RNG(0)
    ).view
    fewer = at(RNG(0))(records.take(range(3)), rng=RNG(0)).view
    assert np.array_equal(SharedRound.of([one, one]).gradients, np.stack([one.vector] * 2))
    for updates, says in (
        ([], "without updates"),
        ([one, other], "different models"),
        ([one, fewer], "equal"),
    ):
        with pytest.raises(DataError, match=says):
            SharedRound.of(updates)
