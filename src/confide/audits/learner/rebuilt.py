"""Rebuilding under a budget: how many records an adversary that knows all others rebuilds from the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from confide.attacks.reconstruction.model import InformedRebuild
from confide.audits.learner.promised import curve_of
from confide.audits.release import AuditedRelease
from confide.core.arrays import Bools
from confide.core.estimate import Estimate
from confide.core.language import number, t
from confide.core.play import play
from confide.games.reconstruction.models import ReleasedModel
from confide.inputs.learner import LearnerData
from confide.measure import proportion
from confide.measure.rebuilding import chance_of_target
from confide.mechanisms.learn.private_training import PrivateTraining
from confide.models.linear_form import linear_form_of
from confide.report import Table

MOST_ASKED = 2_000
"""Records that are rebuilt: half of them trained the model, and the interval is narrow enough."""
SURE = 0.999
"""The confidence with which a success must lie above the bound of a promise before that is said."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rebuilding:
    """How many records were rebuilt from a model, and how many its promise allows.

    Args:
        hit: bool[t], of the records that trained the model, whether each was rebuilt; None where no attack
            plays on such a model.
        others: bool[c], the same of records that did not train it.
        chance: how often the best guess without the model is a hit, at most.
        most: of rebuilt records, by the promise; None where nothing is promised.
        radius: how near was near enough.
    """

    hit: Bools | None
    others: Bools
    chance: float
    most: float | None
    radius: float

    def share(self, confidence: float = 0.95) -> Estimate | None:
        """The share of records that were rebuilt."""
        if self.hit is None:
            return None
        return proportion(int(self.hit.sum()), len(self.hit), confidence=confidence)

    @property
    def broken(self) -> bool:
        """Whether surely more records are rebuilt than the promise allows."""
        found = self.share(SURE)
        return found is not None and self.most is not None and found.low > self.most


def rebuilding_of(data: LearnerData, release: AuditedRelease) -> Rebuilding:
    """The look at this release, taken once: the model that the membership attacks met."""
    return release.once("rebuilding", lambda: _rebuilding(data, release))


def _rebuilding(data: LearnerData, release: AuditedRelease) -> Rebuilding:
    world = release.worlds[0]
    made = release.game.mechanism  # pyright: ignore[reportAttributeAccessIssue]
    assert isinstance(made, PrivateTraining)
    rng = release.settings.rng("rebuilding")
    game = ReleasedModel(
        view=world.case.view,
        records=data.records,
        member=world.secrets,
        asked=np.sort(rng.permutation(len(data.records))[:MOST_ASKED]),
        penalty=made.penalty,
        clip=made.clip,
        promise=release.promise,
    )
    dealt = game.deal(0, rng=rng)
    exposed, radius = dealt.exposed, float(dealt.secrets.radius)
    hit: Bools | None = None
    # A network would take hundreds of shadow networks to rebuild from (`confide audit rebuild`).
    if linear_form_of(game.view) is not None:
        table = play(game, InformedRebuild(), worlds=[dealt], rng=rng, across_units=True).table
        hit = table["hit"].to_numpy()
    curve = curve_of(release)
    # Of both sides: who is known to stand close together is hit without any model, whatever stands outside.
    chance = max(chance_of_target(dealt.secrets.rows[side, :-1], radius) for side in (exposed, ~exposed))
    return Rebuilding(
        hit=None if hit is None else hit[exposed],
        others=np.zeros(0, np.bool_) if hit is None else hit[~exposed],
        chance=chance,
        most=None if curve is None else curve.tpr(chance),
        radius=radius,
    )


def rebuilding_table(look: Rebuilding) -> Table:
    """What was rebuilt, beside chance and the most that the promise allows."""
    found = look.share()
    others = None
    if look.hit is not None and len(look.others):
        others = proportion(int(look.others.sum()), len(look.others), confidence=0.95)
    name = (
        t("no attack on networks that needs no shadow networks") if look.hit is None else InformedRebuild.name
    )
    return Table(
        title=t("Records rebuilt, and how many the promise allows"),
        reading=t(
            "The adversary knows all other records that trained the model. A record counts as "
            "rebuilt within {radius:.3g} of its true features, half the usual distance to the "
            "nearest other one. The best guess without the model is as near with a chance of "
            "{chance:.3g} at most. A share whose whole interval is above the last column would break "
            "the promise.",
            radius=look.radius,
            chance=look.chance,
        ),
        head=(t("attack"), t("rebuilt"), t("of records that did not train it"), t("at most")),
        rows=((name, found, others, None if look.most is None else number(look.most, ".4g")),),
        of=None if look.hit is None else int(min(len(look.hit), len(look.others) or len(look.hit))),
    )


def broken_by_rebuilding(look: Rebuilding, promised: object) -> Mapping[str, str]:
    """That more records are rebuilt than the promise allows: an error of the training, or of ours."""
    if not look.broken:
        return {}
    return {
        t("rebuilding"): t(
            "The promise is broken: surely more records are rebuilt than the {most:.2f}% that {promised} "
            "allows. The training does not keep its promise, or confide is wrong.",
            most=100 * (look.most or 0.0),
            promised=promised,
        )
    }
