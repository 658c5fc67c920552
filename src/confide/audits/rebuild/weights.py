"""Rebuilding from a network's weights alone: the game, how near candidates come, and the KKT conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from confide.attacks.reconstruction.model._stationarity import Stationarity, stationarity
from confide.audits.rebuild.looks import value_of
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.spec import Context, Count
from confide.core.arrays import Bools, Floats
from confide.core.budget import Budget
from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.core.language import number, t
from confide.core.nouns import AnyAttack, Guess
from confide.games.reconstruction.candidates import ReleasedNetwork, SoughtRecords
from confide.inputs.rebuild import RebuildData
from confide.knowledge.rebuilding import KnownRange
from confide.measure import proportion
from confide.measure.rebuilding_bound import success_bound_of_budget
from confide.models.checkpoints import digest_of
from confide.models.hidden_layer import flat, hidden_layer_of, signs
from confide.report import Exhibit, Table
from confide.report.exhibits import Cell, Quantile

GOAL = "records from weights"
"""The words of these sections, by their name in the report's goals."""
FAR = 0.3
"""A network whose weights its records leave more of than this is not near a KKT point."""
MOST = 1_000
"""Records on a side whose multipliers are solved for: the time grows with the cube."""
SURE = 0.999
"""The confidence with which a success must be above the bound of a promise before that is said."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetworkLook:
    """A closer look at the candidates, on the targets in their order.

    Args:
        exposed: bool[t].
        near: by the name of the attack: the cosine of the nearest candidate, float64[t].
        hit: by the name of the attack: whether it is near enough, bool[t].
        others: the cosine of the nearest other record, float64[t].
        sides: the KKT conditions at the training records, and at the others; None where they are too many.
    """

    exposed: Bools
    near: dict[str, Floats]
    hit: dict[str, Bools]
    others: Floats
    sides: tuple[Stationarity, Stationarity] | None


def planned(data: RebuildData, attacks: Sequence[AnyAttack]) -> PlannedGame:
    """The game of those who hold the weights alone."""
    # From the records that trained nothing: of the others the adversary knows not even the range.
    x = data.records.x
    if not isinstance(x, np.ndarray):
        raise DataError("a record that is rebuilt must be numbers: give arrays, or the encoded table.")
    outside = flat(x)[~data.member]
    game = ReleasedNetwork(
        view=data.view,
        records=data.records,
        member=data.member,
        asked=data.asked,
        known=KnownRange(low=float(outside.min()), high=float(outside.max())),
        promise=data.held.promise,
    )
    return PlannedGame(
        game=game, attacks=attacks, kept=False, promise=data.held.promise, person=data.person, goal=GOAL
    )


def context_of(data: RebuildData, release: AuditedRelease, count: Count) -> Context:
    """What the report says beside the numbers."""
    look, digest = _looked_at(release, data), digest_of(data.view)
    asked = int(look.exposed.sum()), int((~look.exposed).sum())
    return Context(
        adversary=(
            t("It made candidates from the weights, and claimed all of them of everybody."),
            t(
                "A record counts as rebuilt if a candidate is nearer by half than every other record that "
                "was handed in: in the squared distance of directions from the mean of all of them."
            ),
            t("This attack is research (Haim et al. 2022)."),
        ),
        about={
            t("release"): t("a network of one hidden layer"),
            **({t("parameters"): f"sha256 {digest}..."} if digest else {}),
            t("trained on"): t("{n} records", n=count(int(data.member.sum()))),
            t("asked about"): t(
                "{n} of them, and {others} others", n=count(asked[0]), others=count(asked[1])
            ),
        },
        internal_notes=data.read.notes,  # they name the user's columns
        warnings=data.read.warnings,
        broken=above_bound(look, release.promise),
        unsettled={**data.read.unsettled, **_doubts(look, promised=release.promise is not None)},
        access="white-box",
        harm=data.held.harm,
    )


def exhibits_of(data: RebuildData, release: AuditedRelease) -> Sequence[Exhibit]:
    """How near candidates come, how near a KKT point the network is, and what the promise allows."""
    look = _looked_at(release, data)
    return (_near_table(look), *_kkt_table(look), *_promise_table(look, release.promise))


def _looked_at(release: AuditedRelease, data: RebuildData) -> NetworkLook:
    return release.once("candidates", lambda: _look(release, data))


def _look(release: AuditedRelease, data: RebuildData) -> NetworkLook:
    game, world = release.game, release.worlds[0]
    assert isinstance(game, ReleasedNetwork)
    secrets: SoughtRecords = world.secrets
    claims = {a.name: value_of(release, a) for a in release.attacks if release.of(a) is not None}
    return NetworkLook(
        exposed=world.exposed,
        near={name: secrets.nearest(value[0]) for name, value in claims.items()},
        hit={
            name: game.hits(Guess(value, np.zeros(len(secrets))), secrets) for name, value in claims.items()
        },
        others=secrets.others,
        sides=_sides(data),
    )


def _sides(data: RebuildData) -> tuple[Stationarity, Stationarity] | None:
    net = hidden_layer_of(data.view)
    inside, outside = data.records.take(data.member), data.records.take(~data.member)
    if net is None or len(inside) > MOST or not len(inside) or not len(outside):
        return None
    outside = outside.take(np.arange(min(len(outside), len(inside))))
    first, second = (stationarity(net, flat(side.x), signs(side.y)) for side in (inside, outside))
    return first, second


def _doubts(look: NetworkLook, *, promised: bool) -> dict[str, str]:
    """That finding little settles nothing."""
    if promised:
        return {}
    little = t("a research attack that finds little")
    if look.sides is None:
        return {little: t("That this attack rebuilds no more records is no sign that the others are safe.")}
    left = look.sides[0].residual
    if left <= FAR and look.sides[0].margin > 0:
        return {
            little: t(
                "The network is near a KKT point of its records (residual {left:.2g}), and equations there "
                "have other solutions too: that this attack rebuilds no more records is no sign that the "
                "others are safe.",
                left=left,
            )
        }
    return {
        t("a network that is not near a KKT point"): t(
            "The training records leave {left:.2g} of the length of the weights unexplained, so that the "
            "attack could not have worked: the network was not trained far beyond its last mistake, not by "
            "the logistic loss, or records are missing. That is luck and no protection.",
            left=left,
        )
    }


def _near_table(look: NetworkLook) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, near in look.near.items():
        sides = (
            (t("{attack}, records that trained the network", attack=name), look.exposed),
            (t("{attack}, records that did not", attack=name), ~look.exposed),
        )
        for row, side in sides:
            rows.append((row, _share(look.hit[name][side]), _middle(near[side])))
    rows.append((t("the nearest other record"), None, _middle(look.others[look.exposed])))
    return Table(
        title=t("How near the candidates come"),
        reading=t(
            "The cosine of a record and the nearest candidate, both seen from the mean of all records: 1 is "
            "the record up to its contrast. Many candidates come near to some by chance, as the records "
            "show that did not train the network."
        ),
        head=(t("claim"), t("near enough"), t("cosine, median")),
        rows=tuple(rows),
        of=int(min(look.exposed.sum(), (~look.exposed).sum())),
    )


def _kkt_table(look: NetworkLook) -> tuple[Table, ...]:
    if look.sides is None:
        return ()
    inside, outside = look.sides
    rows: tuple[tuple[Cell, ...], ...] = (
        (t("weights that the training records leave unexplained"), number(inside.residual, ".2g")),
        (t("the same of as many other records"), number(outside.residual, ".2g")),
        (t("training records on the right side"), number(inside.right, ".3g")),
    )
    return (
        Table(
            title=t("How near a KKT point the network is"),
            reading=t(
                "At a KKT point of the margin problem the weights are a sum of the training records' "
                "gradients, and nothing is left. Far from it this attack cannot work, whatever it finds: "
                "that is luck and no protection, since longer training goes there."
            ),
            head=(t("what"), t("number")),
            rows=rows,
        ),
    )


def _promise_table(look: NetworkLook, promise: Budget | None) -> tuple[Table, ...]:
    """The success on training records, and the most that the promise allows beside that on others."""
    if promise is None:
        return ()
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (name, _share(hit[look.exposed]), number(_bound(hit[~look.exposed], promise), ".4g"))
        for name, hit in look.hit.items()
    )
    return (
        Table(
            title=t("What the promise allows"),
            reading=t(
                "The network was trained under {promise}. Near enough by chance is what comes near to "
                "records that did not train it: the upper end of that share, and what the promise makes of "
                "it at most.",
                promise=promise,
            ),
            head=(t("attack"), t("near enough"), t("at most, by the promise")),
            rows=rows,
            of=int(look.exposed.sum()),
        ),
    )


def above_bound(look: NetworkLook, promise: Budget | None) -> dict[str, str]:
    """The attacks that succeed more often than the promise allows, and what that says: it is not kept."""
    if promise is None:
        return {}
    return {
        t("what the promise allows ({attack})", attack=name): t(
            "The promise is broken: {attack} succeeds more often than it allows ({promise}). The training "
            "does not keep it, or it is about another unit than a record.",
            attack=name,
            promise=promise,
        )
        for name, hit in look.hit.items()
        if _share(hit[look.exposed], SURE).low > _bound(hit[~look.exposed], promise)
    }


def _bound(outside: Bools, promise: Budget) -> float:
    chance = min(_share(outside, SURE).high, 1.0)
    return success_bound_of_budget(epsilon=promise.epsilon, delta=promise.delta, prior=chance)


def _share(yes: Bools, confidence: float = 0.95) -> Estimate:
    return proportion(int(yes.sum()), len(yes), confidence=confidence)


def _middle(values: Floats) -> Quantile | None:
    return Quantile(value=float(np.median(values)), beyond=len(values) // 2) if len(values) else None
