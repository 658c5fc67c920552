"""Attacks on statistics against their formulas, term by term, in plain loops."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
import pytest

from confide.attacks.membership.statistics import (
    BeaconLR,
    FrequencyLR,
    FrequencyLRCorrected,
    Homer,
    HomerCorrected,
    MeansLR,
    RobustInnerProduct,
    RobustInnerProductCorrected,
)
from confide.core.errors import DataError, KnowledgeError
from confide.core.nouns import Case
from confide.data.genotypes_like import GenotypesLike
from confide.knowledge.frequencies import Reference
from confide.mechanisms.statistics.allele_frequencies import AlleleFrequencies
from confide.mechanisms.statistics.allele_presence import AllelePresence
from confide.mechanisms.statistics.column_means import ColumnMeans
from confide.views.frequencies import Frequencies, Genotypes, Measurements

N, REFERENCE, SNPS, TARGETS = 8, 12, 30, 4


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def people() -> Genotypes:
    """Pool, reference and targets in this order, with a genotype in twenty missing."""
    made = GenotypesLike(people=N + REFERENCE + TARGETS, snps=SNPS)(rng=rng()).copies
    made[rng(1).random(made.shape) < 0.05] = -1
    return Genotypes(copies=made)


EVERYBODY = people()
POOL, KNOWN, TARGET = (
    EVERYBODY.take(np.arange(*ends))
    for ends in ((0, N), (N, N + REFERENCE), (N + REFERENCE, N + REFERENCE + TARGETS))
)


def case(mechanism=None) -> Case:
    mechanism = mechanism or AlleleFrequencies()
    view = mechanism(POOL, rng=rng()).view
    return Case(view, Reference(mechanism=mechanism, people=KNOWN), TARGET)


def share(of: Genotypes, j: int) -> float:
    known = [int(g) for g in of.copies[:, j] if g >= 0]
    return sum(known) / (2 * len(known))


def kept(f: float, n: int) -> float:
    return min(max(f, 1 / (4 * n)), 1 - 1 / (4 * n))


def test_the_likelihood_ratio_term_by_term():
    found = FrequencyLR()(case(), rng=rng()).score
    for i in range(TARGETS):
        total = 0.0
        for j in range(SNPS):
            g, q, p = int(TARGET.copies[i, j]), kept(share(POOL, j), N), kept(share(KNOWN, j), REFERENCE)
            if g >= 0:
                total += g * log(q / p) + (2 - g) * log((1 - q) / (1 - p))
        assert found[i] == pytest.approx(total, rel=1e-9)


def test_homer_term_by_term():
    found = Homer()(case(), rng=rng()).score
    for i in range(TARGETS):
        d = [
            abs(g / 2 - share(KNOWN, j)) - abs(g / 2 - share(POOL, j))
            for j in range(SNPS)
            if (g := int(TARGET.copies[i, j])) >= 0
        ]
        mean = sum(d) / len(d)
        sd = sqrt(sum((x - mean) ** 2 for x in d) / (len(d) - 1))
        assert found[i] == pytest.approx(mean / (sd / sqrt(len(d))), rel=1e-9)


def test_the_inner_product_term_by_term():
    found = RobustInnerProduct()(case(), rng=rng()).score
    for i in range(TARGETS):
        expected = sum(
            (g / 2 - share(KNOWN, j)) * (share(POOL, j) - share(KNOWN, j))
            for j in range(SNPS)
            if (g := int(TARGET.copies[i, j])) >= 0
        )
        assert found[i] == pytest.approx(expected, rel=1e-9)


def test_the_beacon_term_by_term():
    found = BeaconLR(mismatch=0.01)(case(AllelePresence()), rng=rng()).score
    for i in range(TARGETS):
        total = 0.0
        for j in range(SNPS):
            if TARGET.copies[i, j] > 0:
                f = kept(share(KNOWN, j), REFERENCE)
                out, own = (1 - f) ** (2 * N), 0.01 * (1 - f) ** (2 * N - 2)
                present = any(POOL.copies[:, j] > 0)
                total += log((1 - own) / (1 - out)) if present else log(own / out)
        assert found[i] == pytest.approx(total, rel=1e-9)


def test_gaussian_means_term_by_term():
    values = rng(3).normal(2, 3, (N + REFERENCE + TARGETS, SNPS))
    pool, known, target = values[:N], values[N : N + REFERENCE], values[N + REFERENCE :]
    mechanism = ColumnMeans()
    view = mechanism(Measurements(values=pool), rng=rng()).view
    reference = Reference(mechanism=mechanism, people=Measurements(values=known))
    found = MeansLR()(Case(view, reference, Measurements(values=target)), rng=rng()).score

    def density(x: float, mean: float, variance: float) -> float:
        return exp(-((x - mean) ** 2) / (2 * variance))

    for i in range(TARGETS):
        total = 0.0
        for j in range(SNPS):
            u = sum(known[:, j]) / REFERENCE
            s2 = sum((x - u) ** 2 for x in known[:, j]) / (REFERENCE - 1)
            v, x = sum(pool[:, j]) / N, target[i, j]
            total += log(density(x, v, s2 * (1 - 1 / N)) / density(x, u, s2))
        assert found[i] == pytest.approx(total, rel=1e-9)


def axes(scale: np.ndarray, components: int) -> np.ndarray:
    """The leading principal components of the reference, by the singular values of the whole matrix."""
    p = np.array([share(KNOWN, j) for j in range(SNPS)])
    x = np.where(KNOWN.copies < 0, 0, (KNOWN.copies / 2 - p) / scale)
    return np.linalg.svd(x)[2][:components]


def rest(x: np.ndarray, axis: np.ndarray) -> np.ndarray:
    for one in axis:
        x = x - (x @ one) * one
    return x


@pytest.mark.parametrize("components", [1, 3])
def test_corrected_forms_target_by_target(components):
    """Projected by a full singular value decomposition, one axis after the other; scored by loops."""
    p = np.array([share(KNOWN, j) for j in range(SNPS)])
    q = np.array([share(POOL, j) for j in range(SNPS)])
    inside = np.array([kept(f, REFERENCE) for f in p])
    deviation = np.sqrt(inside * (1 - inside))
    inner, ratio, nearer = (
        attack(components=components)(case(), rng=rng()).score
        for attack in (RobustInnerProductCorrected, FrequencyLRCorrected, HomerCorrected)
    )
    plain, scaled = axes(np.ones(SNPS), components), axes(deviation, components)
    beyond = deviation * rest((q - p) / deviation, scaled)
    for i in range(TARGETS):
        known = TARGET.copies[i] >= 0
        y = np.where(known, TARGET.copies[i] / 2, p)
        mine = rest(y - p, plain)
        assert inner[i] == pytest.approx(mine @ rest(q - p, plain) / np.linalg.norm(mine), rel=1e-7)
        mine = rest((y - p) / deviation, scaled)
        expected = y - deviation * mine  # the reference's frequency, moved by ancestry
        norm, logs, distances = np.linalg.norm(mine), 0.0, 0.0
        for j in np.flatnonzero(known):
            e = kept(expected[j], REFERENCE)
            m = kept(e + beyond[j], N)
            logs += y[j] * log(m / e) + (1 - y[j]) * log((1 - m) / (1 - e))
            distances += abs(y[j] - expected[j]) - abs(y[j] - expected[j] - beyond[j])
        assert ratio[i] == pytest.approx(logs / norm, rel=1e-7)
        assert nearer[i] == pytest.approx(distances / norm, rel=1e-7)


@pytest.mark.parametrize(
    "attack",
    [FrequencyLR(), FrequencyLRCorrected(), Homer(), HomerCorrected(), RobustInnerProduct(),
     RobustInnerProductCorrected()],
    ids=lambda attack: attack.name,
)  # fmt: skip
def test_what_is_not_published_is_not_used(attack):
    """Twenty of thirty frequencies give the scores of a study of these twenty SNPs."""
    mechanism = AlleleFrequencies(at_most=20)
    cut = case(mechanism)
    kept_snps = cut.view.published
    assert kept_snps.sum() == 20
    view = Frequencies(values=cut.view.values[kept_snps], people=N)
    alone = Case(view, Reference(mechanism=mechanism, people=KNOWN.only(kept_snps)), TARGET.only(kept_snps))
    one, other = (attack(c, rng=rng()).score for c in (cut, alone))
    assert one == pytest.approx(other, rel=1e-9)


def test_a_reference_without_a_genotype_at_what_is_published_is_said():
    empty = Genotypes(copies=np.full((REFERENCE, SNPS), -1, np.int8))
    other = Case(case().view, Reference(mechanism=AlleleFrequencies(), people=empty), TARGET)
    with pytest.raises(KnowledgeError, match="no genotype at any published SNP"):
        FrequencyLR()(other, rng=rng())


def test_degenerate_tables_give_no_infinity_and_no_nan():
    """Everybody is equal, then one SNP: scores stay finite, and nobody is told from anybody."""
    for copies in (0, 1, 2):
        same = Genotypes(copies=np.full((5, 7), copies, np.int8))
        view = AlleleFrequencies()(same, rng=rng()).view
        for attack in (FrequencyLR(), Homer(), HomerCorrected(), FrequencyLRCorrected(),
                       RobustInnerProduct(), RobustInnerProductCorrected()):  # fmt: skip
            known = Reference(mechanism=AlleleFrequencies(), people=same)
            score = attack(Case(view, known, same), rng=rng()).score
            assert np.isfinite(score).all() and np.ptp(score) == 0


def test_a_mismatch_is_a_chance():
    with pytest.raises(DataError, match="mismatch is 0"):
        BeaconLR(mismatch=0)
