"""Runs that are compared, ready to begin: plans of the same parties, read, changed and checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from confide.audits.settings import Settings
from confide.core.errors import AccessError, ConfideError, DataError
from confide.core.language import t
from confide.core.transcript import EAVESDROPPER, SERVER
from confide.inputs.collaboration import Collaboration
from confide.inputs.learner import encoded
from confide.inputs.plan_files import placed_in
from confide.inputs.public_cells import read_public_rows
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.exchange import Exchange
from confide.mechanisms.federate.protocol import AnyCollaboration
from confide.releases.collaboration.compared import ComparedPlans
from confide.releases.collaboration.exchanges import exchange_of
from confide.releases.collaboration.parties import Parties, read_parties
from confide.releases.collaboration.plan import PlanFile, read_plan
from confide.releases.collaboration.run import check_run
from confide.releases.collaboration.under import AS_IT_IS, Protected, Terms, protected

if TYPE_CHECKING:
    from confide.mechanisms.share.secure_sum import SecureSum


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A run that was checked, and has not begun.

    Args:
        one: its plan.
        name: of its section in the report.
        parties: with their records, as this plan reads them.
        protocol, secure: of the run.
        learner: what clients train.
        shown: what the published parameters are a model of.
    """

    one: Protected
    name: str
    parties: Parties
    protocol: AnyCollaboration
    learner: LocalLearner
    shown: LocalLearner
    secure: SecureSum | None


def read_runs(held: ComparedPlans, settings: Settings) -> list[Ready]:
    """Read all plans, and check that they are of the same parties and that each can be run.

    Args:
        held: the plans, their protections, and who looks.
        settings: for the names of the runs.

    Raises:
        ConfideError: one sentence on what is wrong and what to do.
    """
    first, *others = (_plan_with_parties(path) for path in held.paths)
    plan, parties = first
    if parties.test is None or not len(parties.test):
        raise DataError(f"{plan.path} has no test records, and accuracy is half of the chart: give test.")
    for other, theirs in others:
        with placed_in(other.path):
            _need_same(plan, parties, other, theirs)
    _check_adversary(held, plan, parties)
    files = [
        (_as_it_is(number, own, settings), theirs) for number, (own, theirs) in enumerate((first, *others), 1)
    ]
    runs = files
    if held.protections:
        terms = Terms(clients=len(parties.records), clip=held.clip, delta=held.delta)
        runs = [*((one, parties) for one in protected(plan, held.protections, terms)), *files[1:]]
    if len({one.text for one, _ in runs}) < len(runs):
        raise DataError("two plans have one name: rename one, since the report calls runs by their plans.")
    return [_ready(one, theirs, _titled(one, settings)) for one, theirs in runs]


def _plan_with_parties(path: Path) -> tuple[PlanFile, Parties]:
    plan = read_plan(path)
    if plan.public is None:
        plan.made("rehearsal")  # for its errors alone, before any record is read
    with placed_in(plan.path):
        return plan, read_parties(plan)


def _as_it_is(number: int, plan: PlanFile, settings: Settings) -> Protected:
    """A plan under no other protection than its own; for the public without the name of its file."""
    public = settings.audience == "public"
    name = t("plan {number}", number=str(number)) if public else plan.path.name
    return Protected(text=name, plan=plan, way=str(plan.path))


def _titled(one: Protected, settings: Settings) -> str:
    """What the report calls the section of a run."""
    plan = "" if settings.audience == "public" or one.way == str(one.plan.path) else one.plan.path.name
    return ", ".join(part for part in (settings.name or plan, one.text) if part)


def _need_same(first: PlanFile, parties: Parties, plan: PlanFile, theirs: Parties) -> None:
    """Refuse a plan of other records or another learner: two things would differ, and one chart be drawn.

    Raises:
        DataError: with what differs.
    """
    for what, one, other in (
        ("label", first.label, plan.label),
        ("client", first.client, plan.client),
        ("schema", parties.schema, theirs.schema),
        ("parties", list(parties.records), list(theirs.records)),
        ("records", [file.digest for file in parties.files], [file.digest for file in theirs.files]),
        ("test", _prints(parties), _prints(theirs)),
        ("learner", first.learner, plan.learner),
    ):
        if one != other:
            raise DataError(f"its {what} differs from that of {first.path}: runs that are compared share it.")


def _prints(parties: Parties) -> bytes:
    return b"" if parties.test is None else parties.test.fingerprints().tobytes()


def _check_adversary(held: ComparedPlans, plan: PlanFile, parties: Parties) -> None:
    """Refuse who cannot look, and controls that cannot be read, before a run takes its time.

    Raises:
        ConfideError: what is wrong.
    """
    looking = seen(held, plan.path)
    known = (SERVER, EAVESDROPPER, *parties.records)
    if lost := [name for name in looking.parties if name not in known]:
        raise AccessError(f"there is no party {lost[0]!r:.60}: choose from {', '.join(known):.300}.")
    if lost := [name for name in looking.clients if name not in parties.records]:
        raise AccessError(f"there is no client {lost[0]!r:.60}: choose from {', '.join(known[2:]):.300}.")
    if isinstance(held.controls, str | Path):
        rows = read_public_rows(Path(held.controls), public=parties.public, label=plan.label)
        encoded(rows, parties.public, label=plan.label, name="the controls")


def _ready(one: Protected, parties: Parties, name: str) -> Ready:
    """A run with its protocol, learner and secure sum, once its promise is known to be kept."""
    plan = one.plan
    try:
        exchanged = plan.public is not None
        protocol = exchange_of(plan, parties, "rehearsal") if exchanged else plan.made("rehearsal")
        secure = None if plan.adding is None else plan.adding.by_masks(plan.cohort)
        learner = plan.learner.learner(features=parties.features, classes=parties.classes)
        check_run(plan, parties, protocol, learner, secure, pays=False)
    except ConfideError as error:
        under = "" if one.way in (AS_IT_IS, str(plan.path)) else f"--under {one.text}: "
        raise type(error)(f"{under}{error}") from error
    return Ready(
        one=one,
        name=name,
        parties=parties,
        protocol=protocol,
        learner=learner,
        shown=protocol.student if isinstance(protocol, Exchange) else learner,
        secure=secure,
    )


def seen(held: ComparedPlans, transcript: object) -> Collaboration:
    """A run as an audit takes it."""
    return Collaboration(transcript, seen_by=held.seen_by, controls=held.controls, about=held.about)
