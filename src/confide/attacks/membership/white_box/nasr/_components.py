"""Compact gradients: an outer product where a layer's gradient is one, a sketch elsewhere.

The gradient of a linear layer is delta h^T for each record: its units' errors times its input (and 1, for the
bias). The two vectors say all that the matrix does, in in + out numbers instead of in x out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from confide.core.access import WhiteBox
from confide.core.arrays import Array, Floats, Ints, Rng
from confide.views.records import Records

Small: TypeAlias = NDArray[np.float32]
# Records whose gradients decide whether a layer's gradients are outer products.
PROBED = 8
# They are, if the outer products leave a smaller share of the norm than this: single precision leaves some.
NEARLY = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Outer:
    """Outer products: one layer's gradients as units[i] inputs[i]^T of norm 1, error times input.

    Args:
        units: float32[n, u], of length 1 (0 where the gradient is).
        inputs: float32[n, v], of length 1 (likewise).
    """

    units: Small
    inputs: Small


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """One layer's gradients, of norm 1, in a random projection.

    Args:
        numbers: float32[n, w].
    """

    numbers: Small


Part: TypeAlias = Outer | Sketch
Layout: TypeAlias = Literal["bias last", "no bias"]
"""The order of a linear layer's parameters: all weights and then all biases, or weights alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Narrow:
    """Random projection of `length` numbers to `width`: random signs, and sums over random groups.

    It keeps inner products in expectation, as a Gaussian one does, and takes no more memory than one record.
    A vector that is short enough stays as it is.
    """

    order: Ints
    signs: Small
    width: int

    @classmethod
    def of(cls, length: int, width: int, *, rng: Rng) -> Narrow:
        return cls(rng.permutation(length), rng.integers(2, size=length).astype(np.float32) * 2 - 1, width)

    def __call__(self, rows: Array) -> Small:
        """[n, length] -> float32[n, min(length, width)]"""
        n, length = rows.shape
        if length <= self.width:
            return rows.astype(np.float32)
        # Padded to a whole number of groups; the order of the numbers was shuffled before.
        mixed = np.zeros((n, -(-length // self.width) * self.width), np.float32)
        mixed[:, :length] = rows[:, self.order] * self.signs
        return mixed.reshape(n, self.width, -1).sum(axis=2)


def gradient_part(
    view: WhiteBox, records: Records, layer: str, *, widest: int, chunk_bytes: int, rng: Rng
) -> Part:
    """Direction of each record's gradient in one layer, streamed: never more than a chunk of gradients.

    Args:
        view: whose gradients.
        records: n records.
        layer: one of the view's layers.
        widest: a longer vector is projected to this many numbers.
        chunk_bytes: about this much memory for whole gradients at a time; at least one record's.
        rng: for the projections.
    """
    probe = records.take(np.arange(min(PROBED, len(records))))
    first = view.gradient(probe.x, probe.y, layers=[layer])
    (answers,) = view.layer_outputs(probe.x, layers=[layer])
    units, length = answers.shape[1], first.shape[1]
    chunks = (
        view.gradient(part.x, part.y, layers=[layer])
        for part in _parts(records, max(1, chunk_bytes // (16 * length)))
    )
    left, right = rng.spawn(2)
    layout = outer_layout(first, units)
    if layout is None:
        narrow = Narrow.of(length, widest, rng=left)
        return Sketch(np.concatenate([narrow(_unit(chunk)) for chunk in chunks]))
    of_units = Narrow.of(units, widest, rng=left)
    of_inputs = Narrow.of(length // units, widest, rng=right)
    pairs = (factors(matrices(chunk, units, layout)) for chunk in chunks)
    kept = [(of_units(rows), of_inputs(columns)) for rows, columns in pairs]
    return Outer(np.concatenate([rows for rows, _ in kept]), np.concatenate([columns for _, columns in kept]))


def output_table(
    view: WhiteBox, records: Records, layer: str, *, widest: int, chunk_bytes: int, rng: Rng
) -> Small:
    """The outputs of one layer for each record, streamed likewise: float32[n, at most widest]."""
    (probe,) = view.layer_outputs(records.take([0]).x, layers=[layer])
    narrow = Narrow.of(probe.shape[1], widest, rng=rng)
    answers = (
        narrow(view.layer_outputs(part.x, layers=[layer])[0])
        for part in _parts(records, max(1, chunk_bytes // (16 * probe.shape[1])))
    )
    return np.concatenate(list(answers))


def outer_layout(gradients: Floats, units: int) -> Layout | None:
    """The layout in which gradients [n, p] are outer products of `units` errors and an input, or None."""
    # The number of parameters must be units x (inputs or inputs + 1).
    if not units or gradients.shape[1] % units or not gradients.any():
        return None
    for layout in ("bias last", "no bias"):
        whole = matrices(gradients, units, layout)
        rows, columns = factors(whole)
        size = np.sqrt((whole**2).sum(axis=(1, 2), keepdims=True))
        rest = whole - size * rows[:, :, None] * columns[:, None, :]
        if np.linalg.norm(rest) <= NEARLY * np.linalg.norm(whole):
            return layout
    return None


def matrices(gradients: Floats, units: int, layout: Layout) -> Floats:
    """One row for each unit, one column for each of its weights and its bias: float64[n, units, in (+ 1)].

    >>> matrices(np.arange(6.0)[None], 2, "bias last")[0].tolist()
    [[0.0, 1.0, 4.0], [2.0, 3.0, 5.0]]
    """
    n = len(gradients)
    if layout == "no bias":
        return gradients.reshape(n, units, -1)
    weights = gradients[:, :-units].reshape(n, units, -1)
    return np.concatenate([weights, gradients[:, -units:, None]], axis=2)


def factors(whole: Floats) -> tuple[Floats, Floats]:
    """The two directions of outer products [n, u, v], [n, u] and [n, v], of length 1; 0 where the product is.

    >>> u, v = factors(np.array([[[0.0, 0.0], [6.0, 8.0]]]))
    >>> u.tolist(), v.tolist()
    ([[0.0, 1.0]], [[0.6, 0.8]])
    """
    # Every row is a multiple of the input; the longest row shows its direction with the fewest rounding
    # errors.
    strongest = np.einsum("nuv,nuv->nu", whole, whole).argmax(axis=1)
    inputs = _unit(whole[np.arange(len(whole)), strongest])
    return _unit((whole @ inputs[:, :, None])[:, :, 0]), inputs


def _unit(rows: Floats) -> Floats:
    """Each row divided by its length; 0 stays 0."""
    largest = np.abs(rows).max(axis=1, keepdims=True)  # divided out first: squares of tiny numbers are 0
    rows = rows / np.where(largest > 0, largest, 1.0)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1.0)


def _parts(records: Records, rows: int) -> Iterator[Records]:
    for start in range(0, len(records), rows):
        yield records.take(np.arange(start, min(start + rows, len(records))))
