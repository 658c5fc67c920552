"""Plans without a measured forecast, which takes seconds."""

from __future__ import annotations

from pathlib import Path

from confide.mechanisms.encrypt.arithmetic import Arithmetic
from confide.mechanisms.encrypt.evaluating import Layout
from confide.mechanisms.encrypt.plan import Forecast, plan_layout
from confide.releases.outsourcing.plan_file import OutsourcePlan

ANY = Forecast(
    cpu=1.0, latency=1.0, up=1, down=1, kit=1, worst_error=1e-5, batches=1, secret_key=1, security=128
)


def write_plan(
    model: Arithmetic,
    path: Path,
    *,
    bound: float,
    precision: float = 1e-4,
    layout: Layout = "columns",
    columns: tuple[str, ...] = (),
) -> OutsourcePlan:
    """Plan for a model, and write the plan."""
    plan = plan_layout(model, layout, rows=10, bound=bound, precision=precision)
    made = OutsourcePlan(plan=plan, forecast=ANY, columns=columns, rows=10)
    made.write(path)
    return made
