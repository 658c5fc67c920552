"""Attacks that undo a known change of values: held to loops, to Bayes by hand, to attacks that know less."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from confide.attacks.attribute.table import CorrectAttribution, LikelySecret
from confide.attacks.linkage.table import FellegiSunter, Nearest, Transparency
from confide.core.nouns import Case
from confide.core.play import play
from confide.games.linkage.table import TableLinkage
from confide.knowledge.table import Knowing, TableKnowledge
from confide.knowledge.table_channel import channels
from confide.mechanisms.in_order import in_order
from confide.mechanisms.randomize.bounds import Bounds
from confide.mechanisms.randomize.k_ary import KAry
from confide.mechanisms.randomize.noisy_numbers import NoisyNumbers
from confide.mechanisms.randomize.pram import Pram
from confide.mechanisms.randomize.randomised_columns import RandomisedColumns
from confide.mechanisms.randomize.read_back import ReadBack
from confide.views.table import Domain, Table

RNG = np.random.default_rng


def people(n: int) -> Table:
    """Three numbers and two categories."""
    numbers = [Domain(f"x{i}", tuple(map(str, range(100))), np.arange(100.0)) for i in range(3)]
    kinds = [Domain(f"c{i}", tuple("abcdef")) for i in range(2)]
    draw = RNG(1)
    return Table.of(
        [*numbers, *kinds], np.hstack([draw.integers(0, 100, (n, 3)), draw.integers(0, 6, (n, 2))])
    )


def noisy(table: Table) -> Any:
    noise = tuple(NoisyNumbers(column=f"x{i}", bounds=Bounds(0, 99), epsilon=20.0) for i in range(3))
    return in_order([RandomisedColumns(parts=noise, rest="keep", noise="rehearsal"), ReadBack.to(table)])


def test_the_claim_is_the_row_of_the_largest_product() -> None:
    """Loops over targets, rows and columns, from the same rehearsal."""
    table = people(60)
    pram = Pram(change=0.4, noise="rehearsal")
    view = pram(table, rng=RNG(2)).view
    case = Case(view, TableKnowledge(wrong=0.1, mechanism=pram), table)
    guess = Transparency()(case, rng=RNG(3))
    known = channels(view, pram, table.names, rng=RNG(3))
    for i in range(60):
        lifts = [known[c].lift(int(table.low[i, k])) for k, c in enumerate(table.names)]
        products = [np.prod([lift[row[k]] * 0.9 + 0.1 for k, lift in enumerate(lifts)]) for row in view.low]
        row = int(np.argmax(products))
        assert guess.value is not None
        assert guess.value[i] == row
        rest = (sum(products) - products[row]) * 0.5 / 60 + 0.5
        assert guess.score[i] == pytest.approx(np.log(products[row] * 0.5 / 60 / rest), abs=1e-3)


def skewed(n: int) -> Table:
    """Six categories of which one value is common: what few people have says more."""
    domains = [Domain(f"c{i}", tuple("abcdefgh")) for i in range(6)]
    return Table.of(domains, RNG(1).choice(8, (n, 6), p=np.array([13, 2, 1, 1, 1, 1, 0.5, 0.5]) / 20))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "made", "weaker"),
    [
        (people(600), noisy, FellegiSunter()),
        (skewed(600), lambda table: Pram(change=0.2, noise="rehearsal"), Nearest()),
    ],
    ids=["fellegi-sunter under noise", "nearest under pram"],
)
def test_it_names_more_rows_rightly(table: Table, made: Any, weaker: Any) -> None:
    """A sign test on people of whom one attack alone is right: false alarms at most 1 in 1,000."""
    game = TableLinkage(
        mechanism=made(table),
        records=table,
        known=table.names,
        targets=np.arange(600),
        knowing=Knowing(wrong=0),
    )
    strong, weak = (
        play(game, attack, worlds=1, rng=RNG(5), across_units=True)
        .table.filter("exposed")
        .sort("target")["hit"]
        .to_numpy()
        for attack in (Transparency(), weaker)
    )
    better, worse = int((strong & ~weak).sum()), int((weak & ~strong).sum())
    assert binomtest(better, better + worse, 0.5, alternative="greater").pvalue < 1e-3


@pytest.mark.slow
def test_a_shown_secret_is_weighed_by_how_often_it_is_true() -> None:
    """Of 2,000 people 1 in 20 has b. Warner's coin at epsilon 1 shows b for 27 % of the others.

    P(b | shown b) = .05 * .731 / (.05 * .731 + .95 * .269) = .125, so that b is claimed of nobody.
    An adversary that takes answers for the truth tells it of each person who shows it.
    """
    n = 2_000
    secret = (RNG(1).random(n) < 0.05).astype(np.int32)
    domains = [Domain("id", tuple(map(str, range(n)))), Domain("s", ("a", "b"))]
    table = Table.of(domains, np.column_stack([np.arange(n), secret]))
    asked = KAry(column="s", epsilon=1.0, noise="rehearsal")
    view = asked(table, rng=RNG(2)).view
    facts = table.only(["id"])
    case = Case(view, TableKnowledge(wrong=0.0, secret="s", mechanism=asked), facts)
    guess, plain = (attack(case, rng=RNG(3)) for attack in (LikelySecret(), CorrectAttribution()))
    assert guess.value is not None and plain.value is not None
    assert (guess.value == 0).all()
    assert (plain.value == view.low[:, 1]).all()
    # One row of n fits, as for one in two absent people: so half of this is the law of everybody, .95.
    shown = view.low[:, 1] == 1
    assert guess.score[shown].mean() == pytest.approx((0.875 + 0.95) / 2, abs=0.02)
    assert guess.score[~shown].mean() > 0.95
