"""The game without people held out: each person has one part, files have one range, and the null is flat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from confide.attacks.membership.synthetic import ExactCopies, NearestSynthetic
from confide.core.budget import Unit
from confide.core.errors import DataError, EvidenceError
from confide.core.play import deal, play
from confide.games.membership.synthetic_others import AgainstOthers
from confide.measure import measure
from confide.views.table import Domain, Table

NUMBERS = np.arange(200.0)
DOMAINS = (
    Domain("pay", tuple(str(int(v)) for v in NUMBERS), NUMBERS),
    Domain("age", tuple(str(int(v)) for v in NUMBERS), NUMBERS),
    Domain("job", tuple("abcd")),
)


def people(n: int, rng: np.random.Generator, *, several: bool = False) -> Table:
    pay = np.clip(rng.normal(100, 25, n).astype(int), 0, 199)
    age = np.clip((pay + rng.normal(0, 20, n)).astype(int), 0, 199)
    codes = np.stack([pay, age, rng.integers(0, 4, n)], axis=1)
    return Table.of(DOMAINS, codes, people=np.arange(n) // 2 if several else None)


def drawn(synthetic: Table, real: Table, rng: np.random.Generator, each: int = 10_000) -> AgainstOthers:
    return AgainstOthers.drawn(synthetic, real, each=each, rng=rng, unit=Unit.record())


@pytest.mark.parametrize("several", [False, True])
def test_everybody_has_one_part(several: bool) -> None:
    rng = np.random.default_rng(0)
    real = people(400, rng, several=several)
    game = drawn(people(300, rng), real, rng)
    person = np.arange(400) if real.people is None else real.people
    parts = [set(person[rows].tolist()) for rows in (game.members, game.controls, game.others, game.known)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == (200 if several else 400)
    assert len(game.members) == len(game.controls) == (50 if several else 100)
    with pytest.raises(DataError, match="people of its own"):
        replace(game, controls=game.members)


def test_worlds_are_the_file_and_rows_of_others_in_one_range() -> None:
    rng = np.random.default_rng(1)
    real, made = people(400, rng), people(100, rng)
    game = drawn(made, real, rng)
    file, others = (game.deal(w, rng=np.random.default_rng(2)) for w in (0, 1))
    assert file.exposed.all() and not others.exposed.any()
    assert len(file.case.view) == len(others.case.view) == 100
    first, second = game._in_one_range()
    for column in (0, 1):
        ends = [(t.low[:, column].min(), t.low[:, column].max()) for t in (first, second)]
        assert ends[0] == ends[1]
    inside = (made.low[:, 0] > first.low[:, 0].min()) & (made.low[:, 0] < first.low[:, 0].max())
    assert (first.low[inside, 0] == made.low[inside, 0]).all()
    with pytest.raises(EvidenceError, match="world 2 of two"):
        game.deal(2, rng=rng)


@pytest.mark.slow
def test_fresh_rows_of_the_same_law_give_nobody_away_and_copies_do() -> None:
    """Sixty files of nobody: at 95 % an AUC is surely above one half in at most 2.5 % of them, so that more
    than 5 of 60 happen with a chance below 0.5 %. A bootstrap of the real rows is found each time."""
    above = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        real = people(800, rng)
        fresh, copies = people(800, rng), real.take(rng.integers(0, 800, 800))
        for made, attack in ((fresh, NearestSynthetic()), (copies, ExactCopies())):
            game = drawn(made, real, rng)
            worlds = deal(game, worlds=2, rng=rng)
            found = play(game, attack, worlds=worlds, rng=rng, across_units=True).in_one_world()
            low = measure(found).auc.low
            if made is copies:
                assert low > 0.5
            else:
                above += low > 0.5
    assert above <= 5
