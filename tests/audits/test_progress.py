"""Progress: hand-computed shares and times, and every stage of a real audit in its order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import confide
from confide.audits.progress import Stage, Step, Track


class Clock:
    """A clock that the test turns."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watched() -> tuple[Track, list[Stage], Clock]:
    told: list[Stage] = []
    clock = Clock()
    return Track(told.append, clock), told, clock


def test_shares_and_times_are_those_that_were_computed_by_hand(
    watched: tuple[Track, list[Stage], Clock],
) -> None:
    track, told, clock = watched
    steps = [Step(kind="reading"), *(Step(kind="attack", what=name) for name in "ab")]
    track.expect(steps, rest=1.5)  # .5 + 1 + 1 + 1.5 = 4
    track(Stage(kind="reading"))
    clock.now = 1.0
    track(Stage(kind="attack", what="a"))  # .5 of 4 took a second: 7 to come
    assert (told[-1].done, told[-1].left) == (0.125, pytest.approx(7.0))
    clock.now = 2.0
    track(Stage(kind="attack", what="a", part=0.5))  # 1 of 4 took 2 seconds
    assert (told[-1].done, told[-1].left) == (0.25, pytest.approx(6.0))
    track(Stage(kind="done"))
    assert (told[-1].done, told[-1].left) == (1.0, 0.0)


def test_what_was_kept_says_nothing_of_how_long_the_rest_takes(
    watched: tuple[Track, list[Stage], Clock],
) -> None:
    track, told, clock = watched
    track.expect([Step(kind="attack", what=name, seconds=10.0) for name in "abc"])
    track(Stage(kind="attack", what="a"))
    clock.now = 0.01
    track(Stage(kind="attack", what="a", kept=True))
    track(Stage(kind="attack", what="b"))
    # Nothing was worked on yet.
    assert told[-1].left is None
    clock.now = 1.01
    track(Stage(kind="attack", what="b", part=0.1))
    # As foretold: 19 seconds are left of two attacks of ten seconds.
    assert told[-1].left == pytest.approx(19.0)
    clock.now = 20.01
    track(Stage(kind="attack", what="c"))  # b took twice as long; a tenth of the audit was foretold
    assert told[-1].left == pytest.approx(10 * (20 + 2) / (10 + 2))


def test_a_share_never_falls_and_a_step_told_again_is_one_step(
    watched: tuple[Track, list[Stage], Clock],
) -> None:
    track, told, clock = watched
    track.expect([Step(kind="attack", what="a", seconds=1.0)])
    track(Stage(kind="attack", what="a", part=0.9))
    track.expect([Step(kind="attack", what=f"b{i}", seconds=50.0) for i in range(3)])
    for i in range(3):
        clock.now += 1
        track(Stage(kind="attack", what=f"b{i}"))
    track(Stage(kind="attack", what="a"))
    shares = [stage.done for stage in told]
    assert shares == sorted(shares) and shares[-1] <= 1


def test_nobody_can_say_how_long_it_takes_before_a_step_has_ended() -> None:
    told: list[Stage] = []
    Track(told.append)(Stage(kind="reading"))
    assert told[0].left is None


def test_no_time_is_said_to_be_left_in_the_first_twentieth(
    watched: tuple[Track, list[Stage], Clock],
) -> None:
    track, told, clock = watched
    track.expect([Step(kind="attack", what="a", seconds=100.0)])
    for part, said in ((0.03, False), (0.049, False), (0.06, True)):
        clock.now += 1.0
        track(Stage(kind="attack", what="a", part=part))
        assert (told[-1].left is not None) == said, part


Audited = Callable[..., list[Stage]]


@pytest.fixture
def audited(tmp_path: Path) -> Audited:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((400, 3))
    y = (x[:, 0] > 0).astype(np.int64)
    model = LogisticRegression().fit(x[:200], y[:200])

    def run() -> list[Stage]:
        told: list[Stage] = []
        held = confide.Model(model, members=(x[:200], y[:200]), nonmembers=(x[200:], y[200:]), references=2)
        done = confide.audit(held, attacks="loss,rmia", cache=tmp_path / "cache", progress=told.append)
        done.save(tmp_path / "report")
        return told

    return run


def test_an_audit_tells_every_stage_in_its_order(audited: Audited) -> None:
    told = audited()
    kinds = list(dict.fromkeys(stage.kind for stage in told))
    assert kinds == ["reading", "references", "attack", "measuring", "exhibits", "drawing", "done"]
    names = dict.fromkeys(stage.what for stage in told if stage.kind == "attack")
    assert list(names) == ["default (choosing)", "loss (1 of 2)", "rmia (2 of 2)"]
    shares = [stage.done for stage in told]
    assert shares == sorted(shares) and shares[-1] == 1.0
    parts = [stage.part for stage in told if stage.kind == "references"]
    assert parts[-1] == 1.0 and 0.5 in parts
    assert not any(stage.kept for stage in told)
    again = audited()
    assert [s.what for s in again if s.kept] == ["loss (1 of 2)", "rmia (2 of 2)"]
