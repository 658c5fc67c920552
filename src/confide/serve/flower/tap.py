"""Taps: what a party, the server, or any app of Flower's sends and receives, recorded for an audit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import uuid4

import numpy as np

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.core.kept_arrays import read_arrays, write_arrays
from confide.core.transcript import SERVER, Payload, Transcript, sum_known
from confide.core.transcript import Message as Noted
from confide.serve.flower.messages import SIGNED, Reply, Request, message_in

if TYPE_CHECKING:
    from flwr.app import Context, Message, RecordDict  # pyright: ignore[reportMissingImports]

Mod: TypeAlias = "Callable[[Message, Context, Callable[[Message, Context], Message]], Message]"
_SUFFIX, _SUM = ".tap", ".sum"


def tap(folder: str | Path) -> Mod:
    """Record the messages of a ClientApp: `ClientApp(mods=[tap("transcript/")])`.

    Flower starts a process for each message, so that each message is a file of its own, which its owner alone
    can read. What is recorded is as secret as the records; it is never sent. `read_tap` gives the transcript.

    Args:
        folder: on the party's machine; it is made if it is not there.
    """

    def mod(message: Message, context: Context, call_next: Callable[[Message, Context], Message]) -> Message:
        party = str(context.node_config.get("party", context.node_id))
        _note(Path(folder), SERVER, party, *_described(message))
        reply = call_next(message, context)
        _note(Path(folder), party, SERVER, *_described(reply))
        return reply

    return mod


def note_request(folder: Path, party: str, request: Request) -> None:
    """Record a request of the server's as a simulation does: the model, or a message of a secure sum."""
    _note(folder, SERVER, party, request.round, *_content("model", request.arrays))


def note_reply(folder: Path, party: str, number: int, reply: Reply) -> None:
    """Record an answer in this round: an update, a message of a secure sum, or that there is no upload."""
    kind, payload = _content("update", reply.arrays)
    _note(folder, party, SERVER, number, "left out" if reply.fault else kind, payload)


def note_sum(folder: Path, number: int, total: Payload, clients: int) -> None:
    """Record what came out of a secure sum of a round: the server knows it, and no message has it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_arrays(folder / f"{number}{_SUM}", {}, sum_known(number, total, clients=clients))


def read_sums(folder: Path) -> dict[str, Array]:
    """All sums that `note_sum` recorded, as they stand among the server's inputs."""
    found: dict[str, Array] = {}
    for path in sorted(folder.glob(f"*{_SUM}")):
        found |= read_arrays(path)[1]
    return found


def read_tap(folder: str | Path) -> Transcript:
    """The transcript of what a tap recorded, in the order of time.

    Raises:
        DataError: if there is nothing, or a file is damaged.
    """
    messages = _messages(Path(folder))
    parties = dict.fromkeys((SERVER, *(m.sender for m in messages), *(m.receiver for m in messages)))
    return Transcript(parties=tuple(parties), messages=messages)


def transcript_of(
    folder: Path,
    *,
    parties: Sequence[str],
    inputs: Mapping[str, Payload],
    published: Payload,
    kinds: tuple[str, str] = ("model", "update"),
) -> Transcript:
    """The transcript of one machine of a run, as a simulation gives it; what others held is not in it.

    Args:
        folder: in which messages were recorded.
        parties: of the run.
        inputs: what this machine held.
        published: the model.
        kinds: what the protocol calls the server's messages and the parties'.

    Raises:
        DataError: as `read_tap`.
    """
    messages = _messages(folder)
    began = min(message.seconds or 0.0 for message in messages)
    called: dict[str, str] = dict(zip(("model", "update"), kinds, strict=True))
    return Transcript(
        parties=tuple(parties),
        messages=[
            replace(
                message, kind=called.get(message.kind, message.kind), seconds=(message.seconds or 0.0) - began
            )
            for message in messages
        ],
        inputs=inputs,
        published=published,
    )


def _messages(folder: Path) -> list[Noted]:
    found = sorted(folder.glob(f"*{_SUFFIX}"))
    if not found:
        raise DataError(f"{folder} holds nothing that a tap recorded: run the app with it first.")
    noted: list[tuple[int, Noted]] = []
    for path in found:
        meta, arrays = read_arrays(path)
        when, number = int(meta["nanoseconds"]), int(meta["round"])
        sender, receiver, kind = (str(meta[name]) for name in ("sender", "receiver", "kind"))
        noted.append((when, Noted(number, sender, receiver, kind, arrays, when / 1e9)))
    return [message for _, message in sorted(noted, key=lambda one: one[0])]


def _note(folder: Path, sender: str, receiver: str, number: int, kind: str, arrays: Payload) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = time.time_ns()
    meta = {"round": number, "kind": kind, "sender": sender, "receiver": receiver, "nanoseconds": now}
    write_arrays(folder / f"{now}-{uuid4().hex[:8]}{_SUFFIX}", meta, arrays)


def _content(plain: str, arrays: Payload) -> tuple[str, Payload]:
    if SIGNED not in arrays:
        return plain, arrays
    message = message_in(arrays)
    return message.kind, message.payload


def _described(message: Message) -> tuple[int, str, Mapping[str, Array]]:
    group = message.metadata.group_id
    arrays = dict(_numbers(message.content)) if message.has_content() else {}
    return int(group) if group.isdigit() else 0, message.metadata.message_type, arrays


def _numbers(content: RecordDict) -> Iterator[tuple[str, Array]]:
    """All arrays and numbers in a message, by the names of record and entry; text carries no update."""
    for record, entries in content.items():
        for name, value in entries.items():
            given: Any = value.numpy() if hasattr(value, "numpy") else value
            array = np.frombuffer(given, np.uint8) if isinstance(given, bytes) else np.asarray(given)
            if array.dtype.kind in "biuf":
                yield f"{record}.{name}", array
