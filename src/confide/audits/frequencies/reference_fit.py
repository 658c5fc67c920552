"""Does the reference fit the people who are asked about, or are its columns named or counted otherwise?"""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Bools
from confide.core.language import later, t
from confide.inputs.frequencies import FrequenciesData
from confide.measure.ancestry import squared_differences
from confide.views.frequencies import Genotypes, Measurements

FAR = 3.0
"""Standard deviations that chance leaves: two samples of one population differ by more at 1 SNP in 370."""
WIDE = 1.0
"""Standard deviations of people by which means of two files differ: chance comes near it in no file of 10."""
MOST = 0.05
"""The share of columns that may be so far apart: patients differ from others at some."""
LEAST = 2
"""Columns at least: of 10 SNPs chance has one so far apart in 3 of 100 files, and two in 3 of 10,000."""
TIMES = 1.5
"""Times the variance that chance leaves. The scores of a likelihood ratio are then a fifth less far apart."""
SURE = 5.0
"""Standard errors by which that is more than 1."""
UNSETTLED = later("whether the reference fits")


SNPS = later("{share:.2g} % of the SNPs of {file}")
COLUMNS = later("{share:.2g} % of the columns of {file}")
ALLELES = later(
    "At {where} the reference's frequency is more than {far:g} standard deviations away, where chance "
    "leaves 0.3 %, or all together differ by more than {times:g} times the variance of chance. Check names "
    "and order of the SNPs, and which allele is counted, in all files: with the values of another column "
    "the adversary finds nobody, and that looks like a safe release. If they are right, the reference is "
    "of other people than those asked about, and an adversary with a nearer one finds more. So no limit "
    "counts as kept."
)
MEANS = later(
    "At {where} the reference's mean is more than one standard deviation of people away. Check names and "
    "units in all files: with the values of another column the adversary finds nobody, and that looks like "
    "a safe release. If they are right, the reference is of other people than those asked about, and an "
    "adversary with a nearer one finds more. So no limit counts as kept."
)


def reference_unfit(data: FrequenciesData) -> dict[str, str]:
    """What makes a reference worthless is detected: far more columns are apart than chance leaves.

    An adversary with another's frequencies, such as those of the neighbouring SNP, finds nobody. That would
    look like a safe release.

    Returns:
        what is not settled -> why, a sentence; empty where the reference fits.
    """
    parts = {"the pool": np.arange(data.pool), "the targets": np.arange(data.pool, len(data.people))}
    genotypes = isinstance(data.people, Genotypes)
    found = {
        name: share
        for name, rows in parts.items()
        if (share := _unlike(data.people.take(rows), data.reference)) is not None
    }
    if not found:
        return {}
    of_each = SNPS if genotypes else COLUMNS
    where = t(" and ").join(t(of_each, share=100 * share, file=name) for name, share in found.items())
    return {
        t(UNSETTLED): t(ALLELES, where=where, far=FAR, times=TIMES) if genotypes else t(MEANS, where=where)
    }


def blind_to_others(data: FrequenciesData) -> tuple[str, ...]:
    """A warning where the check above has no power: another reference would pass it too.

    It is tried on the reference with the frequencies of each SNP put to the next one. Where many alleles are
    rare and few people are in the pool, chance alone leaves differences of that size.
    """
    reference = data.reference
    if not isinstance(reference, Genotypes) or reference_unfit(data):
        return ()
    shifted = reference.only(np.roll(np.arange(len(data.columns)), 1))
    parts = np.arange(data.pool), np.arange(data.pool, len(data.people))
    if any(_unlike(data.people.take(rows), shifted) is not None for rows in parts):
        return ()
    return (
        t(
            "Whether the reference fits could not be checked: a reference whose SNPs are shifted by "
            "one would pass too, since a pool of {pool:,} people with such frequencies differs as "
            "much by chance. Check names and order of the SNPs, and which allele is counted, by "
            "hand: with those of other SNPs the adversary finds less than it could.",
            pool=data.pool,
        ),
    )


def _unlike(one: Genotypes | Measurements, reference: Genotypes | Measurements) -> float | None:
    """The share of columns at which two samples are far apart; None where that is what chance leaves."""
    if isinstance(one, Genotypes) and isinstance(reference, Genotypes):
        sizes = (one.alleles * len(one), one.alleles * len(reference))
        squared = squared_differences(one.frequencies(), reference.frequencies(), sizes)
        # Rare alleles are far apart nowhere, and yet together. Cut off, so that a few SNPs decide nothing.
        cut = np.minimum(squared[np.isfinite(squared)], FAR**2)
        error = cut.std() / np.sqrt(max(len(cut), 1)) if len(cut) else 0.0
        together = len(cut) > LEAST and cut.mean() > max(TIMES, 1 + SURE * error)
        far: Bools = squared > FAR**2
    else:
        far, together = _wide(one, reference), False
    return float(far.mean()) if together or (far.sum() >= LEAST and far.mean() > MOST) else None


def _wide(one: Genotypes | Measurements, reference: Genotypes | Measurements) -> Bools:
    """The variables whose means are far apart, bool[m]."""
    assert isinstance(one, Measurements) and isinstance(reference, Measurements)
    spread = np.maximum(one.values.std(axis=0), reference.values.std(axis=0))
    wide: Bools = np.abs(one.values.mean(axis=0) - reference.values.mean(axis=0)) > WIDE * spread
    return wide
