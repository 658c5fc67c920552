"""The section "What each kind of access gives": its rows, and sentences that say which order is certain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from confide.core.estimate import Estimate
from confide.measure import difference
from confide.measure.risk import Risk
from confide.report.finding import Ahead, Ladder, Rung
from confide.report.numbers import Redaction, percent, rate_record

Record: TypeAlias = dict[str, Any]

FPRS = (0.01, 0.001)
"""The false-positive rates that the rows show."""


def ladder_record(ladder: Ladder | None, *, lens: Redaction) -> Record | None:
    """The section as it goes into report.json; None where nothing was compared."""
    if ladder is None:
        return None
    first = ladder.rungs[0].risk
    return {
        "sentences": _sentences(ladder, lens),
        "note": _note(ladder, lens),
        "rungs": [_rung_record(rung, lens) for rung in ladder.rungs],
        "train": None if ladder.right is None else lens.estimate(ladder.right[0], of=first.exposed_count),
        "test": None if ladder.right is None else lens.estimate(ladder.right[1], of=first.control_count),
        "gap": None if ladder.right is None else lens.estimate(difference(*ladder.right)),
    }


def _rung_record(rung: Rung, lens: Redaction) -> Record:
    risk = rung.risk
    return {
        "access": risk.access,
        "means": rung.means,
        "attack": risk.attack,
        "title": rung.title,
        "conclusive": rung.conclusive,
        "balanced_accuracy": lens.estimate(risk.balanced_accuracy),
        "auc": lens.estimate(risk.auc),
        "tpr_at": [rate_record(at, risk, lens) for at in risk.tpr_at if at.fpr in FPRS],
    }


def _sentences(ladder: Ladder, lens: Redaction) -> list[str]:
    lines = [
        _order("In accuracy", ladder.rungs, lambda risk: risk.balanced_accuracy, lens),
        _order("At 1 in 100 wrong accusations", ladder.rungs, lambda risk: _rate(risk, FPRS[0]), lens),
    ]
    if ladder.ahead is not None:
        lines.append(_paired(ladder.ahead, lens))
    if ladder.right is not None:
        lines.append(_gap(*ladder.right, lens))
    return [line for line in lines if line]


def _note(ladder: Ladder, lens: Redaction) -> str:
    risk = ladder.rungs[0].risk
    counts = [lens.count(n) for n in (risk.exposed_count, risk.control_count)]
    members, others = ("fewer than 10" if n is None else f"{n:,}" for n in counts)
    untold = ", since a supervised attack is judged only on people it was not told about" * ladder.told
    return (
        f"Every row is measured on the same {members} members and {others} others: those whom all these "
        f"attacks scored{untold}. Accuracy counts both groups alike, so guessing is right on 50 %; its "
        "threshold was chosen on one half of these people and its errors counted on the other. The intervals "
        "are so wide that all rows hold."
    )


def _rate(risk: Risk, fpr: float) -> Estimate | None:
    return next((at.rate for at in risk.tpr_at if at.fpr == fpr), None)


def _order(
    where: str, rungs: Sequence[Rung], read: Callable[[Risk], Estimate | None], lens: Redaction
) -> str:
    """The best row from inside against the best from outside, and whether their intervals overlap."""
    found = [(rung, e) for rung in rungs if (e := read(rung.risk)) is not None]
    inside = [(r, e) for r, e in found if r.risk.access == "white-box"]
    outside = [(r, e) for r, e in found if r.risk.access != "white-box"]
    if not inside or not outside:
        return ""
    (mine, own), (other, against) = (max(side, key=lambda pair: pair[1].value) for side in (inside, outside))
    shown, beside = _short(mine, own, lens), _short(other, against, lens)
    if not shown or not beside:
        return ""
    if own.low > against.high or against.low > own.high:
        more = "more" if own.value > against.value else "no more"
        return (
            f"{where}, looking inside the model gave {more}: {shown} against {beside} from outside. The "
            "intervals do not overlap: with 95 % confidence this is the order."
        )
    return (
        f"{where}, looking inside the model gave {shown}, and looking from outside {beside}. The intervals "
        "overlap: they cannot tell which is ahead."
    )


def _paired(ahead: Ahead, lens: Redaction) -> str:
    """The best AUC from inside against the best from outside, by the interval of their difference."""
    own, against = (lens.estimate(rung.risk.auc) for rung in (ahead.inside, ahead.outside))
    gain = lens.estimate(ahead.auc)
    if own is None or against is None or gain is None:
        return ""
    shown = (
        f"In AUC, looking inside the model gave {own['value']:.2f} ({ahead.inside.means}), and looking from "
        f"outside {against['value']:.2f} ({ahead.outside.means}). Compared person by person the difference "
        f"is {gain['value']:.2f} (between {gain['low']:.2f} and {gain['high']:.2f})"
    )
    if ahead.auc.low <= 0 <= ahead.auc.high:
        return f"{shown}, which may be 0: they cannot tell which is ahead."
    return f"{shown}: with 95 % confidence {'inside' if ahead.auc.low > 0 else 'outside'} is ahead."


def _short(rung: Rung, e: Estimate, lens: Redaction) -> str:
    shown = lens.estimate(e, of=rung.risk.exposed_count)
    return f"{percent(shown['value'])} ({rung.means})" if shown else ""


def _gap(train: Estimate, test: Estimate, lens: Redaction) -> str:
    """How much better the model does on its members: what is there to be noticed from outside."""
    shown = [lens.estimate(e) for e in (train, test, difference(train, test))]
    if any(e is None for e in shown):
        return ""
    digits = 0 if lens.public else 1
    values = [f"{100 * e['value']:.{digits}f}" for e in shown if e]
    spans = [f"(between {100 * e['low']:.{digits}f} and {100 * e['high']:.{digits}f})" for e in shown if e]
    return (
        f"The model itself is right on {values[0]} % of its members {spans[0]} and on {values[1]} % of the "
        f"others {spans[1]}: a generalisation gap of {values[2]} points {spans[2]}."
    )
