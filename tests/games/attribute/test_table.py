"""Attribute inference from tables: the coin, right claims about both sides, exclusions, and refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from confide.core.arrays import Rng
from confide.core.budget import ANY_NUMBER, Budget, Unit
from confide.core.errors import DataError
from confide.core.evidence import Evidence
from confide.core.nouns import Case, Guess, Release
from confide.core.play import play
from confide.games.attribute.table import NOTHING, TableInference
from confide.knowledge.table import Knowing, TableKnowledge
from confide.measure import measure
from confide.mechanisms.anchors.published import Published
from confide.views.table import Domain, Table

SIZES = (50, 6, 5)


def records(n: int = 2_000) -> Table:
    draw = np.random.default_rng(0).random((n, 3))
    domains = [Domain(f"c{i}", tuple(map(str, range(m)))) for i, m in enumerate(SIZES)]
    return Table.of(domains, (draw * SIZES).astype(np.int32))


def game(**settings) -> TableInference:
    usual = {
        "mechanism": Published(),
        "records": records(),
        "known": ("c0", "c1"),
        "secret": "c2",
        "targets": np.arange(0, 2_000, 2),
        "knowing": Knowing(wrong=0.0),
    }
    return TableInference(**(usual | settings))


def deal(one: TableInference, world: int = 0, seed: int = 1):
    return one.deal(world, rng=np.random.default_rng(seed))


def test_a_fair_coin_holds_targets_out_and_nobody_else() -> None:
    dealt = deal(game())
    out = (~dealt.exposed).sum()
    assert abs(out - 500) < 4 * np.sqrt(250)  # by chance once in 16,000 seeds
    assert len(dealt.case.view) == 2_000 - out
    held = np.sort(records().low[dealt.ids[~dealt.exposed]], axis=0)
    both = np.concatenate([dealt.case.view.low, held])
    assert (np.sort(both, axis=0) == np.sort(records().low, axis=0)).all()


def test_the_secret_is_not_among_what_is_known() -> None:
    dealt = deal(game())
    assert dealt.case.targets.names == ("c0", "c1")
    assert (dealt.case.targets.low == records().low[dealt.ids][:, :2]).all()
    assert (dealt.secrets == records().low[dealt.ids, 2]).all()
    assert dealt.case.known.secret == "c2" and dealt.case.known.excluded is None


def test_a_claim_about_either_side_hits_where_it_is_right() -> None:
    secrets = np.array([3, 1, 1, 0])
    claimed = Guess(np.array([3, 0, 1, NOTHING]), np.ones(4))
    assert game().hits(claimed, secrets).tolist() == [True, False, True, False]
    assert not game().hits(Guess(None, np.ones(4)), secrets).any()


def test_parts_ask_about_each_target_once() -> None:
    one = game(parts=3)
    asked = np.concatenate([deal(one, world).ids for world in range(3)])
    assert np.sort(asked).tolist() == one.targets.tolist()


def test_what_is_excluded_never_holds_and_is_drawn_evenly() -> None:
    dealt = deal(game(excluding=2))
    out = dealt.case.known.excluded
    assert out is not None and (out.sum(axis=1) == 2).all()
    assert not out[np.arange(len(out)), dealt.secrets].any()
    # Each other value with probability 2 of 4; 4 standard errors.
    for value in range(5):
        mine = out[dealt.secrets != value, value]
        assert abs(mine.mean() - 0.5) < 4 * 0.5 / np.sqrt(len(mine))


def test_a_release_that_was_made_already_is_what_is_seen() -> None:
    coarse = Table(records().domains, np.zeros_like(records().low), np.full_like(records().low, 4))
    one = game(released=coarse)
    assert not one.randomised and "taken out" in one.no_coin
    assert (deal(one).case.view.high == 4).all()
    absent = np.arange(2_000) % 4 == 0
    dealt = deal(game(coin=False, absent=absent))
    assert (dealt.exposed == ~absent[dealt.ids]).all() and len(dealt.case.view) == 1_500


class Told:
    """Randomised response on the secret: epsilon is log(p / q)."""

    def __init__(self, keep: float) -> None:
        self.keep = keep
        q = (1 - keep) / 4
        self.budget = Budget(float(np.log(keep / q)), unit=Unit.person("person", at_most=ANY_NUMBER))

    def __call__(self, data: Table, *, rng: Rng) -> Release[Table]:
        codes = data.low.copy()
        lie = rng.random(len(codes)) >= self.keep
        codes[lie, 2] = (codes[lie, 2] + rng.integers(1, 5, lie.sum())) % 5
        return Release(Table.of(data.domains, codes), self.budget, "Told")


class Reads:
    """Claims what the one record with the known first column says."""

    name = "reads"

    def __call__(self, case: Case[Table, TableKnowledge, Table], *, rng: Rng) -> Guess:
        said = dict(zip(case.view.low[:, 0].tolist(), case.view.low[:, 2].tolist(), strict=True))
        found = [said.get(x, -1) for x in case.targets.low[:, 0].tolist()]
        return Guess(np.array(found), np.ones(len(found)))


def numbered(n: int) -> Table:
    """People with numbers that nobody shares, and a secret that follows from nothing."""
    secret = np.random.default_rng(3).integers(0, 5, n)
    domains = [Domain("c0", tuple(map(str, range(n)))), *records(2).domains[1:]]
    return Table.of(domains, np.column_stack([np.arange(n), np.zeros(n), secret]))


def test_rates_are_those_of_the_mechanism() -> None:
    """Claims about exposed people are right with probability p; about others none is made or right."""
    n = 4_000
    asked = game(records=numbered(n), targets=np.arange(n), mechanism=Told(0.5), known=("c0",))
    evidence = play(asked, Reads(), worlds=1, rng=np.random.default_rng(5))
    right = evidence.table["hit"].to_numpy()
    assert abs(right[evidence.exposed].mean() - 0.5) < 4 * 0.5 / np.sqrt(n / 2)
    assert not right[~evidence.exposed].any()


class Guesses(Reads):
    """The same, and any value for people of whom there is no record."""

    name = "guesses"

    def __call__(self, case: Case[Table, TableKnowledge, Table], *, rng: Rng) -> Guess:
        found = super().__call__(case, rng=rng)
        value = np.where(found.value < 0, rng.integers(0, 5, len(found.score)), found.value)
        return Guess(value, found.score)


def test_the_difference_keeps_the_promise_that_randomised_response_makes() -> None:
    """P(right | in) = p and P(right | out) = 1/5. A ratio of p / q is promised; the twin tells more often."""
    n = 4_000
    for keep, breaks in ((0.3, False), (0.9, True)):
        asked = game(records=numbered(n), targets=np.arange(n), mechanism=Told(keep), known=("c0",))
        evidence: Evidence = play(asked, Guesses(), worlds=1, rng=np.random.default_rng(6), across_units=True)
        risk = measure(evidence, confidence=0.999)
        assert risk.exposed.low < keep < risk.exposed.high
        assert risk.control.low < 0.2 < risk.control.high
        promised = float(np.exp(Told(0.3).budget.epsilon))  # 12 / 7
        assert (risk.exposed.low > promised * risk.control.high) is breaks
        assert risk.advantage.low < keep - 0.2 < risk.advantage.high


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"secret": "c1"}, "among the known columns"),
        ({"known": ()}, "none is known"),
        ({"excluding": 4}, "at most 3"),
        ({"secret": "c9"}, "no column 'c9'"),
        ({"records": replace(records(), high=records().low + 1)}, "hold several values"),
    ],
)
def test_refuses(settings: dict, says: str) -> None:
    with pytest.raises(DataError, match=says):
        game(**settings)


def test_refuses_a_constant_secret() -> None:
    constant = records().low.copy()
    constant[:, 2] = 1
    with pytest.raises(DataError, match="same for everybody"):
        game(records=Table.of(records().domains, constant))
