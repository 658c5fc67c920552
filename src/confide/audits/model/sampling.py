"""Whom attacks are asked about that put many questions to the model about each record: a stated sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from confide.audits.spec import Count
from confide.core.arrays import Bools, Ints, Rng
from confide.core.evidence import Evidence
from confide.core.language import t
from confide.core.nouns import AnyAttack
from confide.games.membership.models import TrainedModel
from confide.knowledge.models import Background, References
from confide.models.answers import Answers
from confide.report import Limit
from confide.report.settling import cannot_settle

USUAL = 10_000
"""How many records are asked about by default: 5,000 on either side measure a rate at 1 in 1,000."""


def questions(attack: AnyAttack) -> int:
    """How many questions an attack puts to the model about each record.

    >>> from confide.attacks.membership import LabelOnlyVotes, Loss
    >>> questions(LabelOnlyVotes()), questions(Loss())
    (33, 1)
    """
    return int(getattr(attack, "asks", 1))


def drawn(
    member: Bools, size: int | None, limits: Sequence[Limit], *, confidence: float, rng: Rng
) -> Ints | None:
    """Draw a random sample of the members and of the others, half and half where there are as many.

    A sample of the usual size grows until it can settle every limit that all the records together can
        settle: a
    limit that a sample is too small for would never count as exceeded by the attack that asked it.

    Args:
        member: bool[n], who of the records is a member.
        size: how many records; 0 for all of them, None for the usual number.
        limits: of the audit.
        confidence: of a finding's intervals.
        rng: the stream of the sample alone.

    Returns:
        their positions in ascending order, int64[m]; None for all.

    >>> half = drawn(np.arange(50_000) < 40_000, None, (), confidence=0.95, rng=np.random.default_rng(0))
    >>> len(half), int((half < 40_000).sum())
    (10000, 5000)
    """
    sides = [np.flatnonzero(member), np.flatnonzero(~member)]
    wanted = USUAL if size is None else size
    if not wanted or wanted >= len(member):
        return None
    many = _sizes([len(side) for side in sides], wanted)
    if size is None:
        while any(_too_few(limit, many, confidence) for limit in limits):
            wanted *= 2
            if wanted >= len(member):
                return None
            many = _sizes([len(side) for side in sides], wanted)
    return np.sort(np.concatenate([rng.permutation(s)[:n] for s, n in zip(sides, many, strict=True)]))


def _too_few(limit: Limit, many: Sequence[int], confidence: float) -> bool:
    return bool(cannot_settle(limit, exposed=many[0], control=many[1], confidence=confidence))


def _sizes(there: Sequence[int], wanted: int) -> tuple[int, int]:
    """How many of each side: half of what is wanted, and what the smaller side lacks from the larger.

    >>> _sizes([9000, 300], 1000), _sizes([9000, 9000], 1000), _sizes([1, 9000], 1)
    ((700, 300), (500, 500), (1, 1))
    """
    least = max(wanted // 2, 1)  # a side that nobody is asked of measures nothing
    inside = min(there[0], max(wanted - min(there[1], least), least))
    outside = min(there[1], max(wanted - inside, least))
    return inside, outside


def game_on_sample(game: TrainedModel, asked: Ints) -> TrainedModel:
    """The same game, in which these targets alone are asked about; each keeps its number.

    Args:
        game: on all the targets.
        asked: positions of targets, int64[m].
    """
    targets, known = game.targets.take(asked), game.background
    references = known.references
    if references is not None:
        some = References(
            on_targets=Answers(references.on_targets.models, targets),  # asked when they are first needed
            on_population=references.on_population,
            included=references.included[:, asked],
            which=references.which,
        )
        known = replace(known, references=some)
    same = {f.name: getattr(known, f.name) for f in fields(Background)}
    # The adversary does not know all other training records: most of them are no targets here.
    return replace(
        game,
        targets=targets,
        member=game.member[asked],
        background=Background(**same),
        informed=False,
        ids=asked,
        sample_of=len(game.targets),
    )


def in_words(evidence: Sequence[Evidence], attacks: Sequence[AnyAttack], count: Count) -> tuple[str, ...]:
    """Who was asked, where an attack asked about a sample: a sentence each.

    Args:
        evidence: of the attacks that ran.
        attacks: that were planned.
        count: a count of people as exact as the audience may see it.
    """
    by_name = {attack.name: attack for attack in attacks}
    return tuple(
        t(
            "{attack} puts {asks:,} questions to the model about each record, so it was asked about a random "
            "sample: {inside} members and {outside} others of {every} records. Its numbers are about people "
            "like these, with intervals for a sample of this size; --sample 0 asks about all.",
            attack=e.attack,
            asks=questions(by_name[e.attack]),
            inside=count(int(e.exposed.sum())),
            outside=count(int((~e.exposed).sum())),
            every=count(e.sample_of),
        )
        for e in evidence
        if e.sample_of and e.attack in by_name
    )
