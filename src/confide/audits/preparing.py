"""Preparing an audit: its releases, and what is refused before any attack, in a plan as in the audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from confide.audits.comparison import corrected
from confide.audits.protections import UNPROTECTED, parse_protections
from confide.audits.release import AuditedRelease
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Subject
from confide.core.arrays import Ints
from confide.core.errors import DataError
from confide.core.nouns import AnyAttack, AnyMechanism, AnyWorld
from confide.measure.rows import averaged, worlds_of
from confide.mechanisms.anchors.published import Published
from confide.report.goals import goal
from confide.report.settling import cannot_settle


def prepared(
    spec: AuditSpec, subject: Subject, settings: Settings
) -> tuple[list[AuditedRelease], list[AuditedRelease]]:
    """Make the releases of an audit, of which no attack has played: as they are, and behind each protection.

    Raises:
        DataError: for a protection that leaves nothing, and a limit that so few people cannot settle.
    """
    plain, behind = releases_of(spec, subject, settings)
    need_enough(spec, plain, behind)
    return plain, behind


def releases_of(
    spec: AuditSpec, subject: Subject, settings: Settings
) -> tuple[list[AuditedRelease], list[AuditedRelease]]:
    """The release as it is, once a goal, and the protected ones; nothing is dealt."""
    protections = parse_protections(settings.protections, spec.protections)
    # With protections the release as it is has no section, so the first of them leads the report.
    plain = under_audit(spec, subject, UNPROTECTED, Published(), settings=settings, leads=not protections)
    behind = [
        release
        for i, (name, mechanism) in enumerate(protections.items())
        for release in under_audit(spec, subject, name, mechanism, settings=settings, leads=i == 0)
    ]
    return plain, behind


def need_enough(spec: AuditSpec, plain: Sequence[AuditedRelease], behind: Sequence[AuditedRelease]) -> None:
    """Refuse a protection that leaves nothing, and a limit that so few people cannot settle.

    Raises:
        DataError: with the first of them.
    """
    for release in behind:
        # The unprotected release needs no such look: its readers refuse empty data.
        release.need_something_left()
    for release in plain:
        _need_people(spec, release)


def need_settled(
    spec: AuditSpec, settings: Settings, asked: Sequence[AnyAttack], people: tuple[int, int]
) -> None:
    """Refuse a limit that these numbers of people cannot settle, where no world is dealt.

    Args:
        asked: the attacks that were chosen.
        people: exposed and control.

    Raises:
        DataError: with what it takes.
    """
    for limit in settings.parsed_limits:
        why = cannot_settle(
            limit,
            exposed=people[0],
            control=people[1],
            confidence=1 - 0.05 / max(len(spec.known or spec.attacks), len(asked)),
            names=goal(spec.goal).in_english.people,
        )
        _refuse(spec, why)


def _refuse(spec: AuditSpec, why: str) -> None:
    if not why:
        return
    # Rounds draw people, so that few rounds meet few of those who are given.
    often = "questions" in {field.name for field in fields(spec.record)}
    ask = ", ask more often with --questions" if often else ""
    raise DataError(f"{why}. Give more people{ask}, or limit another rate.")


def under_audit(
    spec: AuditSpec,
    subject: Subject,
    name: str,
    mechanism: AnyMechanism,
    *,
    settings: Settings,
    leads: bool = True,
) -> list[AuditedRelease]:
    """The release of a mechanism, once for each goal of the attacks that are asked for."""
    games = subject.games(mechanism, spec.choose(settings))
    return [
        AuditedRelease(
            name=name,
            mechanism=mechanism,
            games=[planned for planned in games if (planned.goal or spec.goal) == aim],
            settings=settings,
            leads=leads and not i,
            goal=aim,
            aside=i > 0,
        )
        for i, aim in enumerate(dict.fromkeys(planned.goal or spec.goal for planned in games))
    ]


def _need_people(spec: AuditSpec, release: AuditedRelease) -> None:
    """Refuse, before any attack, a limit that no evidence on so few people can settle."""
    limits = release.settings.parsed_limits
    if not limits:
        return
    if release.games[0].proves is not None:
        return  # no rate is measured, and a proof needs no number of people
    given = [rows for planned in release.games for e in planned.found[:1] for rows in worlds_of(e)]
    found = [(rows.exposed, rows.person) for rows in given if rows.person is not None]
    asked = found or [(w.exposed, _whose(w, release.games[0].person)) for w in release.worlds]
    if release.alternatives > 1:
        # Each is a question of its own, and settles what its people can.
        asked = [max(asked, key=lambda one: len(one[0]))]
    exposed, person = (np.concatenate(part) for part in zip(*asked, strict=True))
    # A rate is resolved by people: by those of each world, if it is a mean over worlds.
    parts = asked if averaged([e for e, _ in asked]) else [(exposed, person)]
    people = min(len(np.unique(p[~e])) for e, p in parts)
    for limit in limits:
        # Above that, each of their rounds may count in full.
        resolved = limit.fpr is None or people * limit.fpr >= 1 or len(np.unique(person)) == 1
        why = cannot_settle(
            limit,
            exposed=int(exposed.sum()),
            control=int((~exposed).sum()) if resolved else people,
            confidence=corrected(spec, release),
            names=goal(release.goal).in_english.people,  # for an error
        )
        _refuse(spec, why)


def _whose(world: AnyWorld, person: Ints | None) -> Ints:
    """Whom each target of a world is about."""
    ids = np.arange(len(world.exposed)) if world.ids is None else world.ids
    return ids if person is None else person[ids]
