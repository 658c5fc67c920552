"""What an error or an interruption says of the charge: an interrupted run has charged what it planned."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from confide.core.budget import Budget
from confide.core.errors import ConfideError

NOTHING = "Nothing was charged, and no model was written."


class Spending(Protocol):
    """A ledger, or what opens one later."""

    @property
    def spent(self) -> object:
        """What is spent."""
        ...


@contextmanager
def noting_charge(
    ledger: Spending | None,
    promise: Budget,
    checkpoint: Path | None = None,
    *,
    lost: str = "nothing of the model is kept, and to train again charges again",
    nothing: str = NOTHING,
) -> Generator[None]:
    """Add to an error inside the block whether it was charged, if nobody further in said so.

    Args:
        ledger: that pays.
        promise: what is charged.
        checkpoint: from which the run goes on.
        lost: what is said after a charge.
        nothing: what is said of an interruption without one.
    """
    before = None if ledger is None else ledger.spent
    try:
        yield
    except BaseException as error:
        if not hasattr(error, "__notes__"):
            interrupted = isinstance(error, KeyboardInterrupt)
            charged = ledger is not None and _changed(ledger, before)
            if charged is None:
                error.add_note("Whether it was charged cannot be read: see `confide ledger show`.")
            elif charged:
                error.add_note(f"The ledger was charged {promise}, {lost}.")
            elif interrupted and checkpoint is not None and checkpoint.exists():
                error.add_note(f"Nothing new was charged; the same command goes on from {checkpoint}.")
            elif interrupted:
                error.add_note(nothing)
        raise


def _changed(ledger: Spending, before: object) -> bool | None:
    """Whether more is spent than before; None where it cannot be read."""
    try:
        return ledger.spent != before
    except ConfideError:
        return None
