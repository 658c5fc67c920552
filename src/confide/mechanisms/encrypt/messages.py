"""Messages of an encrypted computation: a header in JSON that is checked whole, then ciphertexts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Literal

from confide.core.errors import DataError

VERSION = "confide-ckks-1"
LONGEST_HEADER = 65536
Kind = Literal["rows", "scores"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Ciphertexts of one batch, and what they belong to.

    Args:
        kind: rows to the evaluator, scores back.
        plan: hash of the plan.
        key: id of the key.
        batch: id of the batch, new for each.
        parts: the ciphertexts, one a feature or score.
    """

    kind: Kind
    plan: str
    key: str
    batch: str
    parts: tuple[bytes, ...]

    def to_bytes(self) -> bytes:
        """The message as it is sent: four bytes of length, header, ciphertexts."""
        body = b"".join(self.parts)
        header = asdict(self) | {
            "version": VERSION,
            "parts": [len(part) for part in self.parts],
            "sha256": sha256(body).hexdigest(),
        }
        head = json.dumps(header, sort_keys=True).encode()
        return len(head).to_bytes(4, "big") + head + body


def read_message(raw: bytes, *, kind: Kind, plan: str, key: str, parts: int) -> Message:
    """Read a message, and refuse one of another version, plan, key, kind or length.

    Raises:
        DataError: naming what differs.
    """
    length = int.from_bytes(raw[:4], "big")
    try:
        header = json.loads(raw[4 : 4 + length]) if 0 < length <= LONGEST_HEADER else None
    except ValueError:
        header = None
    if not isinstance(header, dict):
        raise DataError(
            "this is no message of an encrypted computation, or it is damaged: look at the way between "
            "client and server."
        )
    for name, expected in (("version", VERSION), ("kind", kind), ("plan", plan), ("key", key)):
        if header.get(name) != expected:
            raise DataError(
                f"a message of another {name} ({header.get(name)!r}, here {expected!r}): both sides must "
                "use the same plan and keys."
            )
    stated, body = header.get("parts"), raw[4 + length :]
    lengths = [n for n in stated if type(n) is int and n > 0] if isinstance(stated, list) else []
    if lengths != stated or len(lengths) != parts or sum(lengths) != len(body):
        raise DataError(
            f"a message of another length: {parts} ciphertexts were expected; look at the way between client "
            "and server."
        )
    if sha256(body).hexdigest() != header.get("sha256") or not isinstance(header.get("batch"), str):
        raise DataError(
            "a message was damaged on its way (its digest differs): look at the way between client and "
            "server."
        )
    cut, start = list[bytes](), 0
    for n in lengths:
        cut.append(body[start : start + n])
        start += n
    return Message(kind=kind, plan=plan, key=key, batch=header["batch"], parts=tuple(cut))
