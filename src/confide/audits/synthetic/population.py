"""Blind adversaries: what somebody who never saw the synthetic file can say of who was behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from confide.attacks.blind import FEWEST, Blind
from confide.audits.release import AuditedRelease
from confide.core.arrays import Rng
from confide.core.errors import AccessError, EvidenceError, KnowledgeError
from confide.core.evidence import Evidence
from confide.core.nouns import AnyAttack, Case
from confide.core.play import deal, play
from confide.games.membership.synthetic import SyntheticFile
from confide.knowledge.models import SupervisedBackground
from confide.measure import measure
from confide.views.records import Records
from confide.views.table import Table


def blind(release: AuditedRelease, game: SyntheticFile, *, held_out: bool) -> Evidence | None:
    """The evidence of the strongest adversary that never saw the synthetic file.

    Where people were held out, it knows of half of those who are asked about whether they were behind the
    file, and learns what sets the two groups apart. Where nobody was, every row of nobody is told from a real
    one by what is true of all people: then the same attacks play with other real people's rows in the place
    of the synthetic ones.

    Returns:
        None where there are too few people to say.
    """
    rng = release.settings.rng("blind")
    return apart(game, rng=rng) if held_out else by_other_people(game, release.attacks, rng=rng)


def apart(game: SyntheticFile, *, rng: Rng) -> Evidence | None:
    """Whether the people asked about differ by themselves from those who were held out."""
    asked = np.concatenate([game.real.low[game.members], game.control.low[game.controls]])
    member = np.arange(len(asked)) < len(game.members)
    told = np.sort(rng.permutation(len(asked))[: len(asked) // 2])
    if min(int(member[told].sum()), int((~member[told]).sum())) < FEWEST:
        return None
    people = Records(frame_of(Table.of(game.real.domains, asked)), np.zeros(len(asked), np.int64))
    known = SupervisedBackground(classes=1, told=told, member=member[told])
    guess = Blind()(Case(None, known, people), rng=rng)
    other = ~np.isnan(guess.score)
    found = Evidence.of(exposed=member[other], score=guess.score[other], attack=Blind.name)
    return replace(found, game="blind")


def by_other_people(game: SyntheticFile, attacks: Sequence[AnyAttack], *, rng: Rng) -> Evidence | None:
    """What the attacks find with rows of other real people instead of synthetic ones; of the strongest."""
    drawing, playing = rng.spawn(2)
    others = np.setdiff1d(np.arange(len(game.real)), game.members)
    if not len(others):
        return None
    rows = np.sort(drawing.permutation(others)[: len(game.synthetic)])
    instead = replace(game, synthetic=game.real.take(rows))
    worlds = deal(instead, worlds=instead.parts, rng=playing)
    found: list[Evidence] = []
    for attack in attacks:
        try:
            found.append(play(instead, attack, worlds=worlds, rng=playing.spawn(1)[0], across_units=True))
        except (AccessError, KnowledgeError, EvidenceError):
            continue  # the finding of this attack says why it cannot run
    return max(found, key=lambda e: measure(e).auc.value, default=None)


def frame_of(table: Table) -> pl.DataFrame:
    """A precise table as values: numbers as float64, null where missing, and categories as text."""
    made: list[pl.Series] = []
    for domain, codes in zip(table.domains, table.low.T, strict=True):
        if domain.numbers is None:
            made.append(pl.Series(domain.name, domain.labels, pl.String).gather(codes))
        else:
            made.append(pl.Series(domain.name, domain.numbers[codes]).fill_nan(None))
    return pl.DataFrame(made)
