"""Linkage by similar names: what is compared, which pairs are, the mixture, and names that are misspelt."""

from __future__ import annotations

import random
from collections.abc import Iterator
from math import exp, log
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from confide.attacks.linkage.table import FellegiSunter, NoisyNames, _blocking, _splink
from confide.attacks.linkage.table import noisy_names as attack
from confide.attacks.linkage.table._blocking import Blocking
from confide.attacks.linkage.table._likeness import Fields
from confide.attacks.linkage.table._splink import Comparison, Pairs
from confide.core.errors import KnowledgeError
from confide.core.nouns import Case
from confide.core.play import deal, play
from confide.games.linkage.table import TableLinkage
from confide.knowledge.table import TableKnowledge
from confide.measure.identification import at_false_match_rate, rank_one
from confide.mechanisms.anchors.published import Published
from confide.views.table import Domain, Table

BENCHMARKS = Path(__file__).parents[4] / "benchmarks"


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def misspelt() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        import misspelt  # pyright: ignore[reportMissingImports]

        yield misspelt


def words(count: int) -> tuple[str, ...]:
    return tuple(f"{'abcdefghij'[i // 10]}nn{'abcdefghij'[i % 10]}" for i in range(count))


def small(n: int, seed: int = 1) -> Table:
    domains = [
        Domain("name", words(100)),
        Domain("age", tuple(map(str, range(30))), np.arange(30.0)),
        Domain("sex", ("f", "m", ""), missing=True),
    ]
    return Table.of(domains, rng(seed).integers(0, [100, 30, 3], (n, 3)))


def test_names_are_many_words_of_letters() -> None:
    def holds(domain: Domain) -> bool:
        return attack.holds_names(Table.of([domain], np.zeros((1, 1))))

    assert holds(Domain("name", words(100)))
    assert not holds(Domain("name", words(99)))
    assert not holds(Domain("zip", tuple(f"0{i}" for i in range(500))))
    assert not holds(Domain("age", tuple(map(str, range(500))), np.arange(500.0)))


def test_without_splink_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_splink, "find_spec", lambda name: None)
    case = Case(small(5), TableKnowledge(wrong=0.1), small(5))
    with pytest.raises(KnowledgeError, match=r"noisy-names .* `pip install 'confide\[splink\]'"):
        NoisyNames()(case, rng=rng())


def naive_em(pairs: Pairs, fields: Fields, before: list[Comparison], asked: list[int]) -> tuple[list, float]:
    """The one-to-one mixture target by target, pair by pair."""
    people = sum(fields.cells.count.tolist())
    m, present = [one.m.tolist() for one in before], 0.5
    for _ in range(attack.TURNS):
        seen, new = 0.0, [[attack.SURE * x for x in one.m.tolist()] for one in before]
        for target in asked:
            mine = [p for p in range(len(pairs.asked)) if pairs.asked[p] == target]
            ratio = {
                p: exp(
                    pairs.log_ratio[p]
                    + sum(log(m[c][g] / before[c].m[g]) for c, g in enumerate(pairs.level[p].tolist()))
                )
                for p in mine
            }
            share = {p: present / people * fields.cells.count[pairs.row[p]] * ratio[p] for p in mine}
            total = sum(share.values()) + 1 - present
            for p in mine:
                seen += share[p] / total
                for c, g in enumerate(pairs.level[p].tolist()):
                    new[c][g] += share[p] / total
        new = [[x / (seen + attack.SURE) for x in one] for one in new]
        s = min(max(seen / len(asked), attack.LEAST), attack.MOST)
        moved = max(
            abs(s - present),
            *(abs(a - b) for x, y in zip(m, new, strict=True) for a, b in zip(x, y, strict=True)),
        )
        m, present = new, s
        if moved < attack.SETTLED:
            break
    return m, present


def made_up_pairs(fields: Fields, before: list[Comparison], seed: int) -> Pairs:
    draw = rng(seed)
    asked = np.repeat(np.arange(len(fields.asked)), 4)[:-3]  # the last target has one row alone
    row = draw.integers(0, len(fields.released), len(asked))
    level = np.stack([draw.integers(0, len(one.m), len(asked)) for one in before], axis=1).astype(np.int8)
    log_ratio = sum(np.log(one.m / one.u).take(g) for one, g in zip(before, level.T, strict=True))
    return Pairs(asked, row, level, np.asarray(log_ratio))


def comparisons(fields: Fields) -> list[Comparison]:
    share = {1: [0.9, 0.1], 3: [0.7, 0.1, 0.1, 0.1]}
    chance = {1: [0.4, 0.6], 3: [0.01, 0.02, 0.07, 0.9]}
    return [
        Comparison(i, levels, np.array(share[len(levels)]), np.array(chance[len(levels)]), rare)
        for i, (levels, rare) in enumerate(zip(fields.levels, fields.rare, strict=True))
    ]


@pytest.mark.parametrize("seed", range(3))
def test_the_shares_of_levels_are_em_over_the_one_to_one_mixture(seed: int) -> None:
    fields = Fields.of(small(20), small(12, seed=5))
    before = comparisons(fields)
    pairs = made_up_pairs(fields, before, seed)
    asked = [0, 3, 4, 7, 11]
    fitted = attack._fitted(pairs, fields, before, np.array(asked))
    m, present = naive_em(pairs, fields, before, asked)
    assert fitted.present == pytest.approx(present)
    assert [one.tolist() for one in fitted.m] == [pytest.approx(one) for one in m]


def test_the_score_is_the_log_odds_of_the_best_row_and_no_row_is_no_claim() -> None:
    fields = Fields.of(small(20), small(3, seed=5))
    asked, row = np.array([0, 0, 2]), np.array([4, 9, 9])
    log_ratio = np.log([30.0, 50.0, 200.0])
    pairs = Pairs(asked, row, np.zeros((3, 3), np.int8), log_ratio)
    claim, score = attack._named(log_ratio, pairs, fields, 0.4)
    count, first = fields.cells.count, fields.cells.first
    mine, other = 50 * 0.4 / 20, (30 * count[4] + 50 * (count[9] - 1)) * 0.4 / 20 + 0.6
    assert claim.tolist() == [first[9], -1, first[9]]
    assert score[0] == pytest.approx(log(mine / other))
    assert score[1] < min(score[0], score[2]) and np.isfinite(score).all()


def test_few_pairs_are_all_compared() -> None:
    fields = Fields.of(small(50), small(10))
    rules = Blocking.of(fields, np.full(3, 0.9), np.zeros(3), rng=rng())
    assert (
        rules.rules == (_blocking.ALL,) and rules.missed(fields.keys, np.ones(3), np.zeros(3), rng=rng()) == 0
    )


def test_rules_stay_within_the_pairs_allowed_and_say_what_they_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against all pairs, one by one. 4 standard errors of a share of 2,000 people: once in 16,000."""
    release, facts = small(2_000), small(200, seed=2)
    fields = Fields.of(release, facts)
    monkeypatch.setattr(_blocking, "PAIRS", 200 * 60)
    monkeypatch.setattr(_blocking, "DRAWN", 10_000)
    true, similar = np.array([0.7, 0.9, 0.9]), np.array([0.2, 0.0, 0.0])
    rules = Blocking.of(fields, true, similar, rng=rng())
    asked, rows = (x.ravel() for x in np.indices((len(facts), len(fields.released))))
    agree = [key.agree(asked, rows) for key in fields.keys]
    compared = np.any([np.all([agree[k] for k in one], axis=0) for one in rules.sets], axis=0)
    # Rules overlap, and each is judged by 10,000 pairs.
    assert 0 < compared.sum() <= 200 * 60 * 1.2
    # People whose columns go wrong as said, each by itself; keys 0, 1, 2 are the name and its two ends.
    draw = rng(9)
    right = draw.random((3, 30_000)) < true[:, None]
    like = ~right[0] & (draw.random(30_000) < 0.2 / 0.3)
    begins = draw.random(30_000) < 0.5
    held = [right[0], right[0] | (like & begins), right[0] | (like & ~begins), right[1], right[2]]
    assert [(key.column, key.part) for key in fields.keys] == [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0)]
    missed = 1 - np.any([np.all([held[k] for k in one], axis=0) for one in rules.sets], axis=0).mean()
    assert rules.missed(fields.keys, true, similar, rng=rng(3)) == pytest.approx(
        missed, abs=4 * 0.5 / 2_000**0.5
    )


def test_one_rule_is_played_however_many_pairs_that_is() -> None:
    gain = np.ones((2, 10), np.bool_)
    assert _blocking._greedy(np.array([500.0, 90.0]), gain, 50.0) == [1]
    assert _blocking._greedy(np.array([500.0, 90.0]), gain, 100.0) == [1]


@pytest.mark.slow
def test_levels_and_ratios_are_those_of_the_formula() -> None:
    """By hand: MARTHA and MARHTA have a similarity of 0.961, DIXON and DICKSONX of 0.813 (Winkler 1990)."""
    pytest.importorskip("splink")
    names = ("martha", "marhta", "dixon", "dicksonx", "")
    domains = [
        Domain("name", (*names, *words(100))),
        Domain("age", ("1", "2", "9", ""), np.array([1, 2, 9, np.nan])),
    ]
    release = Table.of(domains, np.array([[0, 0], [2, 1], [4, 3], [0, 2]]))
    low = release.low.copy()
    low[3, 0] = 0
    high = low.copy()
    high[3, 0] = 1  # martha or marhta
    release = Table(tuple(domains), low, high)
    facts = Table.of(domains, np.array([[1, 0], [3, 1], [4, 3]]))
    fields = Fields.of(release, facts)
    assert fields.levels[1][0] == "low1_l = low1_r" and "<=" in fields.levels[0][0]
    one = [
        Comparison(i, levels, np.full(len(levels) + 1, 0.25), np.array([0.125, *[0.2] * (len(levels))]), rare)
        for i, (levels, rare) in enumerate(zip(fields.levels, fields.rare, strict=True))
    ]
    pairs = _splink.compared(fields.asked, fields.released, one, [_blocking.ALL])
    level = {
        (a, fields.cells.first[r]): g
        for a, r, g in zip(pairs.asked.tolist(), pairs.row.tolist(), pairs.level.tolist(), strict=True)
    }
    assert level[0, 0] == [1, 0] and level[0, 3] == [0, 3] and level[0, 1] == [3, 2]
    assert level[1, 1] == [3, 0] and level[2, 2] == [0, 0] and level[2, 0] == [3, 3]
    for a, r, g, found in zip(pairs.asked, pairs.row, pairs.level, pairs.log_ratio, strict=True):
        expected = sum(
            log(0.25 / (c.rare[r] if at == 0 else 0.2)) for c, at in zip(one, g.tolist(), strict=True)
        )
        assert found == pytest.approx(expected), a


@pytest.mark.slow
def test_it_wins_where_names_are_misspelt(misspelt: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    """10,000 people of whom 2,000 are asked about; three names in ten are misspelt, one cell in 20 is wrong.

    A share of 1,000 has a standard error of .016 at most; the difference of two on the same people of .022 at
    most. It is asserted to be .1: the test passes by chance, without any, once in 300,000.
    """
    pytest.importorskip("splink")
    original, release = misspelt.register(10_000, misspelt=0.3, rng=rng(3))
    game = TableLinkage(
        mechanism=Published(),
        records=original,
        known=original.names,
        targets=np.arange(2_000),
        released=release,
    )
    worlds = deal(game, worlds=1, rng=rng(5))
    state = random.getstate()
    ours, plain = (play(game, one, worlds=worlds, rng=rng(1)) for one in (NoisyNames(), FellegiSunter()))
    assert rank_one(ours).value > rank_one(plain).value + 0.1
    at = [at_false_match_rate(one, rate=0.05) for one in (ours, plain)]
    assert at[0] and at[1] and at[0].right.value > at[1].right.value + 0.1
    assert random.getstate() == state and capfd.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.parametrize("blocked", [False, True])
def test_a_copy_gives_everybody_away(
    misspelt: ModuleType, blocked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a copy without an error everybody who is alone is found, although not all pairs are compared."""
    pytest.importorskip("splink")
    if blocked:
        monkeypatch.setattr(_blocking, "PAIRS", 300 * 100)
    original, _ = misspelt.register(1_500, misspelt=0.0, rng=rng(4))
    _, first, count = np.unique(original.low, axis=0, return_index=True, return_counts=True)
    alone = np.sort(first[count == 1])[:300]
    case = Case(original, TableKnowledge(wrong=0.0), original.take(alone))
    assert NoisyNames()(case, rng=rng()).value.tolist() == alone.tolist()


def test_an_empty_release_links_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attack, "need_splink", lambda name: None)
    guess = NoisyNames()(Case(small(0), TableKnowledge(wrong=0.1), small(4)), rng=rng())
    assert guess.value is not None and guess.value.tolist() == [-1] * 4
