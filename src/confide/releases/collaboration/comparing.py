"""Compares runs of a collaboration: the same parties under several protections, attacked in the same way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from confide.audits.deciding import decision_on_runs, promise_broken
from confide.audits.frontier import Point
from confide.audits.outcome import Audit
from confide.audits.progress import Stage
from confide.audits.provenance import call_in_words, provenance
from confide.audits.run import audit_subject
from confide.audits.settings import Settings, SettingsGiven
from confide.audits.spec import AuditSpec
from confide.core.errors import AccessError, ConfideError, DataError
from confide.core.language import t, written_in
from confide.core.transcript import EAVESDROPPER, SERVER
from confide.inputs.collaboration import Collaboration
from confide.inputs.learner import encoded
from confide.inputs.public_cells import read_public_rows
from confide.inputs.recorded_plan import RecordedPlan
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.protocol import AnyCollaboration
from confide.releases.collaboration.compared import ComparedPlans
from confide.releases.collaboration.parties import Parties, read_parties
from confide.releases.collaboration.plan import PlanFile, placed_in, read_plan
from confide.releases.collaboration.points import compared_exhibits, not_opening, point_of, right_of
from confide.releases.collaboration.run import check_run, run_plan
from confide.releases.collaboration.settings import CollaborateSettings
from confide.releases.collaboration.under import AS_IT_IS, Protected, Terms, protected, ways_of
from confide.report.made import Input, Made

if TYPE_CHECKING:
    from typing import Unpack

    from confide.mechanisms.share.secure_sum import SecureSum


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A run that was checked, and has not begun.

    Args:
        one: its plan.
        name: of its section in the report.
        protocol, learner, secure: of the run.
    """

    one: Protected
    name: str
    protocol: AnyCollaboration
    learner: LocalLearner
    secure: SecureSum | None


def compare_plans(held: ComparedPlans, **settings: Unpack[SettingsGiven]) -> Audit:
    """Run a plan under several protections, and audit each run by the same attacks.

    Args:
        held: the plans, and who looks.
        settings: as of `confide.audit`; the seed is that of the runs too.

    Raises:
        ConfideError: one sentence on what is wrong and what to do.
    """
    return compared(held, settings=Settings(**settings))


def compared(held: ComparedPlans, *, settings: Settings) -> Audit:
    """The same, with settings that are filled in: one section a run, and the chart of all in the first.

    Every plan is read, held against the others and checked before the first run.

    Raises:
        ConfideError: one sentence on what is wrong and what to do.
    """
    # Imported here: it loads all attacks.
    from confide.audits.collaboration import SPEC
    from confide.audits.collaboration.attacks import COUNTING, NAMING, REBUILDING

    SPEC.check(settings)
    if all(isinstance(attack, (*REBUILDING, *COUNTING, *NAMING)) for attack in SPEC.choose(settings)):
        raise DataError(
            "runs are compared by who trained, and none of these attacks asks that: name update-decoder too."
        )
    if settings.protections:
        raise DataError("a run is protected by its plan: write the protections as --under.")
    with written_in(settings.language):
        settings.at("reading")
        parties, runs = _read(held, settings)
        made = _made(held, settings, parties)
        audits: list[Audit] = []
        points: list[Point] = []
        for number, ready in enumerate(runs):
            quiet = replace(settings, name=ready.name, progress=_part(settings, number, len(runs)))
            audit, point = _audited(SPEC, held, ready, parties, quiet)
            audits.append(audit)
            points.append(point)
        return _together(audits, points, [ready.one for ready in runs], made, settings)


def _read(held: ComparedPlans, settings: Settings) -> tuple[Parties, list[Ready]]:
    """The parties, which all plans share, and the runs, each checked."""
    first, *others = (read_plan(path) for path in held.paths)
    for plan in (first, *others):
        plan.made("rehearsal")  # for its errors alone
    with placed_in(first.path):
        parties = read_parties(first)
    if parties.test is None or not len(parties.test):
        raise DataError(f"{first.path} has no test records, and accuracy is half of the chart: give test.")
    for plan in others:
        with placed_in(plan.path):
            _need_same(first, parties, plan, read_parties(plan))
    _check_adversary(held, first, parties)
    files = [_as_it_is(number, plan, settings) for number, plan in enumerate((first, *others), 1)]
    runs = files
    if held.protections:
        terms = Terms(clients=len(parties.records), clip=held.clip, delta=held.delta)
        runs = [*protected(first, held.protections, terms), *files[1:]]
    if len({one.text for one in runs}) < len(runs):
        raise DataError("two plans have one name: rename one, since the report calls runs by their plans.")
    return parties, [_ready(one, parties, _titled(one, settings)) for one in runs]


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
    looking = _collaboration(held, plan.path)
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
        protocol = plan.made("rehearsal")
        secure = None if plan.adding is None else plan.adding.by_masks(plan.cohort)
        learner = plan.learner.learner(features=parties.features, classes=parties.classes)
        check_run(plan, parties, protocol, learner, secure, pays=False)
    except ConfideError as error:
        under = "" if one.way in (AS_IT_IS, str(plan.path)) else f"--under {one.text}: "
        raise type(error)(f"{under}{error}") from error
    return Ready(one=one, name=name, protocol=protocol, learner=learner, secure=secure)


def _audited(
    spec: AuditSpec, held: ComparedPlans, ready: Ready, parties: Parties, settings: Settings
) -> tuple[Audit, Point]:
    """Run a plan, and audit the run; its transcript, as secret as the records, goes when this returns."""
    plan = ready.one.plan
    settings.at("reading", ready.one.text)
    # Messages are kept in memory: nothing is written to the folder that is named.
    rehearsal = CollaborateSettings(
        plan.path, simulate=True, record=Path("transcript"), jobs=settings.jobs, rehearse=settings.seed
    )
    run = run_plan(rehearsal, plan, parties, ready.protocol, ready.learner, ready.secure)
    assert run.transcript is not None
    recorded = RecordedPlan(
        transcript=run.transcript,
        name=plan.path.name,
        model=ready.learner.model,
        learner=ready.learner,
        public=parties.public,
        label=plan.label,
        protocol=ready.protocol.name,
        promise=run.released.budget,
        trusted=run.trusted,
        colluding=run.colluding,
        said=True,
    )
    right = parties.accuracy(ready.learner, run.parameters)
    subject = spec.read(_collaboration(held, recorded), settings=settings)
    audit = audit_subject(spec, subject, settings=settings)
    note = t(
        "The run was a rehearsal from seed {seed}: nothing was charged, and no model was written.",
        seed=str(settings.seed),
    )
    sections = tuple(replace(section, notes=(*section.notes, note)) for section in audit.sections)
    audit = replace(audit, sections=sections)
    assert right is not None and parties.test is not None
    point = point_of(ready.one.text, audit, run.released.budget, right=right, of=len(parties.test))
    return audit, point


def _collaboration(held: ComparedPlans, transcript: object) -> Collaboration:
    return Collaboration(transcript, seen_by=held.seen_by, controls=held.controls, about=held.about)


def _part(settings: Settings, number: int, of: int) -> Callable[[Stage], object] | None:
    """Tells how much of all runs is done, and not of the one that is going on."""
    watch = settings.progress
    if watch is None:
        return None
    return lambda stage: watch(replace(stage, done=(number + stage.done) / of, left=None))


def _made(held: ComparedPlans, settings: Settings, parties: Parties) -> Made:
    """Where the report comes from; the records of the parties were summed up as they were read."""
    made = provenance("collaboration", held, settings)
    records = [Input(role="records", name=one.path.name, sha256=one.digest) for one in parties.files]
    call = call_in_words(held, settings).replace(
        "confide.audit(confide.", "confide.collaboration.compare_plans(confide.collaboration.", 1
    )
    return replace(
        made,
        inputs=(*made.inputs, *records),
        command=made.command if settings.command else call,
        told=made.told.replace("confide audit", "confide frontier", 1),
    )


def _together(
    audits: Sequence[Audit],
    points: Sequence[Point],
    runs: Sequence[Protected],
    made: Made,
    settings: Settings,
) -> Audit:
    """One report on all runs: the comparison in its first section, and what the limits come to."""
    merged = Audit.merge(audits)
    first, *rest = map(not_opening, merged.sections)
    shown = compared_exhibits(points, merged.sections, settings.parsed_limits)
    sections = (replace(first, exhibits=(*shown, *first.exhibits)), *rest)
    done = replace(merged, sections=sections, settings=settings, made=made)
    if not settings.limits:
        return done
    verdicts = {str(s["release"]): str(s["verdict"]) for s in done.report.page["sections"]}
    rulings = {
        point.name: {verdicts[section.release] for section in audit.sections}
        for point, audit in zip(points, audits, strict=True)
    }
    decided = decision_on_runs(
        rulings,
        ways_of(runs),
        {point.name: right_of(point) for point in points},
        broken=promise_broken(done.report.page),
        allow_unsettled=settings.allow_unsettled,
    )
    return replace(done, decision=decided)
