"""Records of computations for tests: by the mechanisms themselves, in this process, and by broken twins."""

from __future__ import annotations

import hashlib
import json
import random
import secrets
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from confide.core.kept_transcript import write_transcript
from confide.core.transcript import Message, Transcript
from confide.mechanisms.share.joint import shamir
from confide.mechanisms.share.joint.plan import Column, JointPlan, Party

NAMES = ("a", "b", "c")
PRIME = 2**127 - 1
Deal = Callable[[np.ndarray], list[np.ndarray]]
"""Numbers -> the share of each party."""


def honest(values: np.ndarray) -> list[np.ndarray]:
    return shamir.split(values, modulus=PRIME, threshold=1, parties=3)


def constant(values: np.ndarray) -> list[np.ndarray]:
    """The twin of threshold 0: each share is the value."""
    return [values % PRIME] * 3


def seeded(values: np.ndarray) -> list[np.ndarray]:
    """The twin whose random numbers come from a seed."""
    draw = random.Random(77).randrange
    drawn = np.array([draw(PRIME) for _ in values], object)
    return [(values + drawn * place) % PRIME for place in (1, 2, 3)]


def repeating(values: np.ndarray) -> list[np.ndarray]:
    """The twin with one random number for two inputs."""
    half = np.array([secrets.randbelow(PRIME) for _ in range((len(values) + 1) // 2)], object)
    drawn = np.concatenate([half, half])[: len(values)]
    return [(values + drawn * place) % PRIME for place in (1, 2, 3)]


def joint_plan(*, epsilon: float | None = None, count: int = 40) -> JointPlan:
    parties = tuple(
        Party(name=name, host="h", port=1, certificate=f"certificate of {name}") for name in NAMES
    )
    columns = tuple(Column(name=f"v{i}", low=-10, high=10) for i in range(count))
    return JointPlan(
        run="r", parties=parties, computation="sum", columns=columns, rows=5,
        epsilon=epsilon, delta=None if epsilon is None else 1e-6,
    )  # fmt: skip


def write_join(
    folder: Path,
    deal: Deal = honest,
    *,
    epsilon: float | None = None,
    count: int = 40,
    silent: tuple[str, ...] = (),
) -> list[Path]:
    """The records of a joint sum of three parties, each with five rows; a twin's `silent` add no noise."""
    plan = joint_plan(epsilon=epsilon, count=count)
    rows = {name: np.random.default_rng(ord(name)).uniform(-10, 10, (5, count)) for name in NAMES}
    whole = {name: np.array([int(v * 2**40) for v in held.sum(0)], object) for name, held in rows.items()}
    if epsilon is not None:  # in units of 10, what one record may add
        whole = {n: np.rint(held.sum(0) / 10 * 2**20) for n, held in rows.items()}
        loud = {n: np.zeros(count) if n in silent else _normal(count, 2.0**19) for n in NAMES}
        whole = {n: (values + loud[n]).astype(np.int64).astype(object) for n, values in whole.items()}
    shares = {name: deal(values) for name, values in whole.items()}
    messages: list[tuple[str, str, bytes]] = []
    for sender in NAMES:
        for place, receiver in enumerate(NAMES):
            if sender != receiver:
                messages.append((sender, receiver, _frame(1, shares[sender][place])))
    totals = [np.sum([shares[name][place] for name in NAMES], axis=0) % PRIME for place in range(3)]
    for place, sender in enumerate(NAMES):  # opened to the next
        messages.append((sender, NAMES[(place + 1) % 3], _frame(2, totals[place])))
    total = np.sum([held.sum(0) for held in rows.values()], axis=0)
    moduli = json.dumps({"1": str(PRIME), "2": str(PRIME)})
    noise = None if epsilon is None else {"steps": 2.0**20, "deviation": 0.5 * 3**0.5}
    folders: list[Path] = []
    for name in NAMES:
        made = Transcript(
            parties=NAMES,
            messages=[_message(m) for m in messages if name in m[:2]],
            inputs={name: {f"v{i}": rows[name][:, i] for i in range(count)}},
            published={"sum": total},
        )
        texts = {
            "joint.json": plan.text,
            "run.json": json.dumps({"recorded_by": name, "noise": noise}),
            "moduli.json": moduli,
        }
        write_transcript(made, folder / name, beside=texts)
        folders.append(folder / name)
    return folders


def _normal(count: int, deviation: float) -> np.ndarray:
    return np.rint(np.random.default_rng(secrets.randbits(64)).normal(0, deviation, count))


def write_match(
    folder: Path, *, hashed: bool = False, ordered: bool = False, reveal: str = "size"
) -> list[Path]:
    """The records of a match, by the protocol or by a twin that hashes, or answers in order."""
    from confide.mechanisms.share.matching.match_plan import MatchPlan
    from confide.mechanisms.share.matching.party import MatchParty
    from confide.mechanisms.share.messages import Identity

    one, two = Identity.new("bank"), Identity.new("shop")
    keys = {"bank": one.public, "shop": two.public}
    plan = MatchPlan(name="m", parties=keys, learns=("bank",), reveal=reveal, most=99, fewest=1)  # type: ignore[arg-type]
    lists = {"bank": [f"p{i}" for i in range(30)], "shop": [f"p{i}" for i in range(20, 50)]}
    bank, shop = MatchParty(plan, one, lists["bank"]), MatchParty(plan, two, lists["shop"])
    first, second = bank.opening(), shop.opening()
    request = bank.request(second)
    answer = shop.answer(first, request)
    found = bank.result(answer)
    sent = [(m.sender, m.receiver, m.kind, dict(m.payload)) for m in (first, second, request, answer)]
    if hashed:
        digests = [hashlib.sha256(name.encode()).digest() + b"\0" for name in lists["bank"]]
        sent[2][3]["points"] = np.frombuffer(b"".join(digests), np.uint8).reshape(30, 33)
    if ordered:
        sent[3][3]["points"] = sent[3][3]["points"][np.random.default_rng(0).permutation(30)]
    text = json.dumps({"reveal": reveal, "name": "m"})
    folders: list[Path] = []
    for name, names in lists.items():
        published: dict[str, np.ndarray] = {}
        if name == "bank":
            published["size"] = np.array([found.size])
            if found.rows is not None:
                published["rows"] = np.array(found.rows)
        made = Transcript(
            parties=("bank", "shop"),
            messages=[Message(1, *m, None) for m in sent],
            inputs={name: {"identifiers": np.frombuffer("\n".join(names).encode(), np.uint8)}},
            published=published,
        )
        texts = {"match.json": text, "run.json": json.dumps({"recorded_by": name})}
        write_transcript(made, folder / name, beside=texts)
        folders.append(folder / name)
    return folders


def write_outsource(folder: Path, *, twin: str = "") -> list[Path]:
    """The records of scores on encrypted rows, by the mechanism or by a twin."""
    from confide.mechanisms.encrypt.arithmetic import Affine, Arithmetic
    from confide.mechanisms.encrypt.ckks import EvaluationKit, SecretContext
    from confide.mechanisms.encrypt.plan import plan_columns

    rng = np.random.default_rng(1)
    model = Arithmetic((Affine(rng.normal(size=(1, 6)), np.array([0.5])),))
    plan, _ = plan_columns(model, rows=20, bound=4.0)
    client = SecretContext(plan)
    kit = client.kit()
    server = EvaluationKit(plan, kit, key=client.key)
    rows = rng.uniform(-4, 4, (20, 6))
    sent = client.encrypt(rows)
    answer = server.evaluate(model, sent)
    scores = client.decrypt(answer)
    messages = [("client", "server", "rows", sent), ("server", "client", "scores", answer)]
    said: dict[str, Any] = {
        "degree": plan.parameters.degree,
        "bits": list(plan.parameters.bits),
        "link": plan.link,
    }
    if twin == "kit":
        kit = client.secret()
    if twin == "returned":
        messages.append(("client", "server", "checked", scores.tobytes()))
    if twin == "parameters":
        said |= {"degree": 4096, "bits": [60, 40, 60]}
    if twin == "zeros":  # what a record without anything to search for holds
        rows = np.zeros_like(rows)
    if twin == "clear":
        raw = sent + rows.astype(np.float32)[3].tobytes()
        messages[0] = ("client", "server", "rows", raw)
    if twin == "again":
        messages.append(messages[0])
    folders: list[Path] = []
    held: Mapping[str, dict[str, np.ndarray]] = {
        "server": {"kit": np.frombuffer(kit, np.uint8)},
        "client": {"rows": rows, "scores": scores},
    }
    for name, given in held.items():
        listed = [
            Message(1, sender, receiver, kind, {"bytes": np.frombuffer(raw, np.uint8)}, None)
            for sender, receiver, kind, raw in messages
        ]
        made = Transcript(parties=("server", "client"), messages=listed, inputs={name: given})
        write_transcript(made, folder / name, beside={"plan.json": json.dumps({"plan": said})})
        folders.append(folder / name)
    return folders


def _frame(label: int, share: np.ndarray) -> bytes:
    data = shamir.packed(share, width=16)
    return struct.pack("<qI", label, len(data)) + data


def _message(sent: tuple[str, str, bytes]) -> Message:
    sender, receiver, data = sent
    return Message(1, sender, receiver, "shares", {"bytes": np.frombuffer(data, np.uint8)}, None)


def write_brought(folder: Path, *, twin: str = "") -> list[Path]:
    """What two owners and a helper keep of rows that were brought together, up to the points and masks.

    A twin hashes names, masks nothing, draws masks from a seed, or leaves rows in the order of the file.
    """
    from confide.mechanisms.share.joint.aligning import masks_of
    from confide.mechanisms.share.joint.engine import Field
    from confide.mechanisms.share.joint.plan import Aligning
    from confide.mechanisms.share.matching.points import Blinder

    parties = tuple(
        Party(name=n, host="h", port=1, certificate=f"of {n}", role="helper" if n == "c" else "owner")
        for n in NAMES
    )
    columns = tuple(Column(name=f"of {n}", low=0, high=100, owner=n) for n in "ab")
    plan = JointPlan(
        run="r", parties=parties, computation="covariance", columns=columns, rows=99, split="columns",
        aligning=Aligning(),
    )  # fmt: skip
    field, rng = Field(modulus=PRIME, width=16), np.random.default_rng(0)
    held, blinders, messages = {}, {n: Blinder() for n in "ab"}, []
    for name, other, first in (("a", "b", 0), ("b", "a", 20)):
        names, values = [f"p{i}" for i in range(first, first + 60)], rng.uniform(0, 100, 60)
        held[name] = {f"of {name}": values, "identifiers": np.frombuffer("\n".join(names).encode(), np.uint8)}
        rows = np.arange(60) if twin == "ordered" else rng.permutation(60)
        sent = [names[row] for row in rows]
        points = blinders[name].points(sent).tobytes()
        key, draw = secrets.token_bytes(32), random.Random(77).randrange
        masks = masks_of(key, (60, 1), field)
        if twin == "hashed":
            points = b"".join(hashlib.sha256(n.encode()).digest() + b"\0" for n in sent)
        if twin == "bare":
            masks = np.zeros((60, 1), object)
        if twin == "seeded":
            masks = np.array([[draw(PRIME)] for _ in range(60)], object)
        steps = np.rint(values[rows, None] / 100 * 2.0**52).astype(np.int64).astype(object)
        size = (60).to_bytes(8, "big")
        whole = size + points + shamir.packed(((steps - masks) % PRIME).ravel(), width=16)
        messages += [(name, other, struct.pack("<qI", 7, len(whole)) + whole)]
        messages += [(name, "c", struct.pack("<qI", 7, 40) + size + key)]
        doubled = blinders[other].doubled(blinders[name].points(sent), sender=name).tobytes()
        messages += [(other, "c", struct.pack("<qI", 8, len(doubled)) + doubled)]
    for sender, receiver in (("a", "b"), ("a", "c"), ("b", "a"), ("b", "c")):
        shares = honest(np.arange(40).astype(object))
        messages.append((sender, receiver, _frame(1, shares[NAMES.index(receiver)])))
    found = []
    for name in NAMES:
        mine = [_message(m) for m in messages if name in m[:2]]
        inputs = {name: held[name]} if name in held else {}
        made = Transcript(parties=NAMES, messages=mine, inputs=inputs, published={"count": np.array([40.0])})
        run, moduli = json.dumps({"recorded_by": name}), json.dumps({"1": str(PRIME)})
        write_transcript(
            made, folder / name, beside={"joint.json": plan.text, "run.json": run, "moduli.json": moduli}
        )
        found.append(folder / name)
    return found
