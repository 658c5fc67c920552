"""The secure sum of one turn in a deployed collaboration: one plan, worked out by each party for itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from confide.core.errors import PromiseError
from confide.mechanisms.share.fixed_point import FixedPoint
from confide.mechanisms.share.plan import SumPlan
from confide.mechanisms.share.secure_sum import SecureSum
from confide.serve.flower.deployment import Deployment
from confide.serve.flower.keys import raw_identity


def grid_of(deployment: Deployment, members: Sequence[str]) -> FixedPoint:
    """The grid on which numbers of these parties are rounded."""
    assert deployment.secure is not None
    return FixedPoint.for_clients(len(members), limit=deployment.secure.limit)


def refuse_unprotected(deployment: Deployment) -> None:
    """Refuse a plan whose secure sum could not protect all of its parties together, before anything is sent.

    Raises:
        PromiseError: with what to change.
        DataError: if a key in the plan is none.
    """
    if deployment.secure is not None:
        sum_plan(deployment, deployment.names, {"number": (1,)}, run="check")


def sum_plan(
    deployment: Deployment, members: Sequence[str], form: Mapping[str, tuple[int, ...]], *, run: str
) -> SumPlan:
    """The terms of a secure sum of uploads of one form; all keys are those that the deployment pins.

    Args:
        deployment: the party's own.
        members: who is asked for an upload.
        form: the shapes of the arrays of an upload, by name.
        run: the engine's name of the run.

    Raises:
        PromiseError: if so few members cannot be protected, or one is no party of the plan.
    """
    how = deployment.secure
    assert how is not None
    if unknown := [name for name in members if name not in deployment.parties]:
        raise PromiseError(f"{unknown[0]!r:.60} is no party of the plan: no sum with it is computed.")
    if len(set(members)) < len(members):
        raise PromiseError("a sum is asked for in which one party is named twice: no such sum is computed.")
    if len(members) < deployment.cohort:
        raise PromiseError(
            f"a sum of {len(members)} parties is asked for, and the plan's cohort is {deployment.cohort}: "
            "draw more parties for a round, or agree on a smaller cohort."
        )
    settings = SecureSum(
        threshold=how.threshold,
        cohort=deployment.cohort if deployment.cohort > 1 else None,
        colluding=how.colluding,
        neighbours=how.neighbours,
        fresh_inputs=True,
    )
    return settings.plan(
        {name: raw_identity(deployment.parties[name].identity, name) for name in members},
        run=f"{deployment.name}/{run}",
        server=raw_identity(deployment.server, "server"),
        words=sum(prod(shape) for shape in form.values()),
        bound=grid_of(deployment, members).bound,
    )
