"""Before and after: the releases of one report, held against one of them at one rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite

from confide.core.estimate import Estimate
from confide.core.language import t
from confide.measure import difference_of_dependent, measure
from confide.measure.risk import Risk
from confide.report import comparison_words as words
from confide.report.comparison_types import ComparedRecord, ComparisonRecord, Settled
from confide.report.finding import Section
from confide.report.goals import goal
from confide.report.reading_rate import USUAL
from confide.report.record_types import EstimateRecord
from confide.report.redaction import Redaction

CONFIDENCE = 0.95
"""With which all intervals of one comparison hold together."""


def comparison(
    before: Section, after: Sequence[Section], *, fpr: float | None, protected: bool, redaction: Redaction
) -> ComparisonRecord | None:
    """How much less the adversary reaches on each of the other releases of a goal; None where there are none.

    On each release the adversary uses its best attack. If the intervals of all attacks hold, what the best
    one truly reaches is between the highest of their low ends and the highest of their high ends. Before and
    after are measured on the same people, and nobody knows how these scores depend on each other, so the
    interval of a difference is that of `difference_of_dependent`. The error is divided among all releases and
    all attacks: every interval of the comparison then holds at once, for any dependence.

    Args:
        before: what the others are held against.
        after: the others, of the same goal.
        fpr: the false-positive rate at which all are read, chosen without a look at them; None for the AUC.
        protected: are they `before` behind a protection?
    """
    if not after:
        return None
    # A rate of few people is not shown to the public. So what is found has a say in which rate it sees, and
    # each that it might have seen counts.
    looks = len(USUAL) + 1 if redaction.public else 1
    error = (1 - CONFIDENCE) / (1 + len(after)) / looks
    first = _reached(before, fpr, error)
    told = words.Told(before=before.release, fpr=fpr, protected=protected, goal=goal(before.goal))
    return {
        "quantity": "auc" if fpr is None else "tpr",
        "fpr": fpr,
        "before": before.release,
        "attack": "" if first is None else first.attack,
        "value": _shown(first, redaction),
        "confidence": CONFIDENCE,
        "title": words.title(told),
        "reading": words.reading(told, confidence=CONFIDENCE),
        "head": words.head(told),
        "rows": [_row(told, first, _reached(s, fpr, error), s.release, redaction) for s in after],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reached:
    """What the best of the attacks on one release reaches.

    Args:
        attack: the strongest by its low end.
        headline: the attack that the headline is about, which was chosen at a rate of its own.
        estimate: its value, with the interval of the best of all.
        of: how many people a rate is a share of; None for an AUC.
        read: all attacks that could be read at this rate.
        doubts: why low numbers here say nothing.
    """

    attack: str
    headline: str
    estimate: Estimate
    of: int | None
    read: tuple[str, ...]
    doubts: tuple[str, ...]


def _reached(s: Section, fpr: float | None, error: float) -> _Reached | None:
    """What the best attack reaches, measured again at this error; None where the scores are not there."""
    corrected = 1 - error / max(s.among, len(s.findings))
    found = {f.risk.attack: f.risk for f in s.findings if _at(f.risk, fpr) is not None}
    if not found or not found.keys() <= s.evidence.keys():
        return None
    again = [_at(measure(s.evidence[name], confidence=corrected), fpr) for name in found]
    low, high = (max(ends) for ends in zip(*((e.low, e.high) for e in again if e), strict=True))
    # As the headline is chosen: by the low end, so that no attack wins by luck.
    best = max(found.values(), key=lambda risk: (_low(risk, fpr), risk.auc.low))
    value = _at(best, fpr)
    assert value is not None, "only attacks that can be read were kept"
    return _Reached(
        attack=best.attack,
        headline=s.headline.risk.attack,
        estimate=Estimate(min(max(value.value, low), high), low, high, 1 - error),
        of=None if fpr is None else best.exposed_count,
        read=tuple(found),
        doubts=_doubts(s, found),
    )


def _doubts(s: Section, found: dict[str, Risk]) -> tuple[str, ...]:
    """Why the low numbers of a release are no sign of little."""
    doubts: list[str] = []
    if s.headline.broken:
        doubts.append(
            t("on {release} an adversary that never saw it tells the groups apart", release=s.release)
        )
    if s.doubtful:
        doubts.append(
            t(
                "not everything on {release} was conclusive ({names})",
                release=s.release,
                names=", ".join(s.doubtful),
            )
        )
    # Where claims about exposed people can be wrong, an AUC below one half is no such sign.
    turned = [name for name, risk in found.items() if risk.auc.high < 0.5 and goal(s.goal).certain]
    if turned:
        doubts.append(
            t(
                "on {release} scores tell the groups apart the wrong way round ({names})",
                release=s.release,
                names=", ".join(turned),
            )
        )
    return tuple(doubts)


def _row(
    told: words.Told, first: _Reached | None, second: _Reached | None, release: str, redaction: Redaction
) -> ComparedRecord:
    row: ComparedRecord = {
        "release": release,
        "attack": "",
        "value": _shown(second, redaction),
        "difference": None,
        "settled": "not settled",
        "sentence": words.unmeasured(told, release),
    }
    if first is None or second is None:
        return row
    apart = replace(difference_of_dependent(first.estimate, second.estimate), confidence=CONFIDENCE)
    # On the exact numbers, so that both audiences get the same answer where they read the same rate.
    settled, doubts = _settled(apart, first, second)
    values = (_shown(first, redaction), _shown(second, redaction))
    # With one value and the difference, the other value could be worked out.
    seen = None if None in values else redaction.estimate(apart)
    by = words.other_attacks(
        (told.before, first.attack, first.headline), (release, second.attack, second.headline)
    )
    said = words.sentence(
        told, release, values=values, difference=seen, by=by, settled=settled, doubts=doubts
    )
    return {**row, "attack": second.attack, "difference": seen, "settled": settled, "sentence": said}


def _settled(apart: Estimate, first: _Reached, second: _Reached) -> tuple[Settled, Sequence[str]]:
    """Is less, or more, given away afterwards? And what stands against an answer that the numbers give."""
    if apart.low <= 0 <= apart.high:
        return "not settled", ()
    answer, lower, higher = ("less", second, first) if apart.low > 0 else ("more", first, second)
    # An attack that cannot be read on one release may be the one that finds most there.
    lost = [name for name in higher.read if name not in lower.read]
    missed = [t("not every attack ran on both ({names})", names=", ".join(lost))] if lost else []
    doubts = [*lower.doubts, *missed]
    return ("not settled" if doubts else answer), doubts


def _at(risk: Risk, fpr: float | None) -> Estimate | None:
    if fpr is None:
        return risk.auc if isfinite(risk.auc.low + risk.auc.high) else None
    return next((at.rate for at in risk.tpr_at if at.fpr == fpr), None)


def _low(risk: Risk, fpr: float | None) -> float:
    at = _at(risk, fpr)
    return 0.0 if at is None else at.low


def _shown(reached: _Reached | None, redaction: Redaction) -> EstimateRecord | None:
    return None if reached is None else redaction.estimate(reached.estimate, of=reached.of)
