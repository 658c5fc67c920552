"""Protocols by their names in a plan: every option arrives, and what cannot be is refused."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from confide.collaboration import (
    AdaptiveClip,
    Banded,
    CoordinateMedian,
    DPFedAvg,
    EigenvectorFilter,
    FedAvg,
    Krum,
    SparseUpload,
    TrimmedMean,
)
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.mechanisms.federate.protocol import Plan
from confide.releases.collaboration.protocols import PROTOCOLS, protocol_of

GIVEN: dict[str, Any] = {
    "share": 0.5,
    "weights": "equal",
    "rate": 0.7,
    "clip": 0.4,
    "sample": 0.2,
    "multiplier": 3.0,
    "separation": 4,
    "bands": 2,
    "cohort": 100,
    "least": 70,
    "colluding": 10,
    "times": 6,
    "upload": 0.3,
    "download": 0.6,
    "select": "random",
    "order": "random",
    "above": 0.1,
    "private": {"epsilon": 1.0, "clip": 0.01, "threshold": 0.001},
    "adaptive": {"start": 0.2, "quantile": 0.6},
    "mean": "median",
}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_option_arrives(name: str) -> None:
    named = PROTOCOLS[name]
    said = {key: GIVEN[key] for key in named.takes if key != "adaptive"}
    budget = {"epsilon": 2.0, "delta": 1e-4} if named.promises else {"epsilon": None, "delta": None}
    made = protocol_of({"name": name, **said}, **budget, noise="rehearsal")
    assert type(made).__name__ == named.made
    has = {f.name for f in fields(made)}  # pyright: ignore[reportArgumentType]
    for key in set(said) & has - {"private", "mean"}:
        assert getattr(made, key) == said[key], key
    assert set(said) - has <= {"bands"}, "each option is a field, but for the number of bands"
    if "bands" in said:
        assert made.sums == Banded(2)  # pyright: ignore
    if "mean" in said:
        assert made.mean == CoordinateMedian() and not made.additive  # pyright: ignore
    if "private" in said:
        assert made.private == SparseUpload(**GIVEN["private"])  # pyright: ignore
    if named.promises:
        assert made.budget == Budget(2.0, 1e-4, Unit.client()) and made.noise == "rehearsal"


def test_the_adaptive_clip_of_the_page_leaves_noise_for_the_updates_of_its_four_hospitals() -> None:
    page = (Path(__file__).parents[3] / "docs" / "collaborate.md").read_text()
    shown = page.partition("or `adaptive = ")[2].partition("`")[0]
    said = {"name": "dp-fedavg", "sample": 1.0, **tomllib.loads(f"adaptive = {shown}")}
    made, plan = protocol_of(said, epsilon=4.0, delta=0.01, noise="secure"), Plan(4, 5, np.zeros(3))
    made.begin(plan, rng=np.random.default_rng(0))
    # Without noise of its own it is refused, and what the message says is enough.
    less = {**said, "adaptive": {"start": 0.1}}
    with pytest.raises(PromiseError) as refused:
        protocol_of(less, epsilon=4.0, delta=0.01, noise="secure").begin(plan, rng=np.random.default_rng(0))
    advised = float(str(refused.value).partition("noise = ")[2].partition(",")[0])
    enough = {**said, "adaptive": {"start": 0.1, "noise": advised}}
    protocol_of(enough, epsilon=4.0, delta=0.01, noise="secure").begin(plan, rng=np.random.default_rng(0))


def test_an_adaptive_clip_stands_in_place_of_the_fixed_one() -> None:
    said = {"name": "dp-fedavg", "adaptive": GIVEN["adaptive"], "sample": 0.1}
    made = protocol_of(said, epsilon=2.0, delta=1e-4, noise="secure")
    assert isinstance(made, DPFedAvg) and made.clip == AdaptiveClip(start=0.2, quantile=0.6)
    with pytest.raises(DataError, match="give one of them"):
        protocol_of({**said, "clip": 0.4}, epsilon=2.0, delta=1e-4, noise="secure")


def fedavg(mean: Any, **more: Any) -> FedAvg:
    made = protocol_of({"name": "fedavg", "mean": mean, **more}, epsilon=None, delta=None, noise="secure")
    assert isinstance(made, FedAvg)
    return made


def test_a_robust_mean_is_told_what_it_withstands_and_counts_each_client_once() -> None:
    assert fedavg({"name": "trimmed", "share": 0.2}).mean == TrimmedMean(0.2)
    assert fedavg({"name": "krum", "poisoned": 3}).mean == Krum(poisoned=3)
    assert fedavg({"name": "filter", "share": 0.2, "variance": 0.05}).mean == EigenvectorFilter(
        share=0.2, variance=0.05
    )
    assert fedavg("median").weights == "equal"


@pytest.mark.parametrize(
    ("mean", "says"),
    [
        ("medain", "'medain': you may mean 'median'"),
        ("plain", "choose of median, trimmed, krum, filter"),
        ("krum", r"needs poisoned: write mean = \{ name = \"krum\", poisoned = 2 \}"),
        ({"name": "filter", "share": 0.1}, "needs variance"),
        ({"name": "trimmed", "share": 0.7}, "share is 0.7"),
        ({"name": "trimmed", "share": "a"}, "share is 'a': give a number"),
        ({"name": "krum", "poisoned": 1.5}, "poisoned is 1.5: give a whole number"),
        ({"name": "median", "share": 0.1}, "has no setting 'share'"),
        (3, "the mean is 3"),
    ],
)
def test_a_mean_that_is_none_is_refused_with_what_to_write(mean: Any, says: str) -> None:
    with pytest.raises(DataError, match=says):
        fedavg(mean)


def test_a_mean_is_refused_where_a_promise_or_a_weight_fixes_it() -> None:
    for name in ("dp-fedavg", "distributed-dp-fedavg", "dp-ftrl"):
        with pytest.raises(PromiseError, match="noise on the plain sum"):
            protocol_of({"name": name, "mean": "median"}, epsilon=2.0, delta=1e-4, noise="secure")
    with pytest.raises(PromiseError, match="adds up sparse updates one after another: leave mean out"):
        protocol_of({"name": "selective-sgd", "mean": "median"}, epsilon=None, delta=None, noise="secure")
    with pytest.raises(PromiseError, match="counts each once"):
        fedavg("median", weights="records")


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"name": "dp-fedavg", "clip": "long", "sample": 0.1}, "clip is 'long': give a finite number"),
        ({"name": "dp-fedavg", "clip": True, "sample": 0.1}, "give a finite number"),
        ({"name": "dp-fedavg", "clip": 0.5}, "needs sample"),
        ({"name": "dp-fedavg", "sample": 0.5}, "needs clip"),
        ({"name": "dp-ftrl", "clip": 0.5}, "needs separation"),
        ({"name": "dp-ftrl", "clip": 0.5, "separation": 0}, "whole number from 1 to 1,000,000,000"),
        ({"name": "dp-fedavg", "adaptive": {"quantile": 0.5}, "sample": 0.1}, "needs all of"),
        ({"name": "dp-fedavg", "adaptive": 3, "sample": 0.1}, "write a table"),
        (
            {"name": "dp-fedavg", "adaptive": {"start": 0.1, "noise": 0.0}, "sample": 0.1},
            "without noise of its own",
        ),
        ({"name": 3}, "the name is 3"),
        ({}, "choose one of fedavg"),
    ],
)
def test_what_cannot_be_is_refused(said: dict[str, Any], says: str) -> None:
    with pytest.raises((DataError, PromiseError), match=says):
        protocol_of(said, epsilon=2.0, delta=1e-4, noise="secure")
