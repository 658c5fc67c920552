"""Does the reference fit the people who are asked about, or are its columns named or counted otherwise?"""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Bools
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
UNSETTLED = "whether the reference fits"


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
    each = "SNPs" if genotypes else "columns"
    where = " and ".join(f"{100 * share:.2g} % of the {each} of {name}" for name, share in found.items())
    what = (
        f"the reference's frequency is more than {FAR:g} standard deviations away, where chance leaves 0.3 "
        f"%, or all together differ by more than {TIMES:g} times the variance of chance"
        if genotypes
        else "the reference's mean is more than one standard deviation of people away"
    )
    check = "names and order of the SNPs, and which allele is counted," if genotypes else "names and units"
    return {
        UNSETTLED: f"At {where} {what}. Check {check} in all files: with the values of another column "
        "the adversary finds nobody, and that looks like a safe release. If they are right, the reference is "
        "of other people than those asked about, and an adversary with a nearer one finds more. So no limit "
        "counts as kept."
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
        "Whether the reference fits could not be checked: a reference whose SNPs are shifted by one would "
        f"pass too, since a pool of {data.pool:,} people with such frequencies differs as much by chance. "
        "Check names and order of the SNPs, and which allele is counted, by hand: with those of other SNPs "
        "the adversary finds less than it could.",
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
