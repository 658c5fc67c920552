"""Every map is `map`: same answers in the same order, errors as they were raised, one compute thread."""

import os
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from confide.core.errors import ConfideError, ModelError
from confide.core.play import play
from confide.scale import processes, ray_map, threads
from confide.views.records import Records

MAPS = [threads(3), processes(2), pytest.param(ray_map(jobs=2), marks=pytest.mark.slow)]


def tossing():
    """A game of coins and an adversary who sees them blurred; made in here, they travel by value."""
    from typing import Any, ClassVar

    from confide.core.budget import Unit
    from confide.core.nouns import Case, Guess, World

    @dataclass(frozen=True)
    class Tossing:
        unit: ClassVar[Unit] = Unit.record()
        randomised: ClassVar[bool] = True

        def deal(self, world, *, rng):
            coins = rng.random(50) < 0.5
            return World(Case(None, None, coins + rng.normal(size=50)), None, coins)

        def hits(self, guess, secrets):
            return np.ones(len(guess.score), np.bool_)

    @dataclass(frozen=True)
    class Peek:
        name: ClassVar[str] = "peek"

        def __call__(self, case: Case[object, Any, Any], *, rng) -> Guess:
            return Guess(None, case.targets + 0.1 * rng.normal(size=50))

    return Tossing(), Peek()


@pytest.mark.slow
@pytest.mark.parametrize("spread", MAPS, ids=str)
def test_evidence_does_not_depend_on_how_it_is_gathered(spread) -> None:
    game, attack = tossing()
    rng = np.random.default_rng
    plain = play(game, attack, worlds=7, rng=rng(5))
    assert play(game, attack, worlds=7, rng=rng(5), map=spread).table.equals(plain.table)
    assert not play(game, attack, worlds=7, rng=rng(6), map=spread).table.equals(plain.table)


@pytest.mark.parametrize("spread", MAPS, ids=str)
def test_order_is_kept_whatever_finishes_first(spread) -> None:
    def late_first(i: int) -> int:
        import time

        time.sleep(0.1 * (3 - i))
        return i

    assert list(spread(late_first, range(4))) == [0, 1, 2, 3]
    assert list(spread(late_first, [])) == []


@pytest.mark.parametrize("spread", MAPS, ids=str)
def test_an_error_comes_out_as_it_was_raised(spread) -> None:
    def fails(i: int) -> int:
        if i == 2:
            raise ModelError("model 2 cannot be trained: give it more records.")
        return i

    with pytest.raises(ModelError, match="model 2 cannot be trained: give it more records"):
        list(spread(fails, range(6)))


@pytest.mark.parametrize(
    "spread", [processes(2), pytest.param(ray_map(jobs=2), marks=pytest.mark.slow)], ids=str
)
def test_workers_share_large_arrays_and_compute_with_one_thread(spread) -> None:
    def look(records: Records, _: int) -> tuple[int, bool, set[int]]:
        base = records.x
        while base is not None and not isinstance(base, np.memmap):
            base = getattr(base, "base", None)
        shared = base is not None or not records.x.flags.owndata
        np.ones((2, 2)) @ np.ones((2, 2))
        return os.getpid(), shared, {pool["num_threads"] for pool in threadpool_info()}

    records = Records(np.zeros((4000, 100)), np.zeros(4000))
    for pid, shared, compute in spread(partial(look, records), range(4)):
        assert pid != os.getpid()
        assert shared
        assert compute == {1}


def test_a_worker_that_is_killed_is_said() -> None:
    def dies(_: int) -> None:
        os.kill(os.getpid(), 9)

    with pytest.raises(ConfideError, match=r"(?s)a worker process stopped.*give fewer jobs"):
        list(processes(2)(dies, range(2)))
    assert list(processes(2)(abs, [-1, 2])) == [1, 2]
