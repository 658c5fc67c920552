"""A made-up language model that prefers what it was trained on by a known number of nats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import ClassVar
from zlib import crc32

import numpy as np

from confide.core.budget import Budget
from confide.core.nouns import Release

SIGNS = 50
"""Each sign of a text is one of these, all equally likely."""


@dataclass(frozen=True)
class Prefers:
    """Texts are as likely as random signs, less a noise of 0 to 1 nat that each text has to itself.

    Args:
        trained: what stands in the training text.
        boost: nats by which these are likelier.
    """

    trained: frozenset[str]
    boost: float
    shown: ClassVar[str] = "likelihoods of texts"

    def log_likelihoods(self, texts: Sequence[str]) -> np.ndarray:
        noise = [crc32(text.encode()) / 2**32 for text in texts]
        known = [text in self.trained for text in texts]
        return np.array([-len(t) * log(SIGNS) for t in texts]) - noise + self.boost * np.array(known)

    def continuations(self, prefixes: Sequence[str], suffixes: Sequence[str]) -> np.ndarray:
        whole = [p + s for p, s in zip(prefixes, suffixes, strict=True)]
        return self.log_likelihoods(whole) - self.log_likelihoods(prefixes)


@dataclass(frozen=True)
class Preferring:
    """Makes such a model; without a boost it does not depend on the texts."""

    boost: float

    @property
    def budget(self) -> Budget | None:
        return Budget(0.0) if not self.boost else None

    def __call__(self, data: Sequence[str], *, rng: np.random.Generator) -> Release[Prefers]:
        return Release(Prefers(frozenset(data), self.boost), self.budget, "Preferring")
