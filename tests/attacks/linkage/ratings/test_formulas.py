"""Attacks on ratings against naive loops, closed forms and a brute-force likelihood."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

from confide.attacks.linkage import Counting, Entropic, Likelihood, Scoreboard
from confide.attacks.linkage.ratings import _scoring as scoring
from confide.attacks.linkage.ratings.entropic import beliefs
from confide.attacks.linkage.ratings.scoreboard import eccentricity
from confide.core.errors import KnowledgeError
from confide.core.nouns import Case
from confide.data.ratings_like import ratings_like
from confide.knowledge.ratings import Knowing, RatingsKnowledge
from confide.views.interactions import Interactions


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def case() -> Case[Interactions, RatingsKnowledge, Interactions]:
    records = ratings_like(people=150, items=200, each=35, rng=rng(1))
    facts = Knowing(facts=7, wrong=2).about(records, np.arange(20, 60), rng=rng(2))
    return Case(records, RatingsKnowledge(knowing=Knowing(facts=7, wrong=2, within_days=14)), facts)


def naive_scores(case, *, stars=1.5, days=30.0, ratings=True, dates=True) -> np.ndarray:
    """The formula of the paper, one record and one fact at a time."""
    view, facts = case.view, case.targets
    rows = [{} for _ in range(view.people)]
    for k in range(len(view)):
        rows[view.person[k]][int(view.item[k])] = (float(view.rating[k]), float(view.day[k]))
    support = np.bincount(view.item, minlength=view.items)
    scores = np.zeros((facts.people, view.people))
    for k in range(len(facts)):
        weight = 1 / log(max(support[facts.item[k]], 2))
        for r, row in enumerate(rows):
            if int(facts.item[k]) in row:
                rating, day = row[int(facts.item[k])]
                alike = ratings * exp(-abs(rating - float(facts.rating[k])) / stars)
                alike += dates * exp(-abs(day - float(facts.day[k])) / days)
                scores[facts.person[k], r] += weight * alike
    return scores


def naive_guess(scores: np.ndarray) -> tuple[list[int], list[float]]:
    claims, sure = [], []
    for row in scores:
        ordered = sorted(row.tolist(), reverse=True)
        mean = sum(row) / len(row)
        sigma = (sum((s - mean) ** 2 for s in row) / len(row)) ** 0.5
        claims.append(int(np.argmax(row)) if sigma else -1)
        sure.append((ordered[0] - ordered[1]) / sigma if sigma else -np.inf)
    return claims, sure


@pytest.mark.parametrize(
    "use", [{}, {"dates": False}, {"ratings": False}, {"stars": 0.7, "days": 3.0}], ids=str
)
def test_scoreboard_is_the_papers_formula(case, use):
    claims, sure = naive_guess(naive_scores(case, **use))
    guess = Scoreboard(**use)(case, rng=rng())
    assert guess.value.tolist() == claims
    np.testing.assert_allclose(guess.score, sure, rtol=2e-4, atol=2e-4)  # single precision inside


def test_blocks_of_any_size_give_the_same_scores(case, monkeypatch):
    whole = Scoreboard()(case, rng=rng())
    monkeypatch.setattr(scoring, "CELLS", 310)
    monkeypatch.setattr(scoring, "MATCHES", 50)
    parts = Scoreboard()(case, rng=rng())
    assert (whole.value == parts.value).all() and np.allclose(whole.score, parts.score)


def test_an_item_seen_once_a_fact_about_nothing_and_a_target_without_facts():
    """By hand: item 0 has one person, weight 1/ln 2; item 3 nobody."""
    view = Interactions.of(
        np.array([0, 1, 2]), np.array([0, 1, 1]), people=4, items=4, rating=np.array([5, 3, 1])
    )
    facts = Interactions.of(
        np.array([0, 1, 1]), np.array([0, 3, 1]), people=3, items=4, rating=np.array([5, 2, 3])
    )
    guess = Scoreboard()(
        Case(view, RatingsKnowledge(knowing=Knowing(wrong=0, within_days=0)), facts), rng=rng()
    )
    assert guess.value.tolist() == [0, 1, -1]
    assert guess.score[0] == pytest.approx(1 / np.std([1, 0, 0, 0]))
    one, other = 1.0, exp(-2 / 1.5)
    assert guess.score[1] == pytest.approx((one - other) / np.std([0, one, other, 0]), rel=1e-5)
    assert guess.score[2] == -np.inf
    assert Scoreboard(phi=2.31)(
        Case(view, RatingsKnowledge(knowing=Knowing(wrong=0, within_days=0)), facts), rng=rng()
    ).value.tolist() == [-1, -1, -1]
    assert Scoreboard(phi=2.30)(
        Case(view, RatingsKnowledge(knowing=Knowing(wrong=0, within_days=0)), facts), rng=rng()
    ).value.tolist() == [0, -1, -1]


def test_without_numbers_to_compare_the_weights_remain():
    view = Interactions.of(np.array([0, 1, 2, 2]), np.array([0, 0, 0, 1]))
    facts = Interactions.of(np.array([0, 0]), np.array([0, 1]), items=2)
    guess = Scoreboard()(
        Case(view, RatingsKnowledge(knowing=Knowing(wrong=0, within_days=0)), facts), rng=rng()
    )
    shared, own = 1 / log(3), 1 / log(2)
    assert guess.value.tolist() == [2]
    assert guess.score[0] == pytest.approx(own / np.std([shared, shared, shared + own]))


@pytest.mark.parametrize("attack", [Scoreboard(), Entropic(), Likelihood(), Counting()], ids=lambda a: a.name)
@pytest.mark.parametrize("people", [0, 1])
def test_a_release_of_nobody_or_one(attack, people):
    view = Interactions.of(np.zeros(people, np.int64), np.zeros(people, np.int64), people=people, items=3)
    facts = Interactions.of(np.array([0]), np.array([0]), people=2, items=3)
    guess = attack(Case(view, RatingsKnowledge(knowing=Knowing(wrong=0, within_days=0)), facts), rng=rng())
    assert guess.value.shape == guess.score.shape == (2,)
    assert not np.isnan(guess.score).any() and (guess.value < max(people, 1)).all()


def test_entropic_output_is_its_definition(case):
    scores = naive_scores(case)
    sigma = scores.std(axis=1, keepdims=True)
    belief = np.exp(scores / sigma) / np.exp(scores / sigma).sum(axis=1, keepdims=True)
    best = belief.max(axis=1)
    guess = Entropic()(case, rng=rng())
    assert guess.value.tolist() == belief.argmax(axis=1).tolist()
    np.testing.assert_allclose(guess.score, np.log(best / (1 - best)), rtol=1e-3, atol=1e-3)
    bits = -(belief * np.log2(belief)).sum(axis=1)
    np.testing.assert_allclose(-Entropic(sure="entropy")(case, rng=rng()).score, bits, rtol=1e-3)


def test_all_equal_scores_name_nobody():
    claim, how = eccentricity(np.full((1, 5), 2.0))
    assert claim.tolist() == [-1] and how.tolist() == [-np.inf]
    assert beliefs(np.full((1, 4), 2.0))[2].tolist() == [2.0], "four equal beliefs: two bits"


def test_likelihood_is_the_ratio_of_the_stated_densities(case):
    """L(record) fact by fact, from the model in the docstring: facts on exact stars, dates within 14 days."""
    view, facts, wrong = case.view, case.targets, 2 / 7
    steps = np.median(np.diff(np.unique(view.day)))
    reach = {"rating": 0.5 * 1.0001, "day": 14 + steps / 2 * 1.0001}
    rows = [{} for _ in range(view.people)]
    for k in range(len(view)):
        rows[view.person[k]][int(view.item[k])] = {"rating": view.rating[k], "day": view.day[k]}
    logs = np.zeros((facts.people, view.people))
    for k in range(len(facts)):
        item, n = int(facts.item[k]), len(view)
        anybody = 1.0
        for name, far in reach.items():
            believed, said = getattr(facts, name)[k], getattr(view, name)
            anybody *= ((np.abs(said - believed) <= far).sum() + 1) / (n + 1)
        popular = (view.item == item).mean()
        for r, row in enumerate(rows):
            inside = item in row and all(
                abs(row[item][x] - getattr(facts, x)[k]) <= far for x, far in reach.items()
            )
            if_his = wrong / view.items * anybody + (1 - wrong) * inside / max(len(row), 1)
            stranger = (wrong / view.items + (1 - wrong) * popular) * anybody
            logs[facts.person[k], r] += log(if_his / stranger)
    guess = Likelihood()(case, rng=rng())
    assert guess.value.tolist() == logs.argmax(axis=1).tolist()
    ratio = np.exp(logs)
    best = ratio.max(axis=1)
    odds = np.log(best / (ratio.sum(axis=1) - best + view.people))
    np.testing.assert_allclose(guess.score, odds, rtol=1e-3, atol=5e-3)


def test_counting_counts():
    view = Interactions.of(np.array([0, 0, 0, 1, 2, 2]), np.array([0, 1, 2, 0, 3, 1]), people=3, items=4)
    facts = Interactions.of(np.array([0, 0, 0, 1]), np.array([0, 1, 2, 3]), people=3, items=4)
    guess = Counting()(
        Case(view, RatingsKnowledge(knowing=Knowing(wrong=0, within_days=0)), facts), rng=rng()
    )
    assert guess.value.tolist() == [0, 2, -1] and guess.score.tolist() == [2, 1, -np.inf]


def test_scales_must_be_above_zero(case):
    with pytest.raises(KnowledgeError, match="scoreboard needs both above 0"):
        Scoreboard(stars=0.0)(case, rng=rng())
