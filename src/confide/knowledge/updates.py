"""What an adversary knows besides a shared gradient: the kind of records, and none of them."""

from __future__ import annotations

from dataclasses import dataclass

from confide.knowledge.rebuilding import KnownRange


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownInputs(KnownRange):
    """The range of features, and the form of one record as the network takes it.

    Args:
        low, high: of every feature.
        shape: of one record: (features,), or (channels, height, width) of a picture.
    """

    shape: tuple[int, ...]
