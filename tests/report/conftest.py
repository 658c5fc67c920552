"""Findings with known numbers: renderers are tested on risks made by hand."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import beta, norm

from confide.audits.model.access_table import Comparison, Rung, access_table
from confide.audits.model.gradient_norms import GradientNorms, norms_plot
from confide.core.budget import Budget
from confide.core.diagnostics import Curve, Diagnostics
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.measure.risk import EpsilonBound, PrecisionAt, RateAt, Risk, Roc
from confide.report import Finding, Section, Skipped


def clopper_pearson(rate: float, n: int, confidence: float = 0.95) -> Estimate:
    k, a = round(rate * n), (1 - confidence) / 2
    low = 0.0 if k == 0 else float(beta.ppf(a, k, n - k + 1))
    high = 1.0 if k == n else float(beta.ppf(1 - a, k + 1, n - k))
    return Estimate(k / n, low, high, confidence)


@cache
def gaussian_risk(
    mu: float, *, attack: str = "lira", n: int = 3_000, confidence: float = 0.95, **changes
) -> Risk:
    """The risk of scores N(mu, 1) against N(0, 1), from the closed form, with n people on each side."""

    def tpr(f: float) -> float:
        return float(norm.sf(norm.isf(f) - mu))

    def rate(f: float) -> RateAt:
        enough = int(f * n) >= 1
        why = "" if enough else f"needs at least {round(1 / f):,} people outside the data"
        return RateAt(f, clopper_pearson(tpr(f), n, confidence) if enough else None, n, why)

    auc, exposed, control = float(norm.cdf(mu / 2**0.5)), tpr(0.1), 0.1
    half = 1.2 / n**0.5
    fpr = np.geomspace(1 / n, 1, 400)
    k, a = np.round(norm.sf(norm.isf(fpr) - mu) * n), (1 - confidence) / 2
    low = np.where(k == 0, 0.0, beta.ppf(a, np.maximum(k, 1), n - k + 1))
    high = np.where(k == n, 1.0, beta.ppf(1 - a, k + 1, np.maximum(n - k, 1)))
    at = max(min((f for f in (0.1, 0.01, 0.001) if f * n >= 1), default=0.1), 1e-3)
    given = {
        "attack": attack,
        "access": "black-box",
        "game": "membership, one world",
        "exposed": clopper_pearson(exposed, n, confidence),
        "control": clopper_pearson(control, n, confidence),
        "advantage": Estimate(
            exposed - control, exposed - control - half, exposed - control + half, confidence
        ),
        "auc": Estimate(auc, auc - half, min(auc + half, 1.0), confidence),
        "balanced_accuracy": Estimate(
            float(norm.cdf(mu / 2)), norm.cdf(mu / 2) - half, norm.cdf(mu / 2) + half, confidence
        ),
        "tpr_at": tuple(rate(f) for f in (0.1, 0.01, 0.001, 0.0001)),
        "precision_at": tuple(
            PrecisionAt(
                p,
                at,
                Estimate(
                    (q := p * tpr(at) / (p * tpr(at) + (1 - p) * at)), 0.9 * q, min(1.1 * q, 1), confidence
                ),
            )
            for p in (0.5, 0.1, 0.01)
        ),
        "epsilon": (
            EpsilonBound(
                max(0.0, 1.6 * mu - 0.1),
                6.8,
                "one run, f-DP",
                1e-5,
                0.95,
                False,
                "members were drawn by a fair coin",
            ),
            EpsilonBound(2.9 * mu, 7.9, "mu-GDP", 1e-5, 0.95, False, "under the mu-GDP hypothesis"),
        ),
        "roc": Roc(fpr, k / n, low, high),
        "threshold": 1.28,
        "strategy": "chosen on one half, reported on the other",
        "exposed_count": n,
        "control_count": n,
        "people": 2 * n,
        "rows": 2 * n,
        "worlds": 1,
        "excluded": 0,
        "seconds": 1.5,
        "confidence": confidence,
    }
    return Risk(**(given | changes))


@cache
def gaussian_evidence(mu: float, *, n: int = 3_000) -> Evidence:
    """Deterministic normal scores: quantiles, no sampling."""
    q = norm.ppf((np.arange(n) + 0.5) / n)
    return Evidence.of(np.repeat([True, False], n), np.concatenate([q + mu, q]), attack="lira")


BLIND = Estimate(0.503, 0.489, 0.517, 0.95)


def gaussian_section(mu: float, *, release: str = "a neural network", n: int = 3_000, **changes) -> Section:
    attacks = [
        ("lira", "Likelihood ratio (LiRA)", mu, "Carlini et al. 2022, https://arxiv.org/abs/2112.03570"),
        (
            "rmia",
            "Relative membership (RMIA)",
            mu * 0.9,
            "Zarifzadeh et al. 2024, https://arxiv.org/abs/2312.03262",
        ),
        ("student", "Student-t (BaVarIA)", mu * 0.85, "Brännvall 2026"),
        ("qmia", "Quantile regression (QMIA)", mu * 0.6, "Bertran et al. 2023"),
        ("loss", "Loss threshold", mu * 0.4, "Yeom et al. 2018, https://arxiv.org/abs/1709.01604"),
        ("label", "Label-only", mu * 0.2, "Choquette-Choo et al. 2021"),
    ]
    findings = tuple(
        Finding(
            risk=gaussian_risk(m, attack=name, n=n, access="label-only" if name == "label" else "black-box"),
            title=title,
            citation=paper,
            settings={"references": 16},
            blind=BLIND,
        )
        for name, title, m, paper in attacks
    )
    headline = Finding(risk=gaussian_risk(mu, n=n, confidence=1 - 0.05 / 6), title=attacks[0][1], blind=BLIND)
    given = {
        "release": release,
        "headline": headline,
        "findings": findings,
        "skipped": (
            Skipped(attack="shadow", why="needs 2 classes; the model is a regression", lack="knowledge"),
        ),
        "evidence": {"lira": gaussian_evidence(mu, n=n)},
        "about": {
            "Model": "two hidden layers of 64",
            "Data": "fair: 6,366 women asked about extramarital affairs",
        },
        "adversary": ("It trained 16 models of its own in the same way, on people of the same kind.",),
        "harm": "Being in these data says that a woman took part in a survey on extramarital affairs.",
        "notes": ("Exact duplicates were counted once.",),
    }
    return Section(**(given | changes))


RUNGS = (
    ("loss", "black-box", "loss threshold", 0.6),
    ("supervised", "black-box", "half of the people known", 0.9),
    ("lira", "black-box", "with reference models", 1.9),
    ("nasr", "white-box", "gradients, half of the people known", 1.2),
    ("decoder", "white-box", "decoder, nobody's membership known", 3.0),
)

CURVE = Curve(
    "Candidates told apart", "ridge", "candidates found", (1e-6, 1e-4, 1e-2), (100.0, 370.0, 210.0), 1e-4
)


def access_rungs(*, n: int, decoder: float = 3.0, conclusive: bool = True) -> tuple[Rung, ...]:
    """Five kinds of access, measured on half of n members and others."""
    return tuple(
        Rung(
            means=means,
            conclusive=conclusive or name != "decoder",
            risk=gaussian_risk(
                decoder if name == "decoder" else mu, attack=name, access=access, n=n // 2, confidence=0.99
            ),
        )
        for name, access, means, mu in RUNGS
    )


def white_section(*, n: int = 3_000, decoder: float = 3.0, conclusive: bool = True, **changes) -> Section:
    """An audit of published weights: a decoder with diagnostics, kinds of access, and checkpoints."""
    diagnostics = Diagnostics(
        (("The gradients of ", 963, " candidates sum to 0.004 of their norms."),), conclusive, (CURVE,)
    )
    found = Finding(
        risk=gaussian_risk(decoder, attack="decoder", n=n, access="white-box"),
        title="Which records' gradients add up to the weights?",
        blind=BLIND,
        diagnostics=(diagnostics,),
    )
    rungs = access_rungs(n=n, decoder=decoder, conclusive=conclusive)
    found_by_model = (clopper_pearson(0.99, n), clopper_pearson(0.70, n))
    norms = norm.ppf((np.arange(n) + 0.5) / n)
    shift = np.array([0.0, -2.0, -5.0])[:, None]
    given = {
        "findings": (*gaussian_section(1.9, n=n).findings, found),
        "exhibits": (
            access_table(Comparison(rungs=rungs, right=found_by_model)),
            norms_plot(
                GradientNorms(
                    states=("epoch0", "epoch5", "published"),
                    norms=np.exp(np.concatenate([norms + shift, norms + 0 * shift], axis=1)),
                    member=np.repeat([True, False], n),
                )
            ),
        ),
        "access": "white-box",
    }
    return gaussian_section(1.9, n=n, **(given | changes))


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    return SimpleNamespace(
        risk=gaussian_risk,
        evidence=gaussian_evidence,
        section=gaussian_section,
        white=white_section,
        rungs=access_rungs,
        rate=clopper_pearson,
        Budget=Budget,
    )
