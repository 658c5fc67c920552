"""Training references: sizes of batches, parts that cannot forget, lambdas, texts, classes on one side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectFromModel
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from torch import nn

import confide
from confide.core.errors import ConfideError, DataError

from .door import call

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)
X = RNG.standard_normal((400, 5))
Y = (X[:, 0] + RNG.standard_normal(400) > 0).astype(np.int64)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))


def audit(model: object, x: Any = X, y: Any = Y, **options: object) -> confide.Audit:
    half = len(y) // 2
    sides = {"members": (x[:half], y[:half]), "nonmembers": (x[half:], y[half:])}
    return call(confide.Model, model, **{**sides, "seed": 7, "references": 2, "attacks": "lira", **options})


def skipped(done: confide.Audit) -> dict[str, str]:
    return {s.attack: str(s.why) for s in done.sections[0].skipped}


@pytest.mark.parametrize("n", [130, 258])
def test_a_last_batch_of_one_is_joined_to_the_one_before(n: int) -> None:
    """The halves are 65 and 129 records, in batches of 64."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
    done = audit(net, X[:n].astype(np.float32), (X[:n, 0] > 9).astype(int) | Y[:n])
    assert done.sections[0].findings[0].risk.attack == "lira"


FITTED = LogisticRegression().fit(X[:200], Y[:200])


@pytest.mark.parametrize(
    ("model", "part"),
    [
        (CalibratedClassifierCV(FrozenEstimator(FITTED)), "estimator"),
        (
            make_pipeline(SelectFromModel(FITTED, prefit=True, threshold=-1.0), LogisticRegression()),
            "selectfrommodel__prefit",
        ),
    ],
)
def test_references_of_a_part_that_was_fitted_before_cannot_forget(model: Any, part: str) -> None:
    done = audit(model.fit(X[:200], Y[:200]), attacks="loss,lira")
    section = done.sections[0]
    assert any(f"the part {part} of the model was fitted before" in w for w in section.warnings)
    assert "lira" in skipped(done)
    assert [f.risk.attack for f in section.findings] == ["loss"]


def test_a_lambda_in_a_pipeline_is_trained_without_being_kept() -> None:
    model = make_pipeline(FunctionTransformer(lambda x: x * 2), LogisticRegression()).fit(X[:200], Y[:200])
    done = audit(model)
    assert [f.risk.attack for f in done.sections[0].findings] == ["lira"]
    assert any("cannot be kept on disk" in said for said in done.sections[0].adversary)


def test_a_transform_in_place_changes_neither_records_nor_result() -> None:
    x = X.copy()
    plain, in_place = (
        make_pipeline(StandardScaler(copy=copy), LogisticRegression()).fit(X[:200].copy(), Y[:200])
        for copy in (True, False)
    )
    results = [audit(m, x).sections[0].headline.risk.auc.value for m in (plain, in_place)]
    assert results[0] == results[1]
    np.testing.assert_array_equal(x, X)


def test_a_classifier_without_probabilities_is_audited_by_labels() -> None:
    forest = RandomForestClassifier(20, random_state=0)
    votes = VotingClassifier([("f", forest), ("l", LogisticRegression())]).fit(X[:200], Y[:200])
    done = audit(votes, attacks="label-only,lira")
    assert [f.risk.attack for f in done.sections[0].findings] == ["label-only"]
    assert done.sections[0].access == "label-only"
    # a margin is a score
    margins = audit(RidgeClassifier().fit(X[:200], Y[:200]))
    assert margins.sections[0].findings[0].risk.attack == "lira"


def test_codes_of_categories_take_no_noise_so_label_only_skips_by_name() -> None:
    codes = RNG.integers(0, 5, (400, 3)).astype(float)
    model = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(codes[:200], Y[:200])
    done = audit(model, codes, attacks="loss,label-only", allow_overlap=True)
    assert [f.risk.attack for f in done.sections[0].findings] == ["loss"]
    why = skipped(done)["label-only"]
    assert "the model refuses" in why
    assert len(why) < 600
    assert "\n" not in why


WORDS = np.array(["good", "bad", "fine", "poor", "dog", "cat", "tree", "sky", "red", "blue", "sun", "rain"])
TEXTS = [" ".join(RNG.choice(WORDS, 8)) for _ in range(400)]
MOOD = np.array([t.count("good") + t.count("fine") > t.count("bad") + t.count("poor") for t in TEXTS])
READER = make_pipeline(TfidfVectorizer(ngram_range=(1, 3)), LogisticRegression(C=100)).fit(
    TEXTS[:200], MOOD[:200]
)


@pytest.mark.parametrize("form", ["list", "series", "table"])
def test_classifiers_of_texts_are_audited(form: str) -> None:
    import pandas as pd

    mood = MOOD.astype(int)
    texts: Any = pd.Series(TEXTS) if form == "series" else TEXTS
    options: dict[str, Any] = {}
    if form == "table":
        table = pl.DataFrame({"review": TEXTS, "mood": mood})
        options = {"members": table[:200], "nonmembers": table[200:], "label": "mood"}
    model = make_pipeline(*[s for _, s in READER.steps]).fit(TEXTS[:200], mood[:200])
    done = audit(model, texts, mood, attacks="loss,lira,label-only", **options)
    found = {f.risk.attack: f.risk.auc.value for f in done.sections[0].findings}
    assert found["lira"] > 0.6
    assert found["loss"] > 0.6
    assert "each record is one text" in skipped(done)["label-only"]


def test_a_function_of_texts_gets_them_as_a_list() -> None:
    def predict(texts: list[str]) -> np.ndarray:
        assert all(isinstance(t, str) for t in texts)
        return READER.predict_proba(texts)

    done = audit(predict, TEXTS, MOOD.astype(int), attacks="loss,lira")
    assert done.sections[0].findings[0].risk.auc.value > 0.6
    assert "lira" in skipped(done)
    assert any("how the model reads it is unknown" in w for w in done.sections[0].warnings)


def test_a_table_with_more_than_the_text_is_refused_by_name() -> None:
    table = pl.DataFrame({"review": TEXTS, "n": list(range(400)), "mood": MOOD.astype(int)})
    with pytest.raises(DataError, match="takes one text for each record, and the columns are review, n"):
        audit(READER, members=table[:200], nonmembers=table[200:], label="mood")


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression().fit(X[:200], Y[:200]),
        lambda x: FITTED.predict_proba(x),
        nn.Sequential(nn.Linear(5, 2)),
    ],
)
def test_classes_on_one_side_only_are_named(model: object) -> None:
    y = Y.copy()
    y[[250, 300, 350]] = 2
    with pytest.raises(ConfideError, match="3 non-members have class 2, which the model never saw: leave"):
        audit(model, X.astype(np.float32), y)


def test_labels_of_two_types_are_read_as_one_or_refused_by_name() -> None:
    as_text = (X[200:], Y[200:].astype(str))
    assert audit(FITTED, nonmembers=as_text).sections[0].headline.risk.exposed_count == 200
    unknown = Y[200:].astype(str)
    unknown[7] = "x"
    with pytest.raises(DataError, match=r"nonmembers: 1 labels are no numbers .'x'.*members"):
        audit(FITTED, nonmembers=(X[200:], unknown))
    for bad in (np.array([b"a"] * 200), np.full(200, np.datetime64("2020-01-01")), [{"a": 1}] * 200):
        with pytest.raises(DataError, match="labels are of type"):
            audit(FITTED, nonmembers=(X[200:], bad))
    unknown[7] = "?"
    for missing in (
        unknown,
        np.where(np.arange(200) == 3, np.nan, Y[200:]),
        np.array([None, *Y[201:]], object),
    ):
        with pytest.raises(DataError, match="1 labels are missing"):
            audit(FITTED, nonmembers=(X[200:], missing))


def test_a_label_too_large_for_a_class_is_refused_at_once() -> None:
    with pytest.raises(DataError, match="too large for the number of a class"):
        audit(lambda x: FITTED.predict_proba(x), y=Y + np.where(np.arange(400) == 3, 10**15, 0))


@pytest.mark.parametrize(
    ("train", "says"),
    [
        (lambda x, y, *, rng: exit(0), "ends the process .SystemExit: 0"),
        (lambda x, y, *, rng: __import__("os")._exit(0), "ends the process .Left"),
        (lambda x, y, *, rng: __import__("time").sleep(60), "took more than 1 seconds"),
    ],
)
def test_a_training_function_that_leaves_or_hangs_is_named(train: object, says: str) -> None:
    with pytest.raises(ConfideError, match=says):
        audit(FITTED, train=train, timeout=1)


def test_a_training_function_changes_no_record_in_place() -> None:
    def train(x: np.ndarray, y: np.ndarray, *, rng: np.random.Generator) -> object:
        model = LogisticRegression().fit(x, y)
        x *= 0
        y[:] = 0
        return model

    x = X.copy()
    audit(FITTED, x, train=train)
    np.testing.assert_array_equal(x, X)
