"""The tap that watches: what it replaces and what it records, by hand on two steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from confide.core.errors import ConfideError
from confide.learners.tap import SILENT, TrainingPlan
from confide.learners.watching import LONG, Watch

PLAN = TrainingPlan(rate=0.5, multiplier=2.0, clip=3.0, steps=2, batch=4.0)


def watch(canaries: int = 2, **given: Any) -> Watch:
    made: dict[str, Any] = {"known": 3, "members": np.array([1]), "rng": np.random.default_rng(0)} | given
    one = Watch(canaries=canaries, **made)
    one.plan(PLAN)
    return one


def test_a_canary_is_one_long_gradient_in_a_direction_of_its_own() -> None:
    one = watch()
    given = np.arange(1.0, 16.0).reshape(3, 5)
    new = one.gradients(np.array([0, 3, 2]), given)
    own = np.flatnonzero(new[1])
    assert len(own) == 1 and abs(new[1, own[0]]) == LONG * PLAN.clip
    # Known records have nothing along any canary's direction, and are as they were elsewhere.
    gone = np.flatnonzero((new[[0, 2]] == 0).all(0))
    assert len(gone) == 2 and own[0] in gone
    rest = np.setdiff1d(np.arange(5), gone)
    assert (new[[0, 2]][:, rest] == given[[0, 2]][:, rest]).all()
    assert given[1, 0] == 6  # what was given is not changed


def test_signal_noise_and_clipping_are_recorded_in_their_units() -> None:
    one = watch()
    new = one.gradients(np.array([0, 3]), np.array([[3.0, 4.0, 0.0, 0.0, 0.0], [1.0] * 5]))
    lengths = np.linalg.norm(new, axis=1)
    total = (new * np.minimum(1, PLAN.clip / np.maximum(lengths, 1e-9))[:, None]).sum(0)
    one.noised(total, total + 6.0, (total + 6.0) / 4.0)
    log = one.log
    assert log.misclipped[0] < 1e-12 and log.misapplied[0] < 1e-12
    assert log.squares == pytest.approx(5)  # noise of one deviation (2 x 3) at each of five coordinates
    assert sorted(np.abs(log.clean[0])) == pytest.approx([0.0, 1.0])  # canary 1 is in, canary 0 is not
    # Noise of 6 is two clipping norms, towards a canary's own sign or away from it.
    assert np.abs(log.signal[0] - log.clean[0]) == pytest.approx([2.0, 2.0])


def test_a_sum_that_is_not_clipped_is_seen() -> None:
    one = watch()
    new = one.gradients(np.array([0]), np.full((1, 5), 9.0))
    one.noised(new.sum(0), new.sum(0))
    assert one.log.misclipped[0] > 1


def test_parts_of_a_batch_are_one_step() -> None:
    one = watch(canaries=0)
    parts = [one.gradients(np.array([i]), np.full((1, 5), 0.1)) for i in (0, 2)]
    total = np.concatenate(parts).sum(0)
    one.noised(total, total)
    assert one.log.steps == 1 and one.log.batches[0].tolist() == [0, 2] and one.log.misclipped[0] < 1e-12


def test_an_empty_batch_is_a_step() -> None:
    one = watch()
    one.noised(np.zeros(5), np.ones(5))
    assert one.log.steps == 1 and not len(one.log.batches[0])


def test_a_gradient_that_is_not_finite_counts_as_left_out() -> None:
    one = watch(canaries=0)
    new = one.gradients(np.array([0, 1]), np.array([[np.nan] * 5, [0.1] * 5]))
    one.noised(new[1], new[1])
    assert one.log.misclipped[0] < 1e-12


def test_coins_of_a_step_put_canaries_on_top_of_the_batch() -> None:
    one = watch(canaries=4, members=np.zeros(0, np.int64), each_step=True)
    for _ in range(50):
        new = one.gradients(np.array([1]), np.ones((1, 5)))
        total = (new * np.minimum(1, 3 / np.linalg.norm(new, axis=1))[:, None]).sum(0)
        one.noised(total, total)
    entered = np.stack(one.log.entered)
    assert np.stack(one.log.clean) == pytest.approx(entered.astype(float))
    assert 60 < entered.sum() < 140


def test_what_a_trainer_gets_wrong_is_said() -> None:
    with pytest.raises(ConfideError, match=r"shape \(5,\) for 1 records"):
        watch().gradients(np.array([0]), np.ones(5))
    with pytest.raises(ConfideError, match="9 canaries do not fit a model of 5 parameters"):
        watch(canaries=9).gradients(np.array([0]), np.ones((1, 5)))
    with pytest.raises(ConfideError, match="of 5 parameters, and now of 4"):
        one = watch()
        one.gradients(np.array([0]), np.ones((1, 5)))
        one.noised(np.ones(4), np.ones(4))
    unplanned = Watch(known=1, members=np.zeros(0, np.int64), canaries=1, rng=np.random.default_rng(0))
    with pytest.raises(ConfideError, match=r"before tap\.plan"):
        unplanned.noised(np.ones(3), np.ones(3))
    with pytest.raises(ConfideError, match=r"never called tap\.plan"):
        unplanned.log.need_whole("t")
    with pytest.raises(ConfideError, match=r"never called tap\.noised"):
        watch().log.need_whole("t")
    with pytest.raises(ConfideError, match=r"never showed a gradient to tap\.gradients"):
        blind = watch()
        blind.noised(np.ones(5), np.ones(5))
        blind.log.need_whole("t")
    with pytest.raises(ConfideError, match="sampling rate is 2"):
        TrainingPlan(rate=2, multiplier=1, clip=1, steps=1, batch=1)


def test_the_silent_tap_gives_back_what_it_gets() -> None:
    g = np.ones((2, 3))
    SILENT.plan(PLAN)
    assert SILENT.gradients(np.array([0, 1]), g) is g
    SILENT.noised(g, g)
