"""Decision: what an audit comes to where its limits alone do not say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The exit code of an audit that its limits alone do not decide, and why.

    Of several budgets that are compared one within all limits is enough; a rate that was searched for may not
    hold about people who chose nothing.

    Args:
        sentence: it stands after the verdict.
        exit_code: 0 or 1.
    """

    sentence: str
    exit_code: int
