"""An audit, whatever it is about: choose, read, play, compare, conclude. No kind of release is named here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from confide.audits.comparison import among_of, compared_exhibits, point_of
from confide.audits.found import findings, proved
from confide.audits.frontier import Point
from confide.audits.outcome import Audit
from confide.audits.preparing import prepared
from confide.audits.progress import USUAL, Step
from confide.audits.protections import UNPROTECTED
from confide.audits.provenance import provenance
from confide.audits.release import AuditedRelease
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Subject
from confide.audits.worst_off import choose_worst
from confide.core.errors import EvidenceError
from confide.core.language import t, written_in
from confide.report import Redaction, Section, judge_section, nothing_ran
from confide.report.goals import aside


def audit(spec: AuditSpec, held: object, *, settings: Settings) -> Audit:
    """Audit what the user holds; all that is wrong with it is said before any work.

    Args:
        spec: of the kind of release.
        held: the filled-in record of that kind (`spec.record`).
        settings: how to audit, and for whom.

    Raises:
        ConfideError: one sentence on what is wrong and what to do.
    """
    spec.check(settings)
    settings = settings.watched()
    _expect(spec, settings)
    settings.at("reading")
    with written_in(settings.language):
        subject = spec.read(held, settings=settings)
        # Now: what is changed during hours of work is not what was read.
        made = provenance(spec.name, held, settings)
        return replace(audit_subject(spec, subject, settings=settings), made=made)


def audit_subject(spec: AuditSpec, subject: Subject, *, settings: Settings) -> Audit:
    """Audit what is read already."""
    with written_in(settings.language):
        return _audit_subject(spec, subject, settings)


def _audit_subject(spec: AuditSpec, subject: Subject, settings: Settings) -> Audit:
    settings = settings.watched()
    plain, behind = prepared(spec, subject, settings)
    return _audited(spec, subject, plain, behind)


def _expect(spec: AuditSpec, settings: Settings) -> None:
    """Foretell, before anything is read, about how much there is to do."""
    releases = 1 + len(settings.protections)
    most = len(spec.choose(settings)) * USUAL["attack"] + USUAL["measuring"] + USUAL["exhibits"]
    settings.expect([Step(kind="reading")], rest=releases * most + USUAL["drawing"])


def _audited(
    spec: AuditSpec,
    subject: Subject,
    plain: Sequence[AuditedRelease],
    behind: Sequence[AuditedRelease],
) -> Audit:
    """Play, judge and conclude the releases one by one; each one's worlds are let go after it.

    Args:
        plain: the release as it is, once a goal.
        behind: the protected ones, once a goal.
    """
    settings, as_is = plain[0].settings, {release.goal: release for release in plain}
    points: dict[str, list[Point]] = {aim: [] for aim in as_is}
    sections: list[Section] = []
    people: dict[str, pl.DataFrame] = {}
    before: list[Section] = []
    rulings: dict[tuple[str, str], str] = {}
    # One bar over all releases, so that its end is the end of the audit.
    every = [step for release in (*plain, *behind) for step in release.steps]
    settings.expect([*every, Step(kind="drawing", seconds=plain[0].expected.get("drawing"))])
    for release in (*plain, *behind):
        release.play()
        choose_worst(spec, release)
        settings.at("measuring", release.called)
        if behind and (point := point_of(spec, subject, release, as_is[release.goal])) is not None:
            # Now, while the worlds of this release are there.
            points[release.goal].append(point)
        # With protections the unprotected release is the first row of the comparison, and needs no section of
        # its own.
        if behind and release is as_is[release.goal]:
            made = _before(spec, subject, release)
            before += made
        else:
            section, who = conclude(spec, subject, release)
            made = [section]
            sections += made
            people |= {} if who is None else {section.release: who}
        judged = {(s.goal, release.name): judge_section(s, settings.parsed_limits).ruling for s in made}
        rulings |= judged
        release.forget_worlds()
    for aim, found in points.items():
        releases = [release for release in (*plain, *behind) if release.goal == aim]
        at = next((i for i, section in enumerate(sections) if section.goal == aim), None)
        # Where one release says nothing there is nothing to compare; where all but the plain one, no section.
        if at is not None and len(found) == len(releases):
            compared = compared_exhibits(spec, aim, found, releases, rulings)
            sections[at] = replace(sections[at], exhibits=(*compared, *sections[at].exhibits))
    return Audit(sections=tuple(sections), settings=settings, before=tuple(before), people=people)


def _before(spec: AuditSpec, subject: Subject, plain: AuditedRelease) -> list[Section]:
    """What the attacks found on the release as it is, to compare protections with; empty where none ran."""
    if not plain.evidence:
        return []
    among = among_of(spec, plain)
    found = findings(plain.evidence, plain.attacks, blind=None, among=among, promise=plain.promise)
    section = Section(
        release=_title(spec, subject, plain, UNPROTECTED),
        headline=found.headline,
        findings=found.findings,
        evidence={e.attack: e for e in plain.evidence},
        goal=plain.goal,
        among=among,
    )
    return [section]


def _title(spec: AuditSpec, subject: Subject, release: AuditedRelease, protection: str = "") -> str:
    """What to call the release: as the user says, else by its file; for the public by its kind.

    A file's name may say whose data it holds, and where it stands.
    """
    settings = release.settings
    name = settings.name or (subject.name if settings.audience == "internal" else spec.name)
    said = ", ".join(part for part in (name, protection) if part)
    return aside(said, release.goal) if release.aside else said


def _unlimited(settings: Settings) -> list[str]:
    """What is to be said of a release that a configuration file exempts from the limits which it shares."""
    if settings.sources is None or not settings.sources.unlimited:
        return []
    return [
        t(
            "This release has no limits, though the configuration file shares some: nothing that was found "
            "could fail it."
        )
    ]


def conclude(
    spec: AuditSpec, subject: Subject, release: AuditedRelease
) -> tuple[Section, pl.DataFrame | None]:
    """One release: its findings, exhibits and words. The only place that asks who will read them."""
    settings = release.settings
    internal, redaction = settings.audience == "internal", Redaction(settings.audience)
    title = _title(spec, subject, release, "" if release.name == UNPROTECTED else release.name)
    skips = [k for planned in release.games for k in planned.skipped]
    proof = release.proof
    if not release.evidence and proof is None:  # an audit that saw nothing is no audit
        raise EvidenceError(nothing_ran(title, [*skips, *release.skipped]))
    # The public sees rounded counts: an exact one, compared with a later one, tells of a single person.
    context = subject.context(release, redaction.counted)
    among = among_of(spec, release)
    settings.at("measuring", release.called)
    found = (
        proved(proof, release.games[0].prover)
        if proof is not None
        else findings(
            release.evidence, release.attacks, blind=context.blind, among=among, promise=release.promise
        )
    )
    settings.at("exhibits", release.called)
    exhibits = tuple(subject.exhibits(release))
    who = subject.targets(release) if internal else None
    section = Section(
        release=title,
        headline=found.headline,
        findings=found.findings,
        skipped=(*skips, *release.skipped, *context.skipped),
        evidence={e.attack: e for e in release.evidence},
        promise=release.promise,
        unit=release.unit,
        about=context.about,
        access=context.access,
        adversary=tuple(context.adversary),
        harm=context.harm,
        warnings=(
            *_unlimited(settings),
            *context.broken.values(),
            *redaction.texts(context.warnings),
            *context.unsettled.values(),
        ),
        unsettled=tuple(context.unsettled),
        steps=tuple(context.steps),
        broken=tuple(context.broken),
        left_out=tuple(context.left_out) if internal else (),
        notes=(*context.notes, *(context.internal_notes if internal else ())),
        goal=release.goal,
        subject=context.subject,
        among=among,
        exhibits=exhibits,
        who=who,
        proof=proof,
        useful=context.useful,
    )
    return section, who
