"""`confide.audit(confide.Model(...))` in Python: what is played, counted, asked, and kept from the public."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

import confide
from confide.attacks.membership import RMIA, StudentT
from confide.audits.model import SPEC
from confide.core.errors import DataError
from confide.models.remote import Line, remote

from .door import call

RNG = np.random.default_rng(0)
X = RNG.standard_normal((963, 6))
Y = (X[:, 0] + RNG.standard_normal(963) > 0).astype(np.int64)
IN, OUT = (X[:483], Y[:483]), (X[483:], Y[483:])
FOREST = RandomForestClassifier(20, random_state=0).fit(*IN)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))


def audit(model: object = FOREST, **options: object) -> confide.Audit:
    settings = {"members": IN, "nonmembers": OUT, "seed": 3, "references": 2, **options}
    return call(confide.Model, model, **settings)


@pytest.mark.slow
def test_the_default_is_played_as_what_it_chooses_and_counted_once() -> None:
    done = audit(attacks="default,rmia,loss,loss")
    assert [f.risk.attack for f in done.sections[0].findings] == ["rmia", "loss"]
    assert done.sections[0].findings[0].risk.confidence == pytest.approx(1 - 0.05 / len(SPEC.known), abs=1e-9)
    assert any("trusts rmia" in said for said in done.sections[0].adversary)
    four = audit(attacks="default", references=4).sections[0].findings[0]
    assert four.title
    assert four.citation


def test_attacks_may_be_given_as_objects_with_settings() -> None:
    done = audit(attacks=[RMIA(temperature=2.0), StudentT(prior=8.0)])
    assert [dict(f.settings) for f in done.sections[0].findings][1]["prior"] == 8.0


def test_two_settings_of_one_attack_are_not_silently_one() -> None:
    with pytest.raises(DataError, match="two attacks share a name"):
        audit(attacks=[RMIA(temperature=2.0), RMIA(temperature=3.0)])


@pytest.mark.slow
def test_a_query_is_asked_once_however_many_attacks_there_are() -> None:
    def counted(attacks: str) -> int:
        line = Line(FOREST.predict_proba)
        model = remote(line, answers="probabilities")
        audit(model, attacks=attacks, references=2, train=lambda x, y, *, rng: FOREST)
        return line.queries

    assert counted("loss,entropy,rmia") == counted("loss")
    assert counted("loss") < 963 + 100  # and a few to see what it answers with


def test_labels_alone_train_no_references() -> None:
    def never(x: object, y: object, *, rng: object) -> object:
        raise AssertionError("no attack on labels needs a reference")

    done = audit(FOREST.predict, attacks="label-only,lira", train=never)
    assert "lira" in {s.attack for s in done.sections[0].skipped}


@pytest.mark.slow
def test_a_public_report_counts_coarsely(tmp_path: Path) -> None:
    done = audit(audience="public", attacks="loss")
    done.save(tmp_path)
    for name in ("report.json", "report.html"):
        text = (tmp_path / name).read_text()
        assert "483" not in text
        assert "480" in text


@pytest.mark.slow
def test_a_public_report_never_stands_beside_rows(tmp_path: Path) -> None:
    audit(attacks="loss").save(tmp_path)
    before = (tmp_path / "report.html").read_bytes()
    with pytest.raises(DataError, match="holds the rows of an earlier audit"):
        audit(audience="public", attacks="loss").save(tmp_path)
    assert (tmp_path / "report.html").read_bytes() == before


def test_a_blind_adversary_that_cannot_run_is_named() -> None:
    done = audit(nonmembers=(X[483:493], Y[483:493]), attacks="loss")
    page = json.loads(done.report.json())
    assert [s["attack"] for s in page["skipped"]] == ["blind"]


@pytest.mark.slow
def test_rounded_answers_are_warned_about() -> None:
    assert any("rounded to exactly 0 or 1" in w for w in audit(attacks="loss").sections[0].warnings)
    soft = RandomForestClassifier(20, random_state=0, min_samples_leaf=60).fit(*IN)
    assert not audit(soft, attacks="loss").sections[0].warnings


def test_what_the_model_does_not_use_is_said() -> None:
    import pandas as pd
    import polars as pl

    names = [f"f{i}" for i in range(6)]
    frames = [pl.DataFrame(x, schema=names).with_columns(y=y, extra=pl.lit(1.0)) for x, y in (IN, OUT)]
    forest = RandomForestClassifier(20, random_state=0).fit(pd.DataFrame(IN[0], columns=names), IN[1])
    done = audit(forest, members=frames[0], nonmembers=frames[1], label="y", attacks="loss")
    assert any("columns extra" in note for note in done.sections[0].notes)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"references": -1}, "references is -1: give 0 to 10,000"),
        ({"seed": -1}, "the seed is -1"),
        ({"audience": "press"}, "internal or public"),
    ],
)
def test_bad_options_are_said_before_any_work(options: dict[str, object], says: str) -> None:
    with pytest.raises(DataError, match=says):
        audit(**options)
