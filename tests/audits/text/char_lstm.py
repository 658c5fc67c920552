"""A small character LSTM, trained on made-up sentences and on canaries; a view of texts' likelihoods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

SIGNS = "\n abcdefghijklmnopqrstuvwxyz0123456789."
PEOPLE = ("anna", "ben", "carla", "dan", "eva", "finn", "gina", "hans", "ida", "jon", "kim", "lea")
THINGS = ("train", "parcel", "ticket", "locker", "room", "order", "invoice", "seat", "box", "meter")
LINE = 32
"""Signs of the longest line, its end included."""


def sentences(count: int, *, rng: np.random.Generator) -> list[str]:
    """Lines such as "the ticket of ida is 7312.": a model of them knows that codes have four digits."""
    return [
        f"the {THINGS[rng.integers(10)]} of {PEOPLE[rng.integers(12)]} is {rng.integers(10_000):04d}."
        for _ in range(count)
    ]


class CharLSTM(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(SIGNS), 24)
        self.lstm = nn.LSTM(24, width, batch_first=True)
        self.out = nn.Linear(width, len(SIGNS))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.lstm(self.embedding(x))[0])


def codes_of(texts: Sequence[str]) -> torch.Tensor:
    """int64[n, LINE + 1]: each line after the sign for a line's end, filled up with -1."""
    found = np.full((len(texts), LINE + 1), -1)
    for i, text in enumerate(texts):
        found[i, : len(text) + 1] = [0, *(SIGNS.index(sign) for sign in text)]
    return torch.from_numpy(found)


def trained(texts: Sequence[str], *, epochs: int, seed: int, width: int = 160, each: Any = None) -> CharLSTM:
    """Train by Adam on lines in random order; `each(epoch, net)` is called after every epoch."""
    torch.manual_seed(seed)
    net, data = CharLSTM(width), codes_of([t + "\n" for t in texts])
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    for epoch in range(epochs):
        for rows in torch.randperm(len(data)).split(32):
            batch = data[rows]
            scores = net(batch[:, :-1].clamp(min=0))
            loss = nn.functional.cross_entropy(scores.flatten(0, 1), batch[:, 1:].flatten(), ignore_index=-1)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        if each is not None:
            each(epoch + 1, net)
    return net.eval()


@dataclass(frozen=True, eq=False)
class Asked:
    """The net as a function of texts."""

    net: CharLSTM
    shown: ClassVar[str] = "likelihoods of texts"

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        found: list[np.ndarray] = []
        with torch.no_grad():
            for start in range(0, len(texts), 2_000):
                codes = codes_of(texts[start : start + 2_000])
                each = torch.log_softmax(self.net(codes[:, :-1].clamp(min=0)), dim=-1)
                picked = each.gather(2, codes[:, 1:, None].clamp(min=0))[..., 0]
                found.append((picked * (codes[:, 1:] >= 0)).sum(dim=1).double().numpy())
        return np.concatenate(found)
