"""Playing: the same evidence under any map, worlds that keep their number, and clear refusals."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, ClassVar

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from confide.core.access import BlackBox, LabelOnly, WhiteBox, access_of
from confide.core.budget import Budget, Unit
from confide.core.errors import AccessError, EvidenceError, PromiseError
from confide.core.nouns import Case, Guess, World
from confide.core.play import needed_access, play


@dataclass(frozen=True)
class NoisySum:
    """One target; the release is its bit plus Gaussian noise."""

    sigma: float = 1.0
    unit: Unit = Unit.record()  # noqa: RUF009 - frozen
    randomised: bool = True
    promise: Budget | None = None

    def deal(self, world: int, *, rng: np.random.Generator) -> World[Any, Any, Any, Any]:
        inside = rng.random(1) < 0.5
        view = inside + self.sigma * rng.standard_normal(1)
        return World(Case(view, None, np.zeros(1)), inside, inside, promise=self.promise)

    def hits(self, guess: Guess, secrets: Any) -> Any:
        return np.ones(len(secrets), np.bool_)


@dataclass(frozen=True)
class Look:
    name: ClassVar[str] = "look"

    def __call__(self, case: Case[object, Any, Any], *, rng: np.random.Generator) -> Guess:
        return Guess(None, case.view + 0.01 * rng.standard_normal(1))


@dataclass(frozen=True)
class Inside:
    name: ClassVar[str] = "inside"

    def __call__(self, case: Case[WhiteBox, Any, Any], *, rng: np.random.Generator) -> Guess:
        raise AssertionError("must not be reached")


def spread(pool: Any) -> Callable[..., Iterator[Any]]:
    def mapped(function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        with pool as workers:
            yield from workers.map(function, items)

    return mapped


def evidence(**options: Any) -> pl.DataFrame:
    return play(NoisySum(), Look(), worlds=40, rng=np.random.default_rng(5), **options).table


@pytest.mark.slow
def test_plain_threads_and_processes_give_the_same_evidence() -> None:
    plain = evidence()
    assert_frame_equal(plain, evidence(map=spread(ThreadPoolExecutor(4))))
    assert_frame_equal(plain, evidence(map=spread(ProcessPoolExecutor(2, mp_context=get_context("spawn")))))


def test_another_seed_gives_other_evidence() -> None:
    other = play(NoisySum(), Look(), worlds=40, rng=np.random.default_rng(6)).table
    assert not evidence().equals(other)


def test_an_interrupted_play_resumes_by_world_number() -> None:
    halves = [evidence(only=range(17)), evidence(only=range(17, 40))]
    assert_frame_equal(pl.concat(halves), evidence())


def test_the_adversary_cannot_replay_the_dealers_coins() -> None:
    @dataclass(frozen=True)
    class Replay:
        name: ClassVar[str] = "replay"

        def __call__(self, case: Case[object, Any, Any], *, rng: np.random.Generator) -> Guess:
            return Guess(None, (rng.random(1) < 0.5).astype(float))

    table = play(NoisySum(), Replay(), worlds=400, rng=np.random.default_rng(5)).table
    agree = (table["exposed"] == (table["score"] > 0.5)).mean()
    assert abs(float(agree) - 0.5) < 0.125  # 5 standard errors; replaying them would give 1.0


def test_asking_for_more_than_is_shown_is_one_clear_error() -> None:
    with pytest.raises(AccessError, match="inside needs white-box access, but the release gives blind"):
        play(NoisySum(), Inside(), worlds=1, rng=np.random.default_rng(0))


def test_a_promise_in_another_unit_is_refused() -> None:
    game = NoisySum(promise=Budget(1.0, unit=Unit.client()))
    with pytest.raises(PromiseError, match="everything any one client holds"):
        play(game, Look(), worlds=1, rng=np.random.default_rng(0))


def test_targets_that_cannot_be_scored_are_left_out_and_counted() -> None:
    @dataclass(frozen=True)
    class Shy:
        name: ClassVar[str] = "shy"

        def __call__(self, case: Case[object, Any, Any], *, rng: np.random.Generator) -> Guess:
            return Guess(None, np.array([np.nan if rng.random() < 0.5 else 1.0]))

    found = play(NoisySum(), Shy(), worlds=50, rng=np.random.default_rng(1))
    assert found.excluded + len(found) == 50
    assert 0 < found.excluded < 50


def test_access_is_read_from_the_annotation_and_from_the_view() -> None:
    class Labels:
        def labels(self, x: Any) -> Any: ...

    class Scores(Labels):
        task = "classification"

        def predict(self, x: Any) -> Any: ...

    assert needed_access(Inside()) == "white-box"
    assert needed_access(Look()) == "blind"
    assert [access_of(v) for v in (Labels(), Scores(), 3)] == ["label-only", "black-box", "blind"]
    assert isinstance(Scores(), LabelOnly)
    assert not isinstance(Labels(), BlackBox)


def test_no_world_is_refused() -> None:
    with pytest.raises(EvidenceError, match="0 worlds"):
        play(NoisySum(), Look(), worlds=0, rng=np.random.default_rng(0))
