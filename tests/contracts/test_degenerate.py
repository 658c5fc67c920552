"""Degenerate answers have documented outcomes: a number, or NaN where there is nothing to say."""

from __future__ import annotations

import numpy as np
import pytest
from tests.contracts.case import AttackCase
from tests.contracts.cases.models import inside
from tests.contracts.made_up_models import Deep, Table
from tests.contracts.table import MODELS

from confide.core.nouns import Case
from confide.games.membership.models import TrainedModel
from confide.knowledge.models import Background, References
from confide.models.answers import Answers
from confide.views.records import Records

N, Z, C, M = 200, 120, 4, 4
OUTSIDE = [row for row in MODELS if not (inside(row) or row.told)]
every = pytest.mark.parametrize("row", MODELS, ids=lambda row: row.id)
outside = pytest.mark.parametrize("row", OUTSIDE, ids=lambda row: row.id)


def case_of(logits_of, *, models: int = M, labels: int = C, row: AttackCase | None = None) -> Case:
    """A view and `models` references that answer with `logits_of(rng, y)`, and what this row knows."""
    rng = np.random.default_rng(0)
    y = rng.integers(labels, size=N + Z)
    targets = Records(np.arange(N, dtype=float)[:, None], y[:N])
    strangers = Records(np.arange(N, N + Z, dtype=float)[:, None], y[N:])
    kind = Deep if row is not None and inside(row) else Table
    view, *others = (kind(logits_of(rng, y)) for _ in range(models + 1))
    included = np.stack([np.arange(N) % 2 == j % 2 for j in range(models)])
    references = References(
        Answers(others, targets), Answers(others, strangers), included, tuple(range(models))
    )
    known, member = Background(population=strangers, references=references, classes=C), np.arange(N) % 3 == 0
    knows = row.knows if row is not None else {}
    game = TrainedModel(view=view, targets=targets, member=member, background=known, **knows)
    return Case(view, game.deal(0, rng=rng).case.known, targets)


def score(row: AttackCase, case: Case) -> np.ndarray:
    """One float64 for each target, and never a silent infinity."""
    got = row.attack(case, rng=np.random.default_rng(1)).score
    assert got.shape == (N,) and got.dtype == np.float64
    assert not np.isinf(got).any()
    return got


def half_precision(rng, y):
    return rng.standard_normal((len(y), C)).astype(np.float16)


def certain(rng, y):
    """p is exactly 1 in float64, of the right class or of a wrong one."""
    answer = np.where(rng.random(len(y)) < 0.5, y, rng.integers(C, size=len(y)))
    return 1000.0 * (answer[:, None] == np.arange(C))


def from_probabilities(rng, y):
    """What a model that reports p = 1 and p = 0 looks like."""
    return np.log((rng.integers(C, size=len(y))[:, None] == np.arange(C)) + 1e-45)


def all_alike(rng, y):
    return np.tile(np.arange(C, dtype=float), (len(y), 1))


def all_models_agree(rng, y):
    return np.random.default_rng(9).standard_normal((len(y), C))


@every
@pytest.mark.parametrize(
    "logits_of",
    [half_precision, certain, from_probabilities, all_alike, all_models_agree],
    ids=lambda f: f.__name__,
)
def test_every_target_gets_a_number(row: AttackCase, logits_of):
    case = case_of(logits_of, row=row)
    untold = np.delete(np.arange(N), case.known.told) if row.told else np.arange(N)
    assert np.isfinite(score(row, case)[untold]).all()


@outside
def test_one_answer_for_all_is_one_score_a_class(row: AttackCase):
    """All ties: no attack may find an order among records that got equal answers from every model.

    (Quantile and label-only look at the features too, which differ here.)
    """
    if row.attack.name in ("quantile", "label-only"):
        pytest.skip("looks at the features")
    case = case_of(all_alike)
    got = score(row, case)
    half = case.known.references.included[0]
    for c in range(C):
        for side in (half, ~half):
            assert np.ptp(got[(case.targets.y == c) & side]) < 1e-9


@outside
def test_one_reference(row: AttackCase):
    """Each target has one side: LiRA & co. leave out those that the reference saw, RMIA leaves out nobody."""
    case = case_of(half_precision, models=1)
    if getattr(row.attack, "mode", "auto") == "online":
        pytest.skip("asks for both sides")
    got = score(row, case)
    seen = case.known.references.included[0]
    assert np.isfinite(got[~seen]).all()
    leaves_out = row.attack.name in ("reference", "calibrated", "lira", "student", "base", "blend")
    assert np.isnan(got[seen]).all() if leaves_out else np.isfinite(got[seen]).all()


@outside
def test_classes_that_nobody_has(row: AttackCase):
    assert np.isfinite(score(row, case_of(half_precision, labels=2))).all()


@outside
def test_a_nan_answer_is_left_out_and_harms_nobody_else(row: AttackCase):
    """The view answers NaN about target 3, reference 1 about target 5."""
    case = case_of(half_precision)
    spoilt = case.view.logits.astype(np.float64)
    spoilt[3] = np.nan
    case.known.references.on_targets.models[1].logits[5] = np.nan
    got = score(row, Case(Table(spoilt), case.known, case.targets))
    assert row.attack.name == "label-only" or np.isnan(got[3])
    assert np.isfinite(np.delete(got, [3, 5])).all()
