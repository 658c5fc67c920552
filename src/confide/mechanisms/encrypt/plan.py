"""Plans of an encrypted computation: parameters from the standard's table, and what they will cost.

Layout: *columns*, one ciphertext a feature, one row a slot. Rows beyond the slots are cut into batches, and
each batch holds one row twice (`ckks.py`). Encryption hides inputs, not outputs: an attack on the decrypted
scores works as before. The evaluator is trusted to compute as told.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from hashlib import sha256

from confide.core.errors import DataError, PromiseError
from confide.mechanisms.encrypt.arithmetic import Arithmetic, Link, Square
from confide.mechanisms.encrypt.errors import worst_error
from confide.mechanisms.encrypt.measuring import Primitives, measured
from confide.mechanisms.encrypt.parameters import LARGEST_MODULUS, LARGEST_PRIME, Parameters

SCALES = (25, 30, 35, 40, 45, 50)
DEGREES = (4096, 8192, 16384, 32768)
SIGN_BIT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What client and evaluator agree on before a row is encrypted.

    Args:
        parameters: of the encryption.
        model: digest of the model.
        inputs, outputs: features and scores of a row.
        link: applied by the client.
        bound: no input is above it in absolute value.
        largest: no score is, where the inputs keep to the bound.
        precision: the largest error of a score that is promised.
        squares: whether the kit needs the key that squares use.
    """

    parameters: Parameters
    model: str
    inputs: int
    outputs: int
    link: Link
    bound: float
    largest: float
    precision: float
    squares: bool

    @property
    def hash(self) -> str:
        """SHA-256 over everything that is agreed."""
        agreed = {name: getattr(self, name) for name in self.__slots__ if name != "parameters"}
        agreed |= {"degree": self.parameters.degree, "bits": self.parameters.bits}
        return sha256(json.dumps(agreed, sort_keys=True).encode()).hexdigest()

    @property
    def rows_a_batch(self) -> int:
        """Rows of a full batch: one slot is for the row that stands twice."""
        return self.parameters.slots - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a plan costs for a number of rows, on this machine and one processor.

    Args:
        cpu: seconds of both sides together: encryption, evaluation, decryption.
        latency: seconds until the last score, without the network.
        up, down: bytes of the ciphertexts.
        kit: bytes of the evaluator's kit.
        worst_error: of any score, at six standard deviations.
        batches: of rows.
    """

    cpu: float
    latency: float
    up: int
    down: int
    kit: int
    worst_error: float
    batches: int


def plan_columns(
    model: Arithmetic,
    *,
    rows: int,
    bound: float,
    precision: float = 1e-4,
    latency: float | None = None,
) -> tuple[Plan, Forecast]:
    """The cheapest plan in column layout that keeps precision and latency, with its forecast.

    Args:
        model: to be evaluated.
        rows: how many will be asked about.
        bound: no input is above it in absolute value.
        precision: the largest error of a score, before the link.
        latency: the most seconds, without the network; None is no limit.

    Raises:
        DataError: if a number of the request makes no sense.
        PromiseError: if no parameters of the table do; says what would have to give.
    """
    if rows < 1 or not (0 < bound < math.inf) or not (0 < precision < math.inf):
        raise DataError(f"rows {rows}, bound {bound} and precision {precision} must all be above zero.")
    possible = _possible(model, bound)
    precise = [p for p in possible if worst_error(model, p, bound) <= precision]
    if not precise:
        raise PromiseError(_too_much(model, possible, bound, precision))
    smallest = min(p.degree for p in precise)  # every operation takes longer at a larger degree
    chosen = min((p for p in precise if p.degree == smallest), key=lambda p: sum(p.bits))
    made = Plan(
        parameters=chosen,
        model=model.digest,
        inputs=model.inputs,
        outputs=model.outputs,
        link=model.link,
        bound=bound,
        largest=model.bounds(bound)[-1],
        precision=precision,
        squares=any(isinstance(layer, Square) for layer in model.layers),
    )
    forecast = forecast_columns(made, model, rows=rows, primitives=measured(chosen, squares=made.squares))
    if latency is not None and forecast.latency > latency:
        raise PromiseError(
            f"no plan takes under {latency:g} s: {rows} rows take about {forecast.latency:.2g} s in "
            f"{forecast.batches} batches; allow that, send fewer rows, or take a smaller model."
        )
    return made, forecast


def forecast_columns(plan: Plan, model: Arithmetic, *, rows: int, primitives: Primitives) -> Forecast:
    """What a plan in column layout costs for these rows, from measured primitives."""
    batches = math.ceil(rows / plan.rows_a_batch)
    one = plan.inputs * primitives.encrypt + plan.outputs * primitives.decrypt
    width = plan.inputs
    for level, layer in enumerate(model.layers):
        if isinstance(layer, Square):
            one += width * primitives.square[level]
        else:
            width = layer.weights.shape[0]
            one += int((layer.weights != 0).sum()) * primitives.multiply[level]
    return Forecast(
        cpu=batches * one,
        latency=batches * one,
        up=batches * plan.inputs * primitives.fresh_bytes,
        down=batches * plan.outputs * primitives.score_bytes,
        kit=primitives.kit_bytes,
        worst_error=worst_error(model, plan.parameters, plan.bound),
        batches=batches,
    )


def _possible(model: Arithmetic, bound: float) -> list[Parameters]:
    """All parameters of the table that have the levels, and room for the largest value."""
    room = math.ceil(math.log2(max(*model.bounds(bound), bound, 1.0))) + SIGN_BIT
    found = list[Parameters]()
    for degree in DEGREES:
        for scale in SCALES:
            first = scale + room + 1
            bits = (first, *[scale] * model.depth, first)
            if first <= LARGEST_PRIME and sum(bits) <= LARGEST_MODULUS[degree]:
                found.append(Parameters(degree, bits))
    return found


def _too_much(model: Arithmetic, possible: list[Parameters], bound: float, precision: float) -> str:
    if not possible:
        return (
            f"no parameters of the standard's table hold a model of depth {model.depth} whose values reach "
            f"{max(model.bounds(bound)):.2g}: take a smaller bound than {bound:g} "
            "(scale the inputs), or fewer layers."
        )
    best = min(worst_error(model, p, bound) for p in possible)
    return f"no parameters of the table give a precision of {precision:g}: the best is {best:.1g}."
