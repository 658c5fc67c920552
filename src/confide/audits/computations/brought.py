"""Check of rows brought together by identifiers: what an owner or the helper reads of the others' lists."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy.stats import chi2, norm, rankdata

from confide.audits.checked.record import Attack, Check
from confide.audits.computations.lists import digests_of, identifiers_of
from confide.audits.computations.recorded import Recorded
from confide.audits.computations.shares import ALPHA, CLASSES, LEAST, SEEDS, streams
from confide.core.arrays import Array, Floats
from confide.core.transcript import Message
from confide.mechanisms.share.joint.aligning import COUNT_BYTES, KEY_BYTES, masks_of
from confide.mechanisms.share.joint.columns import BITS
from confide.mechanisms.share.joint.engine import Field
from confide.mechanisms.share.joint.inside import FINE
from confide.mechanisms.share.joint.shamir import unpacked
from confide.mechanisms.share.matching.points import POINT_BYTES

NAME = "brought"
_HEAD = struct.Struct("<qI")


@dataclass(frozen=True, slots=True, eq=False)
class _Masked:
    """Masked values of an owner's list, as it sent them: object[n, columns] in a field."""

    owner: str
    values: Array
    field: Field


def brought(run: Recorded, moduli: Mapping[int, int]) -> Check:
    """Whether names can be tried against points, values read in spite of masks, or an order tells of rows."""
    bodies = [body for _, body in _raw(run.received, moduli)]
    names = [name for party in run.others for name in identifiers_of(run, party)]
    points = {body[at : at + POINT_BYTES] for body in bodies for at in _places(body)}
    cut = {point[:take] for point in points for take in (16, 20, 32, POINT_BYTES)}
    met = [name for name in names if any(digest in cut for digest in digests_of(name))]
    lists = [one for one in _lists(run, run.received, moduli) if one.owner in run.others]
    truth = {one.owner: _steps(run, one.owner) % one.field.modulus for one in lists}
    count = sum(one.values.size for one in lists)
    plain = sum(len(set(one.values.ravel()) & set(truth[one.owner].ravel()) - {0}) for one in lists)
    seeded = sum(_by_seed(one, truth[one.owner]) for one in lists)
    kept = [party for party in run.others if run.held_by(party)]
    judged = {party: _in_order(run, party, moduli) for party in kept}
    ordered = [party for party, bad in judged.items() if bad]
    open_ones = [party for party, bad in judged.items() if bad is None]
    told = (
        f"{len(names):,} names of the others were tried under five hash functions, {len(met):,} met a point. "
        f"Of {count:,} masked values {plain:,} stand there as they are, and {seeded:,} follow from {SEEDS:,} "
        "seeds of a common generator."
    )
    uneven = any(_uneven(one) for one in lists)
    if ordered:
        told = f"{told} The rows of {' and '.join(ordered)} came in an order that says whose they are."
    if met or plain or seeded or uneven or ordered:
        story = f"The adversary reads {len(met):,} names and {plain + seeded:,} values of the others"
        if ordered:
            story = f"{story}, and takes the place of a matched row for its rank among their names or values"
        attack = Attack(story=f"{story}.", succeeded=bool(met or plain or seeded or ordered))
        found = f"{told} The masked values are not uniform." if uneven else told
        return Check(name=NAME, outcome="failed", found=found, attacks=(attack,))
    if len(names) < LEAST or any(not truth[one.owner].size for one in lists):
        found = f"{told} Nothing is settled: it takes the other owner's record, with {LEAST} people."
        return Check(name=NAME, outcome="unclear", found=found)
    if open_ones:
        whose = " and ".join(open_ones)
        found = (
            f"{told} Whether the rows of {whose} came in an order of chance was not judged: it takes {LEAST} "
            "that are like no other."
        )
        return Check(name=NAME, outcome="passed", found=found)
    return Check(name=NAME, outcome="passed", found=f"{told} The others' rows came in an order of chance.")


def _raw(messages: Sequence[Message], moduli: Mapping[int, int]) -> Iterator[tuple[Message, bytes]]:
    """Messages that are no shares, without MPyC's label."""
    for message in messages:
        data = message.payload["bytes"].tobytes()
        if message.kind == "shares" and _HEAD.unpack_from(data)[0] not in moduli:
            yield message, data[_HEAD.size :]


def _places(body: bytes) -> range:
    """Where points may begin: an owner's list has its length before them, a doubled one has not."""
    count = int.from_bytes(body[:COUNT_BYTES], "big")
    if len(body) % POINT_BYTES == 0 and len(body) != COUNT_BYTES + count * POINT_BYTES:
        return range(0, len(body), POINT_BYTES)
    end = COUNT_BYTES + count * POINT_BYTES
    return range(COUNT_BYTES, end, POINT_BYTES) if end <= len(body) else range(0)


def _columns(run: Recorded, owner: str) -> list[dict[str, Any]]:
    return [c for c in cast("list[dict[str, Any]]", run.plan["columns"]) if c["owner"] == owner]


def _lists(run: Recorded, messages: Sequence[Message], moduli: Mapping[int, int]) -> Iterator[_Masked]:
    """The masked lists among messages; their field is known by the width of its numbers."""
    fields = {(prime.bit_length() + 7) // 8: prime for prime in moduli.values()}
    for message, body in _raw(messages, moduli):
        count, wide = int.from_bytes(body[:COUNT_BYTES], "big"), len(_columns(run, message.sender))
        rest = body[COUNT_BYTES + count * POINT_BYTES :]
        if not 0 < count <= run.plan["rows"] or not rest or len(rest) % (count * max(wide, 1)):
            continue
        width = len(rest) // (count * max(wide, 1))
        if wide and width in fields:
            values = unpacked(rest, width=width).reshape(count, wide)
            yield _Masked(message.sender, values, Field(modulus=fields[width], width=width))


def _steps(run: Recorded, owner: str) -> Array:
    """An owner's values as the protocol masks them, for the referee: object[n, columns]; empty if unknown."""
    held, bits = run.held_by(owner), FINE if run.plan["inside"] else BITS
    found: list[Array] = []
    for column in _columns(run, owner):
        if column["name"] not in held:
            return np.empty((0, 0), object)
        reach = max(abs(column["low"]), abs(column["high"]))
        steps = np.rint(np.asarray(held[column["name"]], float) / reach * 2.0**bits)
        found.append(steps.astype(np.int64).astype(object))
    return np.array(found, object).T


def _by_seed(one: _Masked, truth: Array) -> int:
    known, first = set(truth.ravel()) - {0}, int(one.values.ravel()[0])
    drawn: Array = streams(one.field.modulus)
    return sum((first + int(each)) % one.field.modulus in known for each in drawn[:, 0])


def _uneven(one: _Masked) -> bool:
    numbers = one.values.ravel()
    if len(numbers) < LEAST * CLASSES:
        return False
    counts = np.bincount(
        [int(number) * CLASSES // one.field.modulus for number in numbers], minlength=CLASSES
    )
    expected = len(numbers) / CLASSES
    return float(chi2.sf(((counts - expected) ** 2 / expected).sum(), CLASSES - 1)) < ALPHA


def _in_order(run: Recorded, owner: str, moduli: Mapping[int, int]) -> bool | None:
    """Whether an owner sent its rows in an order that goes with its file's, its names', or a column's.

    None if that cannot be said. The referee has the owner's record, and with it the key of its masks: it
    takes these off, finds each row that is like no other in the file, and correlates ranks. Spearman's
    coefficient of n rows in an order of chance has a deviation of (n - 1)^-1/2.
    """
    sent = run.kept[owner].seen_by(owner).sent()
    keys = [body[COUNT_BYTES:] for _, body in _raw(sent, moduli) if len(body) == COUNT_BYTES + KEY_BYTES]
    truth, names = _steps(run, owner), identifiers_of(run, owner)
    alike = Counter(map(tuple, truth))
    place = {row: at for at, row in enumerate(map(tuple, truth)) if alike[row] == 1}
    for one in _lists(run, sent, moduli) if keys else ():
        bare = (one.values + masks_of(keys[0], one.values.shape, one.field)) % one.field.modulus
        bare = np.where(bare > one.field.modulus // 2, bare - one.field.modulus, bare)
        rows = [place[tuple(row)] for row in bare if tuple(row) in place]
        if len(rows) < LEAST or len(rows) < len(place):
            continue
        by_name = np.argsort(np.argsort(np.array(names)))
        orders: list[Floats] = [np.array(rows, float), by_name[rows].astype(float)]
        orders += [truth[rows, column].astype(float) for column in range(truth.shape[1])]
        return any(_together(order) < ALPHA / len(orders) for order in orders)
    return None


def _together(order: Floats) -> float:
    """The chance that an order of chance goes as well with the places 0, 1, ...: two-sided, by Spearman."""
    ranks = rankdata(order) - (len(order) + 1) / 2
    places = np.arange(len(order)) - (len(order) - 1) / 2
    size = float(np.sqrt((ranks**2).sum() * (places**2).sum()))
    if size == 0:
        return 1.0
    return 2 * float(norm.sf(abs(float(ranks @ places) / size) * np.sqrt(len(order) - 1)))
