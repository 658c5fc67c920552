"""Parties of joint computations as processes, forked from a test."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from confide.mechanisms.share.joint.engine import Engine, imported
from confide.mechanisms.share.joint.plan import JointPlan, Party
from confide.serve.parties.certificates import Identity
from confide.serve.parties.session import joined

FORK = multiprocessing.get_context("fork")
NAMES = ("a", "b", "c")


async def _ready() -> None:
    imported()


if find_spec("mpyc"):
    asyncio.run(_ready())  # once, before processes are forked
Compute = Callable[[str, Engine], Awaitable[Any]]


def ports(count: int) -> list[int]:
    """Free ports of the loopback, which nobody holds for a moment."""
    held = [socket.socket() for _ in range(count)]
    for each in held:
        each.bind(("127.0.0.1", 0))
    found = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return found


def planned(
    names: tuple[str, ...] = NAMES, *, helpers: tuple[str, ...] = (), **terms: Any
) -> tuple[JointPlan, dict[str, Identity]]:
    """A plan, and everybody's identity."""
    own = {name: Identity.new(name) for name in names}
    parties = tuple(
        Party(
            name=name,
            host="127.0.0.1",
            port=port,
            certificate=own[name].certificate,
            role="helper" if name in helpers else "owner",
        )
        for name, port in zip(names, ports(len(names)), strict=True)
    )
    fast = {"arrival": 5.0, "silence": 2.0, "deadline": 30.0, "run": "test", "computation": "sum"}
    return JointPlan(parties=parties, **{**fast, **terms}), own


class Parties:
    """Processes that run, and what they ended with."""

    def __init__(self, plans: Mapping[str, JointPlan], own: Mapping[str, Identity], compute: Compute) -> None:
        self.pipes: dict[str, Connection] = {}
        self.processes: dict[str, BaseProcess] = {}
        for name, plan in plans.items():
            here, there = FORK.Pipe(duplex=False)
            self.pipes[name] = here
            self.processes[name] = FORK.Process(target=_one, args=(plan, own[name], name, compute, there))
            self.processes[name].start()
            there.close()

    def outcome(self, name: str, *, within: float = 20.0) -> Any:
        """(value, sent, CPU seconds, messages) of a party, or its sentence; None for a killed one."""
        pipe, process = self.pipes[name], self.processes[name]
        try:
            found = pipe.recv() if pipe.poll(within) else "still there"
        except EOFError:
            found = None
        process.join(1)
        if process.is_alive():
            process.kill()
            process.join()
        return found

    def outcomes(self) -> dict[str, Any]:
        """Of all, by name."""
        return {name: self.outcome(name) for name in self.processes}


def run(
    plan: JointPlan, own: Mapping[str, Identity], compute: Compute, **others: JointPlan
) -> dict[str, Any]:
    """All parties, from their start to their end."""
    return Parties({name: others.get(name, plan) for name in plan.names}, own, compute).outcomes()


def changed(plan: JointPlan, **terms: Any) -> JointPlan:
    """The plan with other terms."""
    return replace(plan, **terms)


def _one(plan: JointPlan, identity: Identity, name: str, compute: Compute, pipe: Connection) -> None:
    try:
        start = time.process_time()
        found = asyncio.run(joined(plan, identity, lambda engine: compute(name, engine), name=name))
        shares = [
            (m.sender, m.receiver, m.kind, m.payload["bytes"].tobytes()) for m in found.transcript.messages
        ]
        pipe.send((found.value, found.sent, time.process_time() - start, shares))
    except Exception as fault:
        pipe.send(f"{type(fault).__name__}: {fault}")
    pipe.close()
    os._exit(0)
