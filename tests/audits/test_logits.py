"""Logits of models that were trained elsewhere: against a naive LiRA, and with every mistake in them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm, rankdata

import confide
from confide.core.errors import DataError
from confide.inputs.logits import Logits, read_logits

M, N = 16, 600


def made(leak: float, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Logits of 16 models, each trained on a random half: `leak` more where a record trained."""
    rng = np.random.default_rng(seed)
    keep = rng.random((M, N)) < 0.5
    return rng.normal(size=N) * 3 + leak * keep + rng.normal(size=(M, N)), keep


def area(score: np.ndarray, member: np.ndarray) -> float:
    rank, n = rankdata(score), member.sum()
    return float((rank[member].sum() - n * (n + 1) / 2) / (n * (~member).sum()))


def found(held: Logits, tmp_path: Path, **settings: Any) -> dict[str, Any]:
    done = confide.audit(held, seed=7, cache=tmp_path, **settings)
    return {f.risk.attack: f for f in done.sections[0].findings}


def test_lira_is_the_likelihood_ratio_of_the_paper(tmp_path: Path) -> None:
    """Carlini et al. 2022, online, one variance for all records inside and one outside, in a plain loop."""
    phi, keep = made(1.5)
    others, known = np.delete(phi, 2, 0), np.delete(keep, 2, 0)
    inside = [others[known[:, i], i] for i in range(N)]
    outside = [others[~known[:, i], i] for i in range(N)]
    apart = [np.concatenate([v - v.mean() for v in side]).std() for side in (inside, outside)]
    ratio = np.array(
        [
            norm.logpdf(phi[2, i], inside[i].mean(), apart[0])
            - norm.logpdf(phi[2, i], outside[i].mean(), apart[1])
            for i in range(N)
        ]
    )
    lira = found(Logits(phi, keep, target=2), tmp_path, attacks=["lira"])["lira"]
    assert lira.risk.auc.value == pytest.approx(area(ratio, keep[2]), abs=0.01)
    assert lira.risk.auc.low > 0.7, "the models leak"


def test_models_that_leak_nothing_show_nothing(tmp_path: Path) -> None:
    phi, keep = made(0.0)
    for finding in found(Logits(phi, keep, coins=True), tmp_path).values():
        assert finding.risk.auc.low < 0.5 < finding.risk.auc.high, finding.risk.attack


def test_a_file_is_its_arrays_and_all_logits_are_those_of_the_true_class(tmp_path: Path) -> None:
    phi, keep = made(1.5)
    np.savez(tmp_path / "phi.npz", phi=phi, keep=keep)
    # Three classes whose true one has the same logit against the others, which share the rest.
    y = np.random.default_rng(1).integers(0, 3, N)
    whole = np.full((M, N, 3), -np.log(2))
    whole[:, np.arange(N), y] = phi
    np.savez(tmp_path / "whole.npz", phi=whole, keep=keep.astype(np.uint8), y=y)
    each = [Logits(phi, keep), Logits(tmp_path / "phi.npz"), Logits(tmp_path / "whole.npz")]
    one, *others = (found(held, tmp_path, attacks=["loss", "lira"]) for held in each)
    for other in others:
        for name in ("loss", "lira"):
            assert other[name].risk.auc.value == pytest.approx(one[name].risk.auc.value, abs=1e-6)


def test_coins_decide_whether_a_bound_is_certified(tmp_path: Path) -> None:
    phi, keep = made(6.0)
    for coins in (False, True):
        lira = found(Logits(phi, keep, coins=coins), tmp_path, attacks=["lira"])["lira"]
        assert lira.bound is not None and lira.bound.low > 1
        assert any(one.certified for one in lira.risk.epsilon) is coins


PHI, KEEP = made(1.5)
HELD = Logits(PHI, KEEP)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"keep": None}, "keep is missing"),
        ({"keep": KEEP[:3]}, r"keep has the shape \(3, 600\), and phi is of 16 models and 600 records"),
        ({"keep": KEEP + 1}, "keep holds more than 0 and 1"),
        ({"keep": np.ones_like(KEEP)}, "all of the records trained model 0"),
        ({"target": 16}, "the 16 models are numbered from 0 to 15"),
        ({"phi": PHI[0]}, "give .models, records. or .models, records, classes."),
        ({"phi": np.where(PHI > 5, np.inf, PHI)}, "a probability of 0 or 1 has no logit"),
        ({"phi": PHI.astype(str)}, "phi is of type <U"),
        ({"phi": 1 / (1 + np.exp(-PHI))}, "between 0 and 1, as probabilities do"),
        ({"phi": -PHI}, "have a lower logit in models that they trained"),
        ({"keep": ~KEEP}, "have a lower logit in models that they trained"),
        ({"phi": np.vstack([PHI[:1], PHI[:1], PHI[2:]])}, "model 1 answers exactly as model 0"),
        ({"y": np.zeros(N, int)}, "leave out y"),
        ({"phi": np.stack([PHI, -PHI], 2)}, "y is missing"),
        ({"phi": np.stack([PHI, -PHI], 2), "y": np.full(N, 2)}, "phi has 2 classes from 0 on"),
        ({"phi": np.full((M, N, 2), 0.5), "y": np.zeros(N, int)}, "model 1 answers exactly|probabilities"),
    ],
)
def test_mistakes_are_answered_by_a_sentence(change: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_logits(replace(HELD, **change))


def test_files_that_hold_something_else_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "scores.npz", scores=PHI)
    (tmp_path / "phi.csv").write_text("1,2")
    for name, words in (
        ("scores.npz", "phi and keep"),
        ("phi.csv", "no .npz file"),
        ("none.npz", "does not exist"),
    ):
        with pytest.raises(DataError, match=words):
            read_logits(Logits(tmp_path / name))
