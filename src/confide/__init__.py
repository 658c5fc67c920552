"""confide measures what a release gives away about the people behind it, and helps to release safely.

>>> import numpy as np
>>> evidence = Evidence.of(exposed=np.arange(2000) < 1000, score=np.linspace(1, 0, 2000))
>>> round(measure(evidence).auc.value, 3)
1.0
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from confide.core.budget import Budget, Unit
from confide.core.errors import ConfideError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.nouns import Case, Guess, Rehearsal, Release, World
from confide.core.play import play
from confide.core.version import VERSION
from confide.measure import measure
from confide.views.records import Records

if TYPE_CHECKING:
    from confide.audits import Audit, audit
    from confide.inputs.counts import Counts
    from confide.inputs.identifiers import find_identifiers
    from confide.inputs.images import Images
    from confide.inputs.likes import Likes
    from confide.inputs.model import Model
    from confide.inputs.ratings import Ratings
    from confide.inputs.scores import Scores
    from confide.inputs.table import Table
    from confide.inputs.traces import Traces
    from confide.releases import protect
    from confide.releases.estimating import estimate

__version__ = VERSION

_HOME = {
    "Audit": "confide.audits",
    "Counts": "confide.inputs.counts",
    "Images": "confide.inputs.images",
    "Likes": "confide.inputs.likes",
    "Model": "confide.inputs.model",
    "Ratings": "confide.inputs.ratings",
    "Scores": "confide.inputs.scores",
    "Table": "confide.inputs.table",
    "Traces": "confide.inputs.traces",
    "audit": "confide.audits",
    "estimate": "confide.releases.estimating",
    "find_identifiers": "confide.inputs.identifiers",
    "protect": "confide.releases",
}
"""Loaded at first use, so that `import confide` stays quick."""

__all__ = [
    "Audit",
    "Budget",
    "Case",
    "ConfideError",
    "Counts",
    "Estimate",
    "Evidence",
    "Guess",
    "Images",
    "Likes",
    "Model",
    "Ratings",
    "Records",
    "Rehearsal",
    "Release",
    "Scores",
    "Table",
    "Traces",
    "Unit",
    "World",
    "__version__",
    "audit",
    "estimate",
    "find_identifiers",
    "measure",
    "play",
    "protect",
]


def __getattr__(name: str) -> object:
    """The records and verbs that need more than the ground: imported when they are asked for."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"confide has no {name!r}; it has {', '.join(__all__)}.")
