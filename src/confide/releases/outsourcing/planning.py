"""`confide outsource plan`: a model read as arithmetic, a plan for it, and the table of what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from confide.core.durations import in_bytes, in_time
from confide.mechanisms.encrypt.parameters import LARGEST_MODULUS
from confide.mechanisms.encrypt.plan import Forecast, plan_columns
from confide.releases.outsourcing.plan_file import TRUST, OutsourcePlan, check_columns, planned
from confide.releases.outsourcing.reading import columns_known, read_arithmetic
from confide.releases.outsourcing.settings import OutsourcePlanSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenPlan:
    """A plan that was written, with its forecast.

    Args:
        path: of its file.
        planned: what stands in it.
        forecast: of the planned rows.
    """

    path: Path
    planned: OutsourcePlan
    forecast: Forecast

    def __str__(self) -> str:
        """The trust that remains, then the table of costs."""
        plan, cost = self.planned.plan, self.forecast
        parameters = plan.parameters
        total, most = sum(parameters.bits), LARGEST_MODULUS[parameters.degree]
        table = {
            "Layout": f"columns, {plan.rows_a_batch:,} rows a batch",
            "Batches": f"{cost.batches:,}",
            "Processor time, both sides": _time(cost.cpu),
            "Latency, without the network": _time(cost.latency),
            "Bytes up": in_bytes(cost.up),
            "Bytes down": in_bytes(cost.down),
            "The server's kit": in_bytes(cost.kit),
            "Worst error of a score": f"{cost.worst_error:.1g} (promised {plan.precision:g})",
            "Security": f"128 bits, degree {parameters.degree}, {total} of at most {most} bits of modulus",
        }
        width = max(map(len, table))
        lines = [*TRUST, "", f"{self.path}: {self.planned.rows:,} rows, {plan.inputs} inputs, "
                 f"{plan.outputs} scores each, no input above {plan.bound:g}.", ""]  # fmt: skip
        return "\n".join([*lines, *(f"  {name:<{width}}  {value}" for name, value in table.items())])


def make_plan(settings: OutsourcePlanSettings) -> WrittenPlan:
    """Read a model, plan for it, and write the plan.

    Raises:
        ModelError: if the model cannot be computed on encrypted rows; says the nearest that can.
        PromiseError: if no plan keeps precision and latency; says what would have to give.
    """
    model = read_arithmetic(settings.model, architecture=settings.architecture, link=settings.link)
    columns = tuple(settings.columns) or columns_known(settings.model)
    check_columns(columns, model.inputs)
    plan, forecast = plan_columns(
        model,
        rows=settings.rows,
        bound=settings.bound,
        precision=settings.precision,
        latency=settings.latency,
    )
    made = planned(plan, forecast, columns=columns, rows=settings.rows)
    made.write(settings.out)
    return WrittenPlan(path=settings.out, planned=made, forecast=forecast)


def _time(seconds: float) -> str:
    return f"{seconds:.2g} s" if seconds < 10 else in_time(seconds)
