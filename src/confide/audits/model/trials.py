"""Short trials of an audit's steps: what a few records take, and how that grows with their number."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from confide.audits.model.games import game_on
from confide.audits.model.references import Pool
from confide.core.access import BlackBox, LabelOnly
from confide.core.arrays import Ints, Rng
from confide.games.membership.models import TrainedModel
from confide.inputs.model_data import ModelData
from confide.knowledge.models import References
from confide.learners.pool import include_halves
from confide.models.answers import Answers
from confide.models.memo import asked_once


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How the time of a step grows with the records: `fixed + each * n ** power`."""

    fixed: float
    each: float
    power: float = 1.0

    def __call__(self, n: int) -> float:
        return self.fixed + self.each * n**self.power


def growth_of(times: Sequence[tuple[int, float]], *, most_power: float = 2.0) -> Growth:
    """Fit the growth to the times at one number of records, or at two.

    A step that takes more than in proportion has no fixed cost; one that takes less has.

    Args:
        times: (records, seconds), the fewest first.
        most_power: of the records.

    >>> growth_of([(1000, 1.0), (2000, 4.0)])(4000), growth_of([(1000, 2.0), (2000, 3.0)])(4000)
    (16.0, 5.0)
    """
    (n, first), (m, second) = times[0], times[-1]
    if m == n or second <= first or not first:
        return Growth(fixed=0.0 if m == n else first, each=second / m if m == n else 0.0)
    power = log(second / first) / log(m / n)
    if power > 1:
        power = min(power, most_power)
        return Growth(fixed=0.0, each=second / m**power, power=power)
    each = (second - first) / (m - n)
    return Growth(fixed=max(first - each * n, 0.0), each=each)


def clocked(step: Callable[[], object]) -> float:
    """The CPU seconds of a step; where it mostly waits, as for a model elsewhere, those that passed."""
    cpu, wall, (gave, taken) = time.process_time(), time.perf_counter(), _switches()
    step()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    after = _switches()
    # On a busy machine time passes too, but then others took the processor, and it was not given up.
    waited = after[0] - gave >= after[1] - taken
    return wall if waited and wall > 10 * cpu + 0.1 else cpu


def _switches() -> tuple[int, int]:
    """How often this process gave up the processor, and how often it was taken from it."""
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:  # not on Windows
        return 0, 0
    used = getrusage(RUSAGE_SELF)
    return used.ru_nvcsw, used.ru_nivcsw


def stand_in(data: ModelData, size: int, count: int, *, rng: Rng) -> TrainedModel:
    """A small game like the audit's, with noisy copies of the model's answers for those of references.

    What the model said of all records is known: it is not asked about these again.

    Args:
        data: the model and its records.
        size: how many of them play.
        count: how many references stand in.
        rng: for the noise.
    """
    few = both_sides(data, size)
    targets, references = data.targets.take(few), None
    view: LabelOnly = data.view
    if isinstance(data.view, BlackBox):
        shown = data.view.predict(data.targets.x)[few]
        own = Answers([data.view], targets)
        own.tell(0, shown)
        view = asked_once(data.view, (own, 0))
        if count:
            answers = Answers([data.view] * count, targets)
            for j in range(count):
                answers.tell(j, shown + 0.1 * rng.standard_normal(shown.shape))
            references = References(
                on_targets=answers,
                on_population=None,
                included=include_halves(len(few), count, rng=rng),
                which=tuple(range(count)),
            )
    game = game_on(data, Pool(references=references))
    return TrainedModel(
        view=view, targets=targets, member=data.member[few], background=game.background, told=game.told
    )


def both_sides(data: ModelData, size: int) -> Ints:
    """The first targets, which come in random order; two of each side at least."""
    first = np.arange(min(size, len(data.targets)))
    more = [np.flatnonzero(side)[:2] for side in (data.member, ~data.member)]
    return np.unique(np.concatenate([first, *more]))
