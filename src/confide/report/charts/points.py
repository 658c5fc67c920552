"""Points of each chart, as plain records: coarse enough to keep in report.json, tested without pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

import numpy as np
import polars as pl

from confide.core.arrays import Floats
from confide.core.diagnostics import Curve
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.language import later, number, t
from confide.core.who import named, of_attack
from confide.measure import records as measured
from confide.measure.risk import Roc
from confide.report.finding import Audience, Finding, Section
from confide.report.page_types import Datum, WorstOffRecord
from confide.report.redaction import FEWEST, Redaction

POINTS = 120
"""The most points of a curve, enough for a smooth line; those of the public are at `RATES`."""

BINS: Mapping[Audience, int] = {"internal": 40, "public": 20}
"""The steps of the score chart: few enough that ten people are in most of them."""

STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""The steps of shares in the public's score chart; the finest that holds ten people is taken."""

RATES = (*(x * 10.0**k for k in (-4, -3, -2, -1) for x in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)), 1.0)
"""The false-positive rates of the public's curves: those where a curve has its steps are k of the others, and
would give their number back."""

NAMED = 4
"""The number of attacks with a colour and a name of their own: more colours are hard to distinguish."""

REST = later("other attacks")

GROUPS = ("exposed", "control")


def roc_records(
    headline: Finding, findings: Sequence[Finding], *, redaction: Redaction, corner: bool = True
) -> list[Datum]:
    """A line an attack, the headline first with its band, and the diagonal of guessing.

    The axes start at the lowest false-positive rate of 10, 1, 0.1 and 0.01 % that the controls resolve.
    For the public, points that rest on fewer than ten people are left out.

    Args:
        corner: end where everybody is claimed and found? Not where a claim can be wrong about exposed people.
    """
    rest = [f for f in findings if f.risk.attack != headline.risk.attack]
    rest.sort(key=_strength)
    controls = max(headline.risk.control_count, 1)
    floor = next((f for f in (1e-4, 1e-3, 1e-2) if f * controls >= 1), 0.1)
    records: list[Datum] = []
    for rank, finding in enumerate([headline, *rest]):
        label = finding.risk.attack if rank < NAMED else t(REST)
        for fpr, tpr, low, high in _points(finding, floor=floor, redaction=redaction, corner=corner):
            line: Datum = {"part": "line", "rank": min(rank, NAMED), "attack": label}
            records.append({**line, "line": finding.risk.attack, "fpr": fpr, "tpr": tpr})
            if rank == 0:
                records.append({"part": "band", "fpr": fpr, "low": max(low, floor), "high": max(high, floor)})
    records += [{"part": "guess", "fpr": x, "tpr": x} for x in (floor, 1.0)]
    return records


def score_records(
    evidence: Evidence, *, redaction: Redaction, names: tuple[str, str] = GROUPS
) -> list[Datum]:
    """Where people stand when all are ordered by the headline attack's score: a share of each group a step.

    Each step holds equally many people, so guessing gives flat shapes whatever the scores' tails. People of
    one score share their places evenly. For the public a share that rests on fewer than ten people is left
    out, and the others are rounded so coarsely that it cannot be found by subtraction.

    Args:
        names: of the exposed and of the control group, for the legend.
    """
    _, place = np.unique(evidence.claims, return_inverse=True)
    sides = (evidence.exposed, ~evidence.exposed)
    if not all(chosen.any() for chosen in sides):
        return []
    edges = np.linspace(0.0, 1.0, BINS[redaction.audience] + 1)
    passed = np.cumsum([0, *np.bincount(place)])
    records: list[Datum] = []
    for side, name, chosen in zip(GROUPS, names, sides, strict=True):
        mine = np.cumsum([0, *np.bincount(place[chosen], minlength=len(passed) - 1)])
        counts = np.diff(np.interp(edges * passed[-1], passed, mine))
        for start, stop, count in zip(edges[:-1], edges[1:], counts, strict=True):
            part = _blurred_share(float(count), int(mine[-1]), redaction)
            step: Datum = {"from": _short(start), "to": _short(stop), "share": part}
            records.append({"side": side, "group": name, **step})
    return records


def worst_off_records(evidence: Evidence, *, redaction: Redaction) -> list[Datum]:
    """The share of exposed people by how few control people the attack is at least as sure about."""
    lookalikes = measured(evidence)["fpr"].to_numpy()
    controls = int((~evidence.exposed).sum())
    steps = [f for f in (0.001, 0.01, 0.1) if f * controls >= 1]
    edges = np.array([0.0, *steps, 1.0])
    which = np.searchsorted(edges[1:-1], lookalikes, side="right")
    names = [f"fewer than 1 in {round(1 / f):,}" for f in steps] + [f"{_or_more(steps)}"]
    counts = np.bincount(which, minlength=len(names))
    return [
        {"others": name, "order": i, "share": _shown_share(n, counts.sum(), redaction), "guess": float(guess)}
        for i, (name, n, guess) in enumerate(zip(names, counts, np.diff(edges), strict=True))
    ]


def worst_off_tied(evidence: Evidence, *, redaction: Redaction, most: int = 10) -> int:
    """How many people are as exposed as the last in `worst_off_table`, and do not stand in it."""
    sureness = np.sort(measured(evidence)["fpr"].to_numpy())
    if redaction.public or len(sureness) <= most:
        return 0
    return int(np.searchsorted(sureness, sureness[most - 1], side="right")) - most


def worst_off_table(
    evidence: Evidence, *, redaction: Redaction, who: pl.DataFrame | None = None, most: int = 10
) -> list[WorstOffRecord]:
    """Who is most exposed, named by where they stand in the user's own file; for the public, nobody."""
    if redaction.public:
        return []
    rows = measured(evidence).sort("fpr", "target").head(most)
    names: dict[int, str] = {}
    if who is not None:
        # Only those who are shown: naming everybody takes seconds.
        mine = of_attack(who, evidence.attack).filter(pl.col("target").is_in(rows["target"].to_list()))
        names = dict(zip(mine["target"].to_list(), named(mine), strict=True))
    return [
        {
            "who": names.get(target, t("target {target}", target=f"{target}")),
            "target": int(target),
            "times": int(times),
            "lookalikes": _short(fpr),
        }
        for target, times, fpr in rows.select("target", "worlds_in", "fpr").iter_rows()
    ]


def epsilon_records(section: Section, *, redaction: Redaction) -> list[Datum]:
    """Promised, shown, could have shown; nothing where no bound applies."""
    bound, promise = section.headline.bound, section.promise
    if bound is None or not np.isfinite(bound.ceiling):
        return []
    low, ceiling = redaction.bound(bound.low), redaction.bound(bound.ceiling)
    promised = promise.epsilon if promise is not None and section.comparable else None
    text = t("nothing", of="promised") if promise is None else t("of another unit", of="promised")
    return [
        {
            "what": "promised",
            "value": promised,
            "text": text if promised is None else number(promised, ".3g"),
        },
        {
            "what": "shown",
            "value": low,
            "text": t("n/a") if low is None else t("at least {low:.2f}", low=low),
        },
        {
            "what": "could have shown",
            "value": ceiling,
            "text": number(bound.ceiling if ceiling is None else ceiling, ".2f"),
        },
    ]


def curve_records(curve: Curve, *, redaction: Redaction) -> list[Datum]:
    """What an attack tried, and what it chose; nothing for the public: it may count a handful of people."""
    if redaction.public:
        return []
    pairs = [(x, y) for x, y in zip(curve.x, curve.y, strict=True) if x > 0 and isfinite(x) and isfinite(y)]
    return [{"x": _short(x), "y": _short(y), "chosen": bool(x == curve.chosen)} for x, y in sorted(pairs)]


def _strength(finding: Finding) -> float:
    """The place of an attack: the highest AUC first, one without last."""
    auc = finding.risk.auc.value
    return -auc if isfinite(auc) else 0.0


def _points(finding: Finding, *, floor: float, redaction: Redaction, corner: bool) -> list[list[float]]:
    """fpr, tpr, low, high of each point, thinned evenly along the logarithmic axis."""
    roc: Roc = finding.risk.roc
    table: Floats = np.column_stack([roc.fpr, roc.tpr, roc.low, roc.high]).astype(np.float64)
    table = table if corner else table[:-1]
    if len(table) and not corner and table[-1, 0] < floor:  # it is over before the axis begins: all it finds
        table = np.vstack([table, *([at, *table[-1, 1:]] for at in (floor, 1.0))])
    keep = (table[:, 0] >= floor) & (table[:, 1] >= floor) & np.isfinite(table).all(axis=1)
    if redaction.public:
        keep &= (table[:, 0] * finding.risk.control_count >= FEWEST) & (
            table[:, 1] * finding.risk.exposed_count >= FEWEST
        )
        return _at_usual_rates(table[keep], redaction=redaction)
    table = table[keep]
    if len(table) > POINTS:
        grid = np.geomspace(table[0, 0], table[-1, 0], POINTS)
        nearest = np.searchsorted(table[:, 0], grid * (1 - 1e-12)).clip(max=len(table) - 1)
        table = table[np.unique(nearest)]
    return [[float(f"{x:.5g}") for x in row] for row in table]


def _at_usual_rates(table: Floats, *, redaction: Redaction) -> list[list[float]]:
    """A curve read at `RATES`, as coarse as every other rate."""
    points: list[list[float]] = []
    for rate in RATES:
        # The last point of the curve that claims no more controls than this.
        at = int(np.searchsorted(table[:, 0], rate * (1 + 1e-9), side="right")) - 1
        if at < 0:
            continue
        tpr, low, high = (float(x) for x in table[at, 1:])
        found = redaction.estimate(Estimate(tpr, low, high, 0.95))
        if found is not None and found["value"] > 0:  # both axes are logarithmic
            points.append([_short(rate), found["value"], found["low"], found["high"]])
    return points


def _or_more(steps: list[float]) -> str:
    return f"1 in {round(1 / steps[-1]):,} or more" if steps else "any number"


def _shown_share(count: float, of: int, redaction: Redaction) -> float | None:
    if redaction.public and 0 < count < FEWEST:
        return None
    part = float(count / of) if of else 0.0
    return round(part, 2) if redaction.public else float(f"{part:.5g}")


def _blurred_share(count: float, of: int, redaction: Redaction) -> float | None:
    """A share, for the public in steps of ten people at least."""
    if not redaction.public:
        return _shown_share(count, of, redaction)
    if 1e-9 < count < FEWEST - 1e-9:
        return None
    # A step of FEWEST / of would give the number of people back: all shares are its multiples.
    step = next((nice for nice in STEPS if nice * of >= FEWEST), 1.0)
    return _short(round(count / of / step) * step)


def _short(x: float) -> float:
    return float(f"{x:.6g}")
