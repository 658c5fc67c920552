"""Solutions of the decoder's system: the setting that was chosen, and the scores under a ridge."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from confide.attacks.membership.white_box.decoder._known_nonmembers import flagged
from confide.attacks.membership.white_box.decoder._linear_inverse import (
    Spectrum,
    likelihood_ratio,
    size_of_member,
)
from confide.attacks.membership.white_box.decoder._training_sums import Target
from confide.core.arrays import Bools, Floats

# The ridges that are tried, in units of the mean squared gradient.
GRID = tuple(10.0 ** (k / 2) for k in range(-16, 1))
# The fit may use up at most this share of the equations; beyond it noise would be explained too.
SPENT = 0.7
# Members differ in how large their part is. The test is for one that is somewhat smaller than average.
TYPICAL = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is chosen: target, temperature of the gradients, weights of blocks, ridge; and by what."""

    target: Target
    temperature: float
    weights: Floats
    ridge: float
    by: str = "by the evidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """A system under a setting, and bool[m], which of m candidates it is about (`clear`)."""

    spectrum: Spectrum
    setting: Setting
    clear: Bools

    @property
    def explained(self) -> float:
        """The share of the target that the candidates' gradients explain."""
        return self.spectrum.explained(self.setting.ridge)

    def scores(self, ridge: float | None = None) -> Floats:
        """The score of each candidate, float64[m]; NaN where the gradient is not finite."""
        answer = np.full(len(self.clear), np.nan)
        answer[self.clear] = scores_of(self.spectrum, self.setting.ridge if ridge is None else ridge)
        return answer

    def sizes(self) -> Floats:
        """The coefficient of each candidate in units of a member's, float64[m]; NaN likewise."""
        ridge = self.setting.ridge
        c, unsure = self.spectrum.coefficients(ridge), self.spectrum.unsure(ridge)
        answer = np.full(len(self.clear), np.nan)
        # A size of 0 means that nothing was learned; the coefficients are then 0 too.
        answer[self.clear] = c / (size_of_member(c, unsure) or 1.0)
        return answer


def set_apart(tried: list[tuple[Spectrum, Setting]], n: int) -> tuple[Spectrum, Setting]:
    """The temperature and the ridge under which most of the first n score above the others."""
    share = {
        (at, ridge): flagged(scores_of(spectrum, ridge), n)
        for at, (spectrum, _) in enumerate(tried)
        for ridge in GRID
        if sound(spectrum, ridge)
    }
    if not share:
        return tried[0]
    at, ridge = max(share, key=lambda one: share[one])
    spectrum, setting = tried[at]
    return spectrum, replace(setting, ridge=ridge, by="by known non-members")


def scores_of(spectrum: Spectrum, ridge: float) -> Floats:
    """The score of each candidate, float64[m]."""
    c, unsure = spectrum.coefficients(ridge), spectrum.unsure(ridge)
    return likelihood_ratio(c, unsure, TYPICAL * size_of_member(c, unsure))


def sound(spectrum: Spectrum, ridge: float) -> bool:
    """Does this ridge leave noise alone, and do members add to the target instead of taking from it?"""
    size = size_of_member(spectrum.coefficients(ridge), spectrum.unsure(ridge))
    return size > 0 and spectrum.spent(ridge) <= SPENT
