"""Transcripts on disk: one file of bytes and one of JSON, in a folder that only its owner can read."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import numpy as np

from confide.core.arrays import Array
from confide.core.atomic import keep_on_disk, set_readers
from confide.core.drafts import draft_of
from confide.core.errors import DataError
from confide.core.transcript import Message, Payload, Transcript, fixed

FORMAT = 1
INDEX, BYTES = "transcript.json", "payloads.bin"
NOTHING: Mapping[str, str] = MappingProxyType({})
_DTYPES = ("|b1", "|i1", "|u1", *(f"<{k}{n}" for k in "iuf" for n in (2, 4, 8)))
"""The types of numbers that are written; none of them holds objects."""
_ALIGNED = 8


def write_transcript(transcript: Transcript, folder: Path, *, beside: Mapping[str, str] = NOTHING) -> None:
    """Write a transcript to a new folder, whole or not at all.

    Equal arrays are written once: a model that is sent to 1,000 clients takes the place of one.

    Args:
        transcript: of a run.
        folder: to be made.
        beside: name of a file -> text that belongs to it, such as the plan of the run.

    Raises:
        DataError: if the folder is there already, or an array is of a type that is not written.
    """
    folder = Path(folder)
    if folder.exists():
        raise DataError(f"{folder} is there already: name a new folder for the transcript.")
    with draft_of(folder) as draft:
        draft.mkdir(mode=0o700)
        with (draft / BYTES).open("xb") as file:
            writer = _Writer(file)
            index: dict[str, Any] = {
                "format": FORMAT,
                "parties": list(transcript.parties),
                "inputs": {party: writer.kept(given) for party, given in transcript.inputs.items()},
                "published": writer.kept(transcript.published),
                "messages": [
                    [m.round, m.sender, m.receiver, m.kind, m.seconds, writer.kept(m.payload)]
                    for m in transcript.messages
                ],
            }
        for name, text in beside.items():
            (draft / name).write_bytes(text.encode())
        index["beside"] = {name: sha256(text.encode()).hexdigest() for name, text in beside.items()}
        index["arrays"] = writer.written
        index["sha256"] = _digest(draft / BYTES)
        (draft / INDEX).write_text(json.dumps(index, allow_nan=False))
        set_readers(draft, shared=False)
        keep_on_disk(draft)
        draft.rename(folder)


def read_transcript(folder: Path) -> Transcript:
    """Read a transcript that `write_transcript` wrote; payloads stay on disk until they are looked at.

    Raises:
        DataError: if it is none, damaged, or others on this machine may read it.
    """
    folder = Path(folder)
    if not (folder / INDEX).is_file() or not (folder / BYTES).is_file():
        raise DataError(f"{folder} holds no transcript: it lacks {INDEX} or {BYTES}.")
    _check_readers(folder)
    try:
        index = json.loads((folder / INDEX).read_text())
        if index["format"] != FORMAT:
            raise DataError(f"{folder} has format {index['format']!r:.20}: read it with a later confide.")
        if _digest(folder / BYTES) != index["sha256"]:
            raise DataError(f"{folder / BYTES} was changed or cut: record the run again.")
        held = _Reader(folder / BYTES, index["arrays"])
        return Transcript(
            parties=tuple(index["parties"]),
            messages=[_message(m, held) for m in index["messages"]],
            inputs={party: held.payload(given) for party, given in index["inputs"].items()},
            published=held.payload(index["published"]),
        )
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise DataError(
            f"{folder / INDEX} is no index of a transcript ({_lacking(error)}): it was changed or cut, so "
            "record the run again."
        ) from error


def read_beside(folder: Path, name: str) -> str | None:
    """A text that was written beside a transcript; None if there is none of this name.

    Raises:
        DataError: if it is damaged, or others on this machine may read it.
    """
    folder = Path(folder)
    if not (folder / INDEX).is_file():
        raise DataError(f"{folder} holds no transcript: it lacks {INDEX}.")
    _check_readers(folder, name)
    try:
        listed: Any = json.loads((folder / INDEX).read_text()).get("beside", {})
        if name not in listed:
            return None
        content = (folder / name).read_bytes()
        if sha256(content).hexdigest() != listed[name]:
            raise DataError(f"{folder / name} was changed or cut: record the run again.")
        return content.decode()
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise DataError(f"{folder / name} cannot be read ({error!s:.100}): record the run again.") from error


def _lacking(error: Exception) -> str:
    """What is wrong with an index, in a few words: a key that is missing has no message of its own."""
    return f"it has no {error.args[0]!r:.60}" if isinstance(error, KeyError) else f"{error!s:.100}"


def _message(given: Any, held: _Reader) -> Message:
    number, sender, receiver, kind, seconds, payload = given
    if type(number) is not int or not all(isinstance(text, str) for text in (sender, receiver, kind)):
        raise ValueError(f"a message of round {number!r:.20}")
    return Message(number, sender, receiver, kind, held.payload(payload), seconds)


class _Writer:
    """Appends arrays to a file, each content once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._known: dict[bytes, int] = {}
        self.written: list[list[Any]] = []

    def kept(self, payload: Payload) -> dict[str, int]:
        """The numbers of the arrays of a payload, by their names."""
        return {name: self._number(array) for name, array in fixed(payload, "a payload").items()}

    def _number(self, array: Array) -> int:
        array = np.asarray(array, array.dtype.newbyteorder("<"))
        if array.dtype.str not in _DTYPES:
            raise DataError(f"an array of type {array.dtype} cannot be written: give float64 or int64.")
        data = array.tobytes()
        content = sha256(f"{array.dtype.str}{array.shape}".encode() + data).digest()
        if content not in self._known:
            self._known[content] = len(self.written)
            self.written.append([self._file.tell(), array.dtype.str, list(array.shape)])
            self._file.write(data + bytes(-len(data) % _ALIGNED))
        return self._known[content]


class _Reader:
    """Arrays of a file, mapped into memory and read-only."""

    def __init__(self, path: Path, listed: Any) -> None:
        size = path.stat().st_size
        held: Array = np.memmap(path, np.uint8, mode="r") if size else np.empty(0, np.uint8)
        self._arrays = [_array(held, *entry) for entry in listed]

    def payload(self, numbers: Mapping[str, int]) -> dict[str, Array]:
        if any(type(k) is not int or k < 0 for k in numbers.values()):
            raise ValueError(f"arrays number {list(numbers.values())!s:.40}")
        return {name: self._arrays[k] for name, k in numbers.items()}


def _array(held: Array, start: Any, dtype: Any, shape: Any) -> Array:
    if dtype not in _DTYPES or any(type(n) is not int or n < 0 for n in (start, *shape)):
        raise ValueError(f"an array of type {dtype!r:.20} at {start!r:.20}")
    size = np.dtype(dtype).itemsize
    for n in shape:  # by Python's whole numbers, which do not overflow
        size *= n
    if start + size > len(held):
        raise ValueError(f"an array of {size:,} bytes that the file does not hold")
    return held[start : start + size].view(dtype).reshape(shape)


def _check_readers(folder: Path, *names: str) -> None:
    if os.name != "posix":  # other systems have no such bits
        return
    for path in (folder, *(folder / name for name in (INDEX, BYTES, *names))):
        if path.exists() and path.stat().st_mode & 0o077:
            raise DataError(
                f"others on this machine may read {path}, and a transcript is as secret as the data: take "
                f"their rights by `chmod -R go= {folder}`."
            )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        found = sha256()
        while part := file.read(1 << 20):
            found.update(part)
    return found.hexdigest()
