"""Several models that are published side by side, one for each target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.core.access import WhiteBox
from confide.core.language import later


@dataclass(frozen=True, slots=True, eq=False)
class ModelEach:
    """One model for each target, as white boxes.

    Args:
        models: in the order of the targets.
    """

    shown: ClassVar[str] = later("white-box models")

    models: tuple[WhiteBox, ...]

    def __len__(self) -> int:
        return len(self.models)
