"""Models: trained predictors behind the `LabelOnly`, `BlackBox` and `WhiteBox` protocols.

The functions below are loaded at their first use, so that an import of this package stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confide.models.loading import as_view, load_model

__all__ = ["as_view", "load_model"]


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(import_module("confide.models.loading"), name)
    raise AttributeError(f"confide.models has no {name!r}; it has {', '.join(__all__)}.")
