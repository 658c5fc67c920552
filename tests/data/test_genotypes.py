"""Simulated genotypes have the law that they say; the real ones are what their card says, counts only."""

from __future__ import annotations

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.data import genomes1000
from confide.data.genotypes_like import GenotypesLike


def test_populations_are_as_far_apart_as_fst_says():
    """The mean of var / (p (1 - p)) over 4,000 SNPs and 40 populations is F_ST, within 10 %."""
    made = GenotypesLike(people=1, snps=4_000, populations=40, fst=0.1, low=0.2, high=0.8)
    shares = made.shares(rng=np.random.default_rng(0))
    p = shares.mean(axis=0)
    # p (1 - p) is estimated with a bias of F_ST / 40.
    found = (shares.var(axis=0, ddof=1).mean()) / (p * (1 - p)).mean()
    assert found == pytest.approx(0.1, rel=0.1)


def test_two_alleles_are_independent():
    """The share of heterozygotes is 2 p (1 - p) within five standard errors over 60,000 genotypes."""
    made = GenotypesLike(people=300, snps=200, low=0.3, high=0.3)(rng=np.random.default_rng(1))
    error = np.sqrt(0.42 * 0.58 / made.copies.size)
    assert (made.copies == 1).mean() == pytest.approx(0.42, abs=5 * error)


@pytest.mark.parametrize(
    ("settings", "says"),
    [({"people": 0}, "people is 0"), ({"fst": 1.0}, "fst is 1"), ({"low": 0.6}, "low <= high")],
)
def test_bad_settings_are_said(settings, says):
    with pytest.raises(DataError, match=says):
        GenotypesLike(**settings)


@pytest.mark.real_data
def test_genomes1000(need) -> None:
    need(genomes1000.PACKED)
    made = genomes1000.load()
    assert made.copies.shape == (503, 10_025) and made.copies.dtype == np.int8
    assert (made.copies < 0).mean() == pytest.approx(0.001, abs=5e-4)
    frequency = made.frequencies()
    assert np.minimum(frequency, 1 - frequency).min() >= 0.0499


def test_another_file_is_refused(machine) -> None:
    folder = machine[0] / "genotype"
    folder.mkdir()
    np.savez(folder / "kg_eur_chr2.npz", G=np.zeros((3, 4), np.int8))
    with pytest.raises(DataError, match=r"shape \(3, 4\), not \(503, 10025\)"):
        genomes1000.load()
