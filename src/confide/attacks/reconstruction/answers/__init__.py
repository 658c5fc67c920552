"""Reconstruction from answers: which secret bit does each person have, given sums over many subsets?"""

from __future__ import annotations

from confide.attacks.reconstruction.answers.box import BoxReconstruction
from confide.attacks.reconstruction.answers.least_squares import LeastSquares
from confide.attacks.reconstruction.answers.linear_program import LinearProgram
from confide.attacks.reconstruction.answers.reworded import RewordedQueries
from confide.attacks.reconstruction.answers.robust import RobustReconstruction

ALL = (BoxReconstruction, RobustReconstruction, RewordedQueries, LeastSquares, LinearProgram)

__all__ = [
    "ALL",
    "BoxReconstruction",
    "LeastSquares",
    "LinearProgram",
    "RewordedQueries",
    "RobustReconstruction",
]
