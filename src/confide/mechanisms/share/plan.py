"""What all parties of a secure sum agree on beforehand, and what is refused before anything is sent."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from confide.core.errors import PromiseError
from confide.mechanisms.share.graph import certain, chance

VERSION = 1
"""Of the protocol; it is part of the plan's digest, so parties of different versions refuse each other."""
SERVER = "server"
"""The name of the party that adds up; no client may have it."""
RING = 2**32
LARGEST_CHANCE = 2.0**-40
"""That a random graph exposes anyone to the declared number of colluding parties."""
MOST_PARTIES = 100_000
MOST_WORDS = 2**31
LONGEST_NAME = 200
IDENTITY_BYTES = 32


# No slots: the digest is worked out once, and kept.
@dataclass(frozen=True, kw_only=True)
class SumPlan:
    """The terms of a secure sum: who takes part, what is added, and how many must remain.

    Args:
        run: the name of the run: different for each run, as keys are bound to it.
        parties: the clients, each with its Ed25519 public key (32 bytes): pinned, handed over by another way
            than the server.
        server: the server's Ed25519 public key.
        words: the length of a vector.
        bound: the largest absolute value in a vector. Sums that could overflow are refused.
        threshold: how many clients must remain: above two thirds of them.
        cohort: the fewest clients whose sum may be shown; None is the threshold.
        colluding: how many clients may share all they know with the server, and the others stay protected.
        neighbours: with how many others a client shares masks (even); None is all.
        fresh_inputs: whether the vectors of each round are new, as in training. If not, as for counts, two
            sums over nearly the same clients are refused: their difference is the sum of a few.

    Raises:
        PromiseError: if the plan cannot protect its clients, with what to change.
    """

    run: str
    parties: Mapping[str, bytes]
    server: bytes
    words: int
    bound: int
    threshold: int
    cohort: int | None = None
    colluding: int = 0
    neighbours: int | None = None
    fresh_inputs: bool = False

    def __post_init__(self) -> None:
        _refuse_names(self)
        _refuse_sizes(self)
        _refuse_threshold(self)
        _refuse_collusion(self)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The clients in order; a client's number in it, from 1, is the point of its shares."""
        return tuple(sorted(self.parties))

    @cached_property
    def points(self) -> Mapping[str, int]:
        """The point of each client's shares."""
        return {name: i for i, name in enumerate(self.names, 1)}

    @property
    def least(self) -> int:
        """The fewest clients whose sum may be shown."""
        return max(self.threshold, self.cohort or 0)

    @property
    def smallest_part(self) -> int:
        """The fewest clients that the difference of two sums may be of."""
        return self.cohort or self.threshold

    @property
    def holders(self) -> int:
        """How many parties hold shares of a client's secrets, itself among them."""
        return len(self.parties) if self.full else (self.neighbours or 0) + 1

    @property
    def full(self) -> bool:
        """Whether every client shares masks with every other."""
        return self.neighbours is None or self.neighbours >= len(self.parties) - 1

    @property
    def holding(self) -> int:
        """How many shares rebuild a secret."""
        return self.threshold if self.full else two_thirds(self.holders)

    @property
    def digest(self) -> bytes:
        """SHA-256 of all terms: keys and signatures are bound to it."""
        return self._digest

    @cached_property
    def _digest(self) -> bytes:
        found = hashlib.sha256(b"confide secure sum plan")
        numbers = (VERSION, self.words, self.bound, self.threshold, self.cohort or 0, self.colluding)
        found.update(
            struct.pack(">8Q?", *numbers, self.neighbours or 0, len(self.parties), self.fresh_inputs)
        )
        for text in (self.run.encode(), self.server, *self._entries()):
            found.update(struct.pack(">Q", len(text)) + text)
        return found.digest()

    def identity(self, name: str) -> bytes | None:
        """The pinned key of a party, or None if there is no such party."""
        return self.server if name == SERVER else self.parties.get(name)

    def _entries(self) -> list[bytes]:
        return [part for name in self.names for part in (name.encode(), self.parties[name])]


def two_thirds(parties: int) -> int:
    """The least whole number above two thirds.

    >>> two_thirds(10), two_thirds(9)
    (7, 7)
    """
    return 2 * parties // 3 + 1


def _refuse_names(plan: SumPlan) -> None:
    if not plan.run:
        raise PromiseError("the run has no name: give each run a name of its own, as keys are bound to it.")
    if not 3 <= len(plan.parties) <= MOST_PARTIES:
        raise PromiseError(
            f"a secure sum of {len(plan.parties)} clients: give 3 to {MOST_PARTIES:,}; of two, each knows "
            "the other's values from the sum."
        )
    for name, key in [*plan.parties.items(), (SERVER, plan.server)]:
        if not name or len(name) > LONGEST_NAME:
            raise PromiseError(f"a client's name has {len(name)} characters: give 1 to {LONGEST_NAME}.")
        if not isinstance(key, bytes) or len(key) != IDENTITY_BYTES:
            raise PromiseError(f"the key of {name!r} is no Ed25519 public key of {IDENTITY_BYTES} bytes.")
    if SERVER in plan.parties:
        raise PromiseError(f"a client is named {SERVER!r}, as the server is: give it another name.")
    if len({plan.server, *plan.parties.values()}) <= len(plan.parties):
        raise PromiseError("two parties have the same key: make a key for each, and keep it there.")


def _refuse_sizes(plan: SumPlan) -> None:
    if not 1 <= plan.words <= MOST_WORDS:
        raise PromiseError(f"vectors of {plan.words} words: give 1 to {MOST_WORDS:,}.")
    most = (RING // 2 - 1) // len(plan.parties)
    if not 1 <= plan.bound <= most:
        raise PromiseError(
            f"values up to {plan.bound:,} from {len(plan.parties)} clients could overflow 32 bits: give a "
            f"bound from 1 to {most:,}, with a coarser scale or a tighter clip."
        )


def _refuse_threshold(plan: SumPlan) -> None:
    parties, least = len(plan.parties), two_thirds(len(plan.parties))
    if not least <= plan.threshold <= parties:
        raise PromiseError(
            f"the threshold is {plan.threshold} of {parties} clients: give {least} to {parties}. With two "
            "thirds or fewer a server could tell two halves different stories about who dropped out."
        )
    if plan.cohort is not None and not 2 <= plan.cohort <= parties:
        raise PromiseError(f"the minimum cohort is {plan.cohort}: give 2 to {parties}, or leave it out.")
    if plan.neighbours is not None and (plan.neighbours < 2 or plan.neighbours % 2):
        raise PromiseError(f"{plan.neighbours} neighbours: give an even number from 2 on, such as 20.")


def _refuse_collusion(plan: SumPlan) -> None:
    parties, colluding = len(plan.parties), plan.colluding
    if not 0 <= colluding <= parties:
        raise PromiseError(f"{colluding} colluding clients of {parties}: give a number from 0 on.")
    if plan.smallest_part - colluding < 2:
        raise PromiseError(
            f"{colluding} clients may collude and a sum of {plan.smallest_part} be shown: they subtract "
            f"their own values and know that of the one left. Give a cohort of at least {colluding + 2}, or "
            "fewer colluding clients."
        )
    most = 2 * plan.threshold - parties - 1
    if colluding > most:
        raise PromiseError(
            f"{colluding} of {parties} clients may collude, with a threshold of {plan.threshold}: two groups "
            f"of that size share only {most + 1}, and could hear different stories. Give at most {most}, "
            "or a higher threshold."
        )
    if not plan.full:
        risk = chance(parties=parties, degree=plan.holders - 1, threshold=plan.holding, colluding=colluding)
        if risk > LARGEST_CHANCE:
            known = certain(degree=plan.holders - 1, threshold=plan.holding)
            raise PromiseError(
                f"{plan.neighbours} neighbours do not protect {parties} clients of which {colluding} "
                f"collude: the graph may expose someone with probability {risk:.1e}. Give more neighbours, "
                f"at most {known} colluding clients, or leave `neighbours` out."
            )
