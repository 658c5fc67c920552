"""Parties and server in one process: the exchange of a deployment without any engine."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.serve.flower import made_up

from confide.releases.collaboration.deployed import read_pins
from confide.serve.flower import keys
from confide.serve.flower.coordinator import Coordinator
from confide.serve.flower.deployment import Deployment, Secure
from confide.serve.flower.messages import Reply, Request
from confide.serve.flower.party import Kept, Party

Twist = Callable[[str, Request, Reply], Reply | None]
"""What is made of a reply on its way; None loses it."""


@dataclass
class InProcess:
    """An exchange that asks parties at once.

    Args:
        folder: for keys, plan and checkpoint.
        twist: of replies.
        names: of the parties.
    """

    folder: Path
    twist: Twist = lambda name, asked, reply: reply
    asked: list[tuple[str, Request]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    kept: dict[str, Kept] = field(default_factory=dict)
    records: dict[str, Callable[[], object]] = field(default_factory=dict)
    names: tuple[str, ...] = made_up.NAMES

    def __post_init__(self) -> None:
        if not (self.folder / "keys").exists():
            keys.make_keys(self.folder / "keys", self.names, hosts=["localhost"])
        self.records = {name: (lambda name=name: made_up.of(name)) for name in self.names}

    def plan(self, *, secure: str = "", **terms: object) -> Deployment:
        """What all parties agree on."""
        pins = read_pins(self.folder / "keys" / keys.PINS, self.names)
        said: dict[str, Any] = {
            "address": "localhost:1", "rounds": 2, "cohort": 2, "deadline": 60.0, "seed": 11,
            "learner": made_up.learner, "protocol": made_up.averaging, **terms,
        }  # fmt: skip
        how = Secure(**tomllib.loads(secure)) if secure else None
        return Deployment(server=pins.server, parties=pins.parties, secure=how, **said)

    def party(self, deployment: Deployment, name: str) -> Party:
        """A party with its own key."""
        identity = keys.read_identity(self.folder / "keys" / "parties" / name / keys.IDENTITY, name)
        return Party(deployment=deployment, name=name, identity=identity, records=self.records[name])  # pyright: ignore[reportArgumentType]

    def coordinator(self, deployment: Deployment, *, run: str = "1", **more: object) -> Coordinator:
        """The server, whose checkpoint is in the folder."""
        own = keys.read_identity(self.folder / "keys" / "server" / keys.IDENTITY, "server")
        parties = {name: self.party(deployment, name) for name in deployment.names}

        def exchange(requests: Mapping[str, Request], *, seconds: float) -> dict[str, Reply]:
            found: dict[str, Reply] = {}
            for name, asked in requests.items():
                self.asked.append((name, asked))
                reply, self.kept[name] = parties[name].answer(asked, self.kept.get(name, {}))
                twisted = self.twist(name, asked, reply)
                if twisted is not None:
                    found[name] = twisted
            return found

        return Coordinator(
            deployment=deployment, exchange=exchange, run=run, checkpoint=self.folder / "checkpoint.npz",
            identity=own, said=self.said.append, **more,
        )  # fmt: skip
