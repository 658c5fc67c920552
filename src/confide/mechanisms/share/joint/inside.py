"""Bar-Ilan and Beaver (PODC 1989): linear systems solved on shares, so that only the coefficients are opened.

The system A x = b, of whole numbers that add up over the parties, is multiplied by a random invertible matrix
R that nobody knows: R A is as random, and is opened and inverted. A^-1 b = (R A)^-1 (R b) follows on shares,
and so does the determinant D = det(R A) / det(R). N = D x is a whole number. The quotient N / D is then taken
on shares (`dividing`).

*Statement.* Let A be positive definite of d rows, with entries of A and b at most B. Then 0 < D and |N| are
below 2^L, L = d log2(B sqrt(d)) rounded up (Hadamard), and each coefficient is off by at most (t + 3) 2^-48
(1 + |x|) from the exact quotient, where t may collude. The field holds every intermediate number: no overflow
is possible. What is opened beside the coefficients is uniform, up to (d + 1) / p of the prime p and 2^-40 for
each mask of a quotient.

A value is divided by its bound and rounded to 2^-40. Moments of these are whole numbers of steps of 2^-80,
added up exactly, so that A is never less than semidefinite. One step is added to its diagonal, which makes it
definite: a ridge of 2^-80 in scaled columns. Columns that determine each other are not noticed.
"""

from __future__ import annotations

import math

import numpy as np

from confide.core.arrays import Array, Floats
from confide.mechanisms.share.joint.dividing import RESULT, WORK, field_for, quotients
from confide.mechanisms.share.joint.engine import Engine, Field
from confide.mechanisms.share.joint.fitting import scales
from confide.mechanisms.share.joint.plan import JointPlan
from confide.mechanisms.share.joint.shamir import uniform
from confide.mechanisms.share.joint.summing import SharedFindingError

FINE = 40
"""Bits of a value after the point."""
GRID = 2 * FINE
"""Bits of a moment after the point."""
LIMB = 20
"""Bits of a number whose products float64 adds up exactly, `AT_ONCE` of them."""
AT_ONCE = 4_096


async def least_squares(rows: Floats | None, plan: JointPlan, engine: Engine) -> dict[str, Floats]:
    """Least squares or ridge, as `fitting.least_squares`, of which nothing but the coefficients is opened.

    Args:
        rows: float64[n, columns], within the plan's bounds; None for a helper.
        plan: with bounds, and the setting "penalty".
        engine: of this party.

    Raises:
        SharedFindingError: if columns determine each other.
    """
    reach, owners = scales(plan), [plan.names.index(name) for name in plan.owners]
    upper = np.triu_indices(len(reach))
    count = len(upper[0]) + len(reach)
    most = plan.rows << GRID
    mine = np.zeros(count, object)
    if rows is not None:
        gram = exact_moments(np.column_stack([np.ones(len(rows)), rows / reach]))
        moments = np.concatenate([gram[:-1, :-1][upper], gram[:-1, -1]])
        mine[:] = engine.checked([int(step) for step in moments], count=count, bound=most)
    field = field_of(plan, engine, most=most * len(owners))
    shares = await engine.shared(mine, count=count, owners=owners, field=field)
    return await coefficients(np.add.reduce(shares) % field.modulus, plan, engine, most=most * len(owners))


def field_of(plan: JointPlan, engine: Engine, *, most: int) -> Field:
    """The field that `coefficients` computes in, for moments of at most this absolute value."""
    return field_for(engine, length=_widths(plan, most)[1])


async def coefficients(total: Array, plan: JointPlan, engine: Engine, *, most: int) -> dict[str, Floats]:
    """The coefficients alone, from shares of moments.

    Args:
        total: object[d (d + 3) / 2], in steps of `GRID` bits and the field by `field_of`: the upper triangle
            of the products of a column of ones and the d - 1 scaled features, then those with the target.
        plan: with bounds, and the setting "penalty".
        engine: of this party.
        most: that a moment may be, in steps.

    Raises:
        SharedFindingError: if columns determine each other.
    """
    reach = scales(plan)
    width = len(reach)
    upper = np.triu_indices(width)
    ridge, length = _widths(plan, most)
    field = field_for(engine, length=length)
    system = np.zeros((width, width), object)
    system[upper] = total[: len(upper[0])]
    system = system + np.triu(system, 1).T + np.diag(np.array(ridge, object))
    top, bottom = await _cramer(system, total[len(upper[0]) :], engine, field)
    found = await quotients(top, np.array([bottom], object), engine, field, length=length)
    scaled = np.array([int(number) / 2.0**RESULT for number in found]) * reach[-1]
    return {"coefficients": np.concatenate([scaled[:1], scaled[1:] / reach[:-1]])}


def _widths(plan: JointPlan, most: int) -> tuple[list[int], int]:
    """What is added to the diagonal, in steps, and L, for moments of at most `most` steps."""
    reach = scales(plan)
    width = len(reach)
    penalty = np.concatenate([[0.0], plan.setting("penalty", 0.0) / reach[:-1] ** 2])
    ridge = [1 + round(value * 2**GRID) for value in penalty]
    bound = most + max(ridge)
    return ridge, max(WORK, math.ceil(width * math.log2(bound * math.sqrt(width)))) + 1


def exact_moments(design: Floats) -> Array:
    """Sums of products of columns rounded to `FINE` bits, in steps of `GRID` bits: object[d, d], exact.

    Args:
        design: float64[n, d], of an absolute value of at most 1.

    >>> exact_moments(np.array([[1.0, -0.5], [1.0, 0.25]])) * 1.0 / 4.0**FINE
    array([[2.0, -0.25],
           [-0.25, 0.3125]], dtype=object)
    """
    whole = np.rint(design * 2.0**FINE).astype(np.int64)
    total = np.zeros((design.shape[1],) * 2, object)
    for start in range(0, len(whole), AT_ONCE):
        part = whole[start : start + AT_ONCE]
        high, low = (part >> LIMB).astype(float), (part & (2**LIMB - 1)).astype(float)
        cross = high.T @ low
        for factor, summed in ((2 * LIMB, high.T @ high), (LIMB, cross + cross.T), (0, low.T @ low)):
            total += np.vectorize(int, otypes=[object])(summed) << factor
    return total


async def _cramer(system: Array, right: Array, engine: Engine, field: Field) -> tuple[Array, int]:
    """Shares of D x and of D = det(A), for shares of A and b."""
    modulus, width = field.modulus, len(right)
    lower, upper = np.eye(width, dtype=object), np.zeros((width, width), object)
    below, above = np.tril_indices(width, -1), np.triu_indices(width)
    drawn = await _unknown(len(below[0]) + len(above[0]) + 1, engine, field)
    lower[below], upper[above], blind = drawn[: len(below[0])], drawn[len(below[0]) : -1], drawn[-1]
    mixer = await _product(lower, upper, engine, field)
    mixed = await _product(mixer, np.column_stack([system, right]), engine, field)
    opened = await engine.opened(mixed[:, :-1].ravel(), field=field)
    inverse, determinant = inverted(opened.reshape(width, width) % modulus, modulus)
    unmixed = np.array([upper[0, 0]], object)  # det(R), the product of U's diagonal
    for place in range(1, width):
        unmixed = await engine.reduced(unmixed * upper[place, place] % modulus, field=field)
    hidden = await engine.opened(await engine.reduced(unmixed * blind % modulus, field=field), field=field)
    bottom = determinant * int(blind) * pow(int(hidden[0]), -1, modulus) % modulus
    solution = inverse @ mixed[:, -1] % modulus
    return await engine.reduced(solution * bottom % modulus, field=field), bottom


async def _unknown(count: int, engine: Engine, field: Field) -> Array:
    """Shares of numbers that nobody knows: the sums of one of each party."""
    mine = uniform(count, modulus=field.modulus)
    dealt = await engine.shared(mine, count=count, owners=range(engine.parties), field=field)
    return np.add.reduce(dealt) % field.modulus


async def _product(one: Array, two: Array, engine: Engine, field: Field) -> Array:
    flat = (one @ two % field.modulus).ravel()
    return (await engine.reduced(flat, field=field)).reshape(len(one), two.shape[1])


def inverted(matrix: Array, modulus: int) -> tuple[Array, int]:
    """The inverse and the determinant of a matrix modulo a prime, by Gauss and Jordan.

    Raises:
        SharedFindingError: if it has no inverse.

    >>> inverted(np.array([[2, 1], [1, 1]], object), 101)
    (array([[1, 100],
           [100, 2]], dtype=object), 1)
    """
    width = len(matrix)
    both = np.concatenate([matrix, np.eye(width, dtype=object)], axis=1) % modulus
    determinant = 1
    for place in range(width):
        pivot = next((row for row in range(place, width) if both[row, place]), None)
        if pivot is None:
            raise SharedFindingError(
                "columns of the regression determine each other: leave one out, or set a penalty."
            )
        if pivot != place:
            both[[place, pivot]] = both[[pivot, place]]
            determinant = -determinant
        determinant = determinant * int(both[place, place]) % modulus
        both[place] = both[place] * pow(int(both[place, place]), -1, modulus) % modulus
        for row in range(width):
            if row != place:
                both[row] = (both[row] - both[row, place] * both[place]) % modulus
    return both[:, width:], determinant % modulus
