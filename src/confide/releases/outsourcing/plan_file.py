"""The plan of outsourced scores as a file of JSON: what is agreed, what it costs, and what trust remains."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from math import inf
from pathlib import Path
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from confide.core.atomic import atomic_write
from confide.core.errors import ConfideError, DataError
from confide.core.fields import shown
from confide.mechanisms.encrypt.parameters import Parameters
from confide.mechanisms.encrypt.plan import Forecast, Plan

FORMAT = "confide.outsource/1"
LARGEST = 1_000_000
"""Bytes of a plan's file."""
TRUST = (
    "Encryption hides the rows, and not the scores: who sees scores can play every attack on the model.",
    "The server is trusted to compute as told: that it computed this model is not proved.",
    "Who gets one score more than there are inputs rebuilds a linear model from them.",
    "Decrypted scores must never go back to the server: their errors tell about the secret key.",
)
"""What a plan does not protect; it stands above every forecast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsourcePlan:
    """A plan with what a client needs to prepare rows for it.

    Args:
        plan: what both sides agree on.
        columns: names of the inputs in their order; none where the model knows none.
        rows: how many were planned for.
        forecast: of these rows, on the planner's machine.
        shape: of one input, where the model begins with a convolution; none for others.
    """

    plan: Plan
    columns: tuple[str, ...]
    rows: int
    forecast: Forecast
    shape: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_columns(self.columns, self.plan.inputs)

    @property
    def seconds_a_batch(self) -> float:
        """Of both sides, as forecast."""
        return self.forecast.latency / self.forecast.batches

    def text(self) -> str:
        """The file."""
        said = {
            "format": FORMAT,
            "trust": list(TRUST),
            "hash": self.plan.hash,
            "plan": _said(self.plan),
            "columns": list(self.columns),
            "shape": list(self.shape),
            "rows": self.rows,
            "forecast": asdict(self.forecast),
        }
        return json.dumps(said, indent=2, allow_nan=False) + "\n"

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        with atomic_write(path, shared=True) as draft:
            draft.write_text(self.text(), encoding="utf-8")


def check_columns(columns: tuple[str, ...], inputs: int) -> None:
    """Check that all inputs are named, or none.

    Raises:
        DataError: if some are.
    """
    if columns and len(columns) != inputs:
        raise DataError(
            f"{len(columns)} columns are named, and the model takes {inputs}: name each input once, in the "
            "model's order."
        )


def read_plan(path: Path) -> OutsourcePlan:
    """Read a plan, and check that it is the one whose hash it states.

    Raises:
        DataError: if it cannot be read, is of another format, or was changed.
        PromiseError: if its parameters are not in the standard's table.
    """
    try:
        raw = path.read_bytes() if path.stat().st_size <= LARGEST else b""
        found: Any = json.loads(raw)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): name the plan's file.") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is no plan of `confide outsource plan`: make it again.") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise DataError(f"{path} is no plan of format {FORMAT}: make it by `confide outsource plan`.")
    try:
        plan = _read(found["plan"])
        rest = {"columns": found["columns"], "shape": found["shape"], "rows": found["rows"]}
        forecast = Forecast(**_checked(Forecast, found["forecast"]))
        made = OutsourcePlan(
            plan=plan, forecast=forecast, **_checked(OutsourcePlan, rest, "plan", "forecast")
        )
    except ConfideError as error:
        raise type(error)(f"{path}: {error}") from error
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        what = f" ({error})" if isinstance(error, _FieldError) else ""
        what = f" ({error} is missing)" if isinstance(error, KeyError) else what
        raise DataError(f"{path} is damaged, or of another version{what}: make the plan again.") from error
    if plan.hash != found.get("hash"):
        raise DataError(f"{path} was changed (its hash differs): get the plan from who made it again.")
    return made


def _said(plan: Plan) -> dict[str, Any]:
    values = {f.name: getattr(plan, f.name) for f in fields(plan) if f.name != "parameters"}
    return {"degree": plan.parameters.degree, "bits": list(plan.parameters.bits), **values}


def _read(said: Any) -> Plan:
    rest = dict(said)
    degree, bits = rest.pop("degree"), rest.pop("bits")
    if type(degree) is not int or not all(type(n) is int for n in bits):
        raise _FieldError(f"degree is {shown(degree)}, and bits {shown(bits)}")
    return Plan(parameters=Parameters(degree, tuple(bits)), **_checked(Plan, rest, "parameters"))


class _FieldError(ValueError):
    """A field of a plan that cannot be."""


def _checked(record: Any, said: Any, *besides: str) -> dict[str, Any]:
    """Values for the fields of a record, each of the type of its field and each number above 0.

    Args:
        besides: fields that are read in another way.
    """
    if not isinstance(said, Mapping):
        raise _FieldError(f"{record.__name__.lower()} is {shown(said)}")
    rest = dict(cast(Mapping[str, Any], said))
    hints = {name: hint for name, hint in get_type_hints(record).items() if name not in besides}
    lacking = [
        f.name for f in fields(record) if f.default is MISSING and f.name in hints.keys() - rest.keys()
    ]
    within = "" if record is OutsourcePlan else f"{record.__name__.lower()}."
    if lacking:
        raise _FieldError(f"{within}{lacking[0]} is missing")
    for name, value in rest.items():
        number = type(value) in (int, float)
        if name not in hints or not _is_a(value, hints[name]) or (number and not 0 < value < inf):
            raise _FieldError(f"{within}{name!s:.40} is {shown(value)}")
    return {name: tuple(v) if isinstance(v, list) else v for name, v in rest.items()}


def _is_a(value: Any, hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) is tuple:  # of one type, as JSON's lists are
        return type(value) is list and all(_is_a(one, get_args(hint)[0]) for one in value)
    return type(value) in ((int, float) if hint is float else (hint,))
