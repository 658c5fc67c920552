"""Audits that were saved, read back: the same numbers over several doors, and no file that was changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import confide
from confide.audits import Audit
from confide.core import kept_evidence as kept
from confide.core.errors import DataError
from confide.core.evidence import Evidence
from confide.data.ratings_like import ratings_like
from confide.inputs.scores import Scores

from .door import call


def scores(seed: int = 0, n: int = 300) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    exposed = np.arange(2 * n) < n
    noise = rng.standard_normal((2, 2 * n))
    return pl.DataFrame(
        {
            "attack": ["loss"] * 2 * n + ["lira"] * 2 * n,
            "target": np.tile(np.arange(2 * n), 2),
            "exposed": np.tile(exposed, 2),
            "score": np.concatenate([noise[0] + exposed, noise[0] * 0.5 + noise[1] + 2 * exposed]),
        }
    )


def of_scores(tmp_path: Path, **settings: Any) -> Audit:
    return call(Scores, scores(), **({"name": "scores of x", "cache": tmp_path / "cache"} | settings))


def of_ratings(tmp_path: Path) -> Audit:
    made = ratings_like(people=120, items=150, each=30, rng=np.random.default_rng(0))
    assert made.rating is not None and made.day is not None
    frame = pl.DataFrame(
        {"user": [f"u{p}" for p in made.person], "film": [f"f{i}" for i in made.item], "stars": made.rating}
    )
    held = confide.Ratings(frame, user="user", item="film", rating="stars")
    return confide.audit(held, seed=3, cache=tmp_path / "cache", protect=["rare:20"])


def of_table(tmp_path: Path) -> Audit:
    rng, n = np.random.default_rng(0), 400
    frame = pl.DataFrame(
        {
            "id": [f"p{i}" for i in range(n)],
            "age": rng.integers(18, 90, n),
            "town": [f"T{t}" for t in rng.integers(0, 40, n)],
            "illness": [f"I{i}" for i in rng.integers(0, 5, n)],
        }
    )
    held = confide.Table(frame, known="age,town", secret="illness")
    return confide.audit(
        held, seed=3, cache=tmp_path / "cache", attacks="fellegi-sunter,homogeneity", limits=["auc=0.6"]
    )


def of_model(tmp_path: Path) -> Audit:
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((400, 5)), rng.integers(0, 2, 400)
    fitted = RandomForestClassifier(20, random_state=0).fit(x[:200], y[:200])
    held = confide.Model(fitted, members=(x[:200], y[:200]), nonmembers=(x[200:], y[200:]))
    return confide.audit(held, seed=3, cache=tmp_path / "cache", attacks="loss,entropy")


DOORS = [of_scores, of_table, of_model, pytest.param(of_ratings, marks=pytest.mark.slow)]


@pytest.mark.parametrize("door", DOORS)
def test_what_was_saved_is_measured_again_and_is_the_same(door, tmp_path):
    audit: Audit = door(tmp_path)
    audit.save(tmp_path / "out")
    again = Audit.load(tmp_path / "out")
    assert again.report.page == json.loads(audit.report.json())
    assert (again.verdict, again.exit_code) == (audit.verdict, audit.exit_code)
    assert again.headlines == audit.headlines
    assert {r: set(of) for r, of in audit.risks.items()} == {r: set(of) for r, of in again.risks.items()}
    for s in audit.sections:
        for f in s.findings:
            assert audit.risks[s.release][f.risk.attack] is f.risk
            risk = again.risks[s.release][f.risk.attack]
            for name in ("auc", "advantage", "exposed", "control", "tpr_at", "epsilon", "people", "rows"):
                assert getattr(risk, name) == getattr(f.risk, name), (f.risk.attack, name)
    found = dict(zip((e.attack for e in audit.evidence), audit.evidence, strict=True))
    for r in again.releases:
        for attack, e in r.evidence.items():
            was = found[attack] if len(again.releases) == 1 else found[f"{r.release}/{attack}"]
            assert e.table.equals(was.table.select(e.table.columns))
    made = audit.exposed
    assert again.exposed.select("release", "target", "lookalikes").equals(
        made.select("release", "target", "lookalikes")
    )
    assert set(again.exposed.columns) <= set(made.columns)
    if audit.per_person is not None:
        assert again.per_person is not None and again.per_person.equals(audit.per_person)


def test_a_public_report_has_its_words_and_says_what_it_lacks(tmp_path):
    of_scores(tmp_path, audience="public").save(tmp_path / "out")
    again = Audit.load(tmp_path / "out")
    assert again.verdict == "measured" and again.risks == {}
    for what in ("evidence", "exposed"):
        with pytest.raises(DataError, match=r"for the public, which has no .* load the folder"):
            getattr(again, what)


@pytest.fixture
def saved(tmp_path) -> Path:
    of_scores(tmp_path, limits=["auc=0.95", "tpr@0.1=0.3"]).save(tmp_path / "out")
    return tmp_path / "out"


def changed(folder: Path, change) -> None:
    page = json.loads((folder / "report.json").read_text())
    change(page)
    (folder / "report.json").write_text(json.dumps(page))


def lower_auc(page: dict) -> None:
    for f in (page["sections"][0]["finding"], *page["findings"]):
        f["auc"]["high"] -= 0.001


def other_headline(page: dict) -> None:
    page["sections"][0]["finding"] = page["findings"][0]


def within(page: dict) -> None:
    for row in page["limits"]:
        row["verdict"] = "within"
    page.update(verdict="within", exit=0)
    page["sections"][0]["verdict"] = "within"


def fewer(page: dict) -> None:
    for f in (page["sections"][0]["finding"], *page["findings"]):
        f["tpr_at"][0]["rate"]["value"] = 0.0


@pytest.mark.parametrize("change", [lower_auc, other_headline, within, fewer])
def test_a_report_that_was_changed_is_refused(saved, change):
    assert Audit.load(saved).exit_code == 1, "as it was written it is taken"
    changed(saved, change)
    with pytest.raises(DataError, match=r"report.json does not follow from the other files .*run the audit"):
        Audit.load(saved)


def test_evidence_and_people_of_another_audit_are_refused(saved, tmp_path):
    other = tmp_path / "other"
    rng = np.random.default_rng(9)
    more = scores().with_columns(score=pl.col("score") + 1e-3 * rng.standard_normal(1200))
    call(Scores, more, name="scores of x", cache=tmp_path / "cache").save(other)
    for name in ("evidence.parquet", "exposed.csv"):
        mixed = tmp_path / f"mixed-{name}"
        shutil.copytree(saved, mixed)
        shutil.copy(other / name, mixed / name)
        with pytest.raises(DataError, match="does not follow from the other files"):
            Audit.load(mixed)


def test_what_is_missing_is_named(saved, tmp_path):
    with pytest.raises(DataError, match="is no folder: give the folder that an audit was saved to"):
        Audit.load(saved / "report.json")
    (saved / "exposed.csv").unlink()
    with pytest.raises(DataError, match=r"exposed.csv is missing"):
        Audit.load(saved)
    one = Evidence.of(np.arange(40) < 20, np.arange(40.0), attack="other")
    kept.save([one], saved / "evidence.parquet")
    with pytest.raises(DataError, match=r"of different audits \(l.*: evidence.parquet lacks it\)"):
        Audit.load(saved)
    (saved / "evidence.parquet").unlink()
    with pytest.raises(DataError, match=r"evidence.parquet does not exist"):
        Audit.load(saved)
    (saved / "report.json").unlink()
    with pytest.raises(DataError, match=r"report.json cannot be read"):
        Audit.load(saved)
