"""Who became more exposed is named only with enough control people, and then within the rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.stats import beta

from confide.core.evidence import Evidence
from confide.measure import worst
from confide.report import Finding, Section, page
from confide.report.compare.files import Files
from confide.report.compare.pairing import share_people
from confide.report.compare.people import MoreExposed, who_rose
from confide.report.compare.reading import Pair
from confide.report.measured import MeasuredRelease, releases_of


def drawn(rng: np.random.Generator, own: np.ndarray, members: int) -> Evidence:
    exposed = np.arange(len(own)) < members
    return Evidence.of(exposed, own + 0.5 * rng.standard_normal(len(own)) + exposed, attack="a")


def bare() -> MeasuredRelease:
    """A release of which nothing but its scores, put in later, is looked at."""
    _, risks = worst([drawn(np.random.default_rng(0), np.zeros(100), 50)])
    found = (Finding(risk=risks[0]),)
    section = Section(release="x", headline=found[0], findings=found, evidence={}, among=1)
    return releases_of(page([section], seed=1))[0]


def compared(
    release: MeasuredRelease, rng: np.random.Generator, *, members: int, controls: int, rose: int = 0
) -> MoreExposed:
    """Two audits of the same people, of whom `rose` are far more exposed after, and all others as before."""
    own = rng.standard_normal(members + controls)
    more = own + 9.0 * (np.arange(len(own)) < rose)
    who = {"a": pl.DataFrame({"target": np.arange(len(own)), "id": [f"{i}" for i in range(len(own))]})}
    sides = [replace(release, evidence={"a": drawn(rng, each, members)}, who=who) for each in (own, more)]
    pair = Pair.of(*sides, files=Files())
    found = who_rose(pair, share_people(*sides, ("a",), files=Files()), "a")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("members", "controls", "named"),
    [(100, 299, False), (100, 300, True), (1_200, 399, False), (1_200, 400, True)],
)
def test_it_takes_300_controls_and_a_third_of_the_members(members: int, controls: int, named: bool) -> None:
    found = compared(bare(), np.random.default_rng(1), members=members, controls=controls, rose=60)
    assert (found.table.height > 30) == named and (found.table.height > 0) == named
    said = found.record["sentence"]
    assert ("nobody is named" in said) != named and ("for each person by themselves" in said) == named
    if not named:
        assert f"{max(300, members // 3)} control people" in said and f"and {controls} were" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("members", "controls"), [(1_000, 40), (1_000, 100), (900, 300), (1_000, 1_000)]
)  # fmt: skip
def test_where_nobody_changed_nobody_is_named_but_at_the_rate(members: int, controls: int) -> None:
    """200 comparisons: with few controls none names anybody, else at most the stated 10 in 100 do.

    By Clopper and Pearson's limit at 1e-4 more than 10 in 100 is refuted in no case.
    """
    rng, release, runs = np.random.default_rng(controls), bare(), 200
    named = sum(
        compared(release, rng, members=members, controls=controls).table.height > 0 for _ in range(runs)
    )
    if controls < 300:
        assert named == 0
    assert named == 0 or beta.ppf(1e-4, named, runs - named + 1) <= 0.1
