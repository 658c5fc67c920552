"""Shares of a joint computation, as they lie in records: what each party dealt, and what it was of."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.core.kept_transcript import read_beside
from confide.core.transcript import Message
from confide.mechanisms.share.joint.shamir import recombined, unpacked

MODULI = "moduli.json"
_HEAD = struct.Struct("<qI")
"""Before each of MPyC's messages: its label, and how many bytes follow."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Exchange:
    """What one party sent to others under one label.

    Args:
        sender: of the shares.
        label: the same at every party.
        modulus: of the field.
        shares: place of a receiver, from 1 -> object[n].
    """

    sender: str
    label: int
    modulus: int
    shares: Mapping[int, Array]

    @property
    def same(self) -> bool:
        """Whether all receivers were sent the same."""
        first, *others = self.shares.values()
        return all((other == first).all() for other in others)

    @property
    def secret(self) -> Array:
        """What the shares are of: object[n]. It takes the shares of all receivers."""
        return recombined(dict(self.shares), modulus=self.modulus)

    def coefficient(self) -> Array:
        """The random number behind each share, of a polynomial of degree 1: object[n]."""
        place, share = next(iter(self.shares.items()))
        return (share - self.secret) * pow(place, -1, self.modulus) % self.modulus


def moduli_in(folders: Sequence[Path]) -> dict[int, int]:
    """The field of each exchange by its label.

    Raises:
        DataError: if the record has none.
    """
    text = read_beside(folders[0], MODULI)
    if text is None:
        raise DataError(f"{folders[0]} lacks {MODULI}: record the run again with this version.")
    return {int(label): int(modulus) for label, modulus in cast(Mapping[str, str], json.loads(text)).items()}


def noise_in(folders: Sequence[Path]) -> Mapping[str, float] | None:
    """How wide the noise inside is, as the parties' records say; None where one does not, or they differ."""
    said = [json.loads(read_beside(folder, "run.json") or "{}").get("noise") for folder in folders]
    return cast("Mapping[str, float]", said[0]) if all(one == said[0] for one in said) and said[0] else None


def exchanges(
    messages: Sequence[Message], parties: Sequence[str], moduli: Mapping[int, int]
) -> list[Exchange]:
    """What was sent by label and sender, in the order in which it came; MPyC's own messages are left out.

    Args:
        messages: of the records, each once.
        parties: of the plan, in its order.
        moduli: of the labels.
    """
    found: dict[tuple[str, int], dict[int, Array]] = {}
    for message in messages:
        if message.kind != "shares":
            continue
        data = message.payload["bytes"].tobytes()
        label, size = _HEAD.unpack_from(data)
        if label not in moduli or size != len(data) - _HEAD.size:
            continue
        width = (moduli[label].bit_length() + 7) // 8
        place = parties.index(message.receiver) + 1
        found.setdefault((message.sender, label), {})[place] = unpacked(data[_HEAD.size :], width=width)
    return [
        Exchange(sender=sender, label=label, modulus=moduli[label], shares=shares)
        for (sender, label), shares in found.items()
    ]
