"""Background knowledge of an adversary who asks a language model about texts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TextKnowledge:
    """What forms the texts have is public; how much the adversary may ask is not free.

    Args:
        candidates: about how many candidates of one template it can ask; of a larger space it asks about this
            many, drawn at random.
    """

    candidates: int = 20_000
