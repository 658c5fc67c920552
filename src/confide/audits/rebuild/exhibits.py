"""Beside the findings on rebuilding: how near it comes, the optimum, early stops, and the promised bound."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from confide.audits.rebuild.looks import Look
from confide.audits.release import AuditedRelease
from confide.core.arrays import Bools, Floats
from confide.core.budget import Budget
from confide.core.estimate import Estimate
from confide.core.language import number, t
from confide.inputs.rebuild import RebuildData
from confide.measure import proportion
from confide.measure.rebuilding_bound import success_bound_of_budget
from confide.report import Exhibit, Line, Plot, Table
from confide.report.exhibits import Cell, Quantile

SURE = 0.999
"""The confidence with which a success must lie above the bound of a promise before that is said."""


def exhibits_of(data: RebuildData, release: AuditedRelease, look: Look) -> Sequence[Exhibit]:
    """The tables and the plot, as far as there is something to show."""
    return (
        near_table(look),
        *optimum_exhibits(look, given=data.held.penalty is not None or data.held.weight_decay is not None),
        *promise_table(look, release.promise),
    )


def near_table(look: Look) -> Table:
    """How near each reconstruction comes, beside what the adversary knew before."""
    rows: list[tuple[Cell, ...]] = []
    for name, found in look.found.items():
        sides = (
            (t("{attack}, records that trained the model", attack=name), look.exposed),
            (t("{attack}, records that did not", attack=name), ~look.exposed),
        )
        for row, side in sides:
            right = look.labels[name]
            label = None if right is None else _share(right[side])
            near = _share(found.hit[side])
            error = _median(found.largest[side])
            rows.append((row, near, _median(found.distance[side]), error, label))
    first = next(iter(look.found.values()))
    guesses = (
        (t("the mean of the known records"), first.of_mean),
        (t("the nearest known record"), first.of_nearest),
    )
    for row, every in guesses:
        far = every[look.exposed]
        rows.append((row, _share(far <= look.radius), _median(far), None, None))
    return Table(
        title=t("How near the rebuilt records come"),
        reading=t(
            "Distances and errors are medians, in the features as the model sees them. The last two rows "
            "need no model: the best single guess, and the known record that is nearest to the true one, "
            "which nobody can choose who does not know the true one."
        ),
        head=(t("claim"), t("near enough"), t("distance"), t("largest error of a feature"), t("label right")),
        rows=tuple(rows),
        of=int(min(look.exposed.sum(), (~look.exposed).sum())),
    )


def optimum_exhibits(look: Look, *, given: bool) -> tuple[Exhibit, ...]:
    """The residual with its forecast, and what an earlier or a later stop would have shown."""
    if look.optimum is None:
        return ()
    measured = next(iter(look.found.values()), None)
    source = t("as given") if given else t("the one that fits all records best")
    source += t(", intercepts left free") if look.optimum.free_intercept else ""
    rows: tuple[tuple[Cell, ...], ...] = (
        (t("penalty on the sum of losses, {source}", source=source), number(look.optimum.penalty, ".6g")),
        (
            t("mean gradient of all training records and the penalty"),
            number(look.optimum.mean_gradient, ".2g"),
        ),
        (t("largest error of a feature, foretold from that, median"), _median(look.foretold)),
        (
            t("largest error of a feature, measured, median"),
            None if measured is None else _median(measured.largest[look.exposed]),
        ),
    )
    table = Table(
        title=t("How near its optimum the model is"),
        reading=t(
            "At the optimum all gradients add up to zero, and the last record follows exactly. What is left "
            "over goes into the error of what is rebuilt, divided by how badly the model fits the record. "
            "An early stop is luck and no protection."
        ),
        head=(t("what"), t("number")),
        rows=rows,
    )
    plot = Plot(
        title=t("Had training ended elsewhere"),
        reading=t(
            "Read upwards from where training ends how far a rebuilt feature is off in the median: foretold "
            "from the weights and the records, for an end in a random direction. The point is this model, "
            "as it was measured."
        ),
        x_title=t("mean gradient where training ends"),
        y_title=t("error of a feature"),
        lines=(
            Line(name=t("foretold"), x=tuple(g for g, _ in look.stops), y=tuple(e for _, e in look.stops)),
            *_here(look),
        ),
        log_x=True,
        log_y=True,
    )
    return (table, plot)


def promise_table(look: Look, promise: Budget | None) -> tuple[Table, ...]:
    """The promised bound on rebuilding, beside the success."""
    if promise is None:
        return ()
    bound = _bound(look, promise)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (name, _share(found.hit[look.exposed]), number(bound, ".4g")) for name, found in look.found.items()
    )
    return (
        Table(
            title=t("What the promise allows"),
            reading=t(
                "The model was trained under {promise}. The best guess without it is near enough with a "
                "probability of {chance:.3g} at most, so that under this promise no reconstruction, by "
                "whatever adversary, is near enough with more than {bound:.4g}.",
                promise=promise,
                chance=look.chance,
                bound=bound,
            ),
            head=(t("attack"), t("near enough"), t("at most, by the promise")),
            rows=rows,
            of=int(look.exposed.sum()),
        ),
    )


def above_bound(look: Look, promise: Budget | None) -> dict[str, str]:
    """The attacks that succeed more often than the promise allows, and what that says: it is not kept."""
    if promise is None:
        return {}
    bound = _bound(look, promise)
    return {
        t("what the promise allows ({attack})", attack=name): t(
            "The promise is broken: {attack} succeeds more often than it allows ({promise}: {bound:.4g} at "
            "most). The training does not keep it, or it is about another unit than a record.",
            attack=name,
            promise=promise,
            bound=bound,
        )
        for name, found in look.found.items()
        if _share(found.hit[look.exposed], SURE).low > bound
    }


def _bound(look: Look, promise: Budget) -> float:
    return success_bound_of_budget(epsilon=promise.epsilon, delta=promise.delta, prior=look.chance)


def _share(yes: Bools, confidence: float = 0.95) -> Estimate:
    return proportion(int(yes.sum()), len(yes), confidence=confidence)


def _median(values: Floats) -> Quantile | None:
    value = float(np.median(values)) if len(values) else np.inf
    return Quantile(value=value, beyond=len(values) // 2) if np.isfinite(value) else None


def _here(look: Look) -> tuple[Line, ...]:
    """The audited model as a point; none where the logarithm has no place for it."""
    first = next(iter(look.found.values()), None)
    if first is None or look.optimum is None:
        return ()
    x = look.optimum.mean_gradient
    y = float(np.median(first.distance[look.exposed])) / np.sqrt(max(look.optimum.residual.shape[1] - 1, 1))
    if not (x > 0 and 0 < y < np.inf):
        return ()
    return (Line(name=t("this model"), x=(x,), y=(y,), joined=False, beyond=int(look.exposed.sum()) // 2),)
