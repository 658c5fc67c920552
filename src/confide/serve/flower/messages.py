"""What the server of a deployed collaboration asks of a party, and what a party answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias, get_args

import numpy as np

from confide.core.transcript import Payload
from confide.mechanisms.share.messages import Message, unpacked

Action: TypeAlias = Literal["update", "keys", "shares", "masked", "agreed", "unmask", "ended"]
"""What is asked for: an upload as it is, or the five messages of a secure sum, which begins with training; at
last, that the published model was received."""
ACTIONS: tuple[Action, ...] = get_args(Action)
SIGNED = "signed message"
"""The array of bytes that holds a message of a secure sum."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Request:
    """A request of the server.

    Args:
        action: what is asked for.
        digest: of the plan that the server follows; a party with another one refuses.
        run: the engine's name of the run, to which keys are bound.
        round, turn: of the protocol.
        members: the parties of this turn.
        sum: the number of the secure sum, from 1; no two of a run have the same.
        arrays: the model, or a signed message.
    """

    action: Action
    digest: str
    run: str
    round: int
    turn: int
    members: tuple[str, ...]
    sum: int = 0
    arrays: Payload = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reply:
    """An answer of a party.

    Args:
        arrays: an upload, or a signed message.
        form: of the upload that is masked: the shapes of its arrays by name.
        fault: why there is no upload, in a few words and without any value.
    """

    arrays: Payload = field(default_factory=dict)
    form: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    fault: str = ""


class Exchange(Protocol):
    """Carries requests to parties and gives the answers that came within these seconds, by party."""

    def __call__(self, requests: Mapping[str, Request], *, seconds: float) -> Mapping[str, Reply]: ...


def signed(message: Message) -> Payload:
    """A message of a secure sum as arrays."""
    return {SIGNED: np.frombuffer(message.packed(), np.uint8)}


def message_in(arrays: Payload) -> Message:
    """The message of a secure sum in arrays; its signature is not looked at yet.

    Raises:
        RefusedError: if there is none.
    """
    return unpacked(np.asarray(arrays.get(SIGNED, np.empty(0, np.uint8)), np.uint8).tobytes())
