"""Beside the findings on frequencies: by how many statistics people are traced, and ancestry taken for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from confide.attacks.membership.statistics import FREQUENCIES, FrequencyLR, MeansLR
from confide.audits.release import AuditedRelease
from confide.core.arrays import Floats, Ints
from confide.core.estimate import Estimate
from confide.core.language import later, number, t
from confide.core.nouns import AnyWorld, Case
from confide.knowledge.frequencies import Reference
from confide.measure import auc, measure
from confide.measure.special import normal_cdf
from confide.measure.tracing import most_statistics, separation
from confide.report import Line, Plot, Table
from confide.views.frequencies import Means, Presence

SIZES = 8
"""Points of the curve: each is one play of a quick attack."""
LEAST = 10
"""Statistics at the first point."""
TOLD = (0.05, 0.5, 0.95)
"""Shares of the pool of which a forecast is made."""
AT = 0.01
"""The rate of false claims of the forecast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What the likelihood ratio reached with some of the statistics.

    Args:
        statistics: how many.
        theory: the separation d' by theory, for independent statistics without noise.
        reached: the separation of the scores.
        auc: of the scores.
    """

    statistics: int
    theory: float
    reached: float
    auc: Estimate


def curve(release: AuditedRelease, pool: int, reference: int) -> tuple[Point, ...]:
    """What the likelihood ratio reaches with more and more of what is published; empty for presence bits."""
    worlds = release.worlds
    if any(isinstance(world.case.view, Presence) for world in worlds):
        return ()
    orders = [
        rng.permutation(np.flatnonzero(world.case.view.published))
        for rng, world in zip(release.settings.rng("curve").spawn(len(worlds)), worlds, strict=True)
    ]
    most = min(map(len, orders))
    sizes = np.unique([_round(size) for size in np.geomspace(min(LEAST, most), most, SIZES)[:-1]])
    return tuple(
        _point(worlds, [order[:size] for order in orders], int(size), pool, reference)
        for size in (*sizes[sizes < most], most)
    )


def _round(size: float) -> int:
    """Two digits of a number.

    >>> _round(1873.2), _round(9.6)
    (1900, 10)
    """
    step = 10 ** max(0, len(str(int(size))) - 2)
    return round(size / step) * step


def _point(worlds: Sequence[AnyWorld], chosen: list[Ints], size: int, pool: int, reference: int) -> Point:
    score = np.concatenate([_scores(world, columns) for world, columns in zip(worlds, chosen, strict=True)])
    exposed = np.concatenate([world.exposed for world in worlds])
    ids = np.concatenate([world.ids for world in worlds if world.ids is not None])
    inside, outside = score[exposed], score[~exposed]
    spread = sqrt((inside.var(ddof=1) + outside.var(ddof=1)) / 2)
    return Point(
        statistics=size,
        theory=separation(size, pool, reference=reference),
        reached=float(inside.mean() - outside.mean()) / spread if spread else 0.0,
        auc=auc(inside, outside, people=(ids[exposed], ids[~exposed])),
    )


def _scores(world: AnyWorld, columns: Ints) -> Floats:
    """The scores of the likelihood ratio, which draws nothing by chance, with these statistics alone."""
    case = world.case
    known = Reference(mechanism=case.known.mechanism, people=case.known.people.only(columns))
    view, targets, rng = case.view.only(columns), case.targets.only(columns), np.random.default_rng(0)
    if isinstance(view, Means):
        return MeansLR()(Case(view, known, targets), rng=rng).score
    return FrequencyLR()(Case(view, known, targets), rng=rng).score


SEPARATION = later(
    "d' is how far the scores of people in the pool and of others are apart, in standard deviations."
)


def by_number(points: Sequence[Point], *, people: int) -> tuple[Table, Plot]:
    """The curve as a table and as a chart."""
    name = t("theory, without noise")
    reading = t(
        "By the likelihood ratio, of statistics drawn by chance from those that are published. Theory: d' = "
        "sqrt(m/n) / sqrt(1 + n/r) for m independent statistics of n people and a reference of r people. "
        "Statistics that go together, as those of linked SNPs, tell less than theory says."
    )
    table = Table(
        title=t("By how many statistics people are traced"),
        reading=" ".join([reading, t(SEPARATION)]),
        head=(t("statistics"), t("d' by theory"), t("d' reached"), t("AUC by theory"), t("AUC reached")),
        rows=tuple(
            (
                number(p.statistics, ","),
                number(p.theory, ".2f"),
                number(p.reached, ".2f"),
                number(_auc(p.theory), ".3f"),
                p.auc,
            )
            for p in points
        ),
        of=people,
    )
    x = tuple(float(p.statistics) for p in points)
    plot = Plot(
        title=t("The AUC by the number of statistics"),
        reading=" ".join([reading, t("An AUC of 0.5 is guessing.")]),
        x_title=t("statistics published"),
        y_title=t("AUC"),
        lines=(
            Line(
                name=t("reached"),
                x=x,
                y=tuple(p.auc.value for p in points),
                low=tuple(p.auc.low for p in points),
                high=tuple(p.auc.high for p in points),
            ),
            Line(name=name, x=x, y=tuple(_auc(p.theory) for p in points)),
        ),
        log_x=True,
        of=people,
    )
    return table, plot


def forecast(points: Sequence[Point], pool: int, reference: int) -> Table:
    """How many statistics can be published until a share of the pool is traced."""
    last = points[-1]
    ratio = last.reached / last.theory if last.theory else 0.0
    rows = [(_in_100(told), *_numbers(told, pool, reference, ratio)) for told in TOLD]
    half = _number(0.5, pool, reference, ratio)
    if half is None:
        now = t("Half of the pool would be traced with more than any number.")
    elif half <= last.statistics:
        now = t("That is passed already.")
    else:
        now = t("Half of the pool would be traced with {n:,} more.", n=half - last.statistics)
    return Table(
        title=t("How many statistics until people are traced"),
        reading=" ".join(
            [
                t(
                    "The number of statistics at which the likelihood ratio traces a share of the pool, "
                    "while it is wrong about 1 in 100 others. {n:,} are published now.",
                    n=last.statistics,
                ),
                now,
                t(
                    "The first column of numbers is the safe one: nobody knows how many people somebody "
                    "else has data of. The last one takes the separation that was reached here as growing "
                    "with the root of the number."
                ),
            ]
        ),
        head=(
            t("traced"),
            t("by theory, if the population is known exactly"),
            t("by theory, with this reference"),
            t("by what was reached here"),
        ),
        rows=tuple(rows),
    )


def _numbers(told: float, pool: int, reference: int, ratio: float) -> tuple[str, str, str]:
    known = most_statistics(pool, most=told, fpr=AT)
    theory = most_statistics(pool, most=told, fpr=AT, reference=reference)
    here = _number(told, pool, reference, ratio)
    found = t("none is enough") if here is None else number(here, ",")
    return number(known, ","), number(theory, ","), found


def _number(told: float, pool: int, reference: int, ratio: float) -> int | None:
    """By what was reached; None where nothing was."""
    if ratio <= 0:
        return None
    return most_statistics(pool, most=told, fpr=AT, reference=reference, ratio=ratio)


def _in_100(share: float) -> str:
    return t("{share:.0f} in 100", share=100 * share)


def _auc(separated: float) -> float:
    return float(normal_cdf(separated / sqrt(2)))


def corrected(release: AuditedRelease, *, people: int) -> Table | None:
    """Plain scores beside those corrected for ancestry; None where both did not play."""
    found = {e.attack: measure(e) for e in release.evidence}
    pairs = [
        (plain.name, other.name) for plain, other in zip(FREQUENCIES[::2], FREQUENCIES[1::2], strict=True)
    ]
    rows = [(a, found[a].auc, found[b].auc) for a, b in pairs if a in found and b in found]
    if not rows:
        return None
    return Table(
        title=t("With ancestry taken out"),
        reading=t(
            "A plain score takes everybody whose ancestry is frequent in the pool for a member. Its "
            "corrected form leaves out what the reference's leading principal components explain, "
            "and divides by the target's own norm. Where it finds more, the plain score was misled."
        ),
        head=(t("attack"), t("AUC, plain"), t("AUC, corrected")),
        rows=tuple(rows),
        of=people,
    )
