"""Where a simulated collaboration stands after a round: all that a run needs to go on after a crash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from confide.core.arrays import Rng
from confide.core.transcript import Message, Payload


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Standing:
    """What a run is between two rounds. It is as secret as the records.

    Args:
        round: the last that ended; 0 before the first.
        seed: of the clients' randomness.
        rng: the server's; it goes on where it stood.
        state: of the protocol.
        memories: what clients keep to themselves, by their positions.
        left_out: how often the uploads of a client were left out, by reason and client.
        sums: what the server knows of secure sums.
        messages: those of the last round; where a run goes on, those of all rounds.
        seconds: since the run began.
    """

    round: int
    seed: int
    rng: Rng
    state: object
    memories: Mapping[int, Payload]
    left_out: Mapping[str, Mapping[str, int]]
    sums: Payload
    messages: Sequence[Message]
    seconds: float


class Keeping(Protocol):
    """Keeps where a run stands, and finds it again.

    A round that was under way when a run was killed is run again: with the same clients, and with fresh noise
    where noise protects. That is within the promise, because nothing of the lost round has left the process:
    neither its model nor its messages are kept before it has ended, and the plan is charged once, for noise
    that is seen once. It rests on who kills a run not choosing the moment by what the lost round showed.
    """

    @property
    def token(self) -> str:
        """The name of the run in a ledger, which charges it once."""
        ...

    def found(self, first: object) -> Standing | None:
        """Where a run before this one stood; None if there was none.

        Args:
            first: a state of the same form, such as the first one.

        Raises:
            DataError: if it cannot be read, or belongs to another run.
        """
        ...

    def keep(self, standing: Standing) -> None:
        """Put this in the place of what was kept."""
        ...

    def drop(self) -> None:
        """Forget the run."""
        ...
