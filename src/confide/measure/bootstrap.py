"""The most that any attack can find out about a file that was drawn with replacement from people's rows."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.errors import DataError


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The best rates that membership inference can reach against a bootstrap.

    A member whose row was never drawn left no trace: given that, the file has the same law as if they had
    not been a member, so every attack scores them as it scores a control. With q the chance of that, no
    attack has an AUC above 1 - q + q / 2, or a TPR at FPR f above 1 - q + q f. Where no two rows are equal,
    looking for copies reaches both.

    Args:
        rows: n, of those that the file was drawn from.
        drawn: m, rows of the file.

    Raises:
        DataError: if there is no row to draw from, or a negative number is drawn.

    >>> once = Ceiling(39_073, 39_073)
    >>> round(once.never_drawn, 4), round(once.auc, 4), round(once.tpr(0.01), 4)
    (0.3679, 0.8161, 0.6358)
    """

    rows: int
    drawn: int

    def __post_init__(self) -> None:
        if self.rows < 1 or self.drawn < 0:
            raise DataError(f"{self.drawn} rows drawn from {self.rows}: give at least one to draw from.")

    @property
    def never_drawn(self) -> float:
        """q, the chance that a row is never drawn: (1 - 1/n)^m, about e^(-m/n)."""
        return (1 - 1 / self.rows) ** self.drawn

    @property
    def auc(self) -> float:
        """The greatest AUC."""
        return 1 - self.never_drawn / 2

    def tpr(self, fpr: float) -> float:
        """The greatest true positive rate at a false positive rate."""
        return 1 - self.never_drawn * (1 - fpr)
