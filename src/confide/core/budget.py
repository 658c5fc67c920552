"""Privacy budgets: epsilon, delta, and the unit that the promise protects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import index
from typing import Literal

from confide.core.errors import PromiseError
from confide.core.language import t

ANY_NUMBER = 2**31
"""More rows than anybody can have, because rows are counted in 32 bits: as a bound it bounds nobody."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of privacy: the difference between two data sets that the promise hides.

    Build one by `Unit.record()`, `Unit.person(column, at_most=...)`, `Unit.client()`,
    `Unit.place(within_m=...)`, `Unit.pixels(at_most=...)` or `Unit.cells(columns)`.

    >>> str(Unit.person("user_id", at_most=20))
    'all rows of any one user_id, where nobody has more than 20'
    >>> str(Unit.person("person", at_most=ANY_NUMBER))
    'all rows of any one person'
    """

    kind: Literal["record", "person", "client", "place", "pixels", "cells"]
    column: str | None = None
    at_most: int | None = None  # rows of a person, metres of a place, or pixels of an image

    @classmethod
    def record(cls) -> Unit:
        """One row more or less."""
        return cls("record")

    @classmethod
    def person(cls, column: str, *, at_most: int) -> Unit:
        """All rows of one person, if nobody has more than `at_most` of them; `ANY_NUMBER` hides all."""
        try:
            most = index(at_most)
        except TypeError:
            raise PromiseError(
                f"at_most is {at_most!r:.60}: give a whole number of rows, such as 20."
            ) from None
        if most < 1:
            raise PromiseError(f"at_most is {most}; a person has at least one row: give 1 or more.")
        return cls("person", column, most)

    @classmethod
    def client(cls) -> Unit:
        """All data that one client (a phone, a hospital) holds."""
        return cls("client")

    @classmethod
    def place(cls, *, within_m: int) -> Unit:
        """The place of one visit, moved by at most this distance."""
        if within_m < 1:
            raise PromiseError(f"within_m is {within_m} metres: give 1 or more.")
        return cls("place", None, within_m)

    @classmethod
    def pixels(cls, *, at_most: int) -> Unit:
        """At most this number of changed pixels in one image."""
        if at_most < 1:
            raise PromiseError(f"at_most is {at_most} pixels: give 1 or more.")
        return cls("pixels", None, at_most)

    @classmethod
    def cells(cls, columns: Sequence[str]) -> Unit:
        """What one row holds in these columns, and in no other.

        >>> str(Unit.cells(["sex", "age"]))
        'what any one row holds in age, sex'
        """
        return cls("cells", ", ".join(sorted(columns)))

    def __str__(self) -> str:
        if self.kind == "cells":
            return t("what any one row holds in {columns}", columns=self.column)
        if self.kind == "person":
            if self.at_most == ANY_NUMBER:
                return t("all rows of any one {person}", person=self.column)
            return t(
                "all rows of any one {person}, where nobody has more than {n:,}",
                person=self.column,
                n=self.at_most,
            )
        if self.kind == "place":
            return t("where within {metres} m any one visit was", metres=self.at_most)
        if self.kind == "pixels":
            return t("any {n:,} pixels of a picture", n=self.at_most)
        return t("any one record") if self.kind == "record" else t("everything any one client holds")


@dataclass(frozen=True, slots=True)
class Budget:
    """A promise of differential privacy: P[M(D) in S] <= e^epsilon P[M(D') in S] + delta.

    Args:
        epsilon: in nats, not negative; `inf` promises nothing and is refused.
        delta: in [0, 1).
        unit: the difference between D and D' that is hidden.

    Raises:
        PromiseError: if epsilon or delta is outside its range.

    >>> str(Budget(1.0, 1e-6))
    'epsilon 1, delta 1e-06, hiding any one record'
    """

    epsilon: float
    delta: float = 0.0
    unit: Unit = field(default_factory=Unit.record)

    def __post_init__(self) -> None:
        if not 0 <= self.epsilon < float("inf"):  # written so that NaN is refused too
            raise PromiseError(f"epsilon is {self.epsilon}; give a finite number of at least 0.")
        if not 0 <= self.delta < 1:
            raise PromiseError(f"delta is {self.delta}; give a number in [0, 1).")

    def __str__(self) -> str:
        return t(
            "epsilon {epsilon:g}, delta {delta:g}, hiding {unit}",
            epsilon=self.epsilon,
            delta=self.delta,
            unit=str(self.unit),
        )
