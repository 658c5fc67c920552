"""`confide match` of a plan that reveals statistics: a joint computation over the people on both lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from confide.core.errors import DataError
from confide.inputs.local_training import need
from confide.mechanisms.share.joint.plan import JointPlan
from confide.mechanisms.share.matching.runs import counted, refuse_spent
from confide.releases.join.plan import PlanFile
from confide.releases.join.settings import JoinSettings
from confide.releases.match.listed import read_list
from confide.releases.match.settings import MatchSettings
from confide.serve.parties.joining import Joined, join
from confide.serve.parties.keys import place_of

RUNS = "runs"
"""The folder beside a party's key in which it counts."""


@dataclass(frozen=True, slots=True)
class _Runs:
    """What is counted of a plan."""

    name: str
    times: int
    digest: bytes


def learn_statistics(settings: MatchSettings, plan: PlanFile, *, tell: Callable[[str], object]) -> Joined:
    """Take part in a match of which nothing is learned but statistics, and write them.

    Args:
        settings: of this party.
        plan: with the table [match].
        tell: hears in sentences what must be believed, and what happens.

    Raises:
        ConfideError: one sentence on what is wrong, or on which party was lost; no result is written then.
    """
    need("mpyc", "statistics of a match", extra="share")
    joint = plan.joint
    _check(settings, joint)
    aligning = joint.aligning
    assert aligning is not None
    identifiers: tuple[str, ...] = ()
    if joint.party(settings.party).role == "owner":
        assert settings.data is not None and settings.id is not None
        identifiers = read_list(settings.data, settings.id, aligning.steps).identifiers
    runs, counts = (
        _Runs(joint.run, aligning.times, joint.digest),
        place_of(settings.keys, settings.party) / RUNS,
    )
    refuse_spent(runs, counts)
    joining = JoinSettings(
        settings.plan,
        party=settings.party,
        data=settings.data,
        keys=settings.keys,
        out=settings.out or Path("result.json"),
        force=settings.force,
        record=settings.record,
        listen=settings.listen,
    )
    return join(
        joining,
        tell=tell,
        identifiers=identifiers,
        begin=lambda: counted(runs, counts),
    )


def _check(settings: MatchSettings, plan: JointPlan) -> None:
    if plan.aligning is None:
        raise DataError(
            f"{settings.plan} computes over rows that stand in the same order, and has no table [match]: use "
            "confide join."
        )
    if settings.reveal not in (None, "statistics"):
        raise DataError(f"--reveal is {settings.reveal}, and the plan reveals statistics: agree on one.")
    if plan.party(settings.party).role == "helper":
        if settings.data is not None or settings.id is not None:
            raise DataError(f"{settings.party!r:.60} is a helper by the plan: leave --data and --id out.")
    elif settings.data is None or settings.id is None:
        raise DataError(f"{settings.party!r:.60} owns a list by the plan: give it by --data and --id.")
