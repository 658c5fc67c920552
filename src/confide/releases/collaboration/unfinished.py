"""Checkpoints of a simulated run: a folder beside the model, for its owner alone, until that is written."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from confide.core.alone import alone, lock_of
from confide.core.arrays import Array
from confide.core.drafts import remove
from confide.core.errors import DataError
from confide.core.kept_arrays import read_arrays, write_arrays
from confide.core.kept_transcript import read_beside
from confide.core.paths import is_there
from confide.core.transcript import Message, Payload
from confide.mechanisms.federate.standing import Standing
from confide.mechanisms.federate.states import arrays_of, generator_at, with_arrays

FORMAT = 1
STANDING, TOKEN = "standing.npz", "run.token"
STATE, MEMORY, SUMS = "state", "memory", "sums"


@contextmanager
def going_on(out: Path, belongs: Mapping[str, Any], *, record: Path | None) -> Generator[Unfinished]:
    """Hold what is kept of a run for one process, which goes on from it or starts afresh.

    Args:
        out: of the model.
        belongs: what the run follows from, by what it is called in a message: digests and settings.
        record: the folder of the transcript; None to keep no messages.

    Raises:
        DataError: if the run there is another, or another process holds it.
    """
    folder = folder_of(out)
    with alone(folder):
        found = Unfinished(folder, belongs, record)
        try:
            yield found
        finally:
            if not is_there(folder):
                lock_of(folder).unlink(missing_ok=True)


def folder_of(out: Path) -> Path:
    """Where a run stands whose model is written there."""
    return out.with_name(f"{out.name}.unfinished")


@dataclass(slots=True)
class Unfinished:
    """Keeps where a run stands; each round of messages is a file of its own.

    Args:
        folder: it is made for the first round, and goes once the model is written.
        belongs: what the run follows from; one that goes on from other inputs would keep no promise.
        record: the folder of the transcript; None to keep no messages.
    """

    folder: Path
    belongs: Mapping[str, Any]
    record: Path | None
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    round: int = 0
    _meta: Mapping[str, Any] | None = None
    _arrays: Mapping[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not is_there(self.folder / STANDING):
            return
        meta, self._arrays = read_arrays(self.folder / STANDING)
        self._check(meta)
        self._meta, self.token, self.round = meta, str(meta["token"]), int(meta["round"])

    @property
    def begun(self) -> bool:
        """Whether a run before this one was interrupted."""
        return self._meta is not None

    @property
    def recorded(self) -> bool:
        """Whether the transcript was written, before this run was killed."""
        return (
            self.record is not None
            and is_there(self.record)
            and self._meta is not None
            and read_beside(self.record, TOKEN) == self.token
        )

    def found(self, first: object) -> Standing | None:
        """Where the run stands; None for one that begins."""
        if self._meta is None:
            return None
        meta, arrays = self._meta, self._arrays
        messages = [m for k in range(1, self.round + 1) for m in self._messages(k)] if self.record else []
        memories: dict[int, dict[str, Array]] = {}
        for place, array in _within(arrays, MEMORY).items():
            client, name = place.split("/", 1)
            memories.setdefault(int(client), {})[name] = array
        return Standing(
            round=self.round,
            seed=int(meta["seed"]),
            rng=generator_at(meta["rng"]),
            state=with_arrays(first, _within(arrays, STATE)),
            memories=memories,
            left_out=meta["left_out"],
            sums=_within(arrays, SUMS),
            messages=messages,
            seconds=float(meta["seconds"]),
        )

    def keep(self, standing: Standing) -> None:
        """Put this in the place of what was kept; its messages first, so that none is missing."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.record is not None and standing.round:
            _write_messages(self._file(standing.round), standing.messages)
        held = {f"{STATE}/{place}": array for place, array in arrays_of(standing.state).items()}
        for client, memory in standing.memories.items():
            held |= {f"{MEMORY}/{client}/{name}": array for name, array in memory.items()}
        held |= {f"{SUMS}/{name}": array for name, array in standing.sums.items()}
        meta = {
            "format": FORMAT,
            "belongs": dict(self.belongs),
            "token": self.token,
            "round": standing.round,
            "seed": standing.seed,
            "rng": standing.rng.bit_generator.state,
            "left_out": {reason: dict(counted) for reason, counted in standing.left_out.items()},
            "seconds": standing.seconds,
        }
        write_arrays(self.folder / STANDING, meta, held)
        self.round = standing.round

    def drop(self) -> None:
        """Forget the run: its model is written, or nothing of it can be used."""
        remove(self.folder)

    def _check(self, meta: Mapping[str, Any]) -> None:
        if meta.get("format") != FORMAT:
            raise DataError(
                f"{self.folder} is of another version of confide: go on with that one, or start afresh: "
                f"delete the folder. {_AGAIN}"
            )
        theirs: Mapping[str, Any] = meta["belongs"]
        changed = [name for name, ours in self.belongs.items() if theirs.get(name) != ours]
        if changed:
            raise DataError(
                f"{' and '.join(changed)} changed since the run in {self.folder} was interrupted, and its "
                f"promise holds for what it began with: put that back to go on, or start afresh: delete the "
                f"folder. {_AGAIN}"
            )

    def _file(self, number: int) -> Path:
        return self.folder / f"round-{number}.npz"

    def _messages(self, number: int) -> list[Message]:
        meta, arrays = read_arrays(self._file(number))
        return [
            Message(number, sender, receiver, kind, {name: arrays[k] for name, k in held.items()}, seconds)
            for sender, receiver, kind, seconds, held in meta["messages"]
        ]


_AGAIN = "A new run is charged by itself."


def _write_messages(path: Path, messages: Any) -> None:
    """Write the messages of a round; equal arrays once, as a model that many clients receive."""
    arrays: dict[str, Array] = {}

    def kept(array: Array) -> str:
        content = sha256(f"{array.dtype.str}{array.shape}".encode() + array.tobytes()).hexdigest()
        arrays[content] = array
        return content

    listed = [
        [m.sender, m.receiver, m.kind, m.seconds, {name: kept(array) for name, array in m.payload.items()}]
        for m in messages
    ]
    write_arrays(path, {"messages": listed}, arrays)


def _within(arrays: Mapping[str, Array], room: str) -> Payload:
    return {name.removeprefix(f"{room}/"): a for name, a in arrays.items() if name.startswith(f"{room}/")}
