"""confide measures what a release gives away about the people behind it, and helps to release safely.

>>> import numpy as np
>>> evidence = Evidence.of(exposed=np.arange(2000) < 1000, score=np.linspace(1, 0, 2000))
>>> round(measure(evidence).auc.value, 3)
1.0
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from confide.core.budget import Budget, Unit
from confide.core.errors import ConfideError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.nouns import Case, Guess, Release, World
from confide.core.play import play
from confide.core.version import VERSION
from confide.measure import measure
from confide.views.records import Records

if TYPE_CHECKING:
    from confide import audits

__version__ = VERSION

__all__ = [
    "Budget",
    "Case",
    "ConfideError",
    "Estimate",
    "Evidence",
    "Guess",
    "Records",
    "Release",
    "Unit",
    "World",
    "__version__",
    "audits",
    "measure",
    "play",
]


def __getattr__(name: str) -> Any:
    """`confide.audits` is loaded at first use, so that `import confide` stays quick."""
    if name == "audits":
        return import_module("confide.audits")
    raise AttributeError(f"confide has no {name!r}; it has {', '.join(__all__)}.")
