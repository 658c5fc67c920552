"""Checks of private matches: what a list of points tells before it is matched."""

from __future__ import annotations

import hashlib

import numpy as np

from confide.audits.checked.record import Attack, Check
from confide.audits.computations.recorded import Recorded
from confide.core.arrays import Array
from confide.mechanisms.share.matching.points import POINT_BYTES

DIGESTS = ("sha256", "sha1", "md5", "sha512", "blake2b")
"""With which lists are often hashed in place of being blinded."""


def blinded(run: Recorded) -> Check:
    """Whether identifiers can be tried one by one against what was received."""
    other = run.others[0]
    truth = identifiers_of(run, other)
    candidates = list(dict.fromkeys([*truth, *identifiers_of(run, run.looking[0])]))
    received = {
        point[:take].tobytes()
        for message in run.received
        for point in _points(message.payload.get("points"))
        for take in (16, 20, 32, POINT_BYTES)
    }
    hits = {name for name in candidates for digest in digests_of(name) if digest in received}
    tried = f"{len(candidates):,} identifiers were tried under {len(DIGESTS)} hash functions"
    found = f"{tried}, {len(hits):,} met a point."
    if hits:
        story = (
            "The adversary hashes every name that it can think of, and looks it up among what it received: "
            f"it knows of {len(hits):,} people that they are on the list of {other}."
        )
        attack = Attack(story=story, succeeded=True)
        return Check(name="blinded", outcome="failed", found=found, attacks=(attack,))
    if not truth:
        told = (
            f"{found} The record of {other} was not given, so that nobody knows whether its names were tried."
        )
        return Check(name="blinded", outcome="unclear", found=told)
    return Check(name="blinded", outcome="passed", found=found)


def order(run: Recorded) -> Check:
    """Whether an answer that may tell a size alone comes in an order of its own."""
    if run.plan["reveal"] != "size":
        told = "The plan reveals which people are matched, so that the order may be theirs."
        return Check(name="order", outcome="passed", found=told)
    answers = [m for m in run.received if m.kind == "answer"]
    if not answers:
        told = f"{run.looking[0]} was sent no answer."
        return Check(name="order", outcome="passed", found=told)
    points = [point.tobytes() for message in answers for point in _points(message.payload.get("points"))]
    if points == sorted(points):
        told = f"{len(points):,} points came sorted by their bytes, which are new in each run."
        return Check(name="order", outcome="passed", found=told)
    story = "The answer has the order of the question: the place of each shared point says whose it is."
    attack = Attack(story=story, succeeded=True)
    found = f"{len(points):,} points came in another order than that of their bytes."
    return Check(name="order", outcome="failed", found=found, attacks=(attack,))


def identifiers_of(run: Recorded, party: str) -> list[str]:
    """The list that a party put in; empty where its record was not given."""
    held = run.held_by(party).get("identifiers")
    return [] if held is None else held.tobytes().decode().split("\n")


def _points(given: Array | None) -> list[Array]:
    return [] if given is None else list(np.asarray(given).reshape(len(given), -1))


def digests_of(name: str) -> list[bytes]:
    """What a name is where it is hashed in place of being blinded."""
    raw = name.encode()
    whole = [hashlib.new(algorithm, raw, usedforsecurity=False).digest() for algorithm in DIGESTS]
    return [cut for digest in whole for cut in {digest[:16], digest[:20], digest[:32]}]
