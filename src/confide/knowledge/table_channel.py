"""What a mechanism makes of single cells, learnt by an adversary that has the mechanism: it rehearses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy.sparse import csr_array

from confide.core.arrays import Array, Floats, Ints, Rng
from confide.core.errors import DataError, KnowledgeError, PromiseError
from confide.core.language import keep
from confide.core.nouns import Mechanism
from confide.views.table import Domain, Table

Sparse: TypeAlias = Any  # scipy's stubs know no element types

CELLS = 100_000
"""About this many cells of a column are rehearsed, so that one value of a hundred gets a thousand."""
ROUNDS = 50
"""At most this number of rehearsals, however small the table."""
PRIOR = 500.0
"""What a law for all values is worth beside one value's counts, in cells: few rehearse a rare value."""
STEPS = np.concatenate([np.arange(0, 0.96, 0.02), 1 - 0.04 * 0.5 ** np.arange(1, 9)])
"""Quantiles of the size of moves at which classes of moves of numbers end: finer towards rare large moves."""
TURNS = 50
"""Of EM for the law behind a released column."""


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """The channel of one column of m values: what a cell shows, given what is true.

    Args:
        domain: of the column.
        shown: float64[m], the share of each value in the release; none is 0.
        pairs: sparse float64[m, m], how often a value was shown as another in the rehearsals.
        edges: rising float64[.], between classes of moves of numbers; None for categories.
        moves: float64[.], the chance of each class of moves; the last is that a value goes missing.
    """

    domain: Domain
    shown: Floats
    pairs: Sparse
    edges: Floats | None = None
    moves: Floats | None = None

    @classmethod
    def of(cls, domain: Domain, true: Ints, shown: Ints, released: Ints) -> Channel:
        """The channel of a column, from cells before and after rehearsals.

        Args:
            domain: of m values.
            true, shown: int64[n], codes before and after.
            released: int64[.], the codes of the release itself.
        """
        m = len(domain)
        share = (np.bincount(released, minlength=m) + 1 / m) / (len(released) + 1)
        pairs = csr_array((np.ones(len(true)), (true, shown)), shape=(m, m))
        numbers = domain.numbers
        if numbers is None or m - domain.missing < 2:
            return cls(domain, share, pairs)
        move = numbers[shown] - numbers[true]
        there = ~np.isnan(numbers[true])
        sizes = np.abs(move[there & (move != 0) & ~np.isnan(move)])
        cuts = np.unique(np.quantile(sizes, STEPS)) if len(sizes) else np.ones(1)
        least = float(np.diff(numbers[: m - domain.missing]).min())
        # No move is a class of its own, however small the least move is.
        edges = np.unique(np.concatenate([-cuts, [-least / 2, least / 2], cuts]))
        counts = np.bincount(_kinds(move[there], edges), minlength=len(edges) + 2) + 1.0
        return cls(domain, share, pairs, edges, counts / counts.sum())

    def lift(self, value: int) -> Floats:
        """How many times likelier each value is shown if this one is true than in a random row, float64[m].

        Its mean over the rows of the release is 1.
        """
        own = np.asarray(self.pairs[[value]].todense(), np.float64).ravel()
        chances = own + PRIOR * self._like_others(value)
        return chances / chances.sum() / self.shown

    def behind(self) -> tuple[Floats, Floats]:
        """The chance of each true value, float64[m]; and of each given each that is shown, float64[shown, m].

        The first is the law under which the release is likeliest, by EM [Agrawal, Aggarwal 2001].
        """
        chances = np.stack([self.lift(value) for value in range(len(self.domain))]) * self.shown
        law = self.shown.copy()
        for _ in range(TURNS):
            law = law * (chances @ (self.shown / (law @ chances)))
            law /= law.sum()
        return law, (law[:, None] * chances / (law @ chances)).T

    def _like_others(self, value: int) -> Floats:
        """The chance of each value to be shown for a true one, if it is treated like all others."""
        numbers = self.domain.numbers
        if numbers is None or self.edges is None or self.moves is None or np.isnan(numbers[value]):
            return self._kept_or_not(value)
        kind = _kinds(numbers - numbers[value], self.edges)
        among = np.bincount(kind, self.shown, minlength=len(self.moves))
        chance = np.where(among > 0, self.moves, 0.0)
        return (chance / chance.sum() / np.where(among > 0, among, 1.0))[kind] * self.shown

    def _kept_or_not(self, value: int) -> Floats:
        """Kept with the chance of all values, else another by how often it is what others become."""
        kept = float(self.pairs.diagonal().sum()) / max(float(self.pairs.sum()), 1.0)
        into = np.asarray(self.pairs.sum(axis=0)).ravel() - self.pairs.diagonal() + 1 / len(self.shown)
        into[value] = 0.0
        found = (1 - kept) * into / max(float(into.sum()), 1e-300)
        found[value] = 1 - found.sum()
        return found + 1e-9


def channels(
    view: Table, mechanism: Mechanism[Table] | None, names: Sequence[str], *, rng: Rng
) -> Mapping[str, Channel]:
    """The channels of these columns, by rehearsing the mechanism on its own release.

    An adversary that knows the mechanism and its settings, but no secret of it, can run it on any table. What
    it makes of the released cells it made of the true ones too, wherever it treats them in one way. This is
    exact for mechanisms that look at one cell at a time, and near for those that look at others as well. It
    is false for those that do not change their own release again, such as microaggregation.

    A column with ranges has no channel: a range says by itself what may be true. For the rehearsal each of
    its cells holds a value of its range, drawn at random.

    Args:
        view: the release.
        mechanism: what made it; it keeps the rows and their order.
        names: of columns in the view.
        rng: for the rehearsals.

    Raises:
        KnowledgeError: if the mechanism is not known or cannot be run on its release, or all columns have
            ranges, before a rehearsal or after.
    """
    if mechanism is None:
        raise KnowledgeError(keep("how the release was made is not known, so that nothing can be rehearsed"))
    exact = [name for name in names if view.only([name]).precise]
    rounds = max(1, min(ROUNDS, CELLS // max(len(view), 1)))
    filling, running = rng.spawn(2)
    filled = view
    if not view.precise:
        filled = Table.of(view.domains, filling.integers(view.low, view.high, endpoint=True))
    try:
        again = [mechanism(filled, rng=child).view for child in running.spawn(rounds)]
    except (DataError, PromiseError) as why:
        raise KnowledgeError(
            keep("what was done cannot be done to the release again: {why}", why=str(why))
        ) from why
    exact = [name for name in exact if all(name in v.names and v.only([name]).precise for v in again)]
    if not exact or not len(view):
        raise KnowledgeError(
            keep("all known columns hold ranges, and a range says by itself what may be true")
        )
    found: dict[str, Channel] = {}
    for name in exact:
        codes = _codes(view, name)
        shown = np.concatenate([_codes(made, name) for made in again])
        found[name] = Channel.of(view.domains[view.at(name)], np.tile(codes, rounds), shown, codes)
    return found


def _codes(table: Table, name: str) -> Ints:
    return table.low[:, table.at(name)].astype(np.int64)


def _kinds(moves: Array, edges: Floats) -> Ints:
    """The class of each move; the last for those to a missing value, int64."""
    return np.where(np.isnan(moves), len(edges) + 1, np.searchsorted(edges, moves, side="right"))
