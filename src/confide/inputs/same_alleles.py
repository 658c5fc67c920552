"""The same allele in all files: SNPs of which two files count different alleles are found and named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from confide.core.arrays import Bools
from confide.core.errors import DataError
from confide.inputs.columns import listed
from confide.measure.ancestry import inflation, squared_differences
from confide.views.frequencies import Genotypes

FAR = 6.0
"""Deviations by which the frequencies of two files differ where they count different alleles."""
WHOLE = 0.5
"""The share of SNPs above which all seem to be turned."""
NEAR = 3.0
"""Deviations within which they are the same if one file counts the other allele."""


def refuse_other_alleles(
    reference: tuple[str, Genotypes], other: tuple[str, Genotypes], columns: Sequence[str]
) -> None:
    """Refuse SNPs at which one file counts the allele that the other does not.

    An adversary that compares such files finds nobody, which would look like a safe release.

    Raises:
        DataError: with the SNPs.
    """
    wrong = other_alleles(reference[1], other[1])
    if wrong.any():
        snps = [column for column, is_wrong in zip(columns, wrong, strict=True) if is_wrong]
        raise DataError(
            f"{reference[0]} and {other[0]} count different alleles at {len(snps):,} of {len(columns):,} "
            f"SNPs{_share(len(snps), len(columns))}: {listed(snps)}. There the frequency in one file is near "
            "1 minus that in the other. Write "
            "2 minus the number of copies in one of them."
            if other[1].alleles == 2
            else f"{reference[0]} and {other[0]} take yes and no the other way round at {len(snps):,} of "
            f"{len(columns):,} columns{_share(len(snps), len(columns))}: {listed(snps)}. "
            "Exchange 0 and 1 in one of them."
        )


def _share(turned: int, of: int) -> str:
    """The share that they are, where it is most: near 1/2 no SNP shows it, so that these stand for all."""
    if turned < WHOLE * of:
        return ""
    return f" ({100 * turned / of:.0f} % of all: the whole file seems to be turned)"


def other_alleles(one: Genotypes, two: Genotypes) -> Bools:
    """At which SNPs two files count different alleles, bool[m].

    There the frequency of one is near 1 minus that of the other, and far from it itself. Near and far are
    measured in deviations that two samples of these sizes have; where the files differ everywhere, as those
    of two ancestries do, in deviations that are as much larger (genomic control). Frequencies near 1/2 look
    the same both ways: there nothing can be seen, and little is lost.
    """
    p, q = one.frequencies(), two.frequencies()
    sizes = (one.alleles * len(one), two.alleles * len(two))
    plain, other = squared_differences(p, q, sizes), squared_differences(p, 1 - q, sizes)
    # Of each SNP the way round that fits better, so that the level is that of files that agree.
    level = max(1.0, inflation(np.fmin(plain, other)))
    found: Bools = (plain > FAR**2 * level) & (other < NEAR**2 * level)
    return found
