"""Layouts compared: columns or rows, and who takes the last step; the cheapest within the user's limits.

*Last step.* A sigmoid or softmax is exact and free at the client, who decrypts the scores. The server can
only take a polynomial in place of a sigmoid: it costs levels, and its error is that of the approximation.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from confide.core.errors import PromiseError
from confide.mechanisms.encrypt.arithmetic import Arithmetic, with_server_link
from confide.mechanisms.encrypt.evaluating import Layout
from confide.mechanisms.encrypt.measuring import SECONDS
from confide.mechanisms.encrypt.plan import Forecast, Plan, forecast, plan_layout

LAYOUTS: tuple[Layout, ...] = ("columns", "rows")
LastStep = Literal["client", "server"]
DEGREE = 3  # of the server's polynomial


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a computation may cost; None is no limit.

    Args:
        precision: the largest error of a score, before a link that the client applies.
        latency: seconds until the last score, without the network.
        cpu: processor seconds of both sides.
        up, down: bytes of the ciphertexts.
        kit: bytes of the evaluator's kit.
    """

    precision: float = 1e-4
    latency: float | None = None
    cpu: float | None = None
    up: int | None = None
    down: int | None = None
    kit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way to compute, and what it costs.

    Args:
        layout: columns or rows.
        last_step: who applies the link; client where there is none.
        model: that the evaluator computes.
        plan: None where no parameters do.
        forecast: None without a plan.
        error: of the answer at worst; where the server takes the last step, with that of the polynomial.
        obstacles: what exceeds the limits, or why there is no plan; none if the option fits.
    """

    layout: Layout
    last_step: LastStep
    model: Arithmetic
    plan: Plan | None
    forecast: Forecast | None
    error: float
    obstacles: tuple[str, ...]

    @property
    def name(self) -> str:
        """Layout and last step in words."""
        step = "" if self.last_step == "client" else ", the last step by the server"
        return f"{self.layout}{step}"

    @property
    def fits(self) -> bool:
        """Whether the option keeps to the limits."""
        return self.plan is not None and not self.obstacles


def compare_layouts(
    model: Arithmetic,
    *,
    rows: int,
    bound: float,
    limits: Limits,
    reach: float | None = None,
    seconds: float = SECONDS,
) -> list[Option]:
    """Forecast every layout and last step; the cheapest that fits comes first, what does not fit last.

    Args:
        model: to be evaluated.
        rows: how many will be asked about.
        bound: no input is above it in absolute value.
        limits: of the user.
        reach: the largest absolute score that occurs, for a sigmoid of the server; None takes the largest
            that the bound allows, which is mostly far above.
        seconds: to measure primitives, all options together.

    Raises:
        DataError: if a number of the request makes no sense.
    """
    ways: list[tuple[LastStep, Arithmetic, float]] = [("client", model, 0.0)]
    if model.link == "sigmoid":
        wide = model.bounds(bound)[-1] if reach is None else reach
        ways.append(("server", *with_server_link(model, degree=DEGREE, reach=wide)))
    each = seconds / (len(ways) * len(LAYOUTS))
    found = [
        _option(asked, layout, last_step, off, rows=rows, bound=bound, limits=limits, seconds=each)
        for last_step, asked, off in ways
        for layout in LAYOUTS
    ]
    return sorted(found, key=lambda option: (not option.fits, _cost(option)))


def choose_layout(
    model: Arithmetic,
    *,
    rows: int,
    bound: float,
    limits: Limits,
    reach: float | None = None,
    seconds: float = SECONDS,
) -> Option:
    """The cheapest option within the limits; arguments as of `compare_layouts`.

    Raises:
        DataError: if a number of the request makes no sense.
        PromiseError: if there is none; says what would have to give.
    """
    return cheapest(
        compare_layouts(model, rows=rows, bound=bound, limits=limits, reach=reach, seconds=seconds)
    )


def cheapest(options: list[Option]) -> Option:
    """The first of options that `compare_layouts` has ordered, where it is within the limits.

    Raises:
        PromiseError: if it is not; says what would have to give.
    """
    best = options[0]
    if best.fits:
        return best
    told = [f"{option.name}: {'; '.join(option.obstacles)}" for option in options]
    raise PromiseError(f"no layout keeps to the limits; what would have to give. {'. '.join(told)}.")


def _option(
    model: Arithmetic,
    layout: Layout,
    last_step: LastStep,
    off: float,
    *,
    rows: int,
    bound: float,
    limits: Limits,
    seconds: float,
) -> Option:
    # The polynomial's own error stands beside the precision of the arithmetic: it is named, not added to it.
    try:
        plan = plan_layout(model, layout, rows=rows, bound=bound, precision=limits.precision)
    except PromiseError as error:
        return Option(
            layout=layout,
            last_step=last_step,
            model=model,
            plan=None,
            forecast=None,
            error=float("inf"),
            obstacles=(str(error).rstrip("."),),
        )
    costs = forecast(plan, model, rows=rows, seconds=seconds)
    return Option(
        layout=layout,
        last_step=last_step,
        model=model,
        plan=plan,
        forecast=costs,
        error=costs.worst_error + off,
        obstacles=_exceeded(costs, costs.worst_error + off, limits),
    )


def _exceeded(costs: Forecast, error: float, limits: Limits) -> tuple[str, ...]:
    found = list[str]()
    if error > limits.precision:
        found.append(f"the answer is off by {error:.1g} (allowed {limits.precision:g})")
    for field in fields(limits):
        most = getattr(limits, field.name)
        if field.name != "precision" and most is not None and getattr(costs, field.name) > most:
            unit = "s" if field.name in ("latency", "cpu") else "bytes"
            needed = getattr(costs, field.name)
            shown = f"{needed:.2g}" if unit == "s" else f"{needed:,}"
            found.append(f"{field.name} takes {shown} {unit} (allowed {most:,g})")
    return tuple(found)


def _cost(option: Option) -> float:
    return float("inf") if option.forecast is None else option.forecast.cpu
