"""`confide outsource plan`: a model read as arithmetic, layouts compared, and a table of their costs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from confide.core.durations import in_bytes, in_time
from confide.mechanisms.encrypt.comparing import Limits, Option, cheapest, compare_layouts
from confide.mechanisms.encrypt.parameters import LARGEST_MODULUS
from confide.releases.outsourcing.plan_file import TRUST, OutsourcePlan, check_columns
from confide.releases.outsourcing.reading import columns_known, read_arithmetic
from confide.releases.outsourcing.settings import OutsourcePlanSettings

HEADINGS = ("layout", "batches", "CPU", "latency", "up", "down", "kit", "keys", "worst error")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenPlan:
    """A plan that was written, with all that were compared.

    Args:
        path: of its file.
        planned: what stands in it.
        options: cheapest first; what does not fit comes last.
        chosen: of them.
    """

    path: Path
    planned: OutsourcePlan
    options: list[Option]
    chosen: Option

    def __str__(self) -> str:
        """The trust that remains, then the table of costs."""
        plan = self.planned.plan
        parameters = plan.parameters
        total, most = sum(parameters.bits), LARGEST_MODULUS[parameters.degree]
        told = [
            *TRUST,
            "",
            f"{self.planned.rows:,} rows, {plan.inputs:,} inputs, scores of a row: {plan.outputs:,}; no "
            f"input is above {plan.bound:g}. CPU is of both sides, latency without the network.",
            "",
            *_table([HEADINGS, *(_cells(option) for option in self.options if option.forecast is not None)]),
            "",
            *(f"{one.name}: {'; '.join(one.obstacles)}." for one in self.options if not one.fits),
            f"{self.path}: {self.chosen.name}; rows in a batch: up to {plan.rows_a_batch:,}; 128 bits of "
            f"security: degree {parameters.degree:,}, {total} of at most {most} bits of modulus.",
        ]
        return "\n".join(told)


def make_plan(settings: OutsourcePlanSettings) -> WrittenPlan:
    """Read a model, compare layouts, and write the plan of the cheapest within the limits.

    A server's last step is compared and never taken: at the client it is exact and costs nothing.

    Raises:
        ModelError: if the model cannot be computed on encrypted rows; says the nearest that can.
        PromiseError: if no plan keeps precision and latency; says what would have to give.
    """
    shape = tuple(settings.shape)
    model = read_arithmetic(
        settings.model, architecture=settings.architecture, link=settings.link, shape=shape
    )
    columns = tuple(settings.columns) or columns_known(settings.model)
    check_columns(columns, model.inputs)
    limits = Limits(precision=settings.precision, latency=settings.latency)
    options = compare_layouts(model, rows=settings.rows, bound=settings.bound, limits=limits)
    chosen = cheapest([option for option in options if option.last_step == "client"])
    assert chosen.plan is not None and chosen.forecast is not None
    planned = OutsourcePlan(
        plan=chosen.plan, columns=columns, shape=shape, rows=settings.rows, forecast=chosen.forecast
    )
    planned.write(settings.out)
    return WrittenPlan(path=settings.out, planned=planned, options=options, chosen=chosen)


def _cells(option: Option) -> tuple[str, ...]:
    cost = option.forecast
    assert cost is not None
    return (
        option.name,
        f"{cost.batches:,}",
        _time(cost.cpu),
        _time(cost.latency),
        in_bytes(cost.up),
        in_bytes(cost.down),
        in_bytes(cost.kit),
        in_bytes(cost.secret_key),
        f"{option.error:.1g}",
    )


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _time(seconds: float) -> str:
    return f"{seconds:.2g} s" if seconds < 10 else in_time(seconds)
