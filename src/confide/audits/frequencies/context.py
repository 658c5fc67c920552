"""Texts of a report on frequencies: what was audited, what the adversary knew, and when ancestry misleads."""

from __future__ import annotations

import numpy as np

from confide.audits.frequencies.reference_fit import blind_to_others, reference_unfit
from confide.audits.release import AuditedRelease
from confide.audits.spec import Context, Count
from confide.core.language import later, t
from confide.games.membership.statistics import Tracing
from confide.inputs.frequencies import FrequenciesData
from confide.measure.ancestry import inflation, squared_differences, structure
from confide.mechanisms.statistics.allele_presence import AllelePresence
from confide.views.frequencies import Genotypes

MIXED = 1.25
"""Times the largest component that chance leaves: of people of one population it is below 1.1."""
APART = 1.5
"""Times the median difference that chance leaves."""
ENOUGH = 100
"""Absent people with whom a rate of 1 in 100 is seen at all."""
COMPARED = later(
    "The comparison of protections follows one attack through all releases: the one that is "
    "strongest on the unprotected statistics. The attack that leads a section is the "
    "strongest there, and may be another one."
)
ALLELES = later("allele frequencies of {columns:,} SNPs in a pool of {pool} people")
MEANS = later("means of {columns:,} variables in a pool of {pool} people")
HARM = later("Who is known to be in a pool is known to have what the pool is about, such as an illness.")


def context_of(data: FrequenciesData, game: Tracing, release: AuditedRelease, count: Count) -> Context:
    """What the report says beside the numbers."""
    # Presence bits have no scores that are corrected for ancestry.
    ancestry = () if isinstance(release.mechanism, AllelePresence) else _of_ancestry(data)
    absent, means = len(data.people) - data.pool, not isinstance(data.people, Genotypes)
    return Context(
        adversary=(
            t(
                "It knew the values of {n} people of the same population; none of them was in the pool.",
                n=count(len(data.reference)),
            ),
            t(
                "It knew that {n} people were in the pool, and how the statistics were made.",
                n=count(data.pool),
            ),
        ),
        about={
            t("release"): t(MEANS if means else ALLELES, columns=len(data.columns), pool=count(data.pool)),
            t("asked about"): t(
                "{n} people in each of {rounds:,} rounds: half of them from the pool, half from {absent} "
                "absent people; a fair coin puts each into the pool or leaves them out, and everybody "
                "else of the pool stays in it",
                n=count(game.targets),
                rounds=release.games[0].worlds,
                absent=count(absent),
            ),
        },
        harm=t(HARM),
        notes=(*data.notes, *(t(COMPARED),) * (release.settings.protections != ())),
        warnings=(*ancestry, *_of_few(absent), *blind_to_others(data)),
        unsettled=reference_unfit(data),
    )


def _of_few(absent: int) -> tuple[str, ...]:
    if absent >= ENOUGH:
        return ()
    return (
        t(
            "Fewer than {enough} people are absent from the pool: rates at 1 false claim in 100 rest "
            "on people of the pool who were left out by chance. Give {enough} absent people or more.",
            enough=ENOUGH,
        ),
    )


def _of_ancestry(data: FrequenciesData) -> tuple[str, ...]:
    """Warnings that plain scores may take ancestry for membership."""
    if not isinstance(data.people, Genotypes) or not isinstance(data.reference, Genotypes):
        return ()
    pool = data.people.take(np.arange(data.pool))
    mixed = structure(data.reference.shares())
    sizes = (pool.alleles * len(pool), pool.alleles * len(data.reference))
    apart = inflation(squared_differences(pool.frequencies(), data.reference.frequencies(), sizes))
    warnings: list[str] = []
    if mixed > MIXED:
        warnings.append(
            t(
                "The reference is of several ancestries, or its SNPs are linked: its largest principal "
                "component is {mixed:.1f} times as large as chance leaves it. Plain scores can take "
                "ancestry for membership; read the corrected ones beside them.",
                mixed=mixed,
            )
        )
    if apart > APART:
        warnings.append(
            t(
                "Pool and reference differ more than two samples of one population do ({apart:.1f} times "
                "the variance). An adversary with a reference nearer to the pool may find more.",
                apart=apart,
            )
        )
    return tuple(warnings)
