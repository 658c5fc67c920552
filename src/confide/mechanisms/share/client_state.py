"""What a client of a secure sum knows between two steps, and the arrays in which an engine may keep it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from confide.mechanisms.share.cohorts import Past
from confide.mechanisms.share.keys import KEY_BYTES
from confide.mechanisms.share.messages import SIGNATURE_BYTES, Kind
from confide.mechanisms.share.plan import SumPlan
from confide.mechanisms.share.refusals import RefusedError
from confide.mechanisms.share.rosters import ROUND_KEYS, Roster, flags
from confide.mechanisms.share.secret_shares import SHARE_BYTES

Step: TypeAlias = Kind | Literal["over"]
Saved: TypeAlias = Mapping[str, NDArray[np.uint8]]
"""A client between two steps. It is as secret as the client's vector: keep it where its owner alone reads."""
_STEPS: tuple[Step, ...] = ("keys", "roster", "sealed", "survivors", "signatures", "over")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientState:
    """The secrets and lists of one round.

    Args:
        step: the kind of message that is next.
        seed: of the self mask.
        sealing, masking: private keys, for shares and for masks.
        roster: the round's clients.
        sharers, survivors: who shared secrets, and who sent a masked vector.
        opening: the key that opens each neighbour's shares.
        held: of each party whose shares this one holds, that of its self mask and that of its mask key.
    """

    step: Step = "keys"
    seed: bytes = b""
    sealing: bytes = b""
    masking: bytes = b""
    roster: Roster | None = None
    sharers: tuple[str, ...] = ()
    survivors: tuple[str, ...] = ()
    opening: Mapping[str, bytes] = field(default_factory=dict)
    held: Mapping[str, tuple[bytes, bytes]] = field(default_factory=dict)

    @property
    def secrets(self) -> tuple[object, ...]:
        """All that only this client may know."""
        found = (self.seed, self.sealing, self.masking, *self.opening.values(), *self.held.values())
        return tuple(secret for secret in found if secret)

    def saved(self, plan: SumPlan, *, number: int, past: Past) -> dict[str, NDArray[np.uint8]]:
        """Everything as arrays of bytes."""
        empty = Roster(plan, number, (), _rows([], ROUND_KEYS), _rows([], SIGNATURE_BYTES))
        pairs = [self.held[name][0] + self.held[name][1] for name in plan.names if name in self.held]
        return {
            "plan": _bytes(plan.digest),
            "round": _bytes(number.to_bytes(8, "big")),
            "step": np.array([_STEPS.index(self.step)], np.uint8),
            "seed": _bytes(self.seed),
            "sealing": _bytes(self.sealing),
            "masking": _bytes(self.masking),
            **(self.roster or empty).payload,
            "sharers": flags(self.sharers, plan),
            "survivors": flags(self.survivors, plan),
            "opened by": flags(self.opening, plan),
            "opening": _rows([self.opening[name] for name in plan.names if name in self.opening], KEY_BYTES),
            "held of": flags(self.held, plan),
            "held": _rows(pairs, 2 * SHARE_BYTES),
            "past rounds": _rows([count.to_bytes(8, "big") for count in past.sums], 8),
            "past cohorts": np.array([flags(cohort, plan) for cohort in past.sums.values()], np.uint8),
        }

    @classmethod
    def restored(cls, saved: Saved, plan: SumPlan) -> tuple[ClientState, int, Past]:
        """The state, the number of its round, and the past.

        Raises:
            RefusedError: if it was saved under another plan.
        """
        if saved["plan"].tobytes() != plan.digest:
            raise RefusedError(
                "the round was begun under another plan: no step is taken under this one. Begin a new run."
            )
        number = int.from_bytes(saved["round"].tobytes(), "big")
        members = _named(saved["members"], plan)
        roster = Roster(plan, number, members, saved["keys"], saved["signatures"]) if members else None
        opening = zip(_named(saved["opened by"], plan), saved["opening"], strict=True)
        held = zip(_named(saved["held of"], plan), saved["held"], strict=True)
        state = cls(
            step=_STEPS[int(saved["step"][0])],
            seed=saved["seed"].tobytes(),
            sealing=saved["sealing"].tobytes(),
            masking=saved["masking"].tobytes(),
            roster=roster,
            sharers=_named(saved["sharers"], plan),
            survivors=_named(saved["survivors"], plan),
            opening={name: row.tobytes() for name, row in opening},
            held={name: (row[:SHARE_BYTES].tobytes(), row[SHARE_BYTES:].tobytes()) for name, row in held},
        )
        rounds = [int.from_bytes(row.tobytes(), "big") for row in saved["past rounds"]]
        cohorts = [frozenset(_named(row, plan)) for row in saved["past cohorts"]]
        return state, number, Past(dict(zip(rounds, cohorts, strict=True)))


def _named(found: NDArray[np.uint8], plan: SumPlan) -> tuple[str, ...]:
    return tuple(name for name, flag in zip(plan.names, found, strict=True) if flag)


def _bytes(value: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(value, np.uint8)


def _rows(parts: list[bytes], size: int) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(parts), np.uint8).reshape(len(parts), size)
