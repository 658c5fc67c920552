"""Nasr, Shokri, Houmansadr: Comprehensive Privacy Analysis of Deep Learning (2019), the active server.

These are adversaries, for audits: `collaborate(..., active=...)` lets one of them send the models. Its
transcript shows what it sent and what came back, and the attacks on updates read it as any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.core.transcript import Message, Payload
from confide.learners.local import LocalLearner
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GradientAscent:
    """Gradient ascent: makes the model forget the targets before a client trains.

    The server moves the model that it sends up the targets' loss. A client that has one of them among its
    records brings that loss down again when it trains, and a client that does not leaves it high.

    Args:
        learner: what clients train, whose form is public.
        targets: the records in question, members or not.
        rate: how far it moves along the gradient of their mean loss.
        clients: whom it deceives; none stands for all.
        rounds: in which rounds; none stands for all.

    Raises:
        DataError: if there is no target, or the rate is not above 0.
    """

    learner: LocalLearner
    targets: Records
    rate: float = 1.0
    clients: tuple[str, ...] = ()
    rounds: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.targets):
            raise DataError("there is no target: give the records that are in question.")
        if not 0 < self.rate < np.inf:
            raise DataError(f"rate is {self.rate}: give a finite number above 0.")

    def __call__(self, number: int, client: str, sent: Payload, seen: Sequence[Message], /) -> Payload:
        """The model, moved; unchanged for other clients and rounds."""
        if (self.clients and client not in self.clients) or (self.rounds and number not in self.rounds):
            return sent
        model = _parameters(sent)
        slope = self.learner.gradients(model[None], [self.targets])[0]
        return {**sent, "parameters": (model + self.rate * slope).astype(np.float32)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Isolate:
    """Isolation: a client gets its own model back, as if nobody else took part.

    What it trains then depends on its own records alone, and no other client's records hide them.

    Args:
        client: whom it isolates.
    """

    client: str

    def __call__(self, number: int, client: str, sent: Payload, seen: Sequence[Message], /) -> Payload:
        """The last model that this client was sent, with its own change; before that what others get."""
        if client != self.client:
            return sent
        before = next((m for m in reversed(seen) if m.receiver == client and m.kind == "model"), None)
        after = next((m for m in reversed(seen) if m.sender == client and m.kind == "update"), None)
        # A change that did not arrive leaves the client where it was.
        if before is None or after is None or after.round < before.round:
            return sent if before is None else before.payload
        if "update" not in after.payload:
            raise DataError(f"{client!r:.60} sends {', '.join(after.payload)}: isolation needs its change.")
        change = after.payload["update"] / float(after.payload.get("records", np.array(1.0)))
        return {**sent, "parameters": (_parameters(before.payload) + change).astype(np.float32)}


def _parameters(sent: Payload) -> Array:
    if "parameters" not in sent:
        raise DataError(f"the protocol sends {', '.join(sent)}: an active server changes whole models alone.")
    return sent["parameters"]
