"""Parties as nodes of Flower: found by the keys that the plan pins, asked, and waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from confide.mechanisms.share.refusals import RefusedError, listed
from confide.serve.flower import records
from confide.serve.flower.deployment import Deployment
from confide.serve.flower.keys import node_pem
from confide.serve.flower.messages import Reply, Request

if TYPE_CHECKING:
    from flwr.app import Message  # pyright: ignore[reportMissingImports]
    from flwr.serverapp import Grid  # pyright: ignore[reportMissingImports]

PAUSE = 0.5
"""Seconds between two looks for nodes or answers; Flower's own loop pauses for three."""


@dataclass(slots=True)
class Nodes:
    """The nodes of a grid by party.

    Args:
        grid: of Flower.
        deployment: the plan, which pins each node's key.
        said: hears what is refused.
    """

    grid: Grid
    deployment: Deployment
    said: Callable[[str], None]
    _keys: dict[bytes, str] = field(init=False)

    def __post_init__(self) -> None:
        self._keys = {node_pem(p.node, name): name for name, p in self.deployment.parties.items()}

    def online(self) -> dict[str, int]:
        """The numbers of the nodes that are online, by party; a node with another key is none."""
        found = {self._keys.get(bytes(node.public_key)): node.node_id for node in self.grid.get_nodes()}
        return {name: number for name, number in found.items() if name is not None}

    def await_all(self, *, seconds: float, fewest: int) -> None:
        """Wait until all parties are online; at the end of these seconds a cohort is enough.

        Raises:
            RefusedError: if fewer are online, with the names of the missing.
        """
        until, told = time.monotonic() + seconds, ""
        while missing := sorted(set(self.deployment.names) - set(self.online())):
            if time.monotonic() >= until:
                break
            if (now := listed(missing)) != told:
                self.said(f"waiting for {now}.")
                told = now
            time.sleep(PAUSE)
        if len(self.deployment.names) - len(missing) < fewest:
            raise RefusedError(
                f"after {seconds:g} s these parties are not online: {listed(missing)}; the cohort is "
                f"{fewest}. Nothing was sent to any party: have them start, and give more time by --wait.",
                parties=missing,
            )
        if missing:
            self.said(f"begins without {listed(missing)}.")

    def asked(self, requests: Mapping[str, Request], *, seconds: float) -> dict[str, Reply]:
        """The replies that come within these seconds; of a party that cannot answer there is none."""
        until = time.monotonic() + seconds
        nodes = self._awaited(requests, until)
        messages = [
            self._message(nodes[name], asked, seconds) for name, asked in requests.items() if name in nodes
        ]
        if not messages:
            return {}
        parties = {number: name for name, number in nodes.items()}
        sent = self.grid.push_messages(messages)
        # The order is kept, and a message that was not taken has no number.
        waiting = {
            str(number): m.metadata.dst_node_id for number, m in zip(sent, messages, strict=True) if number
        }
        found: dict[str, Reply] = {}
        while waiting and time.monotonic() < until:
            for message in self.grid.pull_messages(list(waiting)):
                number = waiting.pop(message.metadata.reply_to_message_id, None)
                if number is None or not message.has_content():
                    continue
                name = parties[number]
                try:
                    found[name] = records.reply_in(message.content)
                except RefusedError as refused:
                    self.said(f"refused from {name}: {refused}")
            if waiting:
                time.sleep(PAUSE)
        return found

    def _awaited(self, requests: Mapping[str, Request], until: float) -> dict[str, int]:
        """The nodes that are asked, as soon as all are online, or at half of the time."""
        half = time.monotonic() + (until - time.monotonic()) / 2
        nodes = self.online()
        while not set(requests) <= set(nodes) and time.monotonic() < half:
            time.sleep(PAUSE)
            nodes = self.online()
        return nodes

    def _message(self, number: int, request: Request, seconds: float) -> Message:
        from flwr.app import Message  # pyright: ignore[reportMissingImports]

        return Message(
            records.packed_request(request),
            number,
            f"train.{request.action}",
            ttl=seconds,
            group_id=str(request.round),
        )
