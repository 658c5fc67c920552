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
    from confide import collaboration, learn, outsource, synthesize
    from confide.audits import Audit, audit, plan
    from confide.audits.compare import compare
    from confide.inputs.answers import Answers
    from confide.inputs.collaboration import Collaboration
    from confide.inputs.counts import Counts
    from confide.inputs.crosstabs import Crosstabs
    from confide.inputs.frequencies import Frequencies
    from confide.inputs.generator import Generator
    from confide.inputs.identifiers import find_identifiers
    from confide.inputs.images import Images
    from confide.inputs.learner import Learner
    from confide.inputs.likes import Likes
    from confide.inputs.logits import Logits
    from confide.inputs.model import Model
    from confide.inputs.ratings import Ratings
    from confide.inputs.rebuild import Rebuild
    from confide.inputs.scores import Scores
    from confide.inputs.synthetic import Synthetic
    from confide.inputs.table import Table
    from confide.inputs.text import Text
    from confide.inputs.traces import Traces
    from confide.inputs.training import Training
    from confide.releases import protect
    from confide.releases.collaboration.simulated import collaborate
    from confide.releases.estimating import estimate
    from confide.releases.session import private
    from confide.report.advice import budget_advice
    from confide.serve.flower.tap import tap
    from confide.serve.parties.doors import join, match

__version__ = VERSION

_HOME = {
    "Answers": "confide.inputs.answers",
    "Audit": "confide.audits",
    "Collaboration": "confide.inputs.collaboration",
    "Counts": "confide.inputs.counts",
    "Frequencies": "confide.inputs.frequencies",
    "Crosstabs": "confide.inputs.crosstabs",
    "Generator": "confide.inputs.generator",
    "Images": "confide.inputs.images",
    "Learner": "confide.inputs.learner",
    "Likes": "confide.inputs.likes",
    "Logits": "confide.inputs.logits",
    "Model": "confide.inputs.model",
    "Ratings": "confide.inputs.ratings",
    "Rebuild": "confide.inputs.rebuild",
    "Scores": "confide.inputs.scores",
    "Synthetic": "confide.inputs.synthetic",
    "Table": "confide.inputs.table",
    "Text": "confide.inputs.text",
    "Traces": "confide.inputs.traces",
    "Training": "confide.inputs.training",
    "audit": "confide.audits",
    "budget_advice": "confide.report.advice",
    "collaborate": "confide.releases.collaboration.simulated",
    "compare": "confide.audits.compare",
    "estimate": "confide.releases.estimating",
    "find_identifiers": "confide.inputs.identifiers",
    "join": "confide.serve.parties.doors",
    "match": "confide.serve.parties.doors",
    "plan": "confide.audits",
    "private": "confide.releases.session",
    "protect": "confide.releases",
    "tap": "confide.serve.flower.tap",
}
"""Loaded at first use, so that `import confide` stays quick."""
_MODULES = ("collaboration", "learn", "outsource", "synthesize")
"""Modules with names of their own, loaded at first use too."""

__all__ = [
    "Answers",
    "Audit",
    "Budget",
    "Case",
    "Collaboration",
    "ConfideError",
    "Counts",
    "Crosstabs",
    "Estimate",
    "Evidence",
    "Frequencies",
    "Generator",
    "Guess",
    "Images",
    "Learner",
    "Likes",
    "Logits",
    "Model",
    "Ratings",
    "Rebuild",
    "Records",
    "Rehearsal",
    "Release",
    "Scores",
    "Synthetic",
    "Table",
    "Text",
    "Traces",
    "Training",
    "Unit",
    "World",
    "__version__",
    "audit",
    "budget_advice",
    "collaborate",
    "collaboration",
    "compare",
    "estimate",
    "find_identifiers",
    "join",
    "learn",
    "match",
    "measure",
    "outsource",
    "plan",
    "play",
    "private",
    "protect",
    "synthesize",
    "tap",
]


def __getattr__(name: str) -> object:
    """The records and verbs that need more than the ground: imported when they are asked for."""
    if name in _MODULES:
        return import_module(f"confide.{name}")
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"confide has no {name!r}; it has {', '.join(__all__)}.")
