"""The computation of a plan as one function of a party's engine, and what it says of its exactness."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from confide.core.arrays import Floats
from confide.mechanisms.share.joint import columns, inside
from confide.mechanisms.share.joint.engine import Engine
from confide.mechanisms.share.joint.noise import NoisyTotals
from confide.mechanisms.share.joint.plan import JointPlan
from confide.mechanisms.share.joint.summing import SharedFindingError, SharedTotals, Totals, bits_for, errors
from confide.releases.join.computations import COMPUTATIONS, Found, noise_of
from confide.releases.join.records import Held

SHOWN = 6
"""Columns that a sentence names."""
NOISY_STEPS = (
    "Noise is in every step, and their number is fixed: the result is not that of the pooled records, and "
    "another run gives another. "
)
"""Of results with noise in every step."""


@dataclass(slots=True)
class _Opened:
    """Totals that note how many were opened, and how exactly."""

    totals: Totals
    owners: int
    times: int = 0
    words: int = 0
    error: float = 0.0

    async def __call__(self, values: Floats | None, bounds: Floats) -> Floats:
        self.times, self.words = self.times + 1, len(bounds)
        self.error = max(self.error, float(errors(bounds, self.owners).max()))
        return await self.totals(values, bounds)


def _listed(names: Sequence[str], values: Floats) -> str:
    """The first few by name, and the largest of all others."""
    told = [f"{value:.1g} ({name})" for name, value in zip(names, values[:SHOWN], strict=False)]
    rest = values[SHOWN:]
    return ", ".join([*told, *([f"{rest.max():.1g} (the others)"] if len(rest) else [])])


def _rounded_inside(plan: JointPlan) -> str:
    """How exact coefficients are that nobody sees the moments of."""
    names = [column.name for column in plan.columns]
    reach = np.array([column.reach for column in plan.columns])
    steps = _listed(names, reach / 2.0 ** (inside.FINE + 1))
    relative = (plan.colluding + 3) * 2.0**-48
    least = _listed(["intercept", *names], relative * reach[-1] / np.concatenate([[1.0], reach[:-1]]))
    return (
        f"Values are rounded by at most {steps}. Beside that, coefficients are off by at most {least}, and "
        f"{relative:.1g} of themselves. Columns that determine each other are not noticed inside. No "
        "overflow is possible."
    )


@dataclass(frozen=True, slots=True)
class PerRecord:
    """Totals of statistics divided by what one record may add, so that noise of one width hides them all."""

    totals: Totals
    plan: JointPlan

    async def __call__(self, values: Floats | None, bounds: Floats) -> Floats:
        unit = bounds / self.plan.rows
        found = await self.totals(None if values is None else values / unit, bounds / unit)
        return found * unit


@dataclass(slots=True)
class Computing:
    """What a party computes.

    Args:
        plan: the same everywhere.
        name: of the party.
        held: what it puts in.
        charge: charges its ledger for a rho, before anything is shared.
    """

    plan: JointPlan
    name: str
    held: Held
    charge: Callable[[float], None]
    opened: _Opened | None = field(default=None, init=False)
    found: Found = field(default_factory=dict, init=False)
    refused: SharedFindingError | None = field(default=None, init=False)

    async def __call__(self, engine: Engine) -> Found:
        """The result, which all parties learn; nothing where all of them find that there is none."""
        try:
            self.found = await self._computed(engine)
        except SharedFindingError as error:
            self.refused = error
        return self.found

    async def _computed(self, engine: Engine) -> Found:
        made = COMPUTATIONS[self.plan.computation]
        if self.plan.split == "columns":
            return await made.across(
                self.held.columns, self.plan, engine, name=self.name, identifiers=self.held.identifiers
            )
        if self.plan.inside:
            assert made.inside is not None
            return await made.inside(self.held.rows, self.plan, engine)
        noise = noise_of(self.plan)
        totals: Totals = SharedTotals(engine, self.plan)
        if noise is not None:
            totals = PerRecord(NoisyTotals(engine, self.plan, noise, self.charge), self.plan)
        self.opened = _Opened(totals, len(self.plan.owners))
        if noise is not None and made.stepwise is not None:
            return await made.stepwise(self.held.rows, self.plan, self.opened, noise.deviation)
        return await made.by_rows(self.held.rows, self.plan, self.opened)

    @property
    def matched(self) -> int | None:
        """How many people are on both lists, which all learn; None where all have the same rows."""
        count = self.found.get("count")
        return None if self.plan.aligning is None or count is None else round(float(count[0]))

    @property
    def exactness(self) -> str:
        """How exact the result is, with the widths that follow from the bounds, in a sentence."""
        noise = noise_of(self.plan)
        if self.plan.inside:
            return _rounded_inside(self.plan)
        if self.plan.split == "columns":
            return (
                f"Columns are divided by their bounds and rounded to {columns.BITS} bits: a mean product is "
                f"off by at most {columns.ERROR:.2g}. {self._result()}No overflow is possible."
            )
        if self.opened is None:
            return ""
        times = "once" if self.opened.times == 1 else f"{self.opened.times:,} times"
        words = f"{self.opened.words:,} sum{'s' if self.opened.words > 1 else ''} opened {times}"
        if noise is not None:
            law = "binomial" if self.plan.noise == "binomial" else "discrete Gaussian"
            steps = COMPUTATIONS[self.plan.computation].stepwise is not None
            return (
                f"{words}, of columns divided by their bounds, each with {law} noise of deviation "
                f"{noise.deviation:.3g}, on a grid of {noise.steps:g} steps a unit. "
                f"{NOISY_STEPS if steps else ''}No overflow is possible."
            )
        return (
            f"{words}, in fixed point of {bits_for(self.opened.words)} bits: each is off by at most "
            f"{self.opened.error:.2g} beside the rounding of float64. {self._result()}No overflow is "
            "possible."
        )

    def _result(self) -> str:
        """How far the result itself may be from that of exact arithmetic; empty where it is a sum."""
        found, names = self.found, [column.name for column in self.plan.columns]
        if "last step" in found:
            moved = _listed(["intercept", *names], found["last step"])
            return f"The last step moved the coefficients by {moved}. "
        if "error" not in found:
            return ""
        if "coefficients" in found:
            return f"The coefficients are off by at most {_listed(['intercept', *names], found['error'])}. "
        return f"Variances are off by at most {_listed(names, np.diag(found['error']))}. "
