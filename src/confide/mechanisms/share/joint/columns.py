"""Moments and least squares of columns that several parties hold of the same rows, in the same order.

Every owner shares its columns in fixed point; sums of products are taken on shares, and only the moments are
opened. Least squares of a plan that is `inside` open the coefficients alone: the moments are moved on shares
into the larger field of `inside`, and solved there.

*Statement.* A column is divided by its bound and rounded to 2^-52. A moment, the mean of the product of two
such columns, is off by at most 2^-52 (1 + 2^-54). A sum of n products is at most n 2^104, and the field has
room for it. Inside, it is 2^-40 and n 2^80.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from confide.core.arrays import Array, Floats
from confide.core.errors import DataError
from confide.mechanisms.share.joint import inside
from confide.mechanisms.share.joint.aligning import Listed, aligned
from confide.mechanisms.share.joint.dividing import field_to_move, moved
from confide.mechanisms.share.joint.engine import Engine, Field
from confide.mechanisms.share.joint.fitting import covariances, solved
from confide.mechanisms.share.joint.plan import JointPlan
from confide.mechanisms.share.joint.summing import within

BITS = 52
ERROR = 2.0**-BITS * (1 + 2.0 ** -(BITS + 2))
"""Of a moment of scaled columns at most."""


async def cross_moments(
    records: Mapping[str, Array] | None,
    plan: JointPlan,
    engine: Engine,
    *,
    name: str,
    identifiers: Sequence[str] = (),
) -> Floats:
    """Sums of products of a column of ones and the plan's scaled columns: float64[columns + 1, columns + 1].

    Args:
        records: of this party, with the columns that it owns; None for a helper.
        plan: whose `rows` is the number of rows, the same at every owner; with `aligning` the most of a list.
        engine: of this party.
        name: of this party.
        identifiers: whose rows these are, where the plan has `aligning`.

    Raises:
        DataError: as `on_grid`.
        SharedFindingError: if too few people are on both lists.
    """
    field = engine.field(plan.rows << (2 * BITS))
    share, _ = await _products(records, plan, engine, field, name=name, identifiers=identifiers, bits=BITS)
    opened = await engine.opened(share, field=field)
    width = len(plan.columns) + 1
    gram = np.zeros((width, width))
    gram[np.triu_indices(width)] = [float(number) / 4.0**BITS for number in opened]
    return gram + np.triu(gram, 1).T


async def _products(
    records: Mapping[str, Array] | None, plan: JointPlan, engine: Engine, field: Field,
    *, name: str, identifiers: Sequence[str], bits: int,
) -> tuple[Array, int]:  # fmt: skip
    """Shares of the upper triangle of `cross_moments`, in steps of 2 `bits` bits; how many rows there are."""
    whole = on_grid(records, plan, name=name, bits=bits)
    if plan.aligning is None:
        found, count = await _in_one_order(whole, plan, engine, field, name=name), plan.rows
    else:
        mine = Listed(identifiers=identifiers, columns=whole) if name in plan.owners else None
        found, count = await aligned(mine, plan, engine, field)
    design: list[Array] = [np.full(count, 1 << bits, dtype=object)]
    design += [found[place] for place in range(len(plan.columns))]
    upper = np.triu_indices(len(design))
    products = [int(design[i] @ design[j]) % field.modulus for i, j in zip(*upper, strict=True)]
    return await engine.reduced(np.array(products, object), field=field), count


async def _in_one_order(
    whole: Mapping[int, Array], plan: JointPlan, engine: Engine, field: Field, *, name: str
) -> dict[int, Array]:
    """Shares of the columns, by place, of owners who have the same rows in the same order."""
    found: dict[int, Array] = {}
    for owner in plan.owners:
        held = [place for place, column in enumerate(plan.columns) if column.owner == owner]
        if not held:
            continue
        mine = np.concatenate([whole[place] for place in held]) if owner == name else np.empty(0, object)
        place = plan.names.index(owner)
        (shares,) = await engine.shared(mine, count=plan.rows * len(held), owners=[place], field=field)
        found |= dict(zip(held, np.split(shares, len(held)), strict=True))
    return found


async def least_squares(
    records: Mapping[str, Array] | None,
    plan: JointPlan,
    engine: Engine,
    *,
    name: str,
    identifiers: Sequence[str] = (),
) -> dict[str, Floats]:
    """Least squares of the plan's last column on the others, with the moments if they were opened for it."""
    if plan.inside:
        return await _inside(records, plan, engine, name=name, identifiers=identifiers)
    gram = await cross_moments(records, plan, engine, name=name, identifiers=identifiers)
    return {**solved(gram, plan, grid=gram[0, 0] * ERROR), "moments": gram, "count": gram[:1, 0]}


async def _inside(
    records: Mapping[str, Array] | None, plan: JointPlan, engine: Engine,
    *, name: str, identifiers: Sequence[str],
) -> dict[str, Floats]:  # fmt: skip
    """The coefficients, and how many rows there are; no moment is opened."""
    most = plan.rows << inside.GRID
    length = most.bit_length()
    small = field_to_move(engine, length=length)
    share, count = await _products(
        records, plan, engine, small, name=name, identifiers=identifiers, bits=inside.FINE
    )
    width = len(plan.columns)
    grid = np.zeros((width + 1, width + 1), object)
    grid[np.triu_indices(width + 1)] = share
    needed = np.concatenate([grid[:-1, :-1][np.triu_indices(width)], grid[:-1, -1]])
    large = inside.field_of(plan, engine, most=most)
    total = await moved(needed, engine, out_of=small, into=large, length=length)
    found = await inside.coefficients(total, plan, engine, most=most)
    return {**found, "count": np.array([float(count)])}


async def covariance(
    records: Mapping[str, Array] | None,
    plan: JointPlan,
    engine: Engine,
    *,
    name: str,
    identifiers: Sequence[str] = (),
) -> dict[str, Floats]:
    """Count, means and covariances of the plan's columns."""
    gram = await cross_moments(records, plan, engine, name=name, identifiers=identifiers)
    return covariances(gram, plan, grid=gram[0, 0] * ERROR)


def on_grid(
    records: Mapping[str, Array] | None, plan: JointPlan, *, name: str, bits: int = BITS
) -> dict[int, Array]:
    """This party's columns in whole steps of their bounds, by their place in the plan.

    Args:
        records: of this party; None for a helper.
        plan: with owners, bounds and rows.
        name: of this party.
        bits: of a value after the point.

    Raises:
        DataError: if a column is missing, out of bounds, or of another length; nothing was sent.
    """
    found: dict[int, Array] = {}
    for place, column in enumerate(plan.columns):
        if column.owner != name:
            continue
        values = within(records or {}, column)
        if plan.aligning is not None and len(values) > plan.rows:
            raise DataError(
                f"{len(values):,} rows, and the plan allows {plan.rows:,}: agree on more, or give fewer."
            )
        if plan.aligning is None and len(values) != plan.rows:
            raise DataError(
                f"column {column.name!r:.60} has {len(values):,} rows where the plan has {plan.rows:,}: give "
                "every owner's file the same rows, in the same order."
            )
        steps = np.rint(values / column.reach * 2.0**bits).astype(np.int64)
        found[place] = steps.astype(object)
    return found
