"""Parties of a secure sum for tests: identities, plans, and rounds that stop at a step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from confide.mechanisms.share.client import Client
from confide.mechanisms.share.cohorts import Past
from confide.mechanisms.share.messages import Identity, Message
from confide.mechanisms.share.plan import SERVER, SumPlan, two_thirds
from confide.mechanisms.share.server import Server

WORDS = 8
BOUND = 1000


def names(n: int) -> list[str]:
    return [f"c{i:03}" for i in range(n)]


def vectors(n: int, *, words: int = WORDS, seed: int = 0) -> dict[str, np.ndarray]:
    """Whole numbers up to the bound, both ends among them."""
    rng = np.random.default_rng(seed)
    made = {name: rng.integers(-BOUND, BOUND + 1, words) for name in names(n)}
    made[names(n)[0]][:2] = BOUND, -BOUND
    return made


def plain_sum(given: dict[str, np.ndarray], survivors: tuple[str, ...]) -> list[int]:
    """The sum in Python's whole numbers, word by word."""
    return [sum(int(given[name][i]) for name in survivors) for i in range(len(next(iter(given.values()))))]


@dataclass(frozen=True)
class Parties:
    """All identities of a run, and its plan."""

    clients: dict[str, Identity]
    server: Identity
    plan: SumPlan

    @classmethod
    def of(cls, n: int, **terms: Any) -> Parties:
        clients = {name: Identity.new(name) for name in names(n)}
        server = Identity.new(SERVER)
        settings = {"run": "run 1", "words": WORDS, "bound": BOUND, "threshold": two_thirds(n)} | terms
        public = {name: identity.public for name, identity in clients.items()}
        return cls(clients, server, SumPlan(parties=public, server=server.public, **settings))

    def with_terms(self, **terms: Any) -> Parties:
        return replace(self, plan=replace(self.plan, **terms))

    def client(self, name: str, *, round: int = 1, past: Past | None = None) -> Client:  # noqa: A002
        return Client(self.plan, self.clients[name], round=round, past=past or Past())

    def begun(self, *, round: int = 1, past: Past | None = None) -> Round:  # noqa: A002
        server = Server(self.plan, self.server, round=round, past=past or Past())
        everyone = {name: self.client(name, round=round, past=past) for name in self.plan.names}
        return Round(self, server, everyone, vectors(len(everyone), words=self.plan.words))


@dataclass
class Round:
    """A round that goes on step by step; the server's next messages are in `inbox`."""

    parties: Parties
    server: Server
    clients: dict[str, Client]
    vectors: dict[str, np.ndarray]

    def __post_init__(self) -> None:
        self.inbox: dict[str, Message] = {}

    def answer(self, name: str) -> Message:
        client = self.clients[name]
        match self.server.step:
            case "keys":
                return client.keys()
            case "shares":
                return client.share(self.inbox[name])
            case "masked":
                return client.mask(self.inbox[name], self.vectors[name])
            case "agreed":
                return client.agree(self.inbox[name])
            case _:
                return client.unmask(self.inbox[name])

    def until(self, step: str, *, without: tuple[str, ...] = ()) -> Round:
        """Go on until the server waits for this step's answers."""
        while self.server.step != step:
            for name in [name for name in self.server.missing if name not in without]:
                self.server.take(self.answer(name))
            self.inbox = self.server.close()
        return self


def finish(begun: Round) -> None:
    """Go on to the end, and hold the sum to the plain one."""
    begun.until("over")
    found = begun.server.summed
    assert found is not None
    assert found.total.tolist() == plain_sum(begun.vectors, found.survivors)


def changed(message: Message) -> Message:
    """The same message with one bit of its payload turned."""
    name, array = next(iter(sorted(message.payload.items())))
    flat = array.copy().reshape(-1)
    flat[-1] ^= 1
    return replace(message, payload={**message.payload, name: flat.reshape(array.shape)})
