"""Denning, Denning, Schwartz: The Tracker (ACM TODS 1979): differencing, with each derivation written out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

import numpy as np
from scipy import sparse

from confide.attacks.reconstruction.crosstabs._exact import Row, coefficients, combined, in_span
from confide.attacks.reconstruction.crosstabs._highs import program
from confide.attacks.reconstruction.crosstabs._released import Released
from confide.attacks.reconstruction.crosstabs._solver import NEAR, Clock
from confide.core.arrays import Array, Ints
from confide.core.language import t

How: TypeAlias = Literal["published", "subtraction", "linear span", "bounds"]
FEW_ZEROS = 2
"""Up to this number of cells of 0 are named in a derivation."""
LARGEST = 8
"""Among derivations with coefficients of up to this the shortest one is sought."""


@dataclass(frozen=True, slots=True, eq=False)
class Derivation:
    """How a number follows from released ones.

    Args:
        target: what the number is of, in words.
        how: published elsewhere; by one addition or subtraction; by a linear combination; by bounds.
        terms: coefficient and number of each released statement in the sum.
        low, high: what follows: one number, or a range.
        shortest: whether it is proved that no derivation has fewer terms (with coefficients up to LARGEST).
        text: the derivation, written out; empty where it follows but none was found.
    """

    target: str
    how: How
    terms: tuple[tuple[Fraction, int], ...]
    low: int
    high: int
    shortest: bool
    text: str

    @property
    def integers(self) -> bool:
        """Whether additions and subtractions are enough: all coefficients are whole."""
        return all(factor.denominator == 1 for factor, _ in self.terms)


def derived(
    released: Released,
    targets: Sequence[Row],
    names: Sequence[str],
    *,
    among: Ints | None = None,
    seconds: float = 30.0,
) -> list[Derivation | None]:
    """Differencing: which numbers follow from the released ones by adding and subtracting.

    A number that nobody published follows if its vector is in the linear span of the published ones. That
    is decided in exact arithmetic, and every derivation is checked in it. One released number, or two, are
    found by looking them up; the shortest longer derivation by an integer program.

    Args:
        released: statements of the same people.
        targets: the vectors of the numbers that are asked about.
        names: what they are, in words.
        among: the published statements that may be used; by default all.
        seconds: for the search for shorter derivations, of all targets together.

    Returns:
        for each target its derivation, or None if it does not follow.

    Raises:
        DataError: if there are too many statements to be decided.

    Source: Denning, Denning and Schwartz 1979.
    """
    usable = (released.published if among is None else among).tolist()
    rows = [released.rows[i] for i in usable]
    inside, clock = in_span(rows, targets, released.width), Clock(seconds)
    found: list[Derivation | None] = []
    for number, (target, name) in enumerate(zip(targets, names, strict=True)):
        if (few := _looked_up(rows, target)) is not None:
            how: How = "published" if len(few) == 1 else "subtraction"
            terms = tuple((factor, usable[i]) for factor, i in few)
            found.append(_written(released, name, how, terms, shortest=True))
        elif not inside[number]:
            found.append(None)
        else:
            found.append(
                _spanned(released, usable, target, name, seconds=clock.left / (len(targets) - number))
            )
    return found


def _looked_up(rows: Sequence[Row], target: Row) -> list[tuple[Fraction, int]] | None:
    """One statement that is the target, or two whose sum or difference is."""
    places = {frozenset(row.items()): i for i, row in reversed(list(enumerate(rows)))}
    if (same := places.get(frozenset(target.items()))) is not None:
        return [(Fraction(1), same)]
    one, whole = Fraction(1), (Fraction(1), target)
    for i, row in enumerate(rows):
        for sign in (1, -1):
            # target = row + sign * other, so other = sign * (target - row)
            rest = combined([whole, (-one, row)])
            other = frozenset((at, sign * int(value)) for at, value in rest.items())
            if (j := places.get(other)) is not None and j != i:
                return [(one, i), (Fraction(sign), j)]
    return None


def _spanned(
    released: Released, usable: Sequence[int], target: Row, name: str, *, seconds: float
) -> Derivation | None:
    """A derivation of a target of the span: the shortest that is found, checked exactly."""
    rows = [released.rows[i] for i in usable]
    matrix = sparse.csr_array(
        sparse.coo_array(
            (
                [float(value) for row in rows for value in row.values()],
                (
                    [at for row in rows for at in row],
                    [i for i, row in enumerate(rows) for _ in row],
                ),
            ),
            shape=(released.width, len(rows)),
        )
    )
    wanted = np.zeros(released.width)
    wanted[list(target)] = list(target.values())
    # The least sum of absolute coefficients: a corner of a polytope, which has few of them.
    both = sparse.csr_array(sparse.hstack([matrix, -matrix]))
    short = program(np.ones(2 * len(rows)), [(both, wanted, wanted)], least=0, most=np.inf, whole=False).x
    # Where the solver finds none, all statements are tried in exact arithmetic.
    weights = np.ones(len(rows)) if short is None else short[: len(rows)] - short[len(rows) :]
    support, shortest = np.flatnonzero(np.abs(weights) > 1e-7).tolist(), False
    fewest = _fewest(matrix, len(rows), wanted, seconds=seconds)
    if fewest is not None and len(fewest[0]) <= len(support):
        support, shortest = fewest
    factors = coefficients([rows[i] for i in support], target)
    if factors is None:
        support, shortest = list(range(len(rows))), False
        factors = coefficients(rows, target)
    if factors is None:
        return None  # a remainder of zero by chance: exactly, it does not follow
    terms = tuple((f, usable[i]) for f, i in zip(factors, support, strict=True) if f)
    return _written(released, name, "linear span", terms, shortest=shortest)


def _fewest(
    matrix: sparse.csr_array, k: int, wanted: Array, *, seconds: float
) -> tuple[list[int], bool] | None:
    """The statements of a derivation with the fewest of k terms, and whether that is proved."""
    eye = sparse.eye_array(k)
    used = sparse.csr_array(
        sparse.vstack([sparse.hstack([eye, -LARGEST * eye]), sparse.hstack([-eye, -LARGEST * eye])])
    )
    exact = sparse.csr_array(sparse.hstack([matrix, sparse.csr_array((len(wanted), k))]))
    signed = np.append(-LARGEST * np.ones(k), np.zeros(k))
    reply = program(
        np.append(np.zeros(k), np.ones(k)),
        [(exact, wanted, wanted), (used, -np.inf, 0)],
        least=signed,
        most=np.append(LARGEST * np.ones(k), np.ones(k)),
        whole=np.arange(2 * k) >= k,
        seconds=seconds,
    )
    if reply.x is None:
        return None
    support = np.flatnonzero(reply.x[k:] > 0.5).tolist()
    return support, reply.bound is not None and reply.bound > len(support) - 1 + NEAR


def _written(
    released: Released, name: str, how: How, terms: tuple[tuple[Fraction, int], ...], *, shortest: bool
) -> Derivation:
    value = sum((factor * int(released.low[i]) for factor, i in terms), Fraction(0))
    # A fraction of a person: the statements contradict each other, and the reader of tables says so.
    low, high = -(-value.numerator // value.denominator), value.numerator // value.denominator
    return Derivation(
        name, how, terms, min(low, high), max(low, high), shortest, written(released, terms, value)
    )


def written(released: Released, terms: Sequence[tuple[Fraction, int]], value: Fraction) -> str:
    """A sum of released numbers in words: the first with a plus is named first.

    >>> from confide.attacks.reconstruction.crosstabs._released import released_queries
    >>> counted = np.array([[True, True], [False, True]])
    >>> two = released_queries(counted, np.array([5, 3]), names=("all", "men"))
    >>> written(two, [(Fraction(-1), 1), (Fraction(1), 0)], Fraction(2))
    'all (5) - men (3) = 2'
    """
    parts: list[str] = []
    zeros = [i for _, i in terms if released.low[i] == released.high[i] == 0]
    # One or two are worth their names; a long list of them hides what matters.
    brief = set(zeros if len(zeros) > FEW_ZEROS and len(zeros) < len(terms) else [])
    for factor, i in sorted(terms, key=lambda term: term[0] < 0):
        if i in brief:
            continue
        low, high = int(released.low[i]), int(released.high[i])
        shown = f"{released.names[i]} ({low if low == high else t('{low} to {high}', low=low, high=high)})"
        times = "" if abs(factor) == 1 else f"{abs(factor)} x "
        sign = "-" if factor < 0 else "+"
        parts.append(f"{sign} {times}{shown}")
    text = " ".join(parts).removeprefix("+ ")
    if not brief:
        return f"{text} = {value}"
    return t("{sum} = {value}, beside {n} cells of 0", sum=text, value=value, n=len(brief))


def isolated(released: Released, *, seconds: float = 30.0) -> list[Derivation]:
    """The single positions, people where statements are queries, whose value follows from the released ones.

    A query that counts one person is the differencing attack's aim: "all" less "all but this one".

    Args:
        released: from `released_queries`.
        seconds: as in `derived`.
    """
    names = [t("person {i}", i=i) for i in range(released.width)]
    found = derived(released, [{i: 1} for i in range(released.width)], names, seconds=seconds)
    return [one for one in found if one is not None]


def difference(released: Released, name: str, *, plus: int, minus: int) -> Derivation:
    """One released number less another.

    Args:
        released: both of them are published there.
        name: what the difference is of, in words.
        plus, minus: the numbers of the two statements.
    """
    terms = ((Fraction(1), plus), (Fraction(-1), minus))
    return _written(released, name, "subtraction", terms, shortest=True)


def changes(before: Released, after: Released, *, under: int = 5) -> list[Derivation]:
    """What two releases of the same cells tell about those who came or left between them.

    Args:
        before, after: the statements of each release; those of equal names are compared.
        under: changes from 1 to below this, up or down, are returned.
    """
    there = {name: i for i, name in enumerate(before.names) if before.low[i] == before.high[i]}
    both = before + after
    found: list[Derivation] = []
    for j, name in enumerate(after.names):
        if name not in there or after.low[j] < after.high[j]:
            continue
        change = int(after.low[j] - before.low[there[name]])
        if 0 < abs(change) < under:
            at = len(before.names) + j
            found.append(difference(both, t("change of {name}", name=name), plus=at, minus=there[name]))
    return found
