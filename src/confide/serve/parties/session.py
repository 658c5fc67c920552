"""One party's session: connect, agree, compute, and end together, with a result for all or for none."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from confide.core.transcript import Message, Payload, Transcript
from confide.mechanisms.share.joint.engine import Engine, imported
from confide.mechanisms.share.joint.plan import JointPlan
from confide.mechanisms.share.refusals import RefusedError
from confide.serve.parties.certificates import Identity
from confide.serve.parties.handshake import agreed, connected
from confide.serve.parties.links import Kind, Link, broken, ended_by, flushed, lost, pump, reported, watched

T = TypeVar("T")
WHAT = "computation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished(Generic[T]):
    """What a party has at the end.

    Args:
        value: the result, which all parties have.
        transcript: of this party: what it put in, sent, received and learned; as secret as its data.
        signatures: of the handshake, by party.
        sent: bytes to all others.
        moduli: of the field of each exchange, by its label.
    """

    value: T
    transcript: Transcript
    signatures: Mapping[str, bytes]
    sent: int
    moduli: Mapping[int, int]


@dataclass(slots=True)
class _Running:
    plan: JointPlan
    name: str
    links: dict[str, Link]
    ended: asyncio.Future[None]
    began: float = field(default_factory=time.monotonic)
    messages: list[Message] = field(default_factory=list)
    all_done: asyncio.Event = field(default_factory=asyncio.Event)
    engine: Engine | None = None
    keys: set[str] = field(default_factory=set)
    keyed: asyncio.Event = field(default_factory=asyncio.Event)

    def send(self, party: int, data: bytes) -> None:
        """Send what MPyC has for a party, and record it."""
        other = self.plan.names[party]
        self.record(self.name, other, "shares", data)
        self.links[other].send(Kind.SHARES, data)

    def record(self, sender: str, receiver: str, kind: str, data: bytes) -> None:
        payload = {"bytes": np.frombuffer(data, np.uint8)}
        self.messages.append(Message(1, sender, receiver, kind, payload, time.monotonic() - self.began))

    def fail(self, fault: BaseException) -> None:
        """End the run for this reason, unless it ended before."""
        if not self.ended.done():
            self.ended.set_exception(fault)

    def took(self, link: Link, kind: Kind, payload: bytes) -> None:
        """Take a frame of a party."""
        place = self.plan.names.index(link.party)
        match kind:
            case Kind.SHARES if self.engine is not None:
                self.record(link.party, self.name, "shares", payload)
                self.engine.take(place, payload)
            case Kind.KEYS if self.engine is not None:
                self.record(link.party, self.name, "keys", payload)
                self.engine.take_keys(place, payload)
                self.keys.add(link.party)
                if len(self.keys) == len(self.links):
                    self.keyed.set()
            case Kind.DONE:
                link.done = True
                if all(each.done for each in self.links.values()):
                    self.all_done.set()
            case Kind.GONE:
                self.fail(reported(link, payload))
            case _:
                pass

    async def listen(self, link: Link) -> None:
        try:
            await pump(link, self.took)
        except asyncio.CancelledError:
            raise
        except RefusedError as fault:
            # Who lost a party says so before it ends: let its word come first.
            await asyncio.sleep(0)
            self.fail(fault)
        except Exception:
            self.fail(lost(link.party, "it sent what this computation cannot use"))


async def joined(
    plan: JointPlan,
    identity: Identity,
    compute: Callable[[Engine], Awaitable[T]],
    *,
    name: str,
    inputs: Payload | None = None,
    published: Callable[[T], Payload] | None = None,
    listen: str | None = None,
    agree: Callable[[], object] | None = None,
) -> Finished[T]:
    """Take part in a joint computation. Returns when all parties have the result, or raises in all of them.

    Args:
        plan: the same everywhere.
        identity: of this party.
        compute: the computation, the same function at every party.
        name: of this party.
        inputs: what it puts in, for its transcript.
        published: the result as arrays, for its transcript.
        listen: the address of this machine at which it listens; the plan's by default.
        agree: called once all have come and hold the same plan, before any data moves.

    Raises:
        RefusedError: naming the party that was lost, late, or not who it should be.
        ConfideError: for what this party cannot do; the others then end too, and it is named there.
    """
    imported()
    links = await connected(plan, identity, name=name, listen=listen)
    loop = asyncio.get_running_loop()
    running = _Running(plan, name, links, loop.create_future())
    tasks: list[asyncio.Task[object]] = []
    try:
        async with asyncio.timeout(plan.deadline):
            signatures = await _signed(plan, identity, running)
            if agree is not None:
                agree()
            running.engine = Engine(
                index=plan.names.index(name),
                parties=len(plan.parties),
                threshold=plan.colluding,
                carrier=running,
            )
            loop.set_exception_handler(
                lambda _, context: running.fail(broken(context.get("exception"), WHAT))
            )
            tasks += [loop.create_task(running.listen(link)) for link in links.values()]
            tasks.append(loop.create_task(watched(links.values(), silence=plan.silence, fail=running.fail)))
            work = loop.create_task(_computed(running, compute))
            tasks.append(work)
            await asyncio.wait({work, running.ended}, return_when=asyncio.FIRST_COMPLETED)
            value = running.ended.result() if running.ended.done() else work.result()
    except BaseException as fault:
        raise await ended_by(fault, links, me=name, deadline=plan.deadline, what=WHAT) from None
    finally:
        running.ended.cancel()
        for task in tasks:
            task.cancel()
        for link in links.values():
            link.close()
    parts = {} if inputs is None else {name: inputs}
    transcript = Transcript(
        parties=plan.names,
        messages=running.messages,
        inputs=parts,
        published={} if published is None else published(value),  # pyright: ignore[reportArgumentType]
    )
    sent = sum(link.sent for link in links.values())
    assert running.engine is not None
    return Finished(  # pyright: ignore[reportReturnType]
        value=value,
        transcript=transcript,
        signatures=signatures,
        sent=sent,
        moduli=running.engine.moduli,
    )


async def _signed(plan: JointPlan, identity: Identity, running: _Running) -> dict[str, bytes]:
    try:
        async with asyncio.timeout(plan.arrival):
            return await agreed(plan, identity, running.links, name=running.name)
    except TimeoutError:
        now = time.monotonic()
        silent = max(running.links.values(), key=lambda link: now - link.heard)
        raise lost(silent.party, f"it did not finish the handshake within {plan.arrival:g} s") from None


async def _computed(running: _Running, compute: Callable[[Engine], Awaitable[T]]) -> T:
    engine = running.engine
    assert engine is not None
    for place, other in enumerate(running.plan.names):
        if other != running.name:
            keys = engine.keys_for(place)
            running.record(running.name, other, "keys", keys)
            running.links[other].send(Kind.KEYS, keys)
    await running.keyed.wait()
    value = await compute(engine)
    # Nobody has a result before everybody says to have it: a party lost until here leaves none at all.
    for link in running.links.values():
        link.send(Kind.DONE)
    await running.all_done.wait()
    await flushed(running.links)
    return value
