"""What an audit of a masking protocol found."""

from __future__ import annotations

from dataclasses import dataclass

from confide.audits.checked.record import Checks


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Checks):
    """All checks of one protocol.

    Args:
        checks: in the order of a round.
        protocol: its name.
        threshold: of how many clients of six the rounds were.
    """

    protocol: str
    threshold: int
