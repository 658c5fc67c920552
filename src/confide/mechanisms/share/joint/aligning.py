"""Rows of two owners brought together by identifiers that nobody shows: no message says who is on both.

Two owners, with other columns of people who overlap, and a helper without records:

1. Each owner puts its rows in a new random order, and splits each value x into a mask r and x - r, modulo the
   prime of the computation. Its list is its identifiers as points, to which its secret number is put, and all
   x - r. It sends the other owner a digest of the list, and the list when it has the other's digest: no list
   is made after another was seen. To the helper it sends the key from which the masks r follow.
2. Each owner puts its own secret number to the other's points too, and sends them to the helper. Equal
   people have equal points there.
3. The helper puts the pairs in a new random order. It tells each owner the numbers of the *other's* rows,
   whose order is that owner's secret.
4. The one who has x - r and the helper, who has r, put these into the joint computation, where they are
   added.

*Statement.* If all follow this and no two share what they saw, each owner learns the length of the other's
list and how many are on both. The helper learns the same, and how many they are where they are too few. None
learns who from what is described here. *Proof idea.* An owner sees points under the other's secret number
(the decisional Diffie-Hellman problem), masked values, which are uniform, and numbers of rows whose order is
uniform and unknown to it. The helper sees points under two numbers that it does not know, and masks. A helper
and an owner together learn the other's values.

What is computed then may tell who. Moments have exact sums of an owner's own columns over the matched people:
where these are fine, or chosen for it, they fix the people, as in the subset sum problem, which lattice
reduction solves for short lists (Lagarias and Odlyzko, JACM 1985). Inside, no sum is opened.

Sources: Meadows (IEEE S&P 1986) for the points; Ion et al., "On Deploying Secure Computation: Private
Intersection-Sum-with-Cardinality" (EuroS&P 2020) for sums over whom both have.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from confide.core.arrays import Array, Ints
from confide.mechanisms.share.joint.engine import AT_ONCE, Engine, Field
from confide.mechanisms.share.joint.shamir import packed, unpacked
from confide.mechanisms.share.joint.summing import SharedFindingError
from confide.mechanisms.share.refusals import RefusedError

if TYPE_CHECKING:
    from confide.mechanisms.share.joint.plan import JointPlan

KEY_BYTES = 32
SPARE_BYTES = 16
"""By which a mask is longer than the prime before it is reduced: it is 2^-128 from uniform."""
COUNT_BYTES = 8
POINTS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An owner's list: whose rows its columns are.

    Args:
        identifiers: of the rows, in one form, each once.
        columns: whole numbers of steps by the column's place in the plan, in the order of the identifiers.
    """

    identifiers: Sequence[str]
    columns: Mapping[int, Array]


@dataclass(frozen=True, slots=True)
class _Sent:
    """What an owner has of the other's list: points, and values less their masks, object[n, columns]."""

    points: Array
    masked: Array


async def aligned(
    mine: Listed | None, plan: JointPlan, engine: Engine, field: Field
) -> tuple[dict[int, Array], int]:
    """Shares of the columns of the people on both lists, by place in the plan, and how many people these are.

    Args:
        mine: this party's list; None for the helper.
        plan: with two owners, a helper and `aligning`.
        engine: of this party.
        field: that values are in.

    Raises:
        SharedFindingError: if fewer people are on both lists than the plan's `fewest`.
        RefusedError: naming the party that sent what cannot be.
    """
    owners = [plan.names.index(name) for name in plan.owners]
    helper = next(place for place in range(len(plan.names)) if place not in owners)
    held = {
        place: [at for at, c in enumerate(plan.columns) if c.owner == plan.names[place]] for place in owners
    }
    if engine.index == helper:
        rows, masks = await _helped(plan, engine, field, owners, held)
    else:
        assert mine is not None
        other = next(place for place in owners if place != engine.index)
        rows, masks = await _owned(mine, plan, engine, field, other, helper, held)
    count = len(next(iter(rows.values()))) if rows else 0
    found: dict[int, Array] = {}
    for owner in owners:
        keeper = next(place for place in owners if place != owner)  # of its values less the masks
        size = count * len(held[owner])
        part = masks[owner][rows[owner]].T.ravel() if owner in masks else np.zeros(size, object)
        parts: list[Array] = []
        for start in range(0, size, AT_ONCE):
            now = part[start : start + AT_ONCE]
            shares = await engine.shared(now, count=len(now), owners=[keeper, helper], field=field)
            parts.append(np.add.reduce(shares) % field.modulus)
            await asyncio.sleep(0)
        total = np.concatenate(parts)
        found |= dict(zip(held[owner], np.split(total, len(held[owner])), strict=True))
    return found, count


async def _owned(
    mine: Listed, plan: JointPlan, engine: Engine, field: Field, other: int, helper: int,
    held: Mapping[int, Sequence[int]],
) -> tuple[dict[int, Ints], dict[int, Array]]:  # fmt: skip
    """An owner's part: which of the other's rows are matched, and these less their masks."""
    from confide.mechanisms.share.matching.points import Blinder

    order = list(range(len(mine.identifiers)))
    secrets.SystemRandom().shuffle(order)
    key, blinder = secrets.token_bytes(KEY_BYTES), Blinder()
    points = await _in_turns(
        lambda part: blinder.points([mine.identifiers[at] for at in order[part]]), len(order)
    )
    own = np.array([mine.columns[place][order] for place in held[engine.index]], object).T
    masked = (own - masks_of(key, own.shape, field)) % field.modulus
    size = len(order).to_bytes(COUNT_BYTES, "big")
    values = packed(masked.ravel(), width=field.width)
    listed = size + points.tobytes() + values
    promised = (await engine.handed({other: digest_of(listed)}, heard=[other]))[other]
    came = await engine.handed({other: listed, helper: size + key}, heard=[other])
    if digest_of(came[other]) != promised:
        raise RefusedError(
            f"party {plan.names[other]!r:.60} sent another list than the one it had committed to.",
            parties=(plan.names[other],),
        )
    theirs = _read(came[other], plan, other, len(held[other]), field)
    doubled = await _in_turns(
        lambda part: blinder.doubled(theirs.points[part], sender=plan.names[other]), len(theirs.points)
    )
    await engine.handed({helper: doubled.tobytes()}, heard=[])
    told = (await engine.handed({}, heard=[helper]))[helper]
    rows = np.frombuffer(told, np.int64)
    if not rows.size:
        raise _too_few(plan)
    if len(set(rows.tolist())) < rows.size or rows.min() < 0 or rows.max() >= len(theirs.masked):
        raise _not_alike(plan, helper)
    ours = np.zeros(rows.size, np.int64)  # for the length alone: the helper and the other have our rows
    return {other: rows, engine.index: ours}, {other: theirs.masked}


async def _in_turns(made: Callable[[slice], Array], count: int) -> Array:
    """The same for a part at a time, between which heartbeats go on: a million points take a minute."""
    found: list[Array] = []
    for start in range(0, count, POINTS_AT_ONCE):
        found.append(made(slice(start, start + POINTS_AT_ONCE)))
        await asyncio.sleep(0)
    return np.concatenate(found)


async def _helped(
    plan: JointPlan, engine: Engine, field: Field, owners: Sequence[int], held: Mapping[int, Sequence[int]]
) -> tuple[dict[int, Ints], dict[int, Array]]:
    """The helper's part: the matched rows of both, and the masks of all."""
    from confide.mechanisms.share.matching.points import POINT_BYTES

    first, second = owners
    await engine.handed({}, heard=[])  # the owners' digests
    keys = await engine.handed({}, heard=owners)
    doubled = await engine.handed({}, heard=owners)  # each sends the other's
    masks: dict[int, Array] = {}
    points: dict[int, list[bytes]] = {}
    for owner, other in ((first, second), (second, first)):
        count = int.from_bytes(keys[owner][:COUNT_BYTES], "big")
        came = doubled[other]
        if not 0 < count <= plan.rows or len(keys[owner]) != COUNT_BYTES + KEY_BYTES:
            raise _not_alike(plan, owner)
        if len(came) != count * POINT_BYTES:
            raise _not_alike(plan, other)
        points[owner] = [came[at : at + POINT_BYTES] for at in range(0, len(came), POINT_BYTES)]
        masks[owner] = masks_of(keys[owner][COUNT_BYTES:], (count, len(held[owner])), field)
    place = {point: at for at, point in enumerate(points[second])}
    pairs = [(at, place[point]) for at, point in enumerate(points[first]) if point in place]
    secrets.SystemRandom().shuffle(pairs)
    assert plan.aligning is not None
    if len(pairs) < plan.aligning.fewest:
        pairs = []  # they are not told how few
    rows = dict(zip(owners, np.array(pairs, np.int64).reshape(-1, 2).T, strict=True))
    await engine.handed({first: rows[second].tobytes(), second: rows[first].tobytes()}, heard=[])
    if not pairs:
        raise _too_few(plan)
    return rows, masks


def digest_of(listed: bytes) -> bytes:
    """What commits an owner to its list, in which points and masked values are new in every run."""
    return hashlib.sha256(b"confide aligned list" + listed).digest()


def masks_of(key: bytes, shape: tuple[int, ...], field: Field) -> Array:
    """The masks that follow from a key, uniform modulo the prime: object[shape], by SHAKE-256.

    >>> masks_of(b"k" * 32, (2, 3), Field(modulus=101, width=1)).shape
    (2, 3)
    """
    wide = field.width + SPARE_BYTES
    stream = hashlib.shake_256(b"confide aligned masks" + key).digest(wide * int(np.prod(shape)))
    found = np.empty(int(np.prod(shape)), object)
    found[:] = [
        int.from_bytes(stream[at : at + wide], "big") % field.modulus for at in range(0, len(stream), wide)
    ]
    return found.reshape(shape)


def _read(data: bytes, plan: JointPlan, other: int, width: int, field: Field) -> _Sent:
    from confide.mechanisms.share.matching.points import POINT_BYTES

    count = int.from_bytes(data[:COUNT_BYTES], "big")
    cut = COUNT_BYTES + count * POINT_BYTES
    if not 0 < count <= plan.rows or len(data) != cut + count * width * field.width:
        raise _not_alike(plan, other)
    points = np.frombuffer(data[COUNT_BYTES:cut], np.uint8).reshape(count, POINT_BYTES)
    if len(np.unique(points, axis=0)) < count:
        raise _not_alike(plan, other)
    return _Sent(points, unpacked(data[cut:], width=field.width).reshape(count, width))


def _not_alike(plan: JointPlan, place: int) -> RefusedError:
    name = plan.names[place]
    return RefusedError(
        f"party {name!r:.60} sent what is no list of this plan: has it the same version?", parties=(name,)
    )


def _too_few(plan: JointPlan) -> SharedFindingError:
    assert plan.aligning is not None
    return SharedFindingError(
        f"fewer people are on both lists than the {plan.aligning.fewest:,} of the plan: nothing was computed."
    )
