"""Blind adversary: what somebody who never saw the synthetic file can say of who was behind it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from confide.attacks.blind import FEWEST, Blind
from confide.core.arrays import Rng
from confide.core.evidence import Evidence
from confide.core.nouns import Case
from confide.games.membership.synthetic import SyntheticFile
from confide.knowledge.models import SupervisedBackground
from confide.views.records import Records
from confide.views.table import Table


def blind(game: SyntheticFile, *, rng: Rng) -> Evidence | None:
    """Whether the people asked about differ by themselves from those who were held out.

    The adversary knows of half of them whether they were behind the file, and learns what sets the two groups
    apart.

    Returns:
        None where there are too few people to say.
    """
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


def frame_of(table: Table) -> pl.DataFrame:
    """A precise table as values: numbers as float64, categories as text, null where missing."""
    made: list[pl.Series] = []
    for domain, codes in zip(table.domains, table.low.T, strict=True):
        if domain.numbers is not None:
            made.append(pl.Series(domain.name, domain.numbers[codes], pl.Float64).fill_nan(None))
        else:
            labels = [*domain.labels[: len(domain) - domain.missing], *[None] * domain.missing]
            made.append(pl.Series(domain.name, labels, pl.String).gather(codes))
    return pl.DataFrame(made)
