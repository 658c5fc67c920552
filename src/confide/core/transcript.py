"""Transcripts of collaborations: every message with its round, sender, receiver, kind and payload."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, TypeAlias

import numpy as np

from confide.core.arrays import Array
from confide.core.errors import AccessError, DataError

Payload: TypeAlias = Mapping[str, Array]
"""What a message carries: arrays of numbers or truth values by their names."""
SERVER = "server"
"""The party that sends the model and receives updates."""
EAVESDROPPER = "eavesdropper"
"""Who listens on the network, where every message is encrypted; no party may be called so."""
EXCHANGED = ("question", "votes", "targets", "predictions")
"""Kinds of messages where parties exchange predictions on public records in place of updates."""
_KINDS = "biuf"
_NOTHING: Payload = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """A message of a collaboration.

    Args:
        round: number of the round, from 1; 0 before the first.
        sender, receiver: names of parties.
        kind: what it is by the protocol, such as "model" or "update".
        payload: arrays by name; they cannot be written to afterwards.
        seconds: since the run began; None if nobody took the time.

    Raises:
        DataError: for a payload that is no numbers, or a message to oneself.

    >>> Message(1, "server", "a", "model", {"parameters": np.zeros(3, np.float32)}).size
    12
    """

    round: int
    sender: str
    receiver: str
    kind: str
    payload: Payload
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.sender == self.receiver:
            raise DataError(f"{self.sender!r:.60} sends {self.kind} to itself: name another receiver.")
        object.__setattr__(self, "payload", fixed(self.payload, f"{self.kind} from {self.sender}"))

    @property
    def size(self) -> int:
        """Bytes of the payload."""
        return sum(array.nbytes for array in self.payload.values())


@dataclass(frozen=True, slots=True)
class Envelope:
    """What encryption does not hide of a message: who sends to whom, how much, and when.

    Args:
        round: of the protocol; the pauses between rounds show it.
        sender, receiver: the two ends, which every network address names. They show who takes part in a
            round: a promise that rests on secret sampling does not hold against an eavesdropper.
        size: bytes of the payload.
        seconds: since the run began, if known.
    """

    round: int
    sender: str
    receiver: str
    size: int
    seconds: float | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Seen:
    """All that one party, or several that share what they have, saw of a collaboration.

    Args:
        parties: who looks.
        inputs: of each of these parties, what it put in.
        messages: those that one of them sent or received, in their order.
        envelopes: of all messages, for an eavesdropper; none for a party, which has only its own.
        published: the model at the end; nothing for an eavesdropper.
    """

    shown: ClassVar[str] = "updates"
    parties: tuple[str, ...]
    inputs: Mapping[str, Payload]
    messages: tuple[Message, ...]
    envelopes: tuple[Envelope, ...]
    published: Payload

    def sent(self, kind: str | None = None) -> tuple[Message, ...]:
        """What these parties sent, of one kind or of all."""
        return tuple(m for m in self.messages if m.sender in self.parties and kind in (None, m.kind))

    def received(self, kind: str | None = None) -> tuple[Message, ...]:
        """What these parties received, of one kind or of all."""
        return tuple(m for m in self.messages if m.receiver in self.parties and kind in (None, m.kind))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Transcript:
    """A transcript of one run. It is as secret as the data; `seen_by` is the only way to an adversary's view.

    Args:
        parties: the names of all, the server's included.
        messages: all that were sent, in their order.
        inputs: of each party what it holds beside messages, such as its records, or the server a secure sum;
            those of some may be missing.
        published: the model at the end, known to every party.

    Raises:
        DataError: if names are double or unknown.

    >>> two = [Message(1, "a", "server", "update", {"sum": np.ones(2)}),
    ...        Message(1, "b", "server", "update", {"sum": np.ones(4)})]
    >>> run = Transcript(parties=("server", "a", "b"), messages=two)
    >>> [len(run.seen_by(who).messages) for who in ("server", "a", "eavesdropper")]
    [2, 1, 0]
    >>> [envelope.size for envelope in run.seen_by("eavesdropper").envelopes]
    [16, 32]
    """

    parties: tuple[str, ...]
    messages: Sequence[Message]
    inputs: Mapping[str, Payload] = field(default_factory=lambda: MappingProxyType({}))
    published: Payload = field(default_factory=lambda: _NOTHING)

    def __post_init__(self) -> None:
        named = set(check_names(self.parties))
        for message in self.messages:
            _known((message.sender, message.receiver), named, f"a message of round {message.round}")
        _known(self.inputs, named, "an input")
        inputs = {party: fixed(given, f"the input of {party}") for party, given in self.inputs.items()}
        object.__setattr__(self, "messages", tuple(self.messages))
        object.__setattr__(self, "inputs", MappingProxyType(inputs))
        object.__setattr__(self, "published", fixed(self.published, "what is published"))

    def seen_by(self, party: str, *colluding: str) -> Seen:
        """What a party sees: its inputs, the messages it sent and received, and the published model.

        Args:
            party: its name, or "eavesdropper" for who listens without any key.
            colluding: further parties that share with it all that they see.

        Raises:
            AccessError: if there is no such party.
        """
        parties = tuple(dict.fromkeys((party, *colluding)))
        if parties == (EAVESDROPPER,):
            every = tuple(Envelope(m.round, m.sender, m.receiver, m.size, m.seconds) for m in self.messages)
            return Seen(parties=parties, inputs={}, messages=(), envelopes=every, published=_NOTHING)
        if unknown := [p for p in parties if p not in self.parties]:
            raise AccessError(
                f"there is no party {unknown[0]!r:.60} in this transcript: choose from "
                f"{', '.join(self.parties):.300}, or {EAVESDROPPER} alone."
            )
        return Seen(
            parties=parties,
            inputs={p: self.inputs[p] for p in parties if p in self.inputs},
            messages=tuple(m for m in self.messages if m.sender in parties or m.receiver in parties),
            envelopes=(),
            published=self.published,
        )


def sum_known(round: int, total: Payload, *, clients: int) -> dict[str, Array]:  # noqa: A002
    """A sum of uploads as it stands among the server's inputs: no message has what a secure sum gives it.

    >>> sum_known(2, {"update": np.ones(3)}, clients=4).keys()
    dict_keys(['2/update', '2/clients'])
    """
    held = {**total, "clients": np.array(clients)}
    return {f"{round}/{name}": np.asarray(array) for name, array in held.items()}


def sum_in(inputs: Mapping[str, Payload], round: int) -> Payload:  # noqa: A002
    """The sum of this round that the server knows, with the number of its clients; nothing without one."""
    start = f"{round}/"
    held = inputs.get(SERVER, _NOTHING)
    return {name.removeprefix(start): array for name, array in held.items() if name.startswith(start)}


def fixed(payload: Payload, what: str) -> Payload:
    """The same arrays, which cannot be written to through this payload.

    Args:
        payload: arrays by name.
        what: it is, for messages.

    Raises:
        DataError: if one is no array of numbers or truth values.
    """
    found: dict[str, Array] = {}
    for name, given in payload.items():
        array = np.asarray(given)
        if array.dtype.kind not in _KINDS:
            raise DataError(
                f"{what} has {name!r:.60} of type {array.dtype}: give numbers or truth values alone."
            )
        view = array.view()
        view.flags.writeable = False
        found[str(name)] = view
    return MappingProxyType(found)


def check_names(parties: Iterable[str]) -> tuple[str, ...]:
    """The names of parties, each once.

    Raises:
        DataError: if one is empty, double, the eavesdropper's, or has signs that cannot be printed.
    """
    names = tuple(parties)
    for name, times in Counter(names).items():
        if not name or not name.isprintable() or name == EAVESDROPPER or times > 1:
            raise DataError(
                f"{name!r:.60} cannot name a party: give each a name of its own that can be printed, and "
                f"none {EAVESDROPPER!r}."
            )
    return names


def _known(parties: Iterable[str], named: set[str], what: str) -> None:
    if unknown := [p for p in parties if p not in named]:
        raise DataError(f"{what} names {unknown[0]!r:.60}, which is no party: list every party.")
