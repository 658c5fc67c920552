"""A tap on a Flower app: one line that records what a party receives and sends, for an audit of the run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import uuid4

import numpy as np

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.core.transcript import SERVER, Transcript
from confide.core.transcript import Message as Noted
from confide.serve.flower.kept_arrays import read_arrays, write_arrays

if TYPE_CHECKING:
    from flwr.app import Context, Message, RecordDict  # pyright: ignore[reportMissingImports]

Mod: TypeAlias = "Callable[[Message, Context, Callable[[Message, Context], Message]], Message]"
_SUFFIX = ".tap"


def tap(folder: str | Path) -> Mod:
    """Record the messages of a ClientApp: `ClientApp(mods=[tap("transcript/")])`.

    Flower starts a process for each message, so that each message is a file of its own, which its owner alone
    can read. What is recorded is as secret as the records; it is never sent. `read_tap` gives the transcript.

    Args:
        folder: on the party's machine; it is made if it is not there.
    """
    place = Path(folder)

    def mod(message: Message, context: Context, call_next: Callable[[Message, Context], Message]) -> Message:
        party = str(context.node_config.get("party", context.node_id))
        _note(place, message, SERVER, party)
        reply = call_next(message, context)
        _note(place, reply, party, SERVER)
        return reply

    return mod


def read_tap(folder: str | Path) -> Transcript:
    """The transcript of what a tap recorded: one party's messages, in their order.

    Raises:
        DataError: if there is nothing, or a file is damaged.
    """
    found = sorted(Path(folder).glob(f"*{_SUFFIX}"))
    if not found:
        raise DataError(f"{folder} holds nothing that a tap recorded: run the app with it first.")
    noted: list[tuple[int, Noted]] = []
    for path in found:
        meta, arrays = read_arrays(path)
        number, sender, receiver = int(meta["round"]), str(meta["sender"]), str(meta["receiver"])
        when = int(meta["nanoseconds"])
        noted.append((when, Noted(number, sender, receiver, str(meta["kind"]), arrays, when / 1e9)))
    noted.sort(key=lambda one: one[0])
    messages = [message for _, message in noted]
    parties = dict.fromkeys((SERVER, *(m.sender for m in messages), *(m.receiver for m in messages)))
    return Transcript(parties=tuple(parties), messages=messages)


def _note(folder: Path, message: Message, sender: str, receiver: str) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    group, now = message.metadata.group_id, time.time_ns()
    meta = {
        "round": int(group) if group.isdigit() else 0,
        "kind": message.metadata.message_type,
        "sender": sender,
        "receiver": receiver,
        "nanoseconds": now,
    }
    arrays = dict(_numbers(message.content)) if message.has_content() else {}
    write_arrays(folder / f"{now}-{uuid4().hex[:8]}{_SUFFIX}", meta, arrays)


def _numbers(content: RecordDict) -> Iterator[tuple[str, Array]]:
    """All arrays and numbers in a message, by the names of record and entry; text carries no update."""
    for record, entries in content.items():
        for name, value in entries.items():
            given: Any = value.numpy() if hasattr(value, "numpy") else value
            array = np.frombuffer(given, np.uint8) if isinstance(given, bytes) else np.asarray(given)
            if array.dtype.kind in "biuf":
                yield f"{record}.{name}", array
