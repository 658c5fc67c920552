"""Two parties of a private match over TLS: connect, compare plans, count the run, match, and end together."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from confide.core.transcript import Message as Recorded
from confide.mechanisms.share.joint.plan import refuse_difference
from confide.mechanisms.share.matching.party import KINDS, Matched, MatchParty
from confide.mechanisms.share.matching.points import Watch
from confide.mechanisms.share.messages import Message, unpacked
from confide.mechanisms.share.refusals import RefusedError
from confide.releases.match.terms import MatchTerms
from confide.serve.parties.certificates import Identity
from confide.serve.parties.handshake import connected
from confide.serve.parties.links import PARTING, Kind, Link, ended_by, flushed, lost, pump, reported, watched

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchEnded:
    """What a party has at the end of a match.

    Args:
        value: what it learned; None where the plan says that it learns nothing.
        messages: that it sent and received.
        sent: bytes to the other.
    """

    value: Matched | None
    messages: Sequence[Recorded]
    sent: int


@dataclass(slots=True)
class _Apart:
    """A thread for what the library computes, so that heartbeats go on; a run that ends does not wait for it.

    Between two parts of a list it sees that the run has ended. A filter is made in one part, of minutes where
    a list is long: that thread is left behind, and ends with the process.
    """

    over: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    async def done(self, call: Callable[..., T], *given: object) -> T:
        """What the call gives."""
        loop = asyncio.get_running_loop()
        found: asyncio.Future[T] = loop.create_future()

        def settle(how: Callable[..., None], what: object) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits for it
                loop.call_soon_threadsafe(lambda: None if found.done() else how(what))

        def work() -> None:
            try:
                value = call(*given)
            except Exception as fault:
                settle(found.set_exception, fault)
            else:
                settle(found.set_result, value)

        self.thread = threading.Thread(target=work, daemon=True)
        self.thread.start()
        return await found

    def watching(self, watch: Watch) -> Watch:
        """A watch that ends the work of a run that has ended."""

        def told(what: str, done: int, of: int) -> None:
            if self.over.is_set():
                raise RefusedError("the run has ended.")
            watch(what, done, of)

        return told

    def end(self) -> None:
        """End the work, and wait for its part for a moment."""
        self.over.set()
        if self.thread is not None:
            self.thread.join(PARTING)


@dataclass(slots=True)
class _Talk:
    """One connection: frames in, frames out, heartbeats, and a fault of whichever side ends it."""

    terms: MatchTerms
    link: Link
    ended: asyncio.Future[None]
    began: float = field(default_factory=time.monotonic)
    came: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    messages: list[Recorded] = field(default_factory=list)
    apart: _Apart = field(default_factory=_Apart)

    def send(self, message: Message) -> None:
        self.record(message)
        self.link.send(Kind.SHARES, message.packed())

    async def next(self) -> Message:
        """The next message of the other side; its signature is the party's to check."""
        message = unpacked(await self.came.get(), kinds=KINDS)
        self.record(message)
        return message

    def record(self, message: Message) -> None:
        now = time.monotonic() - self.began
        self.messages.append(
            Recorded(1, message.sender, message.receiver, message.kind, message.payload, now)
        )

    def took(self, link: Link, kind: Kind, payload: bytes) -> None:
        """Take a frame."""
        match kind:
            case Kind.SHARES:
                self.came.put_nowait(payload)
            case Kind.DONE:
                link.done = True
                self.done.set()
            case Kind.GONE:
                self.fail(reported(link, payload))
            case _:
                pass

    def fail(self, fault: BaseException) -> None:
        if not self.ended.done():
            self.ended.set_exception(fault)

    async def listen(self) -> None:
        try:
            await pump(self.link, self.took)
        except RefusedError as fault:
            self.fail(fault)


async def matched(
    terms: MatchTerms,
    identity: Identity,
    party: MatchParty,
    *,
    counted: Callable[[], object],
    listen: str | None = None,
) -> MatchEnded:
    """Match with the other party. Returns when both are done, or raises in both.

    Args:
        terms: the same on both sides.
        identity: certificate and key of this side.
        party: of the match, with its identifiers.
        counted: counts the run; called when both plans are the same, before anything about a list leaves.
        listen: the address of this machine at which it listens; the plan's by default.

    Raises:
        RefusedError: naming the other party, if it is lost, late, or has another plan.
        ConfideError: if the run may not be, or its messages are refused.
    """
    name, other = party.name, party.other
    links = await connected(terms, identity, name=name, listen=listen)
    link, loop = links[other], asyncio.get_running_loop()
    talk = _Talk(terms, link, loop.create_future())
    party.watch = talk.apart.watching(party.watch)
    tasks: list[asyncio.Task[None] | asyncio.Task[Matched | None]] = []
    try:
        async with asyncio.timeout(terms.deadline):
            await _agreed(terms, link)
            counted()
            work = loop.create_task(_exchange(talk, party))
            tasks += [
                loop.create_task(talk.listen()),
                loop.create_task(watched([link], silence=terms.silence, fail=talk.fail)),
                work,
            ]
            await asyncio.wait({work, talk.ended}, return_when=asyncio.FIRST_COMPLETED)
            value = talk.ended.result() if talk.ended.done() else work.result()
    except BaseException as fault:
        raise await ended_by(fault, links, me=name, deadline=terms.deadline, what="match") from None
    finally:
        talk.ended.cancel()
        for task in tasks:
            task.cancel()
        link.close()
        talk.apart.end()
    return MatchEnded(value=value, messages=talk.messages, sent=link.sent)


async def _agreed(terms: MatchTerms, link: Link) -> None:
    """Compare plans; both have the same before either counts a run."""
    try:
        async with asyncio.timeout(terms.arrival):
            link.send(Kind.HELLO, terms.text.encode())
            theirs = (await link.expect(Kind.HELLO)).decode(errors="replace")
            refuse_difference(terms, theirs, party=link.party)
            link.send(Kind.SIGNED)
            await link.expect(Kind.SIGNED)
    except TimeoutError:
        raise lost(link.party, f"it did not compare plans within {terms.arrival:g} s") from None


async def _exchange(talk: _Talk, party: MatchParty) -> Matched | None:
    """Openings, then a request and an answer for each side that learns, and the end together."""
    plan, apart = party.plan, talk.apart.done
    talk.send(await apart(party.opening))
    opening, value = await talk.next(), None
    asks, answers = party.name in plan.learns, party.other in plan.learns
    if asks:
        talk.send(await apart(party.request, opening))
    if answers:
        request = await talk.next()
        talk.send(await apart(party.answer, opening, request))
    if asks:
        value = await apart(party.result, await talk.next())
    talk.link.send(Kind.DONE)
    await talk.done.wait()
    await flushed({party.other: talk.link})
    return value
