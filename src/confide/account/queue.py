"""A first-in, first-out queue of processes and threads before the one lock of a file of SQLite.

SQLite lets those who wait look again after pauses that grow, so a process that asks without a pause keeps out
all others: a process that has just written finds the lock free, because nobody else is looking.

Who wants to write appends a byte to a file. The system does that for one after the other, so the end of the
byte is a ticket: a number that nobody else has, above all those before. They lock the byte until they have
written, and are at the front when no byte before it is locked. The system takes the locks of a process that
dies, and a queue with a gap is still in order. The file grows by one byte for each transaction that writes.

It is for fairness alone: the database keeps two from writing at once without it. Where the system has no
such locks (they are Linux's locks of an open file description), everybody goes straight to the database.
"""

from __future__ import annotations

import os
import struct
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

PAUSE, LONGEST_PAUSE = 0.0005, 0.05
"""Seconds between two looks."""
QUICK = 0.001
"""Seconds of a quick transaction that writes: the pace of those before, until it is seen."""
FLOCK = "hhqqi0q"
"""`struct flock`: kind of lock, from where counted, first byte, number of bytes, process (0 here)."""


@contextmanager
def front_of(queue: Path | None, *, until: float) -> Generator[None]:
    """Stand at the front of a queue; or go on without, where there is none or the time is over.

    Args:
        queue: a file, made if it is not there; None for no queue.
        until: the time to wait for, by `time.monotonic`.
    """
    handle = None if queue is None else _opened(queue)
    if handle is None:
        yield
        return
    try:
        _wait(handle, until)
        yield
    finally:
        # Not by closing alone: a child process that was forked meanwhile holds the same open file.
        _free(handle)
        os.close(handle)


def _opened(queue: Path) -> int | None:
    """The open file; None where a system has no such locks, or the folder cannot be written to."""
    if sys.platform != "linux":
        return None
    try:
        return os.open(queue, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        return None


def _wait(handle: int, until: float) -> None:
    """Draw a ticket, and wait until all before it have left."""
    try:
        os.write(handle, b".")
        ticket = os.lseek(handle, 0, os.SEEK_CUR) - 1  # an append moves the position to its own end
        _lock(handle, ticket)
        begun = since = time.monotonic()
        front = seen = _first_before(handle, ticket)
        while front is not None and seen is not None and (now := time.monotonic()) < until:
            # Far behind one need not look often: half of the time that those before will take by the pace so
            # far. The longer one stays at the front, the longer it may stay yet.
            gone = max(1, front - seen + 1)  # one before the first seen may have locked its byte after that
            pace = max(QUICK, (now - begun) / gone)
            rest = pace * (ticket - front - 1) / 2 + (now - since) / 4
            time.sleep(min(max(PAUSE, rest), LONGEST_PAUSE))
            last, front = front, _first_before(handle, ticket)
            since = since if front == last else time.monotonic()
    except OSError:  # a full disk, or a file system without locks
        return


if sys.platform == "linux":
    from fcntl import F_OFD_GETLK, F_OFD_SETLK, F_UNLCK, F_WRLCK, fcntl

    def _lock(handle: int, byte: int) -> None:
        fcntl(handle, F_OFD_SETLK, struct.pack(FLOCK, F_WRLCK, os.SEEK_SET, byte, 1, 0))

    def _first_before(handle: int, ticket: int) -> int | None:
        """A ticket that still waits or writes before this one, the first as a rule; None if there is none."""
        if ticket == 0:  # a length of 0 would mean the whole file
            return None
        asked = struct.pack(FLOCK, F_WRLCK, os.SEEK_SET, 0, ticket, 0)
        kind, _, first, _, _ = struct.unpack(FLOCK, fcntl(handle, F_OFD_GETLK, asked))
        return None if kind == F_UNLCK else int(first)

    def _free(handle: int) -> None:
        fcntl(handle, F_OFD_SETLK, struct.pack(FLOCK, F_UNLCK, os.SEEK_SET, 0, 0, 0))
