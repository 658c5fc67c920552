"""Compares runs of a collaboration: the same parties under several protections, attacked in the same way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from confide.audits.deciding import decision_on_runs, promise_broken
from confide.audits.frontier import Point
from confide.audits.outcome import Audit
from confide.audits.progress import Stage
from confide.audits.provenance import call_in_words, provenance
from confide.audits.run import audit_subject
from confide.audits.settings import Settings, SettingsGiven
from confide.audits.spec import AuditSpec
from confide.core.errors import DataError
from confide.core.language import t, written_in
from confide.inputs.recorded_plan import RecordedPlan
from confide.releases.collaboration.compared import ComparedPlans
from confide.releases.collaboration.parties import Parties
from confide.releases.collaboration.points import compared_exhibits, not_opening, point_of, right_of
from confide.releases.collaboration.ready import Ready, read_runs, seen
from confide.releases.collaboration.run import run_plan
from confide.releases.collaboration.settings import CollaborateSettings
from confide.releases.collaboration.under import Protected, ways_of
from confide.report.made import Input, Made

if TYPE_CHECKING:
    from typing import Unpack


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
        runs = read_runs(held, settings)
        made = _made(held, settings, runs[0].parties)
        audits: list[Audit] = []
        points: list[Point] = []
        for number, ready in enumerate(runs):
            quiet = replace(settings, name=ready.name, progress=_part(settings, number, len(runs)))
            audit, point = _audited(SPEC, held, ready, quiet)
            audits.append(audit)
            points.append(point)
        return _together(audits, points, [ready.one for ready in runs], made, settings)


def _audited(spec: AuditSpec, held: ComparedPlans, ready: Ready, settings: Settings) -> tuple[Audit, Point]:
    """Run a plan, and audit the run; its transcript, as secret as the records, goes when this returns."""
    plan, parties = ready.one.plan, ready.parties
    settings.at("run", ready.one.text)
    # Messages are kept in memory: nothing is written to the folder that is named.
    rehearsal = CollaborateSettings(
        plan.path, simulate=True, record=Path("transcript"), jobs=settings.jobs, rehearse=settings.seed
    )
    run = run_plan(rehearsal, plan, parties, ready.protocol, ready.learner, ready.secure)
    if not np.isfinite(run.parameters).all():
        raise DataError(
            f"{ready.one.text}: the model has numbers that are not finite, and no accuracy. Lower the rate."
        )
    assert run.transcript is not None
    recorded = RecordedPlan(
        transcript=run.transcript,
        name=plan.path.name,
        model=ready.shown.model,
        learner=ready.shown,
        public=parties.public,
        label=plan.label,
        protocol=ready.protocol.name,
        promise=run.released.budget,
        trusted=run.trusted,
        colluding=run.colluding,
        said=True,
    )
    right = parties.accuracy(ready.shown, run.parameters)
    subject = spec.read(seen(held, recorded), settings=settings)
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
    told = made.told.replace("confide audit", "confide frontier", 1)
    return replace(
        made,
        inputs=(*made.inputs, *records),
        command=made.command if settings.command else call,
        told=f"{told} --under {held.under}" if held.under else told,
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
    shown = compared_exhibits(points, audits, settings.parsed_limits)
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
