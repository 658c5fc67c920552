"""Reconstruction: what did a person do, or look like? Hidden values restored from a release."""

from __future__ import annotations

from confide.attacks.reconstruction import answers
from confide.attacks.reconstruction.answers import (
    BoxReconstruction,
    LeastSquares,
    LinearProgram,
    RewordedQueries,
    RobustReconstruction,
)

ALL = answers.ALL

__all__ = [
    "ALL",
    "BoxReconstruction",
    "LeastSquares",
    "LinearProgram",
    "RewordedQueries",
    "RobustReconstruction",
]
