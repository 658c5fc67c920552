"""How members' gradients shrink as training goes on: the picture behind the white-box attacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from confide.audits.model.subject import Subject
from confide.core.access import WhiteBox
from confide.models.checkpoints import name_of
from confide.report import OverTraining

MOST = 4000
"""So many people show the distributions well enough; more would only take longer."""

PUBLISHED = "published"


def over_training(subject: Subject, checkpoints: Sequence[Any]) -> OverTraining | None:
    """The gradient norms of the audited people at each checkpoint and in the published model.

    None where the inside or earlier states are not shown.

    Source: Nasr, Shokri, Houmansadr 2019, who show them for a few epochs of one run.
    """
    view = subject.view
    if not isinstance(view, WhiteBox) or not view.snapshots:
        return None
    few = np.arange(min(len(subject.targets), MOST))  # targets come in a random order
    people = subject.targets.take(few)
    states = [*view.snapshots, view]
    names = [name_of(given, number=i) for i, given in enumerate(checkpoints, 1)]
    return OverTraining(
        states=(*_distinct(names), PUBLISHED),
        norms=np.stack([np.linalg.norm(s.gradient_norms(people.x, people.y), axis=1) for s in states]),
        member=subject.member[few],
    )


def _distinct(names: Sequence[str]) -> list[str]:
    """Names of which no two are alike, nor like that of the published model."""
    taken = [name for name in names if names.count(name) > 1 or name == PUBLISHED]
    return [f"{name} ({i})" if name in taken else name for i, name in enumerate(names, 1)]
