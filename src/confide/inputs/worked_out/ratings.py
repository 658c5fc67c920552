"""What was done to ratings before they were released: suppression, rounding, merging, noise."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Array, Bools, Floats, Ints
from confide.inputs.clocks import clock_text, clock_words, span_text
from confide.inputs.rating_classes import classes_text
from confide.inputs.worked_out.laws import law_of
from confide.inputs.worked_out.making import RULED, SAME, Making, Step, making, mostly
from confide.inputs.worked_out.pairs import Pairs, rows_left
from confide.inputs.worked_out.times import QUARTER, Fit, clock_of
from confide.mechanisms.anonymize.clocks import DAY, Clock
from confide.mechanisms.anonymize.coarse_ratings import MONTH
from confide.mechanisms.anonymize.cut_ratings import NEAR as NEAR_DAYS
from confide.mechanisms.noise.laws import Law
from confide.views.interactions import Interactions

MOST = 200_000
"""Rows in which values are compared."""
NEAR_STARS = 1e-3
CLASSES = 50
"""More runs of ratings than this are no classes."""
STEPS = (0.5, 1.0, 2.0, 0.05, 0.1, 0.2, 0.25, 1.5, 2.5, 3.0, 4.0, 5.0, 10.0, 20.0, 25.0, 50.0)
MONTHS = (0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 9.0, 12.0, 18.0, 24.0, 36.0, 60.0, 120.0)


def worked_out(records: Interactions, released: Interactions) -> Making:
    """What was done, by a comparison of the rows of the same person and item.

    Args:
        records: the original ratings.
        released: the released ones, under the same codes.
    """
    pairs = Pairs.of(records, released)
    rows, doubt = rows_left(pairs)
    drawn = any(step.text.startswith("response") for step in rows)  # it leaves no values to compare
    part = slice(None, None, max(1, len(pairs.before) // MOST))
    before, after = records.rows(pairs.before[part]), released.rows(pairs.after[part])
    stars, no_rating = ([], None) if drawn else _ratings(before.rating, after.rating)
    when, no_day = ([], None) if drawn else _days(before.day, after.day)
    return making([*stars, *when, *rows], [doubt, no_rating, no_day])


def _ratings(before: Array | None, after: Array | None) -> tuple[list[Step], str | None]:
    if before is None or not len(before):
        return [], None
    if after is None:
        return [Step("stars:inf", "Ratings were removed.")], None
    one, other = before.astype(np.float64), after.astype(np.float64)
    same = float((np.abs(one - other) <= NEAR_STARS).mean())
    if same >= SAME:
        return [], None
    ruled = _step_of(one, other) or _classes_of(one, other)
    if ruled is not None:
        return [ruled], None
    law = law_of(one, other)
    if law is not None:
        found = [
            Step(f"noise:{law.name},{law.scale:.3g}", f"{_named(law.name)} was added to ratings{_by(law)}.")
        ]
        whole = _lattice(other)
        if whole is not None and whole > law.scale / 10:  # finer steps change nothing
            found.append(Step(f"stars:{whole:g}", f"Then ratings were rounded to multiples of {whole:g}."))
        return found, None
    if same >= RULED:
        return [], None
    return [], f"{1 - same:.0%} of the known ratings are others in the release, and no rule or noise says why"


def _step_of(one: Floats, other: Floats) -> Step | None:
    """Rounding to multiples of a step; of the steps that do the same to these ratings, a usual one."""
    own = _lattice(other)
    for step in (*STEPS, *([own] if own else [])):
        share = float((np.abs(np.floor(one / step + 0.5) * step - other) <= NEAR_STARS).mean())
        if share >= SAME:
            return Step(f"stars:{step:.6g}", f"Ratings were rounded to multiples of {step:.6g}.")
    return None


def _classes_of(one: Floats, other: Floats) -> Step | None:
    """Classes: each original rating has one released value, and ratings that lie together have the same."""
    values, at = np.unique(one, return_inverse=True)
    shown, code = np.unique(other, return_inverse=True)
    if len(shown) > CLASSES:
        return None
    count = np.bincount(at * len(shown) + code, minlength=len(values) * len(shown)).reshape(len(values), -1)
    usual = count.argmax(axis=1)
    share = count.max(axis=1).sum() / len(one)
    opens = np.flatnonzero(np.append(True, usual[1:] != usual[:-1]))
    if share < SAME or len(opens) > CLASSES or len(values) < 2:
        return None
    ends = np.append(opens[1:], len(values)) - 1
    classes = tuple(
        (float(values[a]), float(values[b]), float(shown[usual[a]])) for a, b in zip(opens, ends, strict=True)
    )
    text = classes_text(classes)
    return Step(f"classes:{text}", f"Ratings were merged into {len(set(usual.tolist()))} values ({text}).")


def _days(before: Array | None, after: Array | None) -> tuple[list[Step], str | None]:
    if before is None or not len(before):
        return [], None
    if after is None:
        return [Step("months:inf", "Dates were removed.")], None
    one, other = before.astype(np.float64), after.astype(np.float64)
    same = float((np.abs(one - other) <= NEAR_DAYS).mean())
    if same >= SAME:
        return [], None
    windows = _windows(one, other)
    if windows is not None:
        return [windows], None
    cut = clock_of(_seconds(other), lambda clock: _fit(clock, one, other))
    if cut is not None and cut[1].explained >= RULED:
        clock, fit = cut
        text = f"cut:{clock_text(clock)}"
        return [Step(text, f"Dates were cut {clock_words(clock)}{mostly(fit.explained)}.")], None
    law = law_of(one, other)
    if law is not None:
        span = span_text(max(round(law.scale * DAY), 1))
        text = f"jitter:{law.name},{law.scale:.3g}d"
        return [Step(text, f"{_named(law.name)} was added to dates, of scale {span}.")], None
    if same >= RULED:
        return [], None
    middle = float(np.median(other - one))
    if float((np.abs(other - one - middle) <= NEAR_DAYS).mean()) >= RULED:
        span, later = span_text(round(abs(middle) * DAY / 60) * 60), "later" if middle > 0 else "earlier"
        return [], f"the known dates are {span} {later} in the release"
    return [], f"{1 - same:.0%} of the known dates are others in the release, and no rule or noise says why"


def _windows(one: Floats, other: Floats) -> Step | None:
    """Windows of months, of which the middle is released; a column of dates may have cut that to its day."""
    own = _months(other)
    for months in (*MONTHS, *([own] if own else [])):
        days = MONTH * months
        middle = (np.floor(one / days) + 0.5) * days
        close = (other <= middle + NEAR_DAYS) & (other >= np.floor(middle) - NEAR_DAYS)
        if close.mean() >= SAME:
            return Step(f"months:{months:.6g}", f"Dates became the middle of windows of {months:.6g} months.")
    return None


def _months(other: Floats) -> float | None:
    """The length of the windows whose middles these dates are, in months with three digits."""
    values = np.unique(other)
    gaps = np.diff(values)
    gaps = gaps[gaps > 1]
    if not len(gaps):
        return None
    step = float(gaps.min())
    for _ in range(3):  # each fit over all windows makes the next numbering surer
        number = np.rint(values / step - 0.5) + 0.5
        step = float((values * number).sum() / (number**2).sum())
    return float(f"{step / MONTH:.3g}")


def _seconds(days: Floats) -> Ints:
    """Dates of 32 bits in seconds, which are whole quarters of an hour if they are all as good as that."""
    seconds = np.rint(days * DAY)
    quarters = np.rint(seconds / QUARTER) * QUARTER
    whole = (np.abs(seconds - quarters) <= NEAR_DAYS * DAY / 2).all()
    return (quarters if whole else seconds).astype(np.int64)


def _fit(clock: Clock, one: Floats, other: Floats) -> Fit:
    """How often the rule gives the released date: the rows are known to belong together."""
    share = float((np.abs(clock(one * DAY) / DAY - other) <= NEAR_DAYS).mean())
    return Fit(share, share)


def _lattice(values: Floats) -> float | None:
    """The step whose multiples all these values are, if it is not too fine to be one."""
    shown = np.unique(values)
    gaps = np.diff(shown)
    gaps = gaps[gaps > NEAR_STARS]
    if not len(gaps) or len(shown) > 1_000:
        return None
    step = float(f"{gaps.min():.3g}")
    whole: Bools = np.abs(shown - np.rint(shown / step) * step) <= NEAR_STARS
    return step if whole.all() else None


def _named(law: str) -> str:
    return {"gaussian": "Gaussian noise", "laplace": "Laplace noise", "uniform": "Uniform noise"}[law]


def _by(law: Law) -> str:
    return f", of scale {law.scale:.3g}"
