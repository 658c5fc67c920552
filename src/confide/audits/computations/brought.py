"""Check of rows that were brought together by identifiers: what an owner or the helper reads of the others'."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from scipy.stats import chi2

from confide.audits.checked.record import Attack, Check
from confide.audits.computations.lists import digests_of, identifiers_of
from confide.audits.computations.recorded import Recorded
from confide.audits.computations.shares import ALPHA, CLASSES, LEAST, SEEDS, streams
from confide.core.arrays import Array
from confide.mechanisms.share.joint.aligning import COUNT_BYTES
from confide.mechanisms.share.joint.columns import BITS
from confide.mechanisms.share.joint.shamir import unpacked
from confide.mechanisms.share.matching.points import POINT_BYTES

NAME = "brought"
_HEAD = struct.Struct("<qI")


def brought(run: Recorded, moduli: Mapping[int, int]) -> Check:
    """Whether names can be tried against points, or values read in spite of their masks."""
    sent = [m.payload["bytes"].tobytes() for m in run.received if m.kind == "shares"]
    raw = [data[_HEAD.size :] for data in sent if _HEAD.unpack_from(data)[0] not in moduli]
    names = [name for party in run.others for name in identifiers_of(run, party)]
    points = {body[at : at + POINT_BYTES] for body in raw for at in _places(body)}
    cut = {point[:take] for point in points for take in (16, 20, 32, POINT_BYTES)}
    met = [name for name in names if any(digest in cut for digest in digests_of(name))]
    masked, modulus = _masked(run, raw, moduli)
    truth = _steps(run, modulus) if modulus else set()
    plain = [number for number in masked if number in truth]
    seeded = _by_seed(masked, truth, modulus)
    told = (
        f"{len(names):,} names of the others were tried under five hash functions, {len(met):,} met a point. "
        f"Of {len(masked):,} masked values {len(plain):,} stand there as they are, and {seeded:,} follow "
        f"from "
        f"{SEEDS:,} seeds of a common generator."
    )
    uneven = _uneven(masked, modulus)
    if met or plain or seeded or uneven:
        story = f"The adversary reads {len(met):,} names and {len(plain) + seeded:,} values of the others."
        attack = Attack(story=story, succeeded=bool(met or plain or seeded))
        found = f"{told} The masked values are not uniform." if uneven else told
        return Check(name=NAME, outcome="failed", found=found, attacks=(attack,))
    if len(names) < LEAST or (masked and not truth):
        found = f"{told} Nothing is settled: it takes the other owner's record, with {LEAST} people."
        return Check(name=NAME, outcome="unclear", found=found)
    return Check(name=NAME, outcome="passed", found=told)


def _places(body: bytes) -> range:
    """Where points may begin: an owner's list has its length before them, a doubled one has not."""
    count = int.from_bytes(body[:COUNT_BYTES], "big")
    if len(body) % POINT_BYTES == 0 and len(body) != COUNT_BYTES + count * POINT_BYTES:
        return range(0, len(body), POINT_BYTES)
    end = COUNT_BYTES + count * POINT_BYTES
    return range(COUNT_BYTES, end, POINT_BYTES) if end <= len(body) else range(0)


def _masked(run: Recorded, raw: list[bytes], moduli: Mapping[int, int]) -> tuple[list[int], int]:
    """The masked values that an owner received, and the prime; nothing for a helper."""
    modulus = max(moduli.values(), default=0)
    width = (modulus.bit_length() + 7) // 8
    for body in raw:
        count = int.from_bytes(body[:COUNT_BYTES], "big")
        rest = body[COUNT_BYTES + count * POINT_BYTES :]
        if 0 < count <= run.plan["rows"] and rest and len(rest) % (count * width) == 0:
            return [int(number) for number in unpacked(rest, width=width)], modulus
    return [], modulus


def _steps(run: Recorded, modulus: int) -> set[int]:
    """The others' values as the protocol masks them, for the referee."""
    found: set[int] = set()
    for column in cast("list[dict[str, Any]]", run.plan["columns"]):
        held = run.held_by(column["owner"])
        if column["owner"] in run.others and column["name"] in held:
            reach = max(abs(column["low"]), abs(column["high"]))
            steps = np.rint(np.asarray(held[column["name"]], float) / reach * 2.0**BITS).astype(np.int64)
            found |= {int(step) % modulus for step in steps if step}
    return found


def _by_seed(masked: list[int], truth: set[int], modulus: int) -> int:
    if not masked or not truth:
        return 0
    drawn: Array = streams(modulus)
    return sum(int((masked[0] + int(first)) % modulus in truth) for first in drawn[:, 0])


def _uneven(masked: list[int], modulus: int) -> bool:
    if len(masked) < LEAST * CLASSES:
        return False
    counts = np.bincount([number * CLASSES // modulus for number in masked], minlength=CLASSES)
    expected = len(masked) / CLASSES
    return float(chi2.sf(((counts - expected) ** 2 / expected).sum(), CLASSES - 1)) < ALPHA
