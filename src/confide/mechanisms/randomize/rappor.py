"""Erlingsson, Pihur, Korolova: RAPPOR (CCS 2014)."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from confide.core.arrays import Array, Bools, Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.noise.words import Words, below
from confide.mechanisms.randomize.columns import BIT, Odds, codes_of, refuse_epsilon, replaced
from confide.views.table import Domain, Table

GRAIN = 1 << 30
"""The chances of the second round are whole multiples of 1 / GRAIN."""


@dataclass(frozen=True, slots=True, eq=False)
class Memo:
    """The permanent responses that were drawn so far: secret, and needed for every further report.

    Args:
        cohort: int64[n], of each person.
        key: int64[r], rising: person x (number of values) + value.
        bits: bool[r, b], the permanent response of that person for that value.
        domain: digest of the values.
    """

    cohort: Ints
    key: Ints
    bits: Bools
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rappor:
    """RAPPOR: Bloom filters of the values in cohorts, randomised once for good, and again in each report.

    The column becomes `column.cohort` and b columns of bits, `column.bit0` and so on. A value sets `hashes`
    bits of its cohort's filter. The permanent response turns a bit over with chance f / 2, where f follows
    from epsilon. A report shows a permanent 1 as 1 with chance `one`, and a permanent 0 with chance `zero`.

    *Statement.* All reports of a person about one value, however many, together promise epsilon.

    *Proof.* Two values differ in at most 2 x `hashes` bits of a cohort's filter. Each permanent bit differs
    in its chances by a factor of at most (1 - f/2) / (f/2), which is at most e^(epsilon / (2 x hashes)) in
    whole numbers [`Odds.of`], and bits are independent. Reports are made of the permanent response alone:
    post-processing. The cohort does not depend on the value. [Erlingsson et al. 2014, theorem 1]

    *Conditions.* The same `Memo` is given for every report. Without it, each report is a new permanent
    response, and averaging over them finds the value. A person whose value changes spends epsilon for each
    value that they had. The number of rows is public; the values need not be. Hashing is SHA-256.

    Args:
        column: its name.
        epsilon: for all reports of a value, above 0 and finite.
        bits: b, of a filter.
        hashes: bits that a value sets.
        cohorts: in how many groups, each with hashes of its own, people are put at random.
        one, zero: the chances of the second round, the first larger.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, for audits and tests only.

    Raises:
        PromiseError: if a setting is refused.
    """

    column: str
    epsilon: float
    bits: int = 128
    hashes: int = 2
    cohorts: int = 8
    one: float = 0.75
    zero: float = 0.5
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_epsilon(self.epsilon)
        refuse_unknown(self.noise)
        for name, least in (("bits", 2), ("hashes", 1), ("cohorts", 1)):
            if getattr(self, name) < least:
                raise PromiseError(f"{name} is {getattr(self, name)}: give {least} or more.")
        if not 0 <= self.zero < self.one <= 1:
            raise PromiseError(
                f"a report shows a 1 with chance {self.one} and a 0 as 1 with chance {self.zero}: give two "
                "chances, the first larger."
            )

    @property
    def budget(self) -> Budget:
        return Budget(self.epsilon, unit=Unit.cells([self.column]))

    @property
    def odds(self) -> Odds:
        """Of a bit staying as it is in the permanent response: 1 - f/2 to f/2."""
        return Odds.of(self.epsilon / (2 * self.hashes), 1)

    @property
    def shares(self) -> tuple[float, float]:
        """The chances of a reported 1 where the filter holds 1, and where it holds 0."""
        stays, one, zero = self.odds.kept, *(float(Fraction(c, GRAIN)) for c in self._chances)
        return stays * one + (1 - stays) * zero, stays * zero + (1 - stays) * one

    @property
    def epsilon_once(self) -> float:
        """What a single report promises if no other is made: hashes x ln(q* (1 - p*) / (p* (1 - q*)))."""
        q, p = self.shares
        return min(
            self.epsilon, self.hashes * math.log(q * (1 - p) / (p * (1 - q))) if q < 1 and p else math.inf
        )

    @property
    def _chances(self) -> tuple[int, int]:
        return round(self.one * GRAIN), round(self.zero * GRAIN)

    def __call__(self, data: Table, *, rng: Rng | None) -> Outcome[Table]:
        """Release one report; its memo is thrown away, so that there can be no other.

        Raises:
            DataError: as `report`.
        """
        return self.report(data, memo=None, rng=rng)[0]

    def report(self, data: Table, *, memo: Memo | None, rng: Rng | None) -> tuple[Outcome[Table], Memo]:
        """Release a report, and what the next one must be given.

        Args:
            data: the people in the same order as in earlier reports.
            memo: of the last report; None for the first one.

        Raises:
            DataError: if the column is missing or holds ranges, or the memo is of other people or values.
        """
        words, codes = words_of(self.noise, rng), codes_of(data, self.column)
        domain = data.domains[data.at(self.column)]
        memo = self._begun(len(data), domain, words) if memo is None else memo
        if len(memo.cohort) != len(data) or memo.domain != domain.digest():
            raise DataError(
                f"the memo is about {len(memo.cohort)} people and the table about {len(data)}, or the values "
                f"of {self.column!r} are others: give the same people in the same order, under one domain."
            )
        memo = self._remembered(memo, codes, domain, words)
        permanent = memo.bits[np.searchsorted(memo.key, np.arange(len(data)) * len(domain) + codes)]
        one, zero = self._chances
        shown = below(GRAIN, permanent.size, words).reshape(permanent.shape) < np.where(permanent, one, zero)
        new: list[tuple[Domain, Array]] = [(self._cohort_domain(), memo.cohort)]
        new += [
            (Domain(f"{self.column}.bit{i}", BIT, np.array([0.0, 1.0])), shown[:, i])
            for i in range(self.bits)
        ]
        return outcome(self.noise, replaced(data, self.column, new), self.budget, "Rappor"), memo

    def filters(self, values: tuple[str, ...]) -> Bools:
        """The Bloom filter of each value in each cohort, bool[cohorts, m, b]."""
        found = np.zeros((self.cohorts, len(values), self.bits), np.bool_)
        for cohort in range(self.cohorts):
            for at, value in enumerate(values):
                for number in range(self.hashes):
                    sha = hashlib.sha256(f"{cohort} {number} {value}".encode()).digest()
                    found[cohort, at, int.from_bytes(sha, "big") % self.bits] = True
        return found

    def reported(self, released: Table) -> tuple[Ints, Bools]:
        """The cohorts int64[n] and bits bool[n, b] of a release.

        Raises:
            DataError: if its columns are not there.
        """
        names = [f"{self.column}.bit{i}" for i in range(self.bits)]
        return codes_of(released, f"{self.column}.cohort"), released.only(names).low == 1

    def _begun(self, people: int, domain: Domain, words: Words) -> Memo:
        cohort = below(self.cohorts, people, words)
        return Memo(cohort, np.zeros(0, np.int64), np.zeros((0, self.bits), np.bool_), domain.digest())

    def _remembered(self, memo: Memo, codes: Ints, domain: Domain, words: Words) -> Memo:
        """The memo with a permanent response for what each person holds now; older ones stay as they are."""
        key = np.arange(len(codes)) * len(domain) + codes
        first = ~np.isin(key, memo.key)
        true = self.filters(domain.labels)[memo.cohort[first], codes[first]]
        drawn = true == self.odds.coins(true.size, words).reshape(true.shape)
        keys = np.concatenate([memo.key, key[first]])
        order = np.argsort(keys)
        return Memo(memo.cohort, keys[order], np.concatenate([memo.bits, drawn])[order], memo.domain)

    def _cohort_domain(self) -> Domain:
        numbers = np.arange(self.cohorts, dtype=np.float64)
        return Domain(f"{self.column}.cohort", tuple(str(i) for i in range(self.cohorts)), numbers)
