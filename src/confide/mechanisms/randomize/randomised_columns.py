"""Composition over columns: each is randomised by itself, and what they promise about a person adds up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from confide.core.arrays import Rng
from confide.core.budget import Budget, Unit
from confide.core.claims import Claim
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Outcome, Rehearsal
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown
from confide.mechanisms.randomize.k_ary import KAry
from confide.mechanisms.randomize.noisy_numbers import NoisyNumbers
from confide.mechanisms.randomize.rappor import Rappor
from confide.mechanisms.randomize.unary_encoding import UnaryEncoding
from confide.views.table import Table

Part: TypeAlias = KAry | UnaryEncoding | Rappor | NoisyNumbers
"""Mechanisms that randomise one column, by a promise that can be set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomisedColumns:
    """Randomises several columns of a table, each with its share of epsilon.

    *Statement.* Where all other columns are dropped, the release promises, about a person with at most
    `at_most` rows, `at_most` times the sum of the parts' epsilons, and of their deltas. Where others are
    kept, it promises this about the randomised columns alone, and nothing about the person: the kept columns
    show the person as they are.

    *Proof.* The parts draw independently, each from one cell. The ratio of the chances of two releases is the
    product of the parts' ratios; basic composition, also over the rows of a person [Dwork, Roth 2014, theorem
    3.14].

    *Conditions.* Those of the parts. A person's values are hidden, and not how many rows they have.

    Args:
        parts: mechanisms for different columns.
        rest: what becomes of all other columns: "drop" or "keep".
        at_most: rows of one person.
        noise: "secure" or "rehearsal", for all parts.

    Raises:
        PromiseError: if a column has two parts, or a setting is refused.
    """

    parts: tuple[Part, ...]
    rest: Literal["drop", "keep"] = "drop"
    at_most: int = 1
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        if self.rest not in ("drop", "keep"):
            raise PromiseError(f"the other columns are {self.rest!r}: say 'drop' or 'keep'.")
        if self.at_most < 1:
            raise PromiseError(f"at_most is {self.at_most}; a person has at least one row: give 1 or more.")
        if not self.parts:
            raise PromiseError("no column is randomised: name one, such as k-ary(region).")
        names = [part.column for part in self.parts]
        if double := next((name for name in names if names.count(name) > 1), None):
            raise PromiseError(f"column {double!r} is randomised twice: name it once.")
        _ = self.budget

    @classmethod
    def split(
        cls,
        parts: Sequence[Part],
        *,
        epsilon: float,
        weights: Sequence[float] | None = None,
        rest: Literal["drop", "keep"] = "drop",
        at_most: int = 1,
        noise: Noise = "secure",
    ) -> RandomisedColumns:
        """The parts with their shares of an epsilon for the person, evenly or in proportion to weights.

        Raises:
            PromiseError: if epsilon or a weight is not above 0 and finite.
        """
        given = [1.0] * len(parts) if weights is None else list(weights)
        if not 0 < epsilon < float("inf"):
            raise PromiseError(f"epsilon is {epsilon}: give a finite number above 0, such as 1.")
        if wrong := [w for w in given if not 0 < w < float("inf")]:
            raise PromiseError(f"the weight of a column is {wrong[0]}: give a finite number above 0.")
        # A hair less, so that the shares do not add up to more when they are rounded.
        each = epsilon * (1 - 2.0**-40) / (sum(given) * max(at_most, 1))
        shared = tuple(replace(p, epsilon=w * each, noise=noise) for p, w in zip(parts, given, strict=True))
        return cls(parts=shared, rest=rest, at_most=at_most, noise=noise)

    def for_people(self, at_most: int) -> RandomisedColumns:
        """The same promise to people with at most this many rows: what was one row's is shared by all."""
        if at_most == self.at_most:
            return self
        # A hair less, as in `split`.
        share = self.at_most / at_most * (1 - 2.0**-40)
        parts = tuple(
            replace(p, epsilon=p.epsilon * share, delta=p.delta * share)
            if isinstance(p, NoisyNumbers)
            else replace(p, epsilon=p.epsilon * share)
            for p in self.parts
        )
        return replace(self, parts=parts, at_most=at_most)

    @property
    def budget(self) -> Budget:
        total = self.at_most * sum(part.epsilon for part in self.parts)
        delta = self.at_most * sum(part.budget.delta for part in self.parts)
        if self.rest == "keep":
            unit = Unit.cells([part.column for part in self.parts])
        else:
            unit = _unit(self.at_most)
        return Budget(total, delta, unit)

    def __call__(self, data: Table, *, rng: Rng) -> Outcome[Table]:
        """Release the table with these columns randomised.

        Raises:
            DataError: as the parts.
        """
        view = data if self.rest == "keep" else data.only([part.column for part in self.parts])
        for part, child in zip(self.parts, rng.spawn(len(self.parts)), strict=True):
            made = replace(part, noise=self.noise)(view, rng=child)
            assert isinstance(made, Rehearsal) == (self.noise == "rehearsal")
            view = made.view
        return outcome(self.noise, view, self.budget, "RandomisedColumns")

    def claims(self, view: Table) -> tuple[Claim, ...]:
        """Where others are dropped, no other is there; that values were randomised rests on the proof."""
        if self.rest == "keep":
            return ()
        own = tuple(part.column for part in self.parts)
        made = tuple(f"{p.column}{'=' if isinstance(p, UnaryEncoding) else '.'}" for p in self.parts)
        holds = all(name in own or name.startswith(made) for name in view.names)
        return (Claim("no column is there that was not randomised", holds),)

    def part(self, column: str) -> Part:
        """The mechanism of a column, which estimates what stands in it.

        Raises:
            DataError: if the column was not randomised.
        """
        for part in self.parts:
            if part.column == column:
                return part
        named = ", ".join(part.column for part in self.parts)
        raise DataError(f"column {column!r} was not randomised: these were: {named}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryColumn:
    """K-ary randomised response on every column of a table, epsilon split evenly among them.

    *Statement, proof and conditions* are those of `RandomisedColumns`: epsilon is for the whole row, or for
    all rows of a person.

    Args:
        epsilon: for all columns together, and all rows of a person.
        at_most: rows of one person.
        noise: "secure" or "rehearsal".

    Raises:
        PromiseError: if epsilon or the noise is refused.
    """

    epsilon: float
    at_most: int = 1
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        if self.at_most < 1:
            raise PromiseError(f"at_most is {self.at_most}; a person has at least one row: give 1 or more.")
        if not 0 < self.epsilon < float("inf"):
            raise PromiseError(f"epsilon is {self.epsilon}: give a finite number above 0, such as 1.")

    @property
    def budget(self) -> Budget:
        return Budget(self.epsilon, unit=_unit(self.at_most))

    def for_people(self, at_most: int) -> EveryColumn:
        """The same promise to people with at most this many rows."""
        return replace(self, at_most=at_most)

    def __call__(self, data: Table, *, rng: Rng) -> Outcome[Table]:
        """Release the table with all its columns randomised."""
        made = self.on(data)(data, rng=rng)
        return outcome(self.noise, made.view, self.budget, "EveryColumn")

    def on(self, table: Table) -> RandomisedColumns:
        """The same for the columns of this table."""
        parts = [KAry(column=name, epsilon=1.0) for name in table.names]
        return RandomisedColumns.split(parts, epsilon=self.epsilon, at_most=self.at_most, noise=self.noise)


def _unit(at_most: int) -> Unit:
    return Unit.record() if at_most == 1 else Unit.person("person", at_most=at_most)
