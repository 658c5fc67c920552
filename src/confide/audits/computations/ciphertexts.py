"""Checks of outsourced scores: what the server holds beside ciphertexts, and what comes back to it."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from confide.audits.checked.record import Attack, Check, played
from confide.audits.computations.recorded import Recorded
from confide.core.arrays import Array
from confide.core.transcript import SERVER
from confide.mechanisms.encrypt.ckks import LENGTH
from confide.mechanisms.encrypt.parameters import LARGEST_MODULUS, Parameters, tenseal
from confide.mechanisms.encrypt.seal import Seal

CLIENT = "client"
SPREAD = 0.1
"""By which lengths of ciphertexts may differ: SEAL packs random numbers, to lengths up to 4 % apart."""
TRIED = 200
"""Rows, and scores, that are searched for."""


def kit(run: Recorded) -> Check:
    """Whether the server's kit decrypts."""
    held = run.held_by(SERVER).get("kit")
    if held is None:
        return Check(name="kit", outcome="unclear", found="The server's record holds no kit.")
    raw = held.tobytes()
    if run.plan["plan"].get("rotations"):  # the keys to turn slots stand behind
        raw = raw[LENGTH : LENGTH + int.from_bytes(raw[:LENGTH], "big")]
    context = tenseal().context_from(raw, n_threads=1)
    if not context.has_secret_key():
        told = "The kit has the parameters and public keys alone."
        return Check(name="kit", outcome="passed", found=told)
    attack = played(lambda: _decrypted(run, context))
    return Check(name="kit", outcome="failed", found="The kit holds the secret key.", attacks=(attack,))


def parameters(run: Recorded) -> Check:
    """Whether the encryption has 128 bits by the standard's table."""
    degree, bits = int(run.plan["plan"]["degree"]), sum(run.plan["plan"]["bits"])
    most = LARGEST_MODULUS.get(degree, 0)
    told = f"{bits} bits of modulus at degree {degree:,}, where the table allows {most}."
    return Check(name="parameters", outcome="passed" if bits <= most else "failed", found=told)


def returned(run: Recorded) -> Check:
    """Whether anything but encrypted rows goes to the server."""
    sent = run.kept[run.looking[0]].seen_by(SERVER).received()
    others = sorted({message.kind for message in sent if message.kind != "rows"})
    scores = run.held_by(CLIENT).get("scores")
    raw = b"".join(m.payload["bytes"].tobytes() for m in sent)
    plain = 0 if scores is None else sum(one.tobytes() in raw for one in scores.ravel()[:TRIED] if one)
    if others or plain:
        what = f"messages of kind {', '.join(others)}" if others else f"{plain:,} scores as plain numbers"
        story = (
            "The server holds c0 + c1 s = score + error for its own ciphertexts and the numbers that came "
            "back: linear equations in the key s, as soon as the numbers are not rounded. They were not "
            "solved here."
        )
        attack = Attack(story=story, succeeded=False)
        return Check(name="returned", outcome="failed", found=f"It was sent {what}.", attacks=(attack,))
    searched = "" if scores is None else ", and none of the scores stands in them as a number"
    told = f"{len(sent):,} messages to the server: encrypted rows alone{searched}."
    return Check(name="returned", outcome="passed", found=told)


def ciphertexts(run: Recorded) -> Check:
    """Whether ciphertexts differ from each other and not in length."""
    sent = run.kept[run.looking[0]].seen_by(SERVER).received("rows")
    parts = [_parts(message.payload["bytes"].tobytes()) for message in sent]
    every = [part for one in parts for part in one]
    if not every:
        return Check(name="ciphertexts", outcome="unclear", found="No encrypted rows were sent.")
    again = len(every) - len(set(every))
    lengths = {len(part) for part in every}
    spread = (max(lengths) - min(lengths)) / max(lengths)
    if again or spread > SPREAD:
        told = f"Of {len(every):,} ciphertexts {again:,} stand there again; lengths differ by {spread:.0%}."
        return Check(name="ciphertexts", outcome="failed", found=told)
    told = f"{len(every):,} ciphertexts, all of them different, with lengths within {spread:.1%}."
    return Check(name="ciphertexts", outcome="passed", found=told)


def inputs(run: Recorded) -> Check:
    """Whether rows or columns stand as plain numbers in what the server received."""
    rows = run.held_by(CLIENT).get("rows")
    if rows is None:
        told = "Nothing can be judged: the client's record was not given, so that nobody knows its rows."
        return Check(name="inputs", outcome="unclear", found=told)
    raw = b"".join(m.payload["bytes"].tobytes() for m in run.received)
    searched = _runs_of(rows)
    read = sum(1 for found in searched if found in raw)
    told = (
        f"Of {len(searched):,} rows and columns {read:,} stand in the messages as they are in memory. That "
        "ciphertexts hide the rest is the assumption of the scheme (learning with errors); no game tests it."
    )
    outcome = "failed" if read else "passed" if searched else "unclear"
    return Check(name="inputs", outcome=outcome, found=told)


def _runs_of(rows: Array) -> list[bytes]:
    """Numbers that stand next to each other, in double and single precision: some rows, and heads of columns.

    Runs that could be met by chance, or in the padding of a message, are left out: they have too few
    different bytes, or are too short.
    """
    some = rows[:: max(1, len(rows) // TRIED)][:TRIED]
    runs = [*some, *rows[:TRIED].T]
    found = [run.astype(form).tobytes() for run in runs for form in (np.float64, np.float32)]
    return [one for one in found if len(one) >= 16 and len(set(one)) > 2]


def _decrypted(run: Recorded, context: Any) -> Attack:
    """Read the first batch with the key that the kit holds."""
    message = run.received[0].payload["bytes"].tobytes()
    said = run.plan["plan"]
    seal = Seal(context, Parameters(said["degree"], tuple(said["bits"])))
    slots = np.array([seal.decrypted(seal.read(part)) for part in _parts(message)]).T
    if said.get("layout") == "rows":
        slots = slots.T[:, : said["inputs"]]
    rows = run.held_by(CLIENT).get("rows")
    story = (
        f"The server decrypts a batch with its kit, and has {len(slots):,} slots of {slots.shape[1]} numbers"
    )
    if rows is None:
        return Attack(
            story=f"{story}; the client's record would show whether they are its rows.", succeeded=False
        )
    first = cast(Array, rows[0])
    gap = float(np.abs(slots - first).max(axis=1).min())
    return Attack(
        story=f"{story}: the client's first row is among them, off by {gap:.1g}.",
        succeeded=gap < 1e-3,
        figures={"error": gap},
    )


def _parts(raw: bytes) -> list[bytes]:
    import json

    length = int.from_bytes(raw[:4], "big")
    found: list[bytes] = []
    start = 4 + length
    for size in cast("list[int]", json.loads(raw[4:start])["parts"]):
        found.append(raw[start : start + size])
        start += size
    return found
