"""Winkler: String Comparator Metrics and Enhanced Decision Rules in the Fellegi-Sunter Model (1990)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.linkage.table._blocking import Blocking
from confide.attacks.linkage.table._likeness import Fields, are_names
from confide.attacks.linkage.table._posterior import log_odds
from confide.attacks.linkage.table._splink import Comparison, Pairs, compared, need_splink, shares_of_levels
from confide.core.arrays import Floats, Ints, Rng
from confide.core.diagnostics import Diagnostics
from confide.core.language import Kept, keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.table import TableKnowledge
from confide.views.table import Table

ASKED = 500
"""The targets that EM looks at: how names are misspelt is seen in those alone who are found."""
TURNS = 25
"""The most rounds of EM."""
SETTLED = 1e-3
"""EM ends when no share moves by more."""
SURE = 50.0
"""The targets that what the adversary knows about its wrong facts is worth, in EM."""
LEAST, MOST = 0.02, 0.98
"""The least and the most for the share of targets who are in the release, and of true facts."""
RARELY = 1e-4
"""The least share of a further level, to begin with: EM cannot raise what is 0."""
MISSPELT = 0.3
"""The share of names that are like the true one, while rules are sought. They must not rest on spelling."""
SAMPLE = (300, 1_000)
"""Targets and rows, all of which are compared to learn how similar two people are."""
NO_ROW = 1e-9
"""How likely the facts are for a row, where none was compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoisyNames:
    """Record linkage by similar names: a misspelt name counts for a person as far as it is like theirs.

    The adversary links the facts to the release by splink, as statistical offices link registers. For each
    column the facts and a row are on one of several levels of similarity: the value is in the cell; or names
    have a similarity of Jaro and Winkler of 0.92, or of 0.88; or numbers are within 0.1 or 0.5 standard
    deviations; or none of these. A level counts m / u: the share of true rows on it, by the share of all
    rows. A value in the cell counts by how rare it is. A missing value is a value of its own.

    As in `FellegiSunter`, each person has one row of the release or none, and EM over this mixture finds the
    m and the share of people with a row. splink's own EM over single pairs settles on groups of people who
    have something in common. The u are counted in a sample of pairs.

    Up to two million pairs are all compared. Of larger tables, pairs that satisfy one of some rules are:
    they agree in up to three values, or beginnings or ends of names. The rules are those that miss the
    fewest people. **Who is missed is not found**, however clear the case is, so what is found there is a
    lower limit; the remarks say what share of the people that is, by the adversary's own estimate.

    The adversary names the row with the largest posterior, or none where no row was compared. Score: its
    log-odds. It is played where a known column holds 100 different words or more.

    Raises:
        KnowledgeError: if splink is not installed (`pip install 'confide[splink]'`).

    Source: Winkler 1990; Linacre et al., Splink (International Journal of Population Data Science 7, 2022).
    """

    name: ClassVar[str] = "noisy-names"
    title: ClassVar[str] = later("Which row is theirs, where names may be misspelt?")
    paper: ClassVar[Paper] = Paper(
        authors="William E. Winkler",
        title="String Comparator Metrics and Enhanced Decision Rules in the Fellegi-Sunter Model of Record "
        "Linkage",
        venue="Proceedings of the Section on Survey Research Methods, American Statistical Association",
        year=1990,
        url="https://eric.ed.gov/?id=ED325505",
    )

    def __call__(self, case: Case[Table, TableKnowledge, Table], *, rng: Rng) -> Guess:
        need_splink(self.name)
        facts = case.targets
        if not len(case.view) or not len(facts):
            return Guess(np.full(len(facts), -1), np.zeros(len(facts)))
        fields = Fields.of(case.view.only(facts.names), facts)
        sampling, blocking, choosing, judging = rng.spawn(4)
        before = _before(fields, case.known.wrong, rng=sampling)
        names = np.array([are_names(domain) for domain in facts.domains])
        true = np.array([one.m[0] for one in before]) - MISSPELT * names
        rules = Blocking.of(fields, np.maximum(true, LEAST), MISSPELT * names, rng=blocking)
        pairs = compared(fields.asked, fields.released, before, rules.rules)
        fitted = _fitted(pairs, fields, before, choosing.permutation(len(facts))[:ASKED])
        claim, score = _named(_weighed(pairs, before, fitted.m), pairs, fields, fitted.present)
        shares = np.array([m[0] for m in fitted.m])
        similar = names * np.array([m[1:-1].sum() for m in fitted.m])
        missed = rules.missed(fields.keys, shares, similar, rng=judging)
        return Guess(claim, score, Diagnostics(_remarks(shares, similar, missed, facts)))


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """Of each column the share of each level among true rows, and the share of targets who have a row."""

    m: tuple[Floats, ...]
    present: float


def holds_names(table: Table) -> bool:
    """Whether a column holds names, or other words that may be misspelt: 100 different ones or more."""
    return any(map(are_names, table.domains))


def _before(fields: Fields, wrong: float, *, rng: Rng) -> list[Comparison]:
    """The comparisons, with the shares of wrong facts that the adversary knows of."""
    cells, (targets, rows) = fields.cells, SAMPLE
    some = fields.asked[rng.permutation(len(fields.asked))[:targets]]
    others = fields.released[rng.choice(len(fields.released), rows, p=cells.count / cells.people)]
    shares = shares_of_levels(some, others, fields.levels)
    found: list[Comparison] = []
    for i, (levels, u, rare) in enumerate(zip(fields.levels, shares, fields.rare, strict=True)):
        true = min(max(1 - wrong, LEAST), MOST)
        # What is wrong is another row's value, which may be like the true one by chance.
        m = np.maximum((1 - true) * u, RARELY)
        m[0] = true
        m[1:] *= (1 - true) / m[1:].sum()
        found.append(Comparison(i, levels, m, u, rare))
    return found


def _weighed(pairs: Pairs, before: Sequence[Comparison], m: Sequence[Floats]) -> Floats:
    """The log ratio of all pairs under other shares than they were compared with."""
    total = pairs.log_ratio.copy()
    for level, one, new in zip(pairs.level.T, before, m, strict=True):
        total += np.log(new / one.m).take(level)
    return total


def _fitted(pairs: Pairs, fields: Fields, before: Sequence[Comparison], asked: Ints) -> _Fitted:
    """EM over the one-to-one mixture, for some targets."""
    which = np.isin(pairs.asked, asked)
    some = Pairs(pairs.asked[which], pairs.row[which], pairs.level[which], pairs.log_ratio[which])
    starts = np.flatnonzero(np.diff(some.asked, prepend=-1))
    size = np.diff(starts, append=len(some.asked))
    fitted = _Fitted(tuple(one.m for one in before), 0.5)
    if not len(starts):
        return fitted
    chance = fields.cells.count[some.row] / fields.cells.people
    for _ in range(TURNS):
        log_ratio = _weighed(some, before, fitted.m)
        top = np.maximum.reduceat(log_ratio, starts)
        share = chance * np.exp(log_ratio - np.repeat(top, size)) * fitted.present
        none = (1 - fitted.present) * np.exp(-top)
        share /= np.repeat(np.add.reduceat(share, starts) + none, size)
        seen = share.sum()
        m = tuple(
            (np.bincount(level, share, minlength=len(one.m)) + SURE * one.m) / (seen + SURE)
            for level, one in zip(some.level.T, before, strict=True)
        )
        new = _Fitted(m, float(np.clip(seen / len(asked), LEAST, MOST)))
        moved = max(
            abs(new.present - fitted.present),
            *(np.abs(a - b).max() for a, b in zip(m, fitted.m, strict=True)),
        )
        fitted = new
        if moved < SETTLED:
            break
    return fitted


def _named(log_ratio: Floats, pairs: Pairs, fields: Fields, present: float) -> tuple[Ints, Floats]:
    """The row of the largest posterior of each target, and its log-odds."""
    cells, n = fields.cells, len(fields.asked)
    claim = np.full(n, -1)
    score = np.full(n, np.log(present / (1 - present) / cells.people * NO_ROW))
    ends = np.searchsorted(pairs.asked, np.arange(n + 1))
    for i, (start, end) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)):
        if start < end:
            here, row = log_ratio[start:end], pairs.row[start:end]
            claim[i] = cells.first[row[here == here.max()]].min()
            score[i] = log_odds(here, cells.count[row], cells.people, present)
    return claim, score


def _remarks(shares: Floats, similar: Floats, missed: float, facts: Table) -> tuple[Kept, ...]:
    held = ", ".join(f"{name} {true:.2f}" for name, true in zip(facts.names, shares, strict=True))
    like = ", ".join(f"{name} {s:.2f}" for name, s in zip(facts.names, similar, strict=True) if s)
    found = (keep("by its own estimate, it holds true facts with these shares: {shares}.", shares=held),)
    if like:
        found += (
            keep("by its own estimate, it holds similar facts with these shares: {shares}.", shares=like),
        )
    if not missed:
        return found
    if missed < 1e-3:
        return (
            *found,
            keep("not all pairs are compared: by its own estimate that misses less than 0.1% of the people."),
        )
    return (
        *found,
        keep(
            "not all pairs are compared: by its own estimate that misses {share:.1%} of the people.",
            share=float(missed),
        ),
    )
