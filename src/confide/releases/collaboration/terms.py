"""Terms of a plan besides its protocol: what a run may spend and who pays, and how uploads are added up."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.releases.session.settings import budget_of

if TYPE_CHECKING:
    from confide.core.budget import Budget
    from confide.mechanisms.share.secure_sum import SecureSum


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """What a run may spend, and who pays.

    Args:
        epsilon, delta: of the whole run; both or none.
        ledger: FILE, or postgresql://HOST/DATABASE.
        whole: of a new ledger, "EPSILON,DELTA" for everything together.
        analyst: whose part of the ledger pays.
    """

    epsilon: float | None = None
    delta: float | None = None
    ledger: str | None = None
    whole: str | None = None
    analyst: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if (self.epsilon is None) != (self.delta is None):
            raise DataError("epsilon and delta are one promise: give both, or none of them.")
        if self.ledger is None and (self.whole is not None or self.analyst is not None):
            raise DataError("whole and analyst are those of a ledger: give ledger too, or leave them out.")

    @property
    def of_ledger(self) -> Budget | None:
        """The budget of a new ledger."""
        return None if self.whole is None else budget_of(self.whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adding:
    """How uploads are added up so that the server sees their sum alone: settings of a `SecureSum`.

    Args:
        threshold: how many clients of a round must remain, above two thirds of them; the least by itself.
        colluding: how many clients may tell the server all they know.
        neighbours: with how many others a client shares masks; all by itself.
        limit: the largest absolute value of a number in an upload; the clip by itself.
    """

    threshold: int | None = None
    colluding: int = 0
    neighbours: int | None = None
    limit: float | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        for name in ("threshold", "colluding", "neighbours", "limit"):
            value: float | None = getattr(self, name)
            if value is not None and value < 0:
                raise DataError(f"{name} is {value}: give no number below 0.")
        if self.limit is not None and not 0 < self.limit < inf:
            raise DataError(f"limit is {self.limit}: give a finite number above 0.")

    def by_masks(self, cohort: int | None) -> SecureSum:
        """The secure sum; a sum of fewer clients than the cohort is not shown."""
        from confide.mechanisms.share.secure_sum import SecureSum

        return SecureSum(
            threshold=self.threshold, cohort=cohort, colluding=self.colluding, neighbours=self.neighbours
        )
