"""What each chart draws, as plain records: coarse enough to keep in report.json, tested without pixels."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np

from confide.core.arrays import Array, Floats
from confide.core.diagnostics import Curve
from confide.core.evidence import Evidence
from confide.measure import records as measured
from confide.measure.risk import Roc
from confide.report.finding import Finding, OverTraining, Section
from confide.report.numbers import FEWEST, Redaction

Record = dict[str, Any]

POINTS = {"internal": 120, "public": 40}
BINS = {"internal": 40, "public": 20}
NAMED = 4
"""So many attacks get a colour and a name of their own; the rest are drawn in grey."""

REST = "other attacks"

GROUPS = ("in the training data", "not in it")

QUANTILES = {"lowest": 0.05, "low": 0.25, "middle": 0.5, "high": 0.75, "highest": 0.95}

LEAST_NORM = 1e-12
"""A logarithmic axis has no zero: smaller gradients are drawn here."""


def roc_records(
    headline: Finding, findings: Sequence[Finding], *, lens: Redaction, corner: bool = True
) -> list[Record]:
    """A line an attack, the headline first with its band, and the diagonal of guessing.

    The axes start at the lowest false-positive rate of 10, 1, 0.1 and 0.01 % that the controls resolve.
    For the public, points that rest on fewer than ten people are left out.

    Args:
        corner: end where everybody is claimed and found? Not where a claim can be wrong about exposed people.
    """
    rest = [f for f in findings if f.risk.attack != headline.risk.attack]
    rest.sort(key=lambda f: -f.risk.auc.value if np.isfinite(f.risk.auc.value) else 0.0)
    controls = max(headline.risk.control_count, 1)
    floor = next((f for f in (1e-4, 1e-3, 1e-2) if f * controls >= 1), 0.1)
    records: list[Record] = []
    for rank, finding in enumerate([headline, *rest]):
        label = _label(finding) if rank < NAMED else REST
        for point in _points(finding, floor=floor, lens=lens, corner=corner):
            fpr, tpr, low, high = point
            line = {"part": "line", "rank": min(rank, NAMED), "attack": label, "line": finding.risk.attack}
            records.append({**line, "fpr": fpr, "tpr": tpr})
            if rank == 0:
                records.append({"part": "band", "fpr": fpr, "low": max(low, floor), "high": max(high, floor)})
    records += [{"part": "guess", "fpr": x, "tpr": x} for x in (floor, 1.0)]
    return records


def score_records(evidence: Evidence, *, lens: Redaction, names: tuple[str, str] = GROUPS) -> list[Record]:
    """Where people stand when all are ordered by the headline attack's score: a share of each group a step.

    Each step holds equally many people, so guessing gives flat shapes whatever the scores' tails. People of
    one score share their places evenly. For the public a share that rests on fewer than ten people is left
    out, and the others are rounded by so much that it cannot be found by subtraction.
    """
    _, place = np.unique(evidence.claims, return_inverse=True)
    groups = dict(zip(names, (evidence.exposed, ~evidence.exposed), strict=True))
    if not all(chosen.any() for chosen in groups.values()):
        return []
    edges = np.linspace(0.0, 1.0, BINS[lens.audience] + 1)
    passed = np.cumsum([0, *np.bincount(place)])
    records: list[Record] = []
    for group, chosen in groups.items():
        mine = np.cumsum([0, *np.bincount(place[chosen], minlength=len(passed) - 1)])
        counts = np.diff(np.interp(edges * passed[-1], passed, mine))
        for start, stop, count in zip(edges[:-1], edges[1:], counts, strict=True):
            part = _blurred_share(float(count), int(mine[-1]), lens)
            records.append({"group": group, "from": _short(start), "to": _short(stop), "share": part})
    return records


def worst_off_records(evidence: Evidence, *, lens: Redaction) -> list[Record]:
    """The share of exposed people by how few others look as much like members as they do."""
    lookalikes = measured(evidence)["fpr"].to_numpy()
    controls = int((~evidence.exposed).sum())
    steps = [f for f in (0.001, 0.01, 0.1) if f * controls >= 1]
    edges = np.array([0.0, *steps, 1.0])
    which = np.searchsorted(edges[1:-1], lookalikes, side="right")
    names = [f"fewer than 1 in {round(1 / f):,}" for f in steps] + [f"{_or_more(steps)}"]
    counts = np.bincount(which, minlength=len(names))
    return [
        {"others": name, "order": i, "share": _shown_share(n, counts.sum(), lens), "guess": float(guess)}
        for i, (name, n, guess) in enumerate(zip(names, counts, np.diff(edges), strict=True))
    ]


def worst_off_table(evidence: Evidence, *, lens: Redaction, most: int = 10) -> list[Record]:
    """The most exposed records with their numbers; for the public, none."""
    if lens.public:
        return []
    rows = measured(evidence).sort("fpr", "target").head(most)
    columns = rows.select("target", times="worlds_in", lookalikes="fpr")
    return [row | {"lookalikes": _short(row["lookalikes"])} for row in columns.to_dicts()]


def epsilon_records(section: Section, *, lens: Redaction) -> list[Record]:
    """Promised, shown, could have shown; nothing where no bound applies."""
    bound, promise = section.headline.bound, section.promise
    if bound is None or not np.isfinite(bound.ceiling):
        return []
    low, ceiling = lens.number(bound.low), lens.number(bound.ceiling)
    promised = promise.epsilon if promise is not None and section.comparable else None
    text = f"{promised:.3g}" if promised is not None else "nothing" if promise is None else "of another unit"
    return [
        {"what": "promised", "value": promised, "text": text},
        {"what": "shown", "value": low, "text": f"at least {low:.2f}"},
        {"what": "could have shown", "value": ceiling, "text": f"{ceiling:.2f}"},
    ]


def gradient_norm_records(course: OverTraining, *, lens: Redaction) -> list[Record]:
    """Five quantiles of each group's gradient norms at each checkpoint, for one band within another.

    A group of fewer than ten people is not drawn. For the public, nor is a quantile beyond which there are
    fewer than ten, and the others are rounded to two digits.
    """
    records: list[Record] = []
    for group, chosen in zip(GROUPS, (course.member, ~course.member), strict=True):
        people = int(chosen.sum())
        if people < FEWEST:
            continue
        clear = [not lens.public or min(q, 1 - q) * people >= FEWEST for q in QUANTILES.values()]
        for at, (state, norms) in enumerate(zip(course.states, course.norms[:, chosen], strict=True)):
            found = np.quantile(np.maximum(norms, LEAST_NORM), list(QUANTILES.values()))
            digits = 2 if lens.public else 5
            shown = [float(f"{x:.{digits}g}") if c else None for x, c in zip(found, clear, strict=True)]
            records.append(
                {"group": group, "at": at, "state": state, **dict(zip(QUANTILES, shown, strict=True))}
            )
    return records


def curve_records(curve: Curve, *, lens: Redaction) -> list[Record]:
    """What an attack tried, and what it chose; nothing for the public: it may count a handful of people."""
    if lens.public:
        return []
    pairs = [(x, y) for x, y in zip(curve.x, curve.y, strict=True) if x > 0 and isfinite(x) and isfinite(y)]
    return [{"x": _short(x), "y": _short(y), "chosen": bool(x == curve.chosen)} for x, y in sorted(pairs)]


def _points(finding: Finding, *, floor: float, lens: Redaction, corner: bool) -> Array:
    """float64[points, 4]: fpr, tpr, low, high, thinned evenly along the logarithmic axis."""
    roc: Roc = finding.risk.roc
    table: Floats = np.column_stack([roc.fpr, roc.tpr, roc.low, roc.high]).astype(np.float64)
    table = table if corner else table[:-1]
    if len(table) and not corner and table[-1, 0] < floor:  # it is over before the axis begins: all it finds
        table = np.vstack([table, *([at, *table[-1, 1:]] for at in (floor, 1.0))])
    keep = (table[:, 0] >= floor) & (table[:, 1] >= floor) & np.isfinite(table).all(axis=1)
    if lens.public:
        keep &= (table[:, 0] * finding.risk.control_count >= FEWEST) & (
            table[:, 1] * finding.risk.exposed_count >= FEWEST
        )
    table = table[keep]
    most = POINTS[lens.audience]
    if len(table) > most:
        grid = np.geomspace(table[0, 0], table[-1, 0], most)
        nearest = np.searchsorted(table[:, 0], grid * (1 - 1e-12)).clip(max=len(table) - 1)
        table = table[np.unique(nearest)]
    digits = 2 if lens.public else 5
    return np.array([[float(f"{x:.{digits}g}") for x in row] for row in table]).reshape(-1, 4)


def _label(finding: Finding) -> str:
    return finding.risk.attack


def _or_more(steps: list[float]) -> str:
    return f"1 in {round(1 / steps[-1]):,} or more" if steps else "any number"


def _shown_share(count: float, of: int, lens: Redaction) -> float | None:
    if lens.public and 0 < count < FEWEST:
        return None
    part = float(count / of) if of else 0.0
    return round(part, 2) if lens.public else float(f"{part:.5g}")


def _blurred_share(count: float, of: int, lens: Redaction) -> float | None:
    """A share, for the public in steps of ten people at least."""
    if not lens.public:
        return _shown_share(count, of, lens)
    if 1e-9 < count < FEWEST - 1e-9:
        return None
    step = max(0.01, FEWEST / of)
    return _short(round(count / of / step) * step)


def _short(x: float) -> float:
    return float(f"{x:.6g}")
