"""What a protocol of collaborative learning is: the functions of one round, and what they promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

import numpy as np

from confide.account.costs import Cost
from confide.core.arrays import Array, Rng
from confide.core.budget import Budget
from confide.core.transcript import Message, Payload
from confide.learners.local import LocalLearner
from confide.mechanisms.noise.source import Noise
from confide.views.records import Records

S = TypeVar("S")


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is fixed, and known to everybody, before the first round.

    Args:
        clients: the number of parties that hold records.
        rounds: the number of rounds; a round that is lost counts.
        start: the parameters of the untrained model, float32[p].
    """

    clients: int
    rounds: int
    start: Array

    @property
    def size(self) -> int:
        """The number p of parameters."""
        return len(self.start)


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One client's part in a round.

    Args:
        received: what the server sent to it.
        memory: what it kept of the round in which it worked before; nothing at first.
        records: its own.
        rng: all its randomness.
    """

    received: Payload
    memory: Payload
    records: Records
    rng: Rng


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """What a client made of its job.

    Args:
        upload: what it sends to the server.
        memory: what it keeps to itself until it works again.
    """

    upload: Payload
    memory: Payload


@dataclass(frozen=True, slots=True, eq=False)
class Upload:
    """What the server learns from one client, or from several as a sum.

    Args:
        clients: the positions of those whose uploads are in the payload.
        payload: an upload, or the sum of several, number by number.
    """

    clients: tuple[int, ...]
    payload: Payload


@dataclass(frozen=True, slots=True, eq=False)
class Summed:
    """What a secure sum gave.

    Args:
        total: the sum of the payloads of those that are counted.
        clients: the names of those that are counted; others dropped out.
        messages: what was sent for it.
    """

    total: Payload
    clients: tuple[str, ...]
    messages: tuple[Message, ...]


class SecureSum(Protocol):
    """Adds up uploads of the round of this number, so that the server sees their sum alone."""

    def __call__(self, uploads: Mapping[str, Payload], *, number: int, rng: Rng) -> Summed: ...


@dataclass(frozen=True, slots=True)
class SumTerms:
    """What a secure sum keeps to in every round.

    Args:
        least: the fewest clients whose sum the server sees, of any number; 0 if it depends on that number.
        colluding: how many of them may tell the server all they know.
        bound: the largest whole number that an upload may have; 0 if it rounds uploads of real numbers.
    """

    least: int
    colluding: int
    bound: int


@runtime_checkable
class StatedSum(SecureSum, Protocol):
    """A secure sum that states its terms."""

    @property
    def terms(self) -> SumTerms: ...


@runtime_checkable
class NeedsSum(Protocol):
    """What a protocol has besides, whose clients add the noise: its promise needs a secure sum."""

    @property
    def assumed(self) -> str:
        """What the promise rests on, in words that follow it."""
        ...

    @property
    def colluding(self) -> int:
        """How many clients may share all they know with the server, or with each other."""
        ...

    def check_sum(self, secure: SecureSum | None) -> None:
        """Refuse a secure sum over which the promise would not hold.

        Raises:
            PromiseError: with the term, and what it must be.
        """
        ...


class Collaboration(Protocol[S]):
    """A protocol: a frozen record of its settings, with the functions of one round.

    A round has turns. In a turn, `sent` says what the server sends to each client of it, `work` what these
    make of it, all at once, and `received` what the server makes of what arrived; then comes the next turn.
    The server's state S is never changed: each function returns a new one.
    """

    name: ClassVar[str]
    """Its name in the literature."""
    trusted: ClassVar[tuple[str, ...]]
    """Who sees more than what the promise is about, and is trusted not to use it: "server" where it adds the
    noise; "eavesdropper" where nobody may know who takes part in a round."""

    @property
    def additive(self) -> bool:
        """Whether the server needs no more than the sum of a turn's uploads, as a secure sum gives it."""
        ...

    @property
    def budget(self) -> Budget | None:
        """What a run may spend at most; None sets no limit."""
        ...

    @property
    def noise(self) -> Noise:
        """Where its noise comes from; "secure" if it has none."""
        ...

    def spent(self, plan: Plan, rounds: int) -> Budget | None:
        """The promise that this many rounds of the plan keep together; None if there is none."""
        ...

    def cost(self, plan: Plan) -> Cost | None:
        """What a ledger is charged for the whole plan; None if nothing bounds it."""
        ...

    def begin(self, plan: Plan, *, rng: Rng) -> S:
        """The server's state before the first round.

        Raises:
            PromiseError: if the promise cannot be kept with this plan, with what to change.
        """
        ...

    def turns(self, state: S, *, rng: Rng) -> Sequence[Sequence[int]]:
        """The turns of the next round: of each the positions of its clients."""
        ...

    def sent(self, state: S, client: int) -> Payload:
        """What the server sends to a client."""
        ...

    def work(self, jobs: Sequence[Job], learner: LocalLearner) -> list[Done]:
        """What clients make of their jobs; each as if it worked alone."""
        ...

    def fault(self, state: S, upload: Payload) -> str | None:
        """Why an upload cannot be used, in a few words; None if it can."""
        ...

    def received(self, state: S, uploads: Sequence[Upload], *, rng: Rng) -> S:
        """The server's state after the uploads of a turn; those of a secure sum come as one."""
        ...

    def ended(self, state: S, *, rng: Rng) -> S:
        """The server's state after a round; a round without any upload ends too."""
        ...

    def published(self, state: S) -> Payload:
        """The model as everybody may know it."""
        ...


AnyCollaboration = Collaboration[Any]


def fault_of(upload: Payload, form: Mapping[str, tuple[int, ...]]) -> str | None:
    """Why an upload is not of this form; None if it is.

    Args:
        upload: what a client sent.
        form: the names of the arrays and their shapes.

    >>> fault_of({"update": np.zeros(3)}, {"update": (2,)})
    'another shape'
    """
    if set(upload) != set(form):
        return "other arrays"
    return None if all(upload[name].shape == shape for name, shape in form.items()) else "another shape"


def total_of(uploads: Sequence[Upload], name: str) -> Array:
    """The sum of one array over uploads, in float64 and in their order.

    Raises:
        ValueError: if there is none.
    """
    total: Array = np.array(uploads[0].payload[name], np.float64)
    for upload in uploads[1:]:
        total += upload.payload[name]
    return total


def heard(uploads: Sequence[Upload]) -> int:
    """How many clients' uploads there are, alone or in sums."""
    return sum(len(upload.clients) for upload in uploads)
