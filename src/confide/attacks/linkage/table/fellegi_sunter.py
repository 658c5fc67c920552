"""Fellegi, Sunter: A Theory for Record Linkage (JASA 1969)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.linkage.table._cells import Cells, Sums, mass
from confide.attacks.linkage.table._patterns import Patterns
from confide.attacks.linkage.table._posterior import log_odds
from confide.core.arrays import Array, Bools, Floats, Rng
from confide.core.diagnostics import Diagnostics
from confide.core.language import Kept, keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.table import TableKnowledge
from confide.views.table import Table

ASKED = 200
"""The targets that EM looks at. They give the share of people in the release a standard error below .04."""
TURNS = 25
"""The most rounds of EM; it mostly ends by itself after ten."""
SETTLED = 3e-3
"""EM ends when no share moves by more."""
SURE = 200.0
"""The targets that what the adversary knows about its wrong facts is worth, in EM."""
UNLIKELY = 1e-6
"""Rows with a smaller posterior are left out of the shares of true facts, to which they add little."""
LEAST, MOST = 0.02, 0.98
"""The least and the most for a share: at 0 or 1 a single cell would decide, or nobody could be absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FellegiSunter:
    """Probabilistic record linkage: how many times likelier are the facts for this row than for anybody?

    In column c a fact is true with the share m_c. Then it is in the range of the person's cell. If it is not
    true, it is the value of any row. So a cell of range R counts for the fact v, of which a share p(v) of the
    people have it, as

        P(v | the person's cell) / P(v) = m_c / p(R) + (1 - m_c)   if v is in R, else 1 - m_c,

    where p(R) is the share of the people with a value in R. The ratio of a row is the product over columns.

    Each person has one row in the release or none. They have one with the chance s, and then each of the n
    rows is theirs with equal chance. So the posterior of row j is s/n * ratio_j / (sum over rows + 1 - s).
    m_c and s come from EM over this mixture, which looks at all rows of a target together. EM over single
    pairs of target and row, as usual in record linkage, fails here: one pair in n is a match, and it settles
    on groups of people who have something in common. The m_c start at the share of wrong facts that the
    adversary knows of. EM lowers them where the release says something else than the person's row did.

    The adversary names the row with the largest posterior. Score: its log-odds. Columns depend on each other,
    which the ratio leaves out, so that absent people too find a row that fits them. At a score of 0 (a
    posterior of one half) many of them are named. The report therefore sets the threshold on absent people.
    """

    name: ClassVar[str] = "fellegi-sunter"
    title: ClassVar[str] = later(
        "How many times likelier are the known facts for this row than for anybody's?"
    )
    paper: ClassVar[Paper] = Paper(
        authors="Ivan P. Fellegi and Alan B. Sunter",
        title="A Theory for Record Linkage",
        venue="Journal of the American Statistical Association 64",
        year=1969,
        url="https://doi.org/10.1080/01621459.1969.10501049",
    )

    def __call__(self, case: Case[Table, TableKnowledge, Table], *, rng: Rng) -> Guess:
        facts = case.targets.low
        if not len(case.view):
            return Guess(np.full(len(facts), -1), np.zeros(len(facts)))
        release = _Release.of(case)
        some = rng.permutation(len(facts))[:ASKED]
        fitted = _fitted(release, facts[some], case.known.wrong)
        claim, score = np.empty(len(facts), np.int64), np.empty(len(facts))
        weights = release.weights(fitted.true)
        for i, fact in enumerate(facts):
            pattern = release.patterns.about(fact)
            log_ratio = weights.of(fact, pattern.at)
            claim[i] = release.cells.first[pattern.first(np.flatnonzero(log_ratio == log_ratio.max()))]
            score[i] = log_odds(log_ratio, pattern.count, release.cells.people, fitted.present)
        return Guess(claim, score, Diagnostics((_remark(fitted, case.targets),)))


@dataclass(frozen=True, slots=True, eq=False)
class _Release:
    """The released cells of the known columns, and the share of people whose value is in each: by column."""

    cells: Cells
    mass: tuple[Floats, ...]
    patterns: Patterns

    @classmethod
    def of(cls, case: Case[Table, TableKnowledge, Table]) -> _Release:
        cells = Cells.of(case.view.only(case.targets.names))
        laws = [cells.law(c, size) for c, size in enumerate(case.targets.sizes.tolist())]
        shares = tuple(mass(*one) for one in zip(laws, cells.low, cells.high, strict=True))
        return cls(cells, shares, Patterns.of(cells, shares))

    def weights(self, true: Floats) -> Sums:
        """The log ratio of rows."""
        return Sums(self.cells, lambda column, fact: np.log(self.ratio(column, fact, true[column])))

    def ratio(self, column: int, fact: int, true: float) -> Floats:
        """For each cell of a column: how many times likelier the fact is for its person than for anybody."""
        return 1 - true + np.where(self.holds(column, fact), true / self.mass[column], 0)

    def chance(self, column: int, fact: int, true: float) -> Floats:
        """For each cell of a column: the chance that the fact is true, if the row is the person's."""
        return self.holds(column, fact) * (1 - (1 - true) / self.ratio(column, fact, true))

    def holds(self, column: int, fact: int) -> Bools:
        """Which of the column's cells may stand for this value."""
        return (self.cells.low[column] <= fact) & (fact <= self.cells.high[column])


@dataclass(frozen=True, slots=True)
class _Fitted:
    """The share of true facts in each column, and the share of targets who are in the release."""

    true: Floats
    present: float


def _fitted(release: _Release, facts: Array, wrong: float) -> _Fitted:
    """EM over the one-to-one mixture: the posterior of each row, then the shares of true facts under it."""
    people = release.cells.people
    # What facts say of rows does not change from round to round.
    patterns = [release.patterns.about(fact) for fact in facts]
    start = min(max(1 - wrong, LEAST), MOST)
    fitted = _Fitted(np.full(facts.shape[1], start), 0.5)
    for _ in range(TURNS):
        weights = release.weights(fitted.true)
        linked, seen, true = 0.0, 0.0, np.zeros(facts.shape[1])
        # Many targets share a value.
        chances: dict[tuple[int, int], Floats] = {}
        for fact, pattern in zip(facts, patterns, strict=True):
            log_ratio = weights.of(fact, pattern.at)
            top = log_ratio.max()
            share = pattern.count * np.exp(log_ratio - top) * fitted.present / people
            share /= share.sum() + (1 - fitted.present) * np.exp(-top)
            linked += share.sum()
            rows = np.flatnonzero(share > UNLIKELY)
            part, near = share[rows], pattern.at[:, rows]
            seen += part.sum()
            for column, value in enumerate(fact.tolist()):
                chance = chances.get((column, value))
                if chance is None:
                    chance = chances[column, value] = release.chance(column, value, fitted.true[column])
                true[column] += part @ chance[near[column]]
        new = _Fitted(
            np.clip((true + SURE * start) / (seen + SURE), LEAST, MOST),
            float(np.clip(linked / len(facts), LEAST, MOST)),
        )
        moved = max(float(np.abs(new.true - fitted.true).max()), abs(new.present - fitted.present))
        fitted = new
        if moved < SETTLED:
            break
    return fitted


def _remark(fitted: _Fitted, facts: Table) -> Kept:
    shares = ", ".join(f"{name} {true:.2f}" for name, true in zip(facts.names, fitted.true, strict=True))
    return keep("by its own estimate, it holds true facts with these shares: {shares}.", shares=shares)
