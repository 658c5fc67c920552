"""Broken twins of a synthesis, caught by an audit or a sum: a domain from the data, free bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
from tests.releases.synthesis.test_synthesize import DOMAIN, people, read_domain_of, rng

import confide
from confide import Budget
from confide.measure.epsilon import two_world
from confide.measure.rows import Rows
from confide.measure.thresholds import Bonferroni
from confide.mechanisms.statistics.promise import rho_of
from confide.mechanisms.synthesize.columns.quantile_bins import QuantileBins, with_quantile_bins
from confide.mechanisms.synthesize.independent import IndependentMargins
from confide.releases.synthesis.synthesiser import FOR_BINS, Synthesiser
from confide.synthesize import Category, PublicDomain

pytest.importorskip("opendp")
PROMISE = Budget(1.0, 1e-9)
JOBS = ("cook", "nurse", "pilot", "other")


def synthesiser(jobs: tuple[str, ...]) -> Synthesiser:
    domain = PublicDomain((Category("job", jobs, other="other"),))
    return Synthesiser(domain, IndependentMargins(budget=PROMISE, noise="rehearsal"), noise="rehearsal")


@dataclass(frozen=True)
class FromData:
    """Lists the categories that the records have."""

    def __call__(self, records: pl.DataFrame, *, rng: np.random.Generator) -> object:
        jobs = tuple(sorted(records["job"].unique().to_list()))
        return synthesiser(jobs if "other" in jobs else (*jobs, "other"))(records, rng=rng)


def shown(maker: object, *, worlds: int = 150) -> float:
    """The certified epsilon of "the only pilot is in": the score is the number of synthetic pilots, or -1."""
    exposed = np.arange(worlds) % 2 == 0
    score = np.empty(worlds)
    for i, pilot in enumerate(exposed):
        jobs = ["cook", "nurse"] * 100 + ["pilot"] * int(pilot)
        made = maker(pl.DataFrame({"job": jobs}), rng=rng(i))  # type: ignore[operator]
        listed = "pilot" in made.view.domains[0].labels
        score[i] = (made.frame["job"] == "pilot").sum() if listed else -1
    evidence = confide.Evidence.of(exposed=exposed, score=score, world=np.arange(worlds))
    return two_world(Rows.of(evidence), threshold=Bonferroni(25), delta=1e-9).low


@pytest.mark.slow
def test_a_domain_from_the_data_is_caught_by_the_audit_and_a_public_one_keeps_its_promise() -> None:
    assert shown(FromData()) > 2 * PROMISE.epsilon
    assert shown(synthesiser(JOBS)) <= PROMISE.epsilon


def test_bins_that_are_not_charged_make_the_sum_exceed_the_promise() -> None:
    text = DOMAIN.replace(
        '[columns.start]\nkind = "integer"', '[columns.start]\nkind = "integer"\nbins = "quantiles:5"'
    )
    domain, whole = read_domain_of(text), rho_of(1.0, 1e-9)
    honest = Synthesiser(domain, IndependentMargins(budget=PROMISE, noise="rehearsal"), noise="rehearsal")
    assert honest(people(), rng=rng()).release.spent + FOR_BINS * whole <= whole
    # The twin looks for its bins, and then spends the whole budget all the same.
    bins = QuantileBins(rho=FOR_BINS * whole, noise="rehearsal")
    found = with_quantile_bins(people(), domain, bins, rng=rng())
    twin = Synthesiser(found, IndependentMargins(budget=PROMISE, noise="rehearsal"), noise="rehearsal")
    assert twin(people(), rng=rng()).release.spent + FOR_BINS * whole > whole
