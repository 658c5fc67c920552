"""Plans: closed forms of growth, sums of spans, a plan that touches nothing and names all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

import confide
from confide.audits.model.trials import clocked, growth_of
from confide.audits.planning import Cost, Forecast, Plan, Span
from confide.core.errors import DataError, KnowledgeError
from confide.inputs.model_data import read_model
from confide.models.remote import Line, remote

RNG = np.random.default_rng(0)
X = RNG.standard_normal((900, 4))
Y = (X[:, 0] + RNG.standard_normal(900) > 0).astype(np.int64)
IN, OUT = (X[:500], Y[:500]), (X[500:], Y[500:])
MODEL = LogisticRegression().fit(*IN)


@pytest.mark.parametrize("power", [1.0, 1.3, 2.0])
def test_growth_is_that_of_the_law_that_made_the_times(power: float) -> None:
    def law(n: int) -> float:
        return 3e-6 * n**power

    grown = growth_of([(1_000, law(1_000)), (4_000, law(4_000))])
    assert grown(300_000) == pytest.approx(law(300_000))


def test_a_fixed_cost_does_not_grow() -> None:
    grown = growth_of([(1_000, 2.0 + 0.001), (4_000, 2.0 + 0.004)])
    assert grown.fixed == pytest.approx(2.0) and grown(100_000) == pytest.approx(2.1)
    # The second trial was no slower than the first, by chance or since something was loaded: nothing grows.
    assert growth_of([(1_000, 1.0), (4_000, 0.5)])(100_000) == 1.0


def test_one_trial_grows_in_proportion_and_none_faster_than_squares() -> None:
    assert growth_of([(500, 1.0)])(2_000) == pytest.approx(4.0)
    assert growth_of([(1_000, 1.0), (2_000, 64.0)])(4_000) == pytest.approx(256.0)


def test_what_waits_is_clocked_by_the_time_that_passes() -> None:
    import time

    assert clocked(lambda: time.sleep(0.3)) >= 0.3


def test_spans_add_up_and_what_is_not_foretold_is_not_hidden() -> None:
    known = Cost(kind="attack", what="a", seconds=Span(low=1, high=4))
    assert Span.about(10, 2) == Span(low=5, high=20) and Span(low=1, high=4).middle == 2
    assert Forecast(costs=(known, known)).seconds == Span(low=2, high=8)
    unknown = Forecast(costs=(known, Cost(kind="references", what="(2)")))
    assert unknown.seconds is None
    text = str(Plan(kind="model", name="m", releases=("as they are",), forecast=unknown))
    assert "references (2)" in text and text.count("not foretold") == 2
    near = Cost(kind="measuring", what="", seconds=Span(low=0.9, high=1.2))
    text = str(Plan(kind="model", name="m", releases=("as they are",), forecast=Forecast(costs=(near,))))
    assert text.count("about 1 s") == 2 and "1 s to 1 s" not in text


def held(**more: object) -> confide.Model:
    return confide.Model(MODEL, members=IN, nonmembers=OUT, references=2, **more)  # type: ignore[arg-type]


def test_a_plan_of_a_model_names_whom_each_attack_asks_and_writes_nothing(tmp_path: Path) -> None:
    found = confide.plan(held(sample=300), cache=tmp_path / "cache")
    assert found.forecast is not None and found.forecast.seconds is not None
    costs = {cost.what: cost for cost in found.forecast.costs if cost.kind == "attack"}
    assert (costs["label-only"].asked, costs["label-only"].queries) == (300, 33 * 300)
    assert costs["loss"].asked == 900 and costs["lira"].seconds is not None
    assert found.forecast.seconds.low > 0 and found.forecast.memory is not None
    assert any("quantile needs a population" in note for note in found.forecast.notes)
    assert "Nothing was played, and nothing was written." in str(found)
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("references", "said"),
    [
        (0, "default: loss, and the report calls it so."),
        (2, "default: rmia, and the report calls it so."),
        (4, "default: the strongest of student, rmia and blend, chosen on references whose"),
    ],
)
def test_a_plan_says_what_default_stands_for(references: int, said: str) -> None:
    held = confide.Model(MODEL, members=IN, nonmembers=OUT, references=references)
    assert said in str(confide.plan(held, attacks="default"))


def test_a_plan_asks_a_model_that_counts_once_about_each_record() -> None:
    def held(line: Line) -> confide.Model:
        model = remote(line, answers="probabilities")
        return confide.Model(model, members=IN, nonmembers=OUT, references=0)

    planned, read = Line(MODEL.predict_proba), Line(MODEL.predict_proba)
    found = confide.plan(held(planned)).forecast
    assert found is not None and found.seconds is None
    assert any("label-only is not foretold" in note for note in found.notes)
    read_model(held(read), rng=np.random.default_rng(0))
    assert planned.queries == read.queries


def test_a_plan_refuses_what_an_audit_refuses() -> None:
    with pytest.raises(KnowledgeError, match="no attack on model is called 'lyra'"):
        confide.plan(held(), attacks="lyra")
    with pytest.raises(DataError):
        confide.plan(confide.Model(MODEL, members=IN, nonmembers=(X[:5, :2], Y[:5])))


def test_a_training_that_fails_on_a_few_records_is_not_foretold_and_it_is_said() -> None:
    def train(x: np.ndarray, y: np.ndarray, *, rng: np.random.Generator) -> object:
        raise RuntimeError("no GPU")

    found = confide.plan(held(train=train), attacks="loss").forecast
    assert found is not None and found.seconds is None
    assert any("Training is not foretold" in note and "no GPU" in note for note in found.notes)


def test_a_plan_refuses_a_limit_that_so_few_people_cannot_settle(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be settled with 400 people outside the data"):
        confide.plan(held(), limits=["tpr@0.001=0.5"])
    ids = np.repeat([True, False], [40, 40])
    pl.DataFrame({"exposed": ids, "score": -np.arange(80.0)}).write_parquet(tmp_path / "e.parquet")
    with pytest.raises(DataError, match="it takes at least 100"):
        confide.plan(confide.Scores(tmp_path / "e.parquet"), limits=["tpr@0.01=0.5"])
