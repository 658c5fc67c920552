"""What an audit of rebuilding looks at beside the evidence: the optimum, distances, and chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.attacks.reconstruction.model._residual import (
    Optimality,
    foretold_errors,
    optimality,
    usual_errors,
)
from confide.audits.release import AuditedRelease
from confide.core.arrays import Bools, Floats
from confide.core.nouns import AnyAttack
from confide.games.reconstruction.models import ReleasedModel
from confide.inputs.rebuild import RebuildData
from confide.measure.rebuilding import Rebuilt, chance_of_target, rebuilt
from confide.models.linear_form import linear_form_of

STOPS = (1e-12, 1e-10, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4)
"""Mean gradients at which training may have ended; common tolerances are the largest of them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """A closer look at reconstructions, on the targets in their order.

    Args:
        exposed: bool[t].
        found: by the name of the attack: the distances of its reconstructions.
        labels: by the name of the attack: whether the label is right, bool[t]; None in a regression.
        radius: how near was near enough.
        chance: how often the best guess without the model is a hit, at most.
        optimum: how far from its optimum the model is; None where it is not linear.
        foretold: the largest error of a feature that the residual foretells, of the exposed.
        stops: (mean gradient, median usual error) had training ended there.
    """

    exposed: Bools
    found: dict[str, Rebuilt]
    labels: dict[str, Bools | None]
    radius: float
    chance: float
    optimum: Optimality | None
    foretold: Floats
    stops: tuple[tuple[float, float], ...]


def optimum_of(data: RebuildData) -> Optimality | None:
    """How far from its optimum the model is, with the penalty that the user gave or that fits best."""
    form = linear_form_of(data.view)
    if form is None:
        return None
    members = data.records.take(data.member)
    given = data.held.penalty
    if data.held.weight_decay is not None:
        given = data.held.weight_decay * len(members)
    return optimality(form, members, penalty=given)


def looked_at(release: AuditedRelease, data: RebuildData) -> Look:
    """The look at this release, taken once."""
    return release.once("rebuilt", lambda: _look(release, data))


def _look(release: AuditedRelease, data: RebuildData) -> Look:
    game, world = release.game, release.worlds[0]
    assert isinstance(game, ReleasedModel)
    rows, radius = world.secrets.rows, world.secrets.radius
    everybody = game.secrets.rows[:, :-1]
    ran = [a for a in release.attacks if release.of(a) is not None]
    values = {a.name: value_of(release, a) for a in ran}
    form, found = linear_form_of(data.view), optimum_of(data)
    inside = data.records.take(data.asked[world.exposed])
    classes = data.read.classes is not None
    return Look(
        exposed=world.exposed,
        found={
            name: rebuilt(value[:, :-1], rows[:, :-1], everybody[data.member], radius=radius)
            for name, value in values.items()
        },
        labels={name: value[:, -1] == rows[:, -1] if classes else None for name, value in values.items()},
        radius=radius,
        # Of both sides: who is known to stand close together is hit without any model.
        chance=max(chance_of_target(rows[side, :-1], radius) for side in (world.exposed, ~world.exposed)),
        optimum=found,
        foretold=np.empty(0) if form is None or found is None else foretold_errors(form, inside, found),
        stops=()
        if form is None or found is None
        else tuple(
            (g, float(np.median(usual_errors(form, inside, mean_gradient=g, records=found.records))))
            for g in STOPS
        ),
    )


def value_of(release: AuditedRelease, attack: AnyAttack) -> Floats:
    """What the attack rebuilds, with the same random numbers as when it was played."""
    # The evidence keeps whether a claim was near enough, and not the claim: records never stay on disk.
    child = release.settings.rng("worlds").spawn(1)[0]
    _, adversary = child.spawn(2)
    value = attack(release.worlds[0].case, rng=adversary).value
    assert value is not None
    return value
