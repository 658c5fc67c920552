"""What was done to ratings and likes: worked out from both sides, or said and held against the release."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from confide.audits.likes.protections import PROTECTIONS as LIKES
from confide.audits.protections import parse_protections
from confide.audits.ratings.protections import PROTECTIONS as RATINGS
from confide.core.nouns import AnyMechanism
from confide.data.ratings_like import ratings_like
from confide.inputs.worked_out import likes, ratings
from confide.inputs.worked_out.rows_as_said import contrasts
from confide.views.interactions import Interactions

MADE = ratings_like(people=300, items=300, each=40, rng=np.random.default_rng(0))
HALF_STARS = np.minimum(MADE.rating + np.random.default_rng(2).integers(0, 2, len(MADE)) / 2, 5)  # type: ignore[operator]
RECORDS = replace(MADE, rating=HALF_STARS.astype(np.float32))
PAIRS = replace(MADE, rating=None, day=None)
EXAMPLES = [
    *(p.example for p in RATINGS.values()),
    "classes:1..3.5=0,4..5=1+cut:year",
    "stars:2+months:3",
    "cut:day,-8h",
    "noise:gaussian,1.5+jitter:uniform,30d",
    "noise:laplace,0.5+stars:1",
    "sample:0.6+rare:30",
]
BY_RULE = ["rare:20", "stars:1", "classes:1..3.5=0,4..5=1", "months:1", "cut:month", "cut:week"]


def by(text: str) -> AnyMechanism:
    return parse_protections([text], RATINGS)[text]


def released(text: str, records: Interactions = RECORDS) -> Interactions:
    return by(text)(records, rng=np.random.default_rng(1)).view


@pytest.mark.parametrize("text", BY_RULE)
def test_a_rule_is_worked_out_exactly(text: str) -> None:
    found = ratings.worked_out(RECORDS, released(text))
    assert found.unexplained is None
    assert np.array_equal(_values(released(found.text)), _values(released(text)), equal_nan=True), found.text


def _values(view: Interactions) -> np.ndarray:
    assert view.rating is not None and view.day is not None
    return np.stack([view.person, view.item, view.rating, view.day])


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("noise:laplace,0.5", 0.47, 0.53),
        ("noise:gaussian,0.8", 0.75, 0.85),
        ("jitter:uniform,20d", 19, 21),
        ("sample:0.5", 0.47, 0.53),
        ("response:3", 2.8, 3.2),
    ],
)
def test_the_law_of_chance_and_its_size_are_worked_out(text: str, low: float, high: float) -> None:
    # 12,000 rows: a scale is off by about 1 in 100 (one deviation), a share of rows by .005.
    found = ratings.worked_out(RECORDS, released(text, PAIRS if text.startswith("response") else RECORDS))
    assert found.unexplained is None
    name, _, settings = found.text.partition(":")
    assert found.text.rstrip("0123456789.d").rstrip(":") == text.rstrip("0123456789.d").rstrip(":")
    assert low <= float(settings.split(",")[-1].rstrip("d")) <= high, (name, settings)


def test_an_untouched_release_is_made_of_nothing() -> None:
    assert not ratings.worked_out(RECORDS, RECORDS).steps
    assert not likes.worked_out(PAIRS, PAIRS).steps


def test_values_that_no_rule_explains_leave_a_doubt() -> None:
    mixed = np.random.default_rng(3).permutation
    assert RECORDS.rating is not None and RECORDS.day is not None
    shuffled = replace(RECORDS, day=mixed(RECORDS.day))
    assert "of the known dates are others" in str(ratings.worked_out(RECORDS, shuffled).unexplained)
    # The first half of everybody's items, which no protection keeps.
    first = RECORDS.rows(RECORDS.item < RECORDS.items // 8)
    assert "no rule says which" in str(likes.worked_out(RECORDS, first).unexplained)
    invented = Interactions.of(
        RECORDS.person, (RECORDS.item + 7) % RECORDS.items, people=RECORDS.people, items=RECORDS.items
    )
    assert "no rows of the same person" in str(likes.worked_out(PAIRS, invented).unexplained)


@pytest.mark.parametrize("text", EXAMPLES)
def test_what_is_truly_said_is_never_contradicted(text: str) -> None:
    records = PAIRS if text.startswith("response") else RECORDS
    found = contrasts(by(text), records, released(text, records))
    assert not found, [c.clause for c in found]


@pytest.mark.parametrize("text", [p.example for p in LIKES.values()])
def test_what_is_truly_said_of_likes_is_never_contradicted(text: str) -> None:
    made = parse_protections([text], LIKES)[text]
    assert not contrasts(made, PAIRS, made(PAIRS, rng=np.random.default_rng(1)).view)


@pytest.mark.parametrize(
    ("said", "truly", "clause"),
    [
        ("cut:month", "cut:year", "the dates of the released file are otherwise in"),
        ("stars:1", "stars:2", "the ratings of the released file are otherwise in"),
        ("noise:laplace,0.5", "stars:0.5", "the ratings of the released file are otherwise in"),
        ("noise:laplace,0.2", "noise:laplace,2", "the ratings of the released file are otherwise in"),
        ("jitter:gaussian,14d", "jitter:gaussian,1d", "the dates of the released file are otherwise in"),
        ("rare:50", "rare:20", "the items of the released file are otherwise in"),
        ("sample:0.5", "sample:0.9", "of the known rows are in the released file"),
        ("sample:0.9", "sample:0.5", "of the known rows are in the released file"),
    ],
)
def test_what_the_release_contradicts_is_found(said: str, truly: str, clause: str) -> None:
    found = [c for c in contrasts(by(said), RECORDS, released(truly)) if c.said]
    assert found and clause in found[0].clause, found
    assert found[0].wrong.any() or said == "sample:0.9", "there are rows to name, unless rows are missing"


@pytest.mark.parametrize(
    ("said", "truly", "clause"),
    [
        ("stars:1", "stars:1+cut:year", "the dates of the released file are others than those of the same"),
        ("cut:year", "cut:year+sample:0.4", "of the known rows are not in the released file"),
    ],
)
def test_what_nobody_speaks_of_is_a_doubt(said: str, truly: str, clause: str) -> None:
    (found,) = contrasts(by(said), RECORDS, released(truly))
    assert not found.said and clause in found.clause


@pytest.mark.parametrize("days", [400, -20, 1])
def test_dates_that_were_moved_alike_are_no_noise(days: int) -> None:
    """One shift for everybody: taken for noise, it would blind the attack and end in an all-clear."""
    assert RECORDS.day is not None
    found = ratings.worked_out(RECORDS, replace(RECORDS, day=RECORDS.day + np.float32(days)))
    span = {400: "400d later", -20: "20d earlier", 1: "24h later"}[days]
    assert not found.steps and found.unexplained is not None and span in found.unexplained
