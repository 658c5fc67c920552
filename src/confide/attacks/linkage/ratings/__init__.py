"""Linkage of ratings: which record belongs to a person of whom a few ratings are known?"""

from __future__ import annotations

from confide.attacks.linkage.ratings.counting import Counting
from confide.attacks.linkage.ratings.entropic import Entropic
from confide.attacks.linkage.ratings.likelihood import Likelihood
from confide.attacks.linkage.ratings.scoreboard import Scoreboard

ALL = (Scoreboard, Likelihood, Entropic, Counting)

__all__ = ["ALL", "Counting", "Entropic", "Likelihood", "Scoreboard"]
