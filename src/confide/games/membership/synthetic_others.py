"""Membership in a synthetic file where nobody was held out: is it nearer to its people than others' rows?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.budget import Unit
from confide.core.errors import DataError, EvidenceError
from confide.core.language import later
from confide.core.nouns import Case, Guess, World
from confide.games.membership.synthetic import SyntheticWorld, need_same_columns, some_people
from confide.knowledge.synthetic import SyntheticKnowledge
from confide.views.table import Table
from confide.views.table_people import whose

REFERENCE = 0.2
"""The share of the people who are not asked about that the adversary knows besides."""
MOST_KNOWN = 2_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AgainstOthers:
    """A synthetic file, and rows of other real people in its place; all people are behind the file.

    Without people held out nobody can say of a synthetic file what it gives away and what is true of
    everybody. What is true of everybody other people's rows say too. So the adversary looks for some of the
    real people in the synthetic file (exposed), and for others in as many rows of further real people
    (control), as if these rows were a synthetic file: they are drawn from the population, and know nothing of
    the people who are asked about. If the synthetic rows knew no more, both would look the same.

    A file that is made less exactly than real rows is farther from everybody, which can hide what it gives
    away. So what is found is there, and what is not found may be there. Only attacks whose scores mean the
    same in every file can play: copies and distances, and no model that is trained on each.

    Args:
        synthetic: the synthetic rows.
        real: rows that it was made from.
        members: int64[a], rows of `real`, who are looked for in the synthetic file.
        controls: int64[b], who are looked for in the rows of others.
        others: int64[c], whose rows stand in its place; of the synthetic file as many are drawn.
        known: int64[r], whose rows the adversary knows besides.
        unit: one row, or all rows of one person.

    Raises:
        DataError: if a table is empty or has other columns, or somebody has two parts.
    """

    synthetic: Table
    real: Table
    members: Ints
    controls: Ints
    others: Ints
    known: Ints
    unit: Unit = field(default_factory=Unit.record)

    def __post_init__(self) -> None:
        need_same_columns(synthetic=self.synthetic, real=self.real)
        person = whose(self.real)
        parts = [np.unique(person[rows]) for rows in (self.members, self.controls, self.others, self.known)]
        if min(map(len, parts)) < 1 or len(np.unique(np.concatenate(parts))) < sum(map(len, parts)):
            raise DataError(
                f"{self._sizes} real rows are looked for in the file, looked for elsewhere, elsewhere, and "
                "known: give each part people of its own."
            )

    @property
    def _sizes(self) -> str:
        return ", ".join(str(len(r)) for r in (self.members, self.controls, self.others, self.known))

    @classmethod
    def drawn(cls, synthetic: Table, real: Table, *, each: int, rng: Rng, unit: Unit) -> AgainstOthers:
        """The game about at most `each` people in the file and as many elsewhere.

        Half of the real people at least are not asked about.

        Raises:
            DataError: if there are too few people.
        """
        order = some_people(real, len(real), rng=rng)
        each = min(each, len(order) // 4)
        rest = order[2 * each :]
        few = min(MOST_KNOWN, max(1, int(REFERENCE * len(rest))))
        person = whose(real)
        known, others = (np.flatnonzero(np.isin(person, person[rows])) for rows in (rest[:few], rest[few:]))
        return cls(
            synthetic=synthetic,
            real=real,
            members=order[:each],
            controls=order[each : 2 * each],
            others=others,
            known=known,
            unit=unit,
        )

    @property
    def randomised(self) -> bool:
        """A coin decides who is looked for where, and nobody's membership."""
        return False

    @property
    def no_coin(self) -> str:
        """Why no coin counts, for the report."""
        return later("all people who are asked about are behind the synthetic file")

    def deal(self, world: int, *, rng: Rng) -> SyntheticWorld:
        """World 0 is the synthetic file, world 1 the rows of others. A target's number is its row.

        Raises:
            EvidenceError: if there is no such world.
        """
        if world not in (0, 1):
            raise EvidenceError(f"world {world} of two: give 0 for the synthetic file, 1 for others' rows.")
        size = min(len(self.synthetic), len(self.others))
        rows = self._in_one_range()[world]
        view = rows.take(np.sort(rng.permutation(len(rows))[:size])).published
        ids = rng.permutation(self.controls if world else self.members)
        exposed = np.full(len(ids), world == 0)
        known = SyntheticKnowledge(reference=self.real.take(self.known).published, rows=len(self.real))
        targets = Table.of(self.real.domains, self.real.low[ids])
        return World(Case(view, known, targets), exposed, exposed, ids, source=self.real)

    def _in_one_range(self) -> tuple[Table, Table]:
        """The synthetic rows and those of others, their numbers cut to the range that both have.

        Attacks count a number's difference in units of its range. One extreme value in one of the files would
        make everybody nearer there.
        """
        files = self.synthetic.low.copy(), self.real.low[self.others]
        for i, domain in enumerate(self.real.domains):
            if domain.numbers is None:
                continue
            last = len(domain) - 1 - domain.missing
            held = [codes[:, i][codes[:, i] <= last] for codes in files]
            if not len(held[0]) or not len(held[1]):
                continue
            low, high = max(h.min() for h in held), min(h.max() for h in held)
            for codes in files:
                known = codes[:, i] <= last
                codes[known, i] = np.clip(codes[known, i], low, max(low, high))
        first, second = (Table.of(self.real.domains, codes) for codes in files)
        return first, second

    def hits(self, guess: Guess, secrets: Bools) -> Bools:
        """All True: the only claim is "these rows were made from this person's"."""
        return np.ones(len(guess.score), np.bool_)
