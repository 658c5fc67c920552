"""What the attacks of two reports reach at one rate, read from the scores or from the pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from confide.core.estimate import Estimate
from confide.measure import Bonferroni, RateAt
from confide.measure.bounds import bounds
from confide.measure.measuring import rates
from confide.measure.rows import ENOUGH
from confide.report.compare.files import Files
from confide.report.finding import quoted
from confide.report.measured import MeasuredRelease
from confide.report.page_types import FindingRecord, RateRecord
from confide.report.reading_rate import USUAL
from confide.report.record_types import EstimateRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A release before and after, with the attacks that were played against both in the same way.

    Args:
        before, after: the two.
        common: the names of these attacks, in the order of the first report.
        alone: of each side, the attacks that the other one lacks.
        files: that the two reports are about.
    """

    before: MeasuredRelease
    after: MeasuredRelease
    common: tuple[str, ...]
    alone: tuple[tuple[str, ...], tuple[str, ...]]
    files: Files = field(default_factory=Files)

    @classmethod
    def of(cls, before: MeasuredRelease, after: MeasuredRelease, *, files: Files) -> Pair:
        """The pair; attacks of one name that saw or were asked something else are not the same."""
        first, second = ({f["attack"]: _played(f) for f in r.findings} for r in (before, after))
        common = tuple(name for name, how in first.items() if second.get(name) == how)
        return cls(
            before=before,
            after=after,
            common=common,
            alone=(
                tuple(name for name in first if name not in common),
                tuple(name for name in second if name not in common),
            ),
            files=files,
        )

    @property
    def measured(self) -> bool:
        """Are the scores of both at hand?"""
        return self.before.measured and self.after.measured

    @property
    def sides(self) -> tuple[MeasuredRelease, MeasuredRelease]:
        """Both, in order."""
        return self.before, self.after


def _played(f: FindingRecord) -> tuple[str, str, str]:
    return f["access"], f["game"], f["told"]


def common_rate(pairs: Sequence[Pair], *, limited: Sequence[float] = ()) -> float | None:
    """The one false-positive rate at which all pairs are read; None where the AUC has to stand in.

    It is chosen by the numbers of control people alone, never by what is found: the lowest rate of a limit
    that all resolve, else 1 in 100 where enough control people are above the threshold on average, else 1 in
    10. With fewer than that the threshold is hardly known, and with it the difference.

    Args:
        limited: the false-positive rates that limits are set on.
    """
    heads = [side.record["finding"] for pair in pairs for side in pair.sides]
    each = [{at["fpr"]: at for at in f["tpr_at"]} for f in heads]
    asked = [fpr for fpr in sorted(limited) if all(_above(at, fpr) >= 1 for at in each)]
    usual = [fpr for fpr in USUAL if all(_above(at, fpr) >= ENOUGH for at in each)]
    coarse = [fpr for fpr in USUAL if all(_above(at, fpr) >= 1 for at in each)]
    return next(iter([*asked, *usual, *coarse[-1:]]), None)


def _above(rates: Mapping[float, RateRecord], fpr: float) -> float:
    """How many control people are above the threshold on average; 0 where nobody says it."""
    # A public rate of few people is not shown, and was resolved all the same: its control people say so.
    controls = rates[fpr]["controls"] if fpr in rates else None
    return 0.0 if controls is None else round(controls * fpr, 9)


def shown_at(f: FindingRecord, fpr: float | None) -> Estimate | None:
    """What an attack reaches, as the page shows it."""
    if fpr is None:
        return _estimate(f["auc"])
    return _estimate(next((at["rate"] for at in f["tpr_at"] if at["fpr"] == fpr), None))


def _estimate(e: EstimateRecord | None) -> Estimate | None:
    return None if e is None else Estimate(e["value"], e["low"], e["high"], e["confidence"])


class Remeasured:
    """The rates and bounds of a release, measured again at the confidence that is asked for; each once."""

    def __init__(self, release: MeasuredRelease) -> None:
        self.release = release
        self._kept: dict[tuple[str, float], tuple[tuple[RateAt, ...], Estimate]] = {}

    def at(self, attack: str, fpr: float | None, confidence: float) -> Estimate | None:
        """What an attack reaches at a rate or, for None, by its AUC; None where that is not resolved."""
        key = attack, confidence
        if key not in self._kept:
            self._kept[key] = rates(self.release.evidence[attack], confidence=confidence)
        each, auc = self._kept[key]
        if fpr is None:
            return auc if isfinite(auc.low + auc.high) else None
        return next((at.rate for at in each if at.fpr == fpr), None)

    def bound(self, attack: str, confidence: float, delta: float) -> float | None:
        """The bound on epsilon to quote; None where none applies."""
        found = quoted(bounds(self.release.evidence[attack], confidence, Bonferroni(25), delta))
        return None if found is None else found.low


def by_attack(findings: Sequence[FindingRecord]) -> Mapping[str, FindingRecord]:
    """The findings by the name of their attack."""
    return {f["attack"]: f for f in findings}
