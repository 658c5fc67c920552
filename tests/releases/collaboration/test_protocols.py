"""Protocols by their names in a plan: every option arrives, and what cannot be is refused."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from confide.collaboration import AdaptiveClip, Banded, DPFedAvg, SparseUpload
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
}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_option_arrives(name: str) -> None:
    named = PROTOCOLS[name]
    said = {key: GIVEN[key] for key in named.takes if key != "adaptive"}
    budget = {"epsilon": 2.0, "delta": 1e-4} if named.promises else {"epsilon": None, "delta": None}
    made = protocol_of({"name": name, **said}, **budget, noise="rehearsal")
    assert type(made).__name__ == named.made
    has = {f.name for f in fields(made)}  # pyright: ignore[reportArgumentType]
    for key in set(said) & has - {"private"}:
        assert getattr(made, key) == said[key], key
    assert set(said) - has <= {"bands"}, "each option is a field, but for the number of bands"
    if "bands" in said:
        assert made.sums == Banded(2)  # pyright: ignore
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
