"""Connections between parties: frames of a kind and a length, over TLS streams."""

from __future__ import annotations

import asyncio
import enum
import struct
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from confide.core.errors import ConfideError
from confide.mechanisms.share.refusals import RefusedError

MOST = 1 << 28
"""Bytes of a frame at most."""
PARTING = 1.0
"""Seconds to let the others know why the run ends."""
BEATS = 4
"""Heartbeats in the time that a party may be silent."""
_OWN = "it ended by an error of its own"
_HEAD = struct.Struct(">BI")


class Kind(enum.IntEnum):
    """What a frame carries."""

    HELLO = 1
    SIGNED = 2
    KEYS = 3
    SHARES = 4
    BEAT = 5
    GONE = 6
    DONE = 7


@dataclass(slots=True)
class Link:
    """A connection to one party, whose certificate was compared with the plan's.

    Args:
        me: the name of this side.
        party: its name.
        reader, writer: the stream.
        heard: when something last came, by the monotonic clock.
        sent: bytes of payloads.
    """

    me: str
    party: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heard: float = field(default_factory=time.monotonic)
    sent: int = 0
    done: bool = False

    def send(self, kind: Kind, payload: bytes = b"") -> None:
        """Send a frame, in order; it leaves when the loop comes to it."""
        if not self.writer.is_closing():
            self.writer.write(_HEAD.pack(kind, len(payload)) + payload)
            self.sent += _HEAD.size + len(payload)

    async def receive(self) -> tuple[Kind, bytes]:
        """The next frame.

        Raises:
            RefusedError: if the connection ended, or what came is no frame.
        """
        try:
            kind, length = _HEAD.unpack(await self.reader.readexactly(_HEAD.size))
            if length > MOST:
                raise RefusedError(
                    f"party {self.party!r:.60} announces {length:,} bytes at once: {MOST:,} is the most.",
                    parties=(self.party,),
                )
            payload = await self.reader.readexactly(length)
            found = Kind(kind)
        except ValueError:
            raise RefusedError(
                f"party {self.party!r:.60} sent what is no message of a joint computation: it ended here.",
                parties=(self.party,),
            ) from None
        except (OSError, asyncio.IncompleteReadError):
            raise lost(self.party, "its connection ended") from None
        self.heard = time.monotonic()
        return found, payload

    async def expect(self, kind: Kind) -> bytes:
        """The payload of the next frame, which must be of this kind; beats are skipped.

        Raises:
            RefusedError: if another kind comes.
        """
        while True:
            found, payload = await self.receive()
            if found == kind:
                return payload
            if found == Kind.GONE:
                raise reported(self, payload)
            if found != Kind.BEAT:
                raise RefusedError(
                    f"party {self.party!r:.60} sent {found.name} where {kind.name} was due: its version "
                    "differs, or it ended already.",
                    parties=(self.party,),
                )

    def close(self) -> None:
        """End the connection at once."""
        self.writer.transport.abort()


async def pump(link: Link, took: Callable[[Link, Kind, bytes], None]) -> None:
    """Hand every frame to `took`, until the connection ends after the other side is done.

    Raises:
        RefusedError: if it ends before.
    """
    while True:
        try:
            kind, payload = await link.receive()
        except RefusedError:
            if link.done:
                return
            raise
        took(link, kind, payload)


async def watched(links: Collection[Link], *, silence: float, fail: Callable[[RefusedError], object]) -> None:
    """Send heartbeats to all, and hand a party that is silent to `fail`; goes on until it is cancelled.

    Args:
        links: to all others.
        silence: seconds for which a party may be silent.
        fail: ends the run.
    """
    pause = silence / BEATS
    while True:
        for link in links:
            link.send(Kind.BEAT)
        asleep = time.monotonic()
        await asyncio.sleep(pause)
        if time.monotonic() - asleep > 2 * pause:
            continue  # this process had no turn itself, so it cannot say who was silent
        for link in links:
            quiet = time.monotonic() - link.heard
            if quiet > silence and not link.done:
                fail(lost(link.party, f"it was silent for {quiet:.0f} s"))


def lost(party: str, how: str) -> RefusedError:
    """A party that was lost, for the one sentence that every survivor ends with."""
    return RefusedError(
        f"party {party!r:.60} was lost: {how}. The run ended without a result; start it again with all "
        "parties, under a new name.",
        parties=(party,),
    )


def reported(link: Link, payload: bytes) -> RefusedError:
    """What a party said when it ended the run: a name, which is all that is repeated."""
    party = payload[:200].decode(errors="replace")
    if party == link.party:
        return lost(party, _OWN)
    if party == link.me:
        return lost(link.party, "it ended the run, as it could not reach or accept this party")
    return lost(party, f"so says {link.party}")


async def parted(links: dict[str, Link], blamed: str) -> None:
    """Let the others know by whom the run ended, and end the connections."""
    for link in links.values():
        link.send(Kind.GONE, blamed.encode())
    await flushed(links)


async def ended_by(
    fault: BaseException, links: dict[str, Link], *, me: str, deadline: float, what: str
) -> BaseException:
    """Let the others know who ended the run, and give the error for this party.

    Args:
        fault: that ended it here.
        links: to all others.
        me: the name of this party.
        deadline: seconds of the run, for the sentence of one that took longer.
        what: was run, for a fault of ours.
    """
    if isinstance(fault, TimeoutError):
        waited = [link.party for link in links.values() if not link.done] or [me]
        fault = lost(waited[0], f"the run took longer than its {deadline:g} s")
    await parted(links, fault.parties[0] if isinstance(fault, RefusedError) and fault.parties else me)
    return broken(fault, what) if isinstance(fault, Exception) else fault


def broken(fault: object, what: str) -> Exception:
    """An error for the user: one of ours as it is, another by its type alone, as its text may hold data."""
    if isinstance(fault, ConfideError):
        return fault
    return ConfideError(f"the {what} failed ({type(fault).__name__}): report this as a fault of confide.")


async def flushed(links: dict[str, Link]) -> None:
    """End connections after what was sent has left, or after a short while."""
    for link in links.values():
        link.writer.close()
    if not links:  # nobody came
        return
    waits = [asyncio.ensure_future(link.writer.wait_closed()) for link in links.values()]
    done, waiting = await asyncio.wait(waits, timeout=PARTING)
    for task in waiting:
        task.cancel()
    for task in done:
        task.exception()  # a connection that the other side ended has nothing to flush
