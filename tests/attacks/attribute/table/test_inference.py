"""Attribute inference from tables: small releases by hand, plain loops, and real data."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from confide.attacks.attribute import (
    BackgroundKnowledge,
    CorrectAttribution,
    Homogeneity,
    LearnedModel,
    NearestRecord,
)
from confide.attacks.attribute.table._classes import Classes, apart
from confide.attacks.attribute.table._nearest import nearest
from confide.core.errors import KnowledgeError
from confide.core.nouns import Case
from confide.core.play import play
from confide.data.adult import CARD, PACKED
from confide.data.locating import find, locate
from confide.games.attribute.table import TableInference
from confide.knowledge.table import Knowing, TableKnowledge
from confide.mechanisms.anchors.published import Published
from confide.views.table import Domain, Table

AGE = Domain("age", ("20", "30", "40", "50"), np.array([20.0, 30.0, 40.0, 50.0]))
SEX = Domain("sex", ("f", "m"))
ILL = Domain("ill", ("flu", "gout", "none"))
DOMAINS = (AGE, SEX, ILL)
RNG = np.random.default_rng(0)


def case(low: list, facts: list, high: list | None = None, excluded: list | None = None) -> Case:
    ends = [np.array(a, np.int32) for a in (low, low if high is None else high)]
    view = Table(DOMAINS, ends[0], ends[0] if high is None else ends[1])
    out = None if excluded is None else np.array(excluded, np.bool_)
    return Case(
        view, TableKnowledge(wrong=0.0, secret="ill", excluded=out), Table.of([AGE, SEX], np.array(facts))
    )


# Two classes of ranges and a suppressed row: ages 20-30 with gout, 40-50 with flu, gout and flu.
RANGES = {
    "low": [[0, 0, 1], [0, 0, 1], [2, 0, 0], [2, 0, 1], [2, 0, 0], [0, 0, 2]],
    "high": [[1, 0, 1], [1, 0, 1], [3, 1, 0], [3, 1, 1], [3, 1, 0], [3, 1, 2]],
}


def test_correct_attribution_by_hand() -> None:
    raw = case([[0, 0, 0], [0, 0, 1], [0, 0, 1], [3, 1, 2]], [[0, 0], [3, 1], [1, 1]])
    guess = CorrectAttribution()(raw, rng=RNG)
    # Two of three with this age and sex have gout; nobody is 30, and gout is commonest.
    assert guess.value.tolist() == [1, 2, 1]
    assert guess.score == pytest.approx([2 / 3, 1.0, 1 / 2])


def test_correct_attribution_weighs_ranges_by_how_much_they_cover() -> None:
    guess = CorrectAttribution()(case(**RANGES, facts=[[0, 0], [2, 1], [0, 1]]), rng=RNG)
    # 2 rows of 1/2 each, beside 1/8 of the suppressed row; 3 rows of 1/4 beside it; the suppressed row alone.
    assert guess.value.tolist() == [1, 0, 2]
    assert guess.score == pytest.approx([1 / (9 / 8), 0.5 / (7 / 8), 1.0])


def test_homogeneity_and_background_knowledge_by_hand() -> None:
    facts = [[0, 0], [2, 1], [0, 1]]
    guess = Homogeneity()(case(**RANGES, facts=facts), rng=RNG)
    assert guess.value.tolist() == [1, -1, -1] and guess.score.tolist() == [2, 0, 0]
    excluded = [[False, False, True], [False, True, False], [True, False, False]]
    guess = BackgroundKnowledge()(case(**RANGES, facts=facts, excluded=excluded), rng=RNG)
    assert guess.value.tolist() == [1, 0, -1] and guess.score.tolist() == [2, 2, 0]


def test_nearest_record_by_hand() -> None:
    raw = case([[0, 0, 0], [1, 1, 1], [3, 1, 2]], [[2, 1], [1, 0], [3, 1]])
    guess = NearestRecord()(raw, rng=RNG)
    # 40 is as near to 30 as to 50, of values as common: the first. A woman of 30 is nearer to one of 20.
    assert guess.value.tolist() == [1, 0, 2]
    assert guess.score == pytest.approx([0.5 / (1 + 1 / 3), 1 / (1 + 1 / 3), 1.0])


def test_a_secret_that_is_a_range_counts_in_parts() -> None:
    ranged = case([[0, 0, 0], [0, 0, 1]], [[0, 0]], high=[[0, 0, 1], [0, 0, 1]])
    guess = CorrectAttribution()(ranged, rng=RNG)
    assert guess.value.tolist() == [1] and guess.score == pytest.approx([0.75])
    assert LearnedModel()(ranged, rng=RNG).value.tolist() == [1]


def test_what_holds_and_how_far_it_is_equal_plain_loops() -> None:
    draw = np.random.default_rng(1)
    low = (draw.random((80, 3)) * [4, 2, 3]).astype(np.int32)
    high = np.minimum(low + draw.integers(0, 3, low.shape), [3, 1, 2]).astype(np.int32)
    facts = (draw.random((30, 2)) * [4, 2]).astype(np.int32)
    classes = Classes.of(case(low, facts, high))
    holds = np.vstack([block.toarray() for _, block in classes.holding()])
    distance = np.vstack([block for _, block in classes.distances()])
    far = [apart(domain, np.arange(len(domain), dtype=np.int32)) for domain in (AGE, SEX)]
    for t, fact in enumerate(facts):
        for c in range(len(classes.low)):
            ranges = [range(classes.low[c, i], classes.high[c, i] + 1) for i in range(2)]
            assert holds[t, c] == all(v in r for v, r in zip(fact, ranges, strict=True))
            plain = np.mean([np.mean([far[i][fact[i], v] for v in ranges[i]]) for i in range(2)])
            assert distance[t, c] == pytest.approx(plain, abs=1e-8)
    assert classes.count.sum() == 80 and classes.votes.sum() == pytest.approx(80)


@pytest.mark.slow
@pytest.mark.parametrize("numbers", [0, 1, 3])
def test_the_nearest_classes_are_those_of_all_distances(numbers: int) -> None:
    """Of values, where few numbers are looked at: the same classes and distances as by a plain loop."""
    draw = np.random.default_rng(3)
    sizes = [7, 3, 5, 4, 6]
    gaps = [np.append(np.cumsum(draw.integers(1, 9, m - 1)) * 1.0, np.nan) for m in sizes]
    domains = [
        Domain(f"c{i}", (*map(str, range(m - 1)), ""), gaps[i] if i < numbers else None, missing=True)
        for i, m in enumerate(sizes)
    ]
    codes, facts = ((draw.random((n, 5)) ** 2 * sizes).astype(np.int32) for n in (150, 60))
    view = Table.of([*domains, ILL], np.column_stack([codes, draw.integers(0, 3, 150)]))
    classes = Classes.of(Case(view, TableKnowledge(wrong=0.0, secret="ill"), Table.of(domains, facts)))
    ((block, target, near, least),) = nearest(classes)
    assert block == slice(0, 60)
    for t in range(60):
        far = [
            np.mean([apart(d, facts[t, i : i + 1])[0, row[i]] for i, d in enumerate(domains)])
            for row in classes.low
        ]
        assert least[t] == pytest.approx(min(far), abs=1e-8)
        assert near[target == t].tolist() == np.flatnonzero(np.array(far) < min(far) + 1e-8).tolist()


def test_a_model_learns_what_depends_on_the_columns() -> None:
    codes = (np.random.default_rng(2).random((600, 2)) * [4, 2]).astype(np.int32)
    raw = case(np.column_stack([codes, codes.sum(axis=1) % 3]), codes[:50])
    guess = LearnedModel()(raw, rng=np.random.default_rng(0))
    assert (guess.value == codes[:50].sum(axis=1) % 3).all() and (guess.score > 0.9).all()
    only = case([[0, 0, 1], [1, 1, 1]], [[0, 0]])
    assert LearnedModel()(only, rng=RNG).value.tolist() == [1]


def test_a_release_without_the_secret_is_refused() -> None:
    full = case([[0, 0, 0]], [[0, 0]])
    without = Case(full.view.only(["age", "sex"]), full.known, full.targets)
    with pytest.raises(KnowledgeError, match="nothing can be inferred about 'ill'"):
        CorrectAttribution()(without, rng=RNG)


ADULT = (
    "age", "workclass", "education", "marital_status", "occupation", "race", "sex", "hours_per_week",
    "native_country", "relationship",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize(
    ("secret", "exposed", "control"), [("income", 0.98, 0.79), ("occupation", 0.84, 0.15)]
)
def test_raw_adult_gives_incomes_and_occupations_away(secret: str, exposed: float, control: float) -> None:
    """Within .03: 1,000 a side, so 3 standard errors of a share of .15 are .034, and the seed is fixed."""
    if find(PACKED) is None:
        pytest.skip("Adult is not here")
    people = pl.read_parquet(locate(PACKED, get=CARD.get))
    names = (*(c for c in ADULT if c != secret), secret)
    codes = [people[c].cast(pl.String).fill_null("?").rank("dense").to_numpy() - 1 for c in names]
    domains = [
        Domain(c, tuple(map(str, range(code.max() + 1)))) for c, code in zip(names, codes, strict=True)
    ]
    rng = np.random.default_rng(1)
    records = Table.of(domains, np.column_stack(codes)).take(rng.permutation(len(people))[:16_000])
    game = TableInference(
        mechanism=Published(),
        records=records,
        known=names[:-1],
        secret=secret,
        targets=rng.permutation(16_000)[:2_000],
        knowing=Knowing(wrong=0.0),
    )
    evidence = play(game, CorrectAttribution(), worlds=1, rng=np.random.default_rng(2))
    right = evidence.table["hit"].to_numpy()
    assert right[evidence.exposed].mean() == pytest.approx(exposed, abs=0.03)
    assert right[~evidence.exposed].mean() == pytest.approx(control, abs=0.03)
