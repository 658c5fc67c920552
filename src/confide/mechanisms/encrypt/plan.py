"""Plans of an encrypted computation: parameters from the standard's table, and what they will cost.

Layouts: *columns*, one ciphertext a feature and one row a slot; rows beyond the slots are cut into batches,
and each batch holds one row twice (`ckks.py`). *Rows*, one ciphertext a row, which fills all slots with
copies of it. `comparing.py` chooses. Encryption hides inputs, not outputs: an attack on the decrypted scores
works as before. The evaluator is trusted to compute as told.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from hashlib import sha256

from confide.core.errors import DataError, PromiseError
from confide.mechanisms.encrypt.arithmetic import Affine, Arithmetic, Link
from confide.mechanisms.encrypt.errors import worst_error
from confide.mechanisms.encrypt.evaluating import (
    Diagonals,
    Layout,
    column_scores,
    rotations,
    row_scores,
)
from confide.mechanisms.encrypt.measuring import SECONDS, Blank, Primitives, Tally, measured
from confide.mechanisms.encrypt.parameters import LARGEST_MODULUS, LARGEST_PRIME, Parameters

SCALES = (25, 30, 35, 40, 45, 50)
DEGREES = (4096, 8192, 16384, 32768)
SIGN_BIT = 1
SECURITY = 128
MOST_DIAGONALS = 2**30  # bytes of coded diagonals that an evaluator keeps in memory


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
        squares: whether the kit needs the key that squares and polynomials use.
        layout: columns or rows.
        rotations: steps of the rotation keys in the kit; none in columns.
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
    layout: Layout = "columns"
    rotations: tuple[int, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256 over everything that is agreed."""
        agreed = {name: getattr(self, name) for name in self.__slots__ if name != "parameters"}
        agreed |= {"degree": self.parameters.degree, "bits": self.parameters.bits}
        return sha256(json.dumps(agreed, sort_keys=True).encode()).hexdigest()

    @property
    def rows_a_batch(self) -> int:
        """Rows of a full batch: in columns, one slot is for the row that stands twice."""
        return self.parameters.slots - 1 if self.layout == "columns" else 1

    @property
    def sent_parts(self) -> int:
        """Ciphertexts of a batch."""
        return self.inputs if self.layout == "columns" else 1

    @property
    def score_parts(self) -> int:
        """Ciphertexts of an answer."""
        return self.outputs if self.layout == "columns" else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a plan costs for a number of rows, on this machine and one processor.

    Args:
        cpu: seconds of both sides together: encryption, evaluation, decryption.
        latency: seconds until the last score, without the network.
        up, down: bytes of the ciphertexts.
        kit: bytes of the evaluator's kit.
        worst_error: of any score.
        batches: of rows.
        secret_key: bytes of the client's keys.
        security: bits, by the standard's table.
    """

    cpu: float
    latency: float
    up: int
    down: int
    kit: int
    worst_error: float
    batches: int
    secret_key: int = 0
    security: int = SECURITY


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
    made = plan_layout(model, "columns", rows=rows, bound=bound, precision=precision)
    found = forecast(made, model, rows=rows)
    if latency is not None and found.latency > latency:
        raise PromiseError(
            f"no plan takes under {latency:g} s: {rows} rows take about {found.latency:.2g} s in "
            f"{found.batches} batches; allow that, send fewer rows, or take a smaller model."
        )
    return made, found


def plan_layout(model: Arithmetic, layout: Layout, *, rows: int, bound: float, precision: float) -> Plan:
    """The plan with the smallest parameters of the table that keep the precision in a layout.

    Raises:
        DataError: if a number of the request makes no sense.
        PromiseError: if there is none; says what would have to give.
    """
    if rows < 1 or not (0 < bound < math.inf) or not (0 < precision < math.inf):
        raise DataError(f"rows {rows}, bound {bound} and precision {precision} must all be above zero.")
    possible = _possible(model, bound, layout)
    precise = [p for p in possible if worst_error(model, p, bound, layout=layout) <= precision]
    if not precise:
        raise PromiseError(_too_much(model, possible, bound, precision, layout))
    chosen = min(precise, key=lambda p: (p.degree, p.bits[1]))  # a larger degree makes all slower
    return Plan(
        parameters=chosen,
        model=model.digest,
        inputs=model.inputs,
        outputs=model.outputs,
        link=model.link,
        bound=bound,
        largest=model.bounds(bound)[-1],
        precision=precision,
        squares=model.squares,
        layout=layout,
        rotations=rotations(model) if layout == "rows" else (),
    )


def forecast(plan: Plan, model: Arithmetic, *, rows: int, seconds: float = SECONDS) -> Forecast:
    """What a plan costs for these rows, from primitives that are measured for about `seconds`."""
    primitives = measured(
        plan.parameters, squares=plan.squares, rotations=plan.layout == "rows", seconds=seconds
    )
    batches = math.ceil(rows / plan.rows_a_batch)
    first, next_one = _evaluation(plan, model, primitives)
    sent, back = plan.sent_parts, plan.score_parts
    around = sent * (primitives.encrypt + primitives.read) + back * (primitives.save + primitives.decrypt)
    cpu = batches * around + first + (batches - 1) * next_one
    return Forecast(
        cpu=cpu,
        latency=cpu,
        up=batches * sent * primitives.fresh_bytes,
        down=batches * back * primitives.score_bytes,
        kit=primitives.context_bytes + len(plan.rotations) * primitives.rotation_bytes,
        worst_error=worst_error(model, plan.parameters, plan.bound, layout=plan.layout),
        batches=batches,
        secret_key=primitives.secret_bytes,
    )


def _evaluation(plan: Plan, model: Arithmetic, primitives: Primitives) -> tuple[float, float]:
    """Seconds of evaluating the first batch and each later one: diagonals are coded once."""
    found, coded = list[float](), dict[tuple[int, int], bool | None]()
    scale, slots = plan.parameters.scale, plan.parameters.slots
    for _ in range(2):
        tally = Tally(primitives)
        blanks = [Blank(plan.parameters.levels, scale) for _ in range(plan.sent_parts)]
        if plan.layout == "columns":
            column_scores(tally, model, blanks, scale)
        else:
            row_scores(tally, model, blanks[0], scale, slots, coded)
        found.append(tally.total)
    return found[0], found[1]


def _possible(model: Arithmetic, bound: float, layout: Layout) -> list[Parameters]:
    """All parameters of the table that have the levels, and room for the largest value at each."""
    found = list[Parameters]()
    if not math.isfinite(max(model.bounds(bound))):
        return found
    for degree in DEGREES:
        for scale in SCALES:
            first = scale + _room(model, bound, scale) + 1
            most = LARGEST_MODULUS[degree] - first - scale * model.depth
            last = min(LARGEST_PRIME, most) if layout == "rows" else first  # turning errs less with a larger
            if (
                first <= last <= most
                and first <= LARGEST_PRIME
                and (layout == "columns" or _fits(model, degree))
            ):
                found.append(Parameters(degree, (first, *[scale] * model.depth, last)))
    return found


def _room(model: Arithmetic, bound: float, scale: int) -> int:
    """Bits above the fixed point, with the sign: each level that is left adds the bits of its prime."""
    left, needed = model.depth, [math.log2(max(bound, 1.0)) - model.depth * scale]
    for layer, upper in zip(model.layers, model.bounds(bound), strict=True):
        left -= layer.depth
        needed.append(math.log2(max(upper, 1.0)) - left * scale)
    return max(0, math.ceil(max(needed))) + SIGN_BIT


def _fits(model: Arithmetic, degree: int) -> bool:
    """Whether a row stands at least twice in the slots, and its diagonals in memory."""
    layers = [Diagonals(layer) for layer in model.layers if isinstance(layer, Affine)]
    coded = sum(layer.count for layer in layers) * degree * 8 * (model.depth + 1)
    return max(max(layer.into, layer.out) for layer in layers) * 2 <= degree // 2 and coded <= MOST_DIAGONALS


def _too_much(
    model: Arithmetic, possible: list[Parameters], bound: float, precision: float, layout: Layout
) -> str:
    if not possible and layout == "rows" and _possible(model, bound, "columns"):
        return "no parameters of the standard's table hold this model's layers in one row: take columns."
    if not possible:
        return (
            f"no parameters of the standard's table hold a model of depth {model.depth} whose values reach "
            f"{max(model.bounds(bound)):.2g}: take a smaller bound than {bound:g} "
            "(scale the inputs), or fewer layers."
        )
    best = min(worst_error(model, p, bound, layout=layout) for p in possible)
    return f"no parameters of the table give a precision of {precision:g}: the best is {best:.1g}."
