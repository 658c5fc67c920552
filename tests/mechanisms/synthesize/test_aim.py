"""AIM pays no more than it says, gets better with epsilon, and an audit catches its broken twins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from tests.mechanisms.statistics.audited import proved

from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Rehearsal, Release
from confide.mechanisms.synthesize.aim import AIM
from confide.mechanisms.synthesize.estimators import estimator
from confide.mechanisms.synthesize.measured import Synthesised
from confide.mechanisms.synthesize.workload import Workload, closure, weights_of
from confide.views.margins import Measured, counted
from confide.views.table import Domain, Table


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def table_of(codes: np.ndarray, sizes: tuple[int, ...]) -> Table:
    return Table.of(
        [Domain("abcdefghij"[i], tuple(map(str, range(k)))) for i, k in enumerate(sizes)], np.asarray(codes)
    )


def people(n: int, seed: int = 0) -> Table:
    """Five columns that depend on each other: a chain with noise, and one that needs two others."""
    g = rng(seed)
    a = g.integers(0, 3, n)
    b = (a + g.integers(0, 2, n)) % 4
    c = (g.random(n) < 0.1 + 0.8 * (b == 1)).astype(int)
    d = np.minimum(g.geometric(0.4, n) - 1, 5)
    e = (d + c + g.integers(0, 2, n)) % 5
    return table_of(np.stack([a, b, c, d, e], 1), (3, 4, 2, 6, 5))


TABLE = people(3_000)


def aim(epsilon: float = 1.0, delta: float = 1e-9, **settings: Any) -> AIM:
    return AIM(budget=Budget(epsilon, delta), noise="rehearsal", **settings)


def apart(release: Synthesised, table: Table, k: int = 2) -> float:
    """The mean total variation distance over all sets of k columns, of the model."""
    sets = list(combinations(range(len(table.domains)), k))
    model = release.model
    assert model is not None
    return float(np.mean([np.abs(model.margin(s) - counted(table, s)).sum() / 2 / len(table) for s in sets]))


# What it costs


@pytest.mark.parametrize("model", ["tree", "margins"])
@pytest.mark.parametrize("unit", [Unit.record(), Unit.person("who", at_most=7)])
@pytest.mark.parametrize("epsilon", [0.01, 0.3, 1.0, 4.0, 30.0])
def test_the_cost_is_the_sum_of_what_was_paid_and_below_the_budget(
    epsilon: float, unit: Unit, model: Any
) -> None:
    """Added up from the noise alone: K^2 / (2 sigma^2) a measurement, (K w / scale)^2 / 2 a choice."""
    made = AIM(budget=Budget(epsilon, 1e-9, unit), noise="rehearsal", model=model)
    release = made(TABLE, rng=rng())
    assert release.selection is not None
    own = sum((made.most / m.sigma) ** 2 / 2 for m in release.margins)
    heaviest = max(closure(weights_of(2, TABLE.names)).values())
    own += sum((made.most * heaviest / r.scale) ** 2 / 2 for r in release.selection.rounds)
    assert own <= made.rho * (1 + 1e-9)
    assert release.spent == pytest.approx(own, rel=1e-3)
    assert release.spent <= made.rho
    if epsilon <= 4:
        # Deviations are whole numbers, so the last round cannot take all.
        assert release.spent >= 0.7 * made.rho


def test_a_release_draws_noise_that_no_seed_replays() -> None:
    one, two = (AIM(budget=Budget(1, 1e-9))(people(200), rng=rng()) for _ in range(2))
    assert isinstance(one, Release) and not isinstance(one, Rehearsal)
    assert not np.array_equal(one.margins[0].counts, two.margins[0].counts)


def test_a_rehearsal_is_replayed() -> None:
    one, two = (aim()(people(200), rng=rng(3)) for _ in range(2))
    assert isinstance(one, Rehearsal) and np.array_equal(one.view.low, two.view.low)


def test_an_epsilon_that_buys_nothing_is_refused_with_the_least_that_does() -> None:
    with pytest.raises(PromiseError, match="buys not one measurement") as refused:
        aim(1e-9)(TABLE, rng=rng())
    least = float(str(refused.value).rsplit(" ", 1)[1].rstrip("."))
    assert 1e-9 < least < 1e-4
    aim(least * 1.1)(people(50), rng=rng())
    with pytest.raises(PromiseError, match="buys not one"):
        aim(least * 0.5)(people(50), rng=rng())


# What it gives


def test_much_budget_gives_the_table_back() -> None:
    release = aim(400.0, megabytes=8)(TABLE, rng=rng())
    for m in release.margins:
        assert np.abs(m.counts - counted(TABLE, m.columns)).max() < 12
    assert apart(release, TABLE) < 0.004
    assert abs(len(release.view) - len(TABLE)) < 10


def test_it_becomes_better_with_epsilon_and_beats_independent_columns() -> None:
    """Means of three seeds at four budgets; the largest must be far below the smallest."""
    found = [np.mean([apart(aim(e)(TABLE, rng=rng(s)), TABLE) for s in range(3)]) for e in (0.1, 0.5, 2, 10)]
    assert found == sorted(found, reverse=True) and found[3] < found[0] / 4
    alone = aim(10, workload=1)(TABLE, rng=rng())
    assert found[3] < apart(alone, TABLE) / 5


def test_the_workload_is_what_becomes_good() -> None:
    named = aim(2.0, workload=[["a", "b"]])(TABLE, rng=rng())
    other = aim(2.0, workload=[["d", "e"]])(TABLE, rng=rng())
    assert named.model is not None and other.model is not None
    exact = counted(TABLE, (0, 1))
    errors = [np.abs(m.margin((0, 1)) - exact).sum() for m in (named.model, other.model)]
    assert errors[0] < errors[1] / 3
    assert {m.columns for m in named.margins if len(m.columns) > 1} == {(0, 1)}


def test_margins_without_a_tree_answer_and_give_no_rows() -> None:
    release = aim(4.0, model="margins")(TABLE, rng=rng())
    assert len(release.view) == 0 and release.model is not None
    assert apart(release, TABLE) < apart(aim(4.0, workload=1)(TABLE, rng=rng()), TABLE) / 2
    with pytest.raises(DataError, match="answers margins only"):
        release.model.rows(3, rng=rng())


@pytest.mark.parametrize(
    ("sizes", "n"), [((3,), 100), ((1, 2), 100), ((2, 2), 0), ((2, 3, 4), 2), ((2, 1, 1), 1), ((40, 2), 30)]
)
def test_odd_tables_work(sizes: tuple[int, ...], n: int) -> None:
    codes = rng().integers(0, sizes, (n, len(sizes)))
    release = aim()(table_of(codes, sizes), rng=rng())
    assert release.view.low.shape[1] == len(sizes) and release.margins[0].columns == (0,)
    assert len(aim(rows=17)(table_of(codes, sizes), rng=rng()).view) == 17


def test_memory_grows_with_the_budget_that_is_spent() -> None:
    """In no round may the model hold more than its share; the cliques are counted by the tree itself."""
    from confide.mechanisms.synthesize.graphs.triangulation import size_of

    wide = table_of(rng().integers(0, 8, (2_000, 6)), (8,) * 6)
    made = aim(5.0, megabytes=0.01)
    release = made(wide, rng=rng())
    assert release.selection is not None
    spent = sum(m.rho for m in release.margins[:6])
    for r in release.selection.rounds:
        sets = {m.columns for m in release.margins[: r.measured + 1]}
        if len(r.chosen) > 1:
            assert size_of((8,) * 6, sets) <= 0.01 * 2**20 / 8 * spent / made.rho
        spent += r.rho + release.margins[r.measured].rho


# What is refused


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"workload": 0}, "all sets of 0 columns"),
        ({"workload": []}, "empty"),
        ({"workload": [["a", "z"]]}, "'z'"),
        ({"workload": [["a", "a"]]}, "each once"),
        ({"workload": {("a", "b"): -1.0}}, "above 0"),
        ({"megabytes": 1e-5}, "give more megabytes"),
    ],
)
def test_what_cannot_be_used_is_refused(settings: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        aim(**settings)(TABLE, rng=rng())


def test_settings_that_cannot_be_used_are_refused_at_once() -> None:
    for settings in ({"model": "forest"}, {"megabytes": 0}, {"rows": -1}):
        with pytest.raises(DataError):
            aim(**settings)  # pyright: ignore[reportArgumentType]


def test_weights_count_what_candidates_share_with_the_workload() -> None:
    given: Workload = {("a", "b", "c"): 1.0, ("c", "d"): 5.0}
    found = closure(weights_of(given, "abcd"))
    assert found[(0, 1)] == 2 and found[(2, 3)] == 5 * 2 + 1 and found[(2,)] == 6 and len(found) == 9


# What an audit finds


@dataclass(frozen=True, slots=True)
class Shown:
    """A mechanism that shows all it published: the adversary reads margins and choices, not rows alone."""

    inner: AIM

    @property
    def budget(self) -> Budget:
        return self.inner.budget

    def __call__(self, data: Table, *, rng: np.random.Generator) -> Rehearsal[Any]:
        return Rehearsal(self.inner(data, rng=rng), self.budget, "AIM")


class Quiet(AIM):
    """A broken twin: a quarter of the noise."""

    def measure(self, table: Table, columns: tuple[int, ...], **settings: Any) -> Measured:
        made, exact = AIM.measure(self, table, columns, **settings), counted(table, columns)
        return replace(made, counts=exact + (made.counts - exact) / 4)


class Greedy(AIM):
    """A broken twin: the largest score is chosen, and the choice is said to be private."""

    def choose(self, scores: np.ndarray, **settings: Any) -> tuple[int, float]:
        return int(np.argmax(scores)), settings["rho"]


WITHOUT = np.zeros((60, 1), int)
# With a large delta, because then what Gaussian noise keeps is near what it promises.
AUDITED = Budget(2.0, 0.1, Unit.person("who", at_most=20))


def one_cell(release: Synthesised) -> float:
    """A count of the rows of value 1, from every measurement; somebody with 20 of them may be there."""
    return sum((m.counts[1] - 12) / m.sigma**2 for m in release.margins)


@pytest.mark.slow
def test_an_audit_catches_a_quarter_of_the_noise_and_not_the_honest_noise() -> None:
    """With 95 %: the honest mechanism is accused in one of 20 seeds at most."""
    without, within = (table_of(np.concatenate([WITHOUT, np.ones((k, 1), int)]), (2,)) for k in (0, 20))
    honest = AIM(budget=AUDITED, noise="rehearsal", workload=1)
    twin = Quiet(budget=AUDITED, noise="rehearsal", workload=1)
    assert proved(Shown(honest), without, within, one_cell, above=0.0) < AUDITED.epsilon
    assert proved(Shown(twin), without, within, one_cell, above=0.0) > AUDITED.epsilon


@pytest.mark.slow
def test_an_audit_catches_a_choice_without_noise() -> None:
    """The adversary knows all others. It computes the scores with the target and without, from the estimates
    before each choice, and counts the choices that only one of both explains."""
    others, target = rng(1).integers(0, 2, (80, 6)), np.ones((1, 6), int)
    pair = [table_of(rows, (2,) * 6) for rows in (others, np.append(others, target, axis=0))]
    exact = [[counted(table, (c,)) for c in range(6)] for table in pair]

    def explained(release: Synthesised) -> float:
        votes, model, made = 0, None, estimator("tree")
        for turn in release.selection.rounds if release.selection else ():
            model = made.fit((2,) * 6, release.margins[: turn.measured], start=model, last=False)
            before = [model.margin((c,)) for c in range(6)]
            best = [int(np.argmax([np.abs(e[c] - before[c]).sum() for c in range(6)])) for e in exact]
            votes += (best[1] == turn.chosen[0]) - (best[0] == turn.chosen[0])
        return votes

    budget = Budget(1.0, 1e-5)
    honest, twin = (kind(budget=budget, noise="rehearsal", workload=1) for kind in (AIM, Greedy))
    assert proved(Shown(honest), pair[0], pair[1], explained, above=0.5) < budget.epsilon
    assert proved(Shown(twin), pair[0], pair[1], explained, above=0.5) > budget.epsilon
