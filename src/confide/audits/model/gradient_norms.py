"""Gradient norms over training: how members' gradients shrink, the picture behind the white-box attacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from confide.core.access import WhiteBox
from confide.core.arrays import Bools, Floats
from confide.core.language import later, t
from confide.inputs.model_data import ModelData
from confide.report import Band, Line, Plot

MOST = 4000
"""The number of people whose gradients are drawn: more hardly move the quantiles, and take longer."""

PUBLISHED = later("published")

FEWEST = 10
"""A group with fewer people is not drawn: its quantiles would be single people."""

LEAST_NORM = 1e-12
"""A logarithmic axis has no zero: smaller gradients are drawn here."""

GROUPS = (later("in the training data"), later("not in it"))

BANDS = ((0.05, 0.95), (0.25, 0.75))
"""The quantiles at the ends of each band, the widest first."""

READING = later(
    "How much one more training step on a person would change the model, at each checkpoint, "
    "on a logarithmic axis. The line is the middle person of the group. The dark band is the "
    "middle half of the group, the light band all but 5 in 100 at each end. Where the "
    "members' band is below the others', the parameters tell them apart."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GradientNorms:
    """The size of people's gradients in S states of one training run.

    Args:
        states: their names, oldest first, the published model last.
        norms: float64[S, n], the norm of each person's gradient.
        member: bool[n], who was in the training data.
    """

    states: tuple[str, ...]
    norms: Floats
    member: Bools


def gradient_norms(data: ModelData) -> GradientNorms | None:
    """The gradient norms of the audited people at each checkpoint and in the published model.

    None where the inside or earlier states are not shown.

    Source: Nasr, Shokri, Houmansadr 2019, who show them for a few epochs of one run.
    """
    view = data.view
    if not isinstance(view, WhiteBox) or not view.snapshots:
        return None
    few = np.arange(min(len(data.targets), MOST))  # targets come in a random order
    people = data.targets.take(few)
    # The published model is the last state of its run.
    states = [*view.snapshots, view]
    # By number: the public sees no name of a file, and the internal notes say which is which.
    return GradientNorms(
        states=(*(t("checkpoint {n}", n=i) for i, _ in enumerate(view.snapshots, 1)), t(PUBLISHED)),
        norms=np.stack([np.linalg.norm(s.gradient_norms(people.x, people.y), axis=1) for s in states]),
        member=data.member[few],
    )


def norms_plot(found: GradientNorms) -> Plot:
    """A line and two bands for each group of at least ten people."""
    sides = zip(GROUPS, (found.member, ~found.member), strict=True)
    return Plot(
        title=t("Gradient norms over training"),
        reading=t(READING),
        x_title=t("state of the training run"),
        y_title=t("norm of a person's gradient"),
        lines=tuple(
            # A record that is fitted exactly has a gradient of zero.
            _line(t(name), np.maximum(found.norms[:, who], LEAST_NORM))
            for name, who in sides
            if np.count_nonzero(who) >= FEWEST
        ),
        log_y=True,
        places=found.states,
        why=t("there are too few people for a distribution"),
    )


def _line(name: str, norms: Floats) -> Line:
    """The median of a group at each state, float64[S, n] -> S points, with its bands."""
    states, people = norms.shape
    ends = sorted({0.5, *(end for band in BANDS for end in band)})
    at: Mapping[float, tuple[float, ...]] = {
        end: tuple(np.quantile(norms, end, axis=1).tolist()) for end in ends
    }
    return Line(
        name=name,
        x=tuple(float(state) for state in range(states)),
        y=at[0.5],
        bands=tuple(Band(low=at[low], high=at[high], beyond=int(low * people)) for low, high in BANDS),
        beyond=people // 2,
    )
