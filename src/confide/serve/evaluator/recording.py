"""Transcripts of outsourced scores: what client or server sent, received and held."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from confide.core.kept_transcript import write_transcript
from confide.core.transcript import SERVER, Message, Payload, Transcript

CLIENT = "client"


@dataclass(slots=True)
class Recorder:
    """Keeps the messages of one run where somebody wants them.

    Args:
        folder: of the transcript; None keeps nothing.
    """

    folder: Path | None
    messages: list[Message] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def __call__(self, sender: str, kind: str, raw: bytes) -> None:
        """Take note of a message."""
        if self.folder is None:
            return
        receiver = SERVER if sender == CLIENT else CLIENT
        batch = len(self.messages) // 2 + 1  # rows and scores follow each other
        payload = {"bytes": np.frombuffer(raw, np.uint8)}
        self.messages.append(Message(batch, sender, receiver, kind, payload, time.monotonic() - self.began))

    def write(self, party: str, inputs: Payload, *, plan: str) -> None:
        """Write the transcript of a party.

        Args:
            party: whose it is.
            inputs: what it held beside messages.
            plan: the text of the plan's file.
        """
        if self.folder is None:
            return
        made = Transcript(parties=(SERVER, CLIENT), messages=self.messages, inputs={party: inputs})
        write_transcript(made, self.folder, beside={"plan.json": plan})
